//! Sealing a store before a snapshot, and resuming it under a new epoch.
//!
//! A store that is restored from a snapshot assigns again the ids that were assigned after the snapshot. Readers must be
//! able to tell the two apart. So in one epoch an id is assigned only once. An epoch is the first second in which its ids can be
//! assigned:
//!
//! - A snapshot is taken of a sealed store, so the restored store is sealed. It takes no message before it is resumed.
//! - Resuming sets the epoch to the next second, and adds begin with that second. When one copy of a snapshot has
//!   assigned an id in its epoch, that second has begun. So a copy that is resumed later has a later epoch.

use super::MessageStore;
use super::state::SEALED;
use ic_stable_structures::Memory;

impl<M: Memory + Clone> MessageStore<M> {
    /// True until a sealed store is resumed.
    pub fn is_sealed(&self) -> bool {
        self.state.opens() == SEALED
    }

    /// Whether adds are refused at `now`, in unix seconds.
    pub(super) fn refuses_adds(&self, now: u32) -> bool {
        now < self.state.opens()
    }

    /// Refuses adds from now on. All other calls still work.
    pub fn seal(&mut self) {
        self.state.set_opens(SEALED);
    }

    /// Accepts adds from the second after `now` on. This second is the new epoch. `None`: the store is not sealed.
    pub fn resume(&mut self, now: u32) -> Option<u64> {
        if !self.is_sealed() {
            return None;
        }
        let epoch = self.state.epoch().max(now.into()).saturating_add(1);
        self.state.set_epoch(epoch);
        self.state.set_opens(u32::try_from(epoch).unwrap_or(SEALED));
        self.root_changed = true;
        Some(epoch)
    }
}
