//! The directory in the soak.
//!
//! - `draft`: labels and entries, from a few numbers;
//! - `operation`: the next operation of an owner;
//! - `owner`, `reads`: make it through a `line`, and check the answer;
//! - `verifier`: replays and cosigns;
//! - `model`: the updates that were sent, confirmed and seen, and at which heads;
//! - `compare`: compares the log, and in the end every label, with the model; `replay`: replays the log to the certified head.

mod compare;
mod draft;
mod line;
mod model;
mod operation;
mod owner;
mod reads;
mod replay;
mod tally;
mod verifier;

use std::sync::Mutex;
use std::time::Duration;

use ::verifier::pinned::Pinned;
use client::directory::api::{self, Ratification, Registration};
use client::directory::directory_core::configuration::Configuration;
use client::directory::directory_core::hash::Hash;
use client::directory::directory_core::verify::Trusted;
use client::directory::{pin, request};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use super::caller::ask;
use super::{Shared, lock};
use crate::inbox::Inbox;
use crate::violation::{Verdict, Violation};
pub use compare::Comparison;
use model::Model;
pub use owner::Owner;
pub use replay::replay;
pub use tally::Tally;
pub use verifier::Verifier;

/// Number of owners of labels.
pub const OWNERS: u8 = 3;
/// Number of verifiers. All of them ratify.
pub const VERIFIERS: u8 = 2;
/// Maximum age of a cosignature in seconds.
const MAX_AGE: u64 = 86_400;
/// Maximum number of heads or updates in a page.
const PAGE: u32 = 256;
/// Number of looks until all updates are ratified, and the time between two looks. Together they are longer than an epoch stays
/// open without a ratification.
const RATIFIED_TRIES: u32 = 900;
const RATIFIED_WAIT: Duration = Duration::from_millis(100);

/// The directory and its model.
pub struct Directory {
    /// The known state.
    pub model: Mutex<Model>,
    /// The canister's controller.
    pub controller: Inbox,
    /// The pins of clients.
    pub trusted: Trusted,
    /// The pins of verifiers.
    pub pinned: Pinned,
    module: Vec<u8>,
}

/// Numbers of labels, updates and epochs.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Labels.
    pub labels: u64,
    /// Updates.
    pub updates: u64,
    /// Closed epochs.
    pub epochs: u64,
}

/// The argument of the installation: anybody may register, and all verifiers must ratify.
pub fn argument() -> Vec<u8> {
    let verifiers = (0..VERIFIERS).map(|number| {
        let public = verifier::public(number);
        api::Verifier { name: public.name().to_owned(), key: ByteBuf::from(public.key().bytes().to_vec()) }
    });
    let ratification = Ratification::quorum { threshold: VERIFIERS, verifiers: verifiers.collect() };
    let configuration = api::Configuration { registration: Registration::open, ratification };
    candid::encode_one(Some(configuration)).expect("a configuration can be encoded")
}

impl Directory {
    /// Pins the directory once it has its VRF key.
    ///
    /// # Errors
    ///
    /// If a call fails.
    pub async fn set_up(controller: Inbox, module: Vec<u8>) -> Verdict<Self> {
        let published = ask(&controller, &request::get_configuration()).await?;
        let unpinned = |why: String| Violation(format!("the directory cannot be pinned: {why}"));
        let canister = controller.canister;
        let trusted = pin(&published, &canister, Vec::new(), MAX_AGE).map_err(|error| unpinned(error.to_string()))?;
        let configuration = Configuration::decode(&published.encoded);
        let pinned = Pinned {
            canister,
            root_key: controller.agent.read_root_key(),
            vrf_key: *trusted.vrf.bytes(),
            configuration: configuration.map_err(|error| unpinned(format!("{error:?}")))?,
            registrar: None,
        };
        Ok(Self { model: Mutex::default(), controller, trusted, pinned, module })
    }

    /// The known numbers of labels, updates and epochs.
    pub fn size(&self) -> Size {
        let (labels, updates, epochs) = lock(&self.model).size();
        Size { labels, updates, epochs }
    }

    /// The hash of the module that verifiers allow.
    pub fn module_hash(&self) -> Hash {
        Sha256::digest(&self.module).into()
    }

    /// Upgrades the canister to the same module. Returns false if a kill cut the upgrade off.
    ///
    /// # Errors
    ///
    /// If the upgrade fails otherwise.
    pub async fn upgrade_once(&self, shared: &Shared) -> Verdict<bool> {
        let argument = candid::encode_one(None::<api::Configuration>).expect("null can be encoded");
        let is_confirmed =
            shared.install(&self.controller, &self.module, argument, |tally| &mut tally.directory.upgrades).await?;
        if is_confirmed && let Some(version) = shared.gate.attempt(self.controller.version()).await? {
            let mut model = lock(&self.model);
            model.version = model.version.max(version);
        }
        Ok(is_confirmed)
    }
}

/// Runs the verifiers until they have ratified all updates.
///
/// # Errors
///
/// If a verifier stops, or it takes too long.
pub async fn ratify(shared: &Shared, verifiers: &mut [Verifier]) -> Verdict<()> {
    for _ in 0..RATIFIED_TRIES {
        for verifier in verifiers.iter_mut() {
            verifier.round().await?;
        }
        let status = ask(&shared.directory.controller, &request::get_status()).await?;
        if status.pending == 0 && status.ratified == status.epochs {
            return Ok(());
        }
        tokio::time::sleep(RATIFIED_WAIT).await;
    }
    Err(Violation("the last updates are not ratified".into()))
}

/// All items from a number on, page by page.
async fn pages(from: u64, page: impl AsyncFn(u64, u32) -> Verdict<Vec<ByteBuf>>) -> Verdict<Vec<ByteBuf>> {
    let mut all = Vec::new();
    loop {
        let next = page(from + all.len() as u64, PAGE).await?;
        if next.is_empty() {
            return Ok(all);
        }
        all.extend(next);
    }
}
