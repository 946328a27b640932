//! Records the changes of a canister and who made them.

use candid::Principal;

use super::Engine;
use crate::canister::{Change, ChangeDetails, ChangeOrigin};

/// The principal that asks for a change.
#[derive(Clone, Copy)]
pub struct Sender {
    /// Its id.
    pub id: Principal,
    /// The version that it says it has, if it is a canister.
    pub version: Option<u64>,
}

impl From<Principal> for Sender {
    fn from(id: Principal) -> Self {
        Self { id, version: None }
    }
}

impl Engine {
    /// Notes what `sender` changed of a canister, which has its new version already.
    pub(super) fn note(&mut self, id: Principal, sender: Sender, details: ChangeDetails) {
        let by_canister = sender.id == Principal::management_canister() || self.canisters.contains_key(&sender.id);
        let origin = match by_canister {
            true => ChangeOrigin::Canister(sender.id, sender.version),
            false => ChangeOrigin::User(sender.id),
        };
        let now = self.now;
        if let Some(canister) = self.canisters.get_mut(&id) {
            canister.history.push(Change { at: now, version: canister.version, origin, details });
        }
    }
}
