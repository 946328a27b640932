//! The hash index: hash → newest message with this hash, and (key, hash) → message.
//!
//! Both kinds of entries are in one table. The newest message with a hash is filed under the hash. When another key
//! stores the same ciphertext, the older message is moved to its pair. So every message has exactly one entry.

use crate::api::Id;
use canister_base::table::{Fingerprint, OutOfHeap, Table};

/// An older message that a new one replaces as the newest with a hash.
#[derive(Clone, Copy, Debug)]
pub struct Displaced {
    /// Its id.
    pub id: Id,
    /// The fingerprint of its pair, under which it is filed from now on.
    pub pair: Fingerprint,
}

/// Messages by hash and by pair. Keeps the hash part of invariant 3.
pub struct HashIndex {
    table: Table,
}

impl HashIndex {
    /// An empty index, sized for `expected` messages.
    pub fn for_messages(expected: u64) -> Self {
        Self { table: Table::for_entries(expected) }
    }

    /// Number of messages in it.
    pub fn len(&self) -> u64 {
        self.table.len()
    }

    /// The message filed under `fingerprint` that `is_it` accepts.
    pub fn find(&self, fingerprint: Fingerprint, is_it: impl FnMut(Id) -> bool) -> Option<Id> {
        self.table.find(fingerprint, is_it)
    }

    /// Files a message as the newest with its hash. Returns the id that this one replaced, found by `has_hash`; the
    /// caller files it under its pair.
    pub fn put_newest(
        &mut self,
        newest: Fingerprint,
        id: Id,
        has_hash: impl FnMut(Id) -> bool,
    ) -> Result<Option<Id>, OutOfHeap> {
        self.table.put(newest, id, has_hash)
    }

    /// Files an older message under its pair.
    pub fn put_pair(&mut self, pair: Fingerprint, id: Id) -> Result<(), OutOfHeap> {
        self.table.reserve(pair)?;
        self.table.insert(pair, id);
        Ok(())
    }

    /// Removes a message that is filed as the newest with its hash. False: it is not.
    pub fn remove_newest(&mut self, newest: Fingerprint, id: Id) -> bool {
        self.table.remove(newest, id)
    }

    /// Removes a message that is filed under its pair. False: it is not.
    pub fn remove_pair(&mut self, pair: Fingerprint, id: Id) -> bool {
        self.table.remove(pair, id)
    }

    /// Allocates memory, so that [`Self::insert`] with the same arguments needs none.
    pub fn reserve(&mut self, newest: Fingerprint, displaced: Option<Displaced>) -> Result<(), OutOfHeap> {
        self.table.reserve(displaced.map_or(newest, |displaced| displaced.pair))
    }

    /// Files a message as the newest with its hash. It replaces `displaced`, which is moved to its pair.
    ///
    /// Preconditions: [`Self::reserve`]; `displaced` is the message filed under `newest` with the same hash.
    pub fn insert(&mut self, newest: Fingerprint, id: Id, displaced: Option<Displaced>) {
        match displaced {
            None => self.table.insert(newest, id),
            Some(old) => {
                self.table.replace(newest, old.id, id);
                self.table.insert(old.pair, old.id);
            }
        }
    }
}
