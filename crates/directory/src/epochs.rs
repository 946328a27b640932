//! When an epoch closes.
//!
//! - With updates: 5 s after the last head's ratification, or 60 s after its close. Without verifiers: 5 s after its close.
//!   The 10,000th update closes its epoch at once.
//! - Without updates: a day after the last close.
//! - Never before the last update's time, even if the clock goes back.
//! - The first epoch closes empty, once the VRF key is drawn: a newcomer learns its index from a proof that it is absent.

use crate::directory::Directory;
use crate::limits::{MAX_INTERVAL, MAX_PENDING, MIN_INTERVAL, RATIFY_WAIT};
use directory_core::store::OutOfMemory;
use ic_stable_structures::Memory;

impl<M: Memory + Clone> Directory<M> {
    /// Number of updates in the open epoch.
    pub fn pending(&self) -> u64 {
        let Ok(keyed) = self.keyed() else { return 0 };
        let newest = keyed.store.log().size().checked_sub(1).and_then(|epoch| keyed.store.head(epoch));
        let closed = newest.map_or(0, |head| head.first_update + u64::from(head.updates));
        keyed.store.updates() - closed
    }

    /// When the open epoch closes, in nanoseconds since 1970; `None` before the VRF key is drawn.
    pub fn closes_at(&self) -> Option<u64> {
        let store = &self.keyed().ok()?.store;
        let pending = self.pending();
        let size = store.log().size();
        let Some(newest) = size.checked_sub(1).and_then(|epoch| store.head(epoch)) else { return Some(0) };
        let due = if pending >= MAX_PENDING {
            0
        } else if pending == 0 {
            newest.time.saturating_add(MAX_INTERVAL)
        } else if self.state.configuration().threshold() == 0 {
            newest.time.saturating_add(MIN_INTERVAL)
        } else if store.ratified() == size {
            self.state.ratified_at().saturating_add(MIN_INTERVAL)
        } else {
            newest.time.saturating_add(RATIFY_WAIT)
        };
        // The clock may go back.
        Some(due.max(store.latest()))
    }

    /// Closes the open epoch if it is due. Returns whether it did.
    pub fn close_if_due(&mut self, now: u64) -> Result<bool, OutOfMemory> {
        if self.closes_at().is_none_or(|due| now < due) {
            return Ok(false);
        }
        self.reserve()?;
        let Some(keyed) = &mut self.keyed else { return Ok(false) };
        keyed.store.close_epoch(now, keyed.configuration)?;
        Ok(true)
    }

    /// Asks the platform for all memory that the next change needs.
    pub(crate) fn reserve(&self) -> Result<(), OutOfMemory> {
        let Some(keyed) = &self.keyed else { return Ok(()) };
        self.memory.reserve(keyed.store.room().map(|(_, bytes)| bytes)).map_err(|_| OutOfMemory)
    }
}
