//! The store as one caller sees it at one moment.
//!
//! A caller no longer sees a message from the second in which it becomes too old, even if it is not dropped yet. So
//! with an age limit every read looks at the clock first, and returns nothing below the view's `first_id`. A message's
//! `prev_id` is returned as it was stored, together with `first_id`, so that callers see which links lead to dropped
//! messages.
//!
//! A message is *stored* in a view if its id is not below the view's `first_id`. It is *live* if it is stored and not
//! acknowledged.
//!
//! Where reads are closed, a caller sees only the keys that it owns. Other keys look absent.

use super::MessageStore;
use super::add::damaged_key;
use super::keys::Key;
use super::record::Record;
use crate::access::Sight;
use crate::api::{Id, OtherError, Progress};
use ic_stable_structures::Memory;
use std::ops::Deref;

/// A read-only view of the store.
pub struct View<'a, M: Memory + Clone> {
    store: &'a MessageStore<M>,
    first_id: Id,
    sight: Sight,
}

impl<M: Memory + Clone> Deref for View<'_, M> {
    type Target = MessageStore<M>;

    fn deref(&self) -> &MessageStore<M> {
        self.store
    }
}

impl<M: Memory + Clone> MessageStore<M> {
    /// The store as `sight` sees it at `now`, in unix seconds. `now` is called only if there is an age limit.
    pub fn view(&self, sight: Sight, now: impl FnOnce() -> u32) -> View<'_, M> {
        View { store: self, first_id: self.first_unexpired(now), sight }
    }
}

impl<M: Memory + Clone> View<'_, M> {
    /// The whole store, whatever the caller may see.
    pub(super) fn store(&self) -> &MessageStore<M> {
        self.store
    }

    /// The lowest id that may be stored: all messages below it are gone. 0: the caller does not see the whole store.
    pub fn shown_first_id(&self) -> Id {
        if self.sees_all() { self.first_id } else { 0 }
    }

    /// The lowest id that may be stored.
    pub fn first_id(&self) -> Id {
        self.first_id
    }

    /// The lowest id that may be stored, in an answer about one key. 0: the caller does not see the key.
    pub(super) fn first_id_beside(&self, key_id: &[u8], key: Option<&Key>) -> Id {
        if self.sight.sees(key_id, key.and_then(|key| key.rights.owner)) { self.first_id } else { 0 }
    }

    /// True if the caller sees the whole store.
    pub fn sees_all(&self) -> bool {
        self.sight.is_all()
    }

    /// The progress of a rebuild, which counts messages: only callers who see the whole store are told.
    pub(super) fn indexed(&self) -> Result<(), Progress> {
        self.store.indexed().map_err(|progress| self.sight.progress(progress))
    }

    /// True if `id` is a stored message, acknowledged or not.
    pub(super) fn is_stored(&self, id: Id) -> bool {
        id >= self.first_id && id < self.inbox.next_id()
    }

    /// True if a stored message has been acknowledged. Until its ciphertext is overwritten, only its key's
    /// record says so. Then its own record does.
    pub(super) fn is_acknowledged(&self, record: &Record) -> bool {
        let by_key = || {
            let (_, key) = self.store.find_key(self.key_id(record)?.as_bytes())?;
            Some(record.id() <= key.head.acknowledged_id)
        };
        record.is_erased() || self.has_to_erase() && by_key() == Some(true)
    }

    /// Number of stored messages, acknowledged or not.
    pub(super) fn stored(&self) -> u32 {
        self.inbox.next_id() - self.first_id
    }

    /// A key that the caller may see. The error is that its numbers are damaged.
    pub(super) fn find_key(&self, key_id: &[u8]) -> Result<Option<Key>, OtherError> {
        if !self.sight.may_see(key_id) {
            return Ok(None);
        }
        // Both conditions are always evaluated, so that a key of somebody else costs as many instructions as a missing key.
        let is_seen = |key: &Key| key.has_id(key_id) & self.sight.sees(key_id, key.rights.owner);
        match self.store.find_leaf(key_id).filter(|(_, key)| is_seen(key)) {
            Some((place, key)) => self.sound(place, &key).map(|()| Some(key)).map_err(damaged_key),
            None => Ok(None),
        }
    }

    /// Whether the caller may see the key of a record.
    pub(super) fn sees_key_of(&self, record: &Record) -> Result<bool, OtherError> {
        match self.key_id(record) {
            Some(key_id) => Ok(self.find_key(key_id.as_bytes())?.is_some()),
            None => Ok(false),
        }
    }

    /// The newest stored message with a hash.
    pub(super) fn find_newest(&self, hash: &[u8; 32]) -> Option<Id> {
        self.store.find_newest(self.indexes.fingerprints.newest(hash), hash, self.first_id)
    }

    /// The lowest id of a key that can be live.
    pub(super) fn floor(&self, key: &Key) -> Id {
        self.first_id.max(key.head.acknowledged_id.saturating_add(1))
    }

    /// Messages that are dropped for this view, but not swept yet.
    pub(super) fn backlog(&self) -> u32 {
        self.first_id - self.inbox.reclaimed_id()
    }
}
