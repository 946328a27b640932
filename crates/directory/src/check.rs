//! Checks a directory slice by slice: first the store, then the state.

use crate::api::{CheckCursor, CheckError, CheckReport};
use crate::directory::{Directory, Keyed};
use crate::state::Cosigned;
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::realm;
use directory_core::store::Cursor;
use directory_core::vrf::SecretKey;
use ic_stable_structures::Memory;

impl<M: Memory + Clone> Directory<M> {
    /// Checks the next slice. If the report's `next` is `None`, the whole directory has been checked, provided that nothing was
    /// changed between the slices.
    pub fn check(&self, from: CheckCursor) -> Result<CheckReport, CheckError> {
        let keyed = self.keyed().map_err(|_| CheckError::Unavailable)?;
        let cursor = Cursor { part: from.part, number: from.number };
        let report = keyed.store.check(cursor, &keyed.secret.public(), &keyed.configuration);
        let report = report.ok_or(CheckError::Cursor(from))?;
        let next = report.next.map(|Cursor { part, number }| CheckCursor { part, number });
        let mut violations = report.violations;
        if next.is_none() {
            self.check_state(keyed, &mut violations);
        }
        Ok(CheckReport { checked: report.checked, next, violations })
    }

    /// Checks that the state can be read and has not changed since it was opened, that verifiers made the cosignatures over
    /// existing logs, and that the VRF key yields the realm.
    fn check_state(&self, keyed: &Keyed<M>, violations: &mut Vec<String>) {
        let (log, configuration) = (keyed.store.log(), self.state.configuration());
        let mut violation = |what: &str| violations.push(format!("DCST: {what}"));
        let Some(cosigned) = self.state.kept() else {
            return violation("it cannot be read, or differs from the state in use");
        };
        for Cosigned { size, cosignatures } in cosigned {
            let checkpoint = (size <= log.size()).then(|| Checkpoint { size, root: log.root(size) });
            let is_signed = |one| {
                let mut verifiers = configuration.verifiers().iter();
                checkpoint.is_some_and(|log| verifiers.any(|verifier| verifier.verifies(&self.origin(), &log, one)))
            };
            if !cosignatures.iter().all(is_signed) {
                violation("a cosignature is not by a verifier, or not of its log");
            }
        }
        let makes_realm = |secret: [u8; 32]| {
            let key = SecretKey::new(&secret).public();
            realm(self.canister.as_slice(), key.bytes()) == keyed.realm
        };
        if !self.state.vrf().is_some_and(makes_realm) {
            violation("the VRF key does not yield the realm");
        }
        if *self.settings() != self.state.settings() {
            violation("the stored settings differ from those in use");
        }
    }
}
