//! The message canister in the soak.
//!
//! - `rights`: who the clients are: owners of keys, members, strangers;
//! - `operation`: what a client does next;
//! - `client`, `reads`, `owner`: does it, and says what the answer must be;
//! - `model`: what was sent, confirmed and seen; `installs`: and which upgrades were;
//! - `verify`: compares the whole store, as `store` and `show` read it, with the model.

mod client;
mod installs;
mod model;
mod operation;
mod owner;
mod reads;
mod rights;
mod show;
mod store;
mod tally;
mod verify;

use std::sync::Mutex;

use ::client::request;

use super::caller::{ask, perform};
use super::{Shared, lock};
use crate::inbox::Inbox;
use crate::violation::{Verdict, ensure};
pub use client::Client;
use installs::settings;
use model::Model;
pub use tally::Tally;
pub use verify::Verifier;

/// The message canister, and what is known of it.
pub struct Messages {
    /// What is known of the store.
    pub model: Mutex<Model>,
    /// The canister's controller.
    pub controller: Inbox,
    /// The canister's module.
    module: Vec<u8>,
}

impl Messages {
    /// Sets settings, roles and quotas.
    ///
    /// # Errors
    ///
    /// If a call fails.
    pub async fn set_up(controller: Inbox, module: Vec<u8>) -> Verdict<Self> {
        let mut model = Model::default();
        let number = model.installs.begin();
        let version = ask(&controller, &request::get_status()).await?.settings.version;
        perform(&controller, &request::set_settings(version, &settings(number))).await?;
        model.installs.confirm(number);
        rights::set_up(&controller).await?;
        Ok(Self { model: Mutex::new(model), controller, module })
    }

    /// Upgrades the canister to the same module, with settings of its own. Returns whether that was confirmed before the
    /// network was killed.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub async fn upgrade_once(&self, shared: &Shared) -> Verdict<bool> {
        let number = lock(&self.model).installs.begin();
        let argument = candid::encode_one(Some(settings(number))).expect("settings can be encoded");
        let is_confirmed =
            shared.install(&self.controller, &self.module, argument, |tally| &mut tally.messages.upgrades).await?;
        if is_confirmed {
            lock(&self.model).installs.confirm(number);
            if let Some(version) = shared.gate.attempt(self.controller.version()).await? {
                lock(&self.model).installs.note_version(version);
            }
        }
        Ok(is_confirmed)
    }

    /// Checks that no call is left without an outcome.
    ///
    /// # Errors
    ///
    /// If one is.
    pub fn check_settled(&self) -> Verdict<()> {
        let model = lock(&self.model);
        ensure(model.open() == 0, || format!("{} calls have no outcome", model.open()))?;
        model.check_settled()
    }

    /// Messages in the store.
    pub fn stored(&self) -> u64 {
        lock(&self.model).known() as u64
    }
}
