//! The store as callers see it at one moment.
//!
//! Callers no longer see a message from the second on in which it becomes too old, even if it is not dropped yet. So
//! with an age limit every read looks at the clock first, and returns nothing below the first live id. A message's
//! `prev_id` is returned as stored, together with the first live id: callers see which links lead to dropped messages.

use super::MessageStore;
use super::index::fingerprint::Fingerprint;
use super::index::keys::Place;
use crate::api::{Id, KeyHead, Progress};
use crate::limits::MAX_SKIPPED_LINKS;
use ic_stable_structures::Memory;
use std::cell::Cell;
use std::ops::Deref;

/// A read-only view of the store at one moment.
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
    /// The view at `now`, in unix seconds. `now` is called only if there is an age limit.
    pub fn view(&self, now: impl FnOnce() -> u32) -> View<'_, M> {
        View { store: self, first_id: self.first_unexpired(now), skips: Cell::new(MAX_SKIPPED_LINKS) }
    }
}

impl<M: Memory + Clone> View<'_, M> {
    /// The oldest id that may be live: everything below it is gone.
    pub fn first_id(&self) -> Id {
        self.first_id
    }

    /// True if `id` is a live message.
    pub(super) fn is_live(&self, id: Id) -> bool {
        id >= self.first_id && id < self.inbox.next_id()
    }

    /// Number of live messages.
    pub(super) fn live(&self) -> u32 {
        self.inbox.next_id() - self.first_id
    }

    /// A link, or 0 if it leads to a dropped message.
    pub(super) fn masked(&self, link: Id) -> Id {
        if link >= self.first_id { link } else { 0 }
    }

    /// The place and head of a key in the index. Its newest message is live; its oldest ones may have been dropped.
    pub(super) fn find_key(&self, fingerprint: Fingerprint, key_id: &[u8]) -> Option<(Place, KeyHead)> {
        self.store.find_key(fingerprint, key_id, self.first_id)
    }

    /// The newest live message with a hash.
    pub(super) fn find_newest(&self, hash: &[u8; 32]) -> Option<Id> {
        self.store.find_newest(self.indexes.fingerprints.newest(hash), hash, self.first_id)
    }

    /// The live part of a list. Dropped messages are skipped link by link.
    ///
    /// # Errors
    ///
    /// If the view may follow no more links, or if a link is damaged: then that message must be swept first.
    pub(super) fn live_head(&self, head: KeyHead) -> Result<KeyHead, Progress> {
        let mut head = head;
        let waits = || Progress { done: 0, total: self.backlog() };
        while head.min_id < self.first_id {
            let left = self.skips.get().checked_sub(1).ok_or_else(waits)?;
            self.skips.set(left);
            let next = self.inbox.next_of(head.min_id);
            if next <= head.min_id || next > head.max_id {
                return Err(waits());
            }
            head.min_id = next;
            head.count = head.count.checked_sub(1).ok_or_else(waits)?;
        }
        Ok(head)
    }

    /// Messages that are dropped for this view, but not swept yet.
    pub(super) fn backlog(&self) -> u32 {
        self.first_id - self.inbox.reclaimed_id()
    }
}
