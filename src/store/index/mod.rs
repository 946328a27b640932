//! The index on the heap: messages by hash. It can be rebuilt from the inbox and the payloads.

pub mod fingerprint;
pub mod hashes;

use crate::api::Id;
use canister_base::table::{Fingerprint, OutOfHeap};
use fingerprint::{Fingerprints, Seed};
use hashes::{Displaced, HashIndex};

/// The index, and the fingerprints that are its keys.
pub struct Indexes {
    /// Computes fingerprints under the store's seed.
    pub fingerprints: Fingerprints,
    /// Messages by hash and by pair.
    pub hashes: HashIndex,
}

impl Indexes {
    /// An empty index, sized for `expected` messages.
    pub fn for_messages(seed: &Seed, expected: u64) -> Self {
        Self { fingerprints: Fingerprints::new(seed), hashes: HashIndex::for_messages(expected) }
    }

    /// Entries in use: a message takes one.
    pub fn entries(&self) -> u64 {
        self.hashes.len()
    }

    /// Allocates memory, so that [`Self::insert`] with the same arguments needs none.
    pub fn reserve(&mut self, newest: Fingerprint, displaced: Option<Displaced>) -> Result<(), OutOfHeap> {
        self.hashes.reserve(newest, displaced)
    }

    /// Files a message under its hash. Preconditions: those of [`HashIndex::insert`].
    pub fn insert(&mut self, newest: Fingerprint, displaced: Option<Displaced>, id: Id) {
        self.hashes.insert(newest, id, displaced);
    }
}
