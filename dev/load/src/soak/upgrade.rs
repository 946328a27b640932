//! Upgrades of a canister to the module that it has. A kill may cut them off.

use super::Shared;
use super::caller::unsigned;
use super::report::Tally;
use crate::inbox::{Inbox, Outcome};
use crate::violation::Verdict;

/// The counts of a canister's upgrades.
#[derive(Clone, Debug, Default)]
pub struct Upgrades {
    /// Those that were confirmed.
    pub confirmed: u64,
    /// Those that a kill cut off.
    pub cut: u64,
}

impl Upgrades {
    /// The counts in words.
    pub fn rows(&self) -> [(u64, &'static str); 2] {
        [(self.confirmed, "upgrades confirmed, the killer's among them"), (self.cut, "upgrades that a kill cut off")]
    }
}

impl Shared {
    /// Upgrades the canister of `controller` to `module`. Returns whether that was confirmed before the network was killed.
    pub(super) async fn install(
        &self,
        controller: &Inbox,
        module: &[u8],
        argument: Vec<u8>,
        counts: impl FnOnce(&mut Tally) -> &mut Upgrades,
    ) -> Verdict<bool> {
        let call = controller.sign_upgrade(module.to_vec(), argument).map_err(unsigned)?;
        let outcome = self.gate.attempt(controller.send(&call)).await?;
        let is_confirmed = matches!(outcome, Some(Outcome::Replied(_)));
        let mut tally = self.tally();
        let counts = counts(&mut tally);
        counts.confirmed += u64::from(is_confirmed);
        counts.cut += u64::from(outcome.is_none());
        Ok(is_confirmed)
    }
}
