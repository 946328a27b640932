//! The store at one moment: what callers see of it.
//!
//! A message that is too old is gone to callers at that second, whether or not it was dropped since. So whoever reads
//! first looks at the clock, if there is an age limit, and answers nothing below the first live id. A message's `prev_id`
//! is answered as it is stored, with the first live id beside it: callers see which links lead to what was dropped.

use super::MessageStore;
use super::index::fingerprint::Fingerprint;
use super::index::keys::Place;
use crate::api::{Id, KeyHead, Progress};
use crate::limits::MAX_SKIPPED_LINKS;
use ic_stable_structures::Memory;
use std::cell::Cell;
use std::ops::Deref;

/// A store to read from, at a moment.
pub struct View<'a, M: Memory + Clone> {
    store: &'a MessageStore<M>,
    first_id: Id,
    /// Links to dropped messages that this view may still follow.
    skips: Cell<u32>,
}

impl<M: Memory + Clone> Deref for View<'_, M> {
    type Target = MessageStore<M>;

    fn deref(&self) -> &MessageStore<M> {
        self.store
    }
}

impl<M: Memory + Clone> MessageStore<M> {
    /// The store at `now`, in unix seconds; it is not asked for where nothing depends on it.
    pub fn view(&self, now: impl FnOnce() -> u32) -> View<'_, M> {
        View { store: self, first_id: self.first_unexpired(now), skips: Cell::new(MAX_SKIPPED_LINKS) }
    }
}

impl<M: Memory + Clone> View<'_, M> {
    /// The oldest id that may be live: everything below it is gone.
    pub fn first_id(&self) -> Id {
        self.first_id
    }

    /// True where `id` names a live message.
    pub(super) fn is_live(&self, id: Id) -> bool {
        id >= self.first_id && id < self.inbox.next_id()
    }

    /// Live messages.
    pub(super) fn live(&self) -> u32 {
        self.inbox.next_id() - self.first_id
    }

    /// A link as walks follow it: 0 where it leads to a message that was dropped.
    pub(super) fn masked(&self, link: Id) -> Id {
        if link >= self.first_id { link } else { 0 }
    }

    /// Place and head of a key, as the index has it; its oldest messages may have been dropped, its newest is live.
    pub(super) fn find_key(&self, fingerprint: Fingerprint, key_id: &[u8]) -> Option<(Place, KeyHead)> {
        self.store.find_key(fingerprint, key_id, self.first_id)
    }

    /// The newest live message with a hash.
    pub(super) fn find_newest(&self, hash: &[u8; 32]) -> Option<Id> {
        self.store.find_newest(self.indexes.fingerprints.newest(hash), hash, self.first_id)
    }

    /// The live part of a list. What was dropped of it is skipped link by link, as long as the view's skips last. A
    /// damaged link ends the walk too: that message waits to be swept.
    pub(super) fn live_head(&self, head: KeyHead) -> Result<KeyHead, Progress> {
        let mut head = head;
        let waits = Progress { done: 0, total: self.backlog() };
        while head.min_id < self.first_id {
            let left = self.skips.get().checked_sub(1).ok_or(waits)?;
            self.skips.set(left);
            let next = self.inbox.next_of(head.min_id);
            if next <= head.min_id || next > head.max_id {
                return Err(waits);
            }
            head.min_id = next;
            head.count = head.count.checked_sub(1).ok_or(waits)?;
        }
        Ok(head)
    }

    /// Messages that were dropped, but not yet swept.
    pub(super) fn backlog(&self) -> u32 {
        self.first_id - self.inbox.reclaimed_id()
    }
}
