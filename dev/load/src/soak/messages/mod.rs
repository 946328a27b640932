//! The message canister in the soak.
//!
//! - `rights`: the clients' rights: owners of keys, members, strangers;
//! - `operation`: the next operation of a client;
//! - `client`, `reads`, `owner`: make it, and check the answer;
//! - `model`: the messages that were sent, confirmed and seen; `installs`: the upgrades that were;
//! - `verify`: compares the whole store, read by `store` and checked by `show`, with the model.

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

/// The message canister and its model.
pub struct Messages {
    /// The known state.
    pub model: Mutex<Model>,
    /// The canister's controller.
    pub controller: Inbox,
    /// The canister's module.
    module: Vec<u8>,
}

impl Messages {
    /// Sets roles and quotas.
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

    /// Upgrades the canister to the same module with new settings. Returns false if a kill cut the upgrade off.
    ///
    /// # Errors
    ///
    /// If the upgrade fails otherwise.
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

    /// Checks that every call has an outcome.
    ///
    /// # Errors
    ///
    /// If one has none.
    pub fn check_settled(&self) -> Verdict<()> {
        let model = lock(&self.model);
        ensure(model.open() == 0, || format!("{} calls have no outcome", model.open()))?;
        model.check_settled()
    }

    /// Number of messages in the store.
    pub fn stored(&self) -> u64 {
        lock(&self.model).known() as u64
    }
}
