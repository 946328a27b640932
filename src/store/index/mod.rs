//! The indexes on the heap. All of them can be rebuilt from the two regions.

pub mod fingerprint;
pub mod hashes;
pub mod keys;
pub mod table;

use crate::api::Id;
use fingerprint::{Fingerprint, Fingerprints, Seed};
use hashes::{Displaced, HashIndex};
use keys::{KeyIndex, Place};
use table::OutOfHeap;

/// The two indexes, and the fingerprints that are their keys.
pub struct Indexes {
    /// Computes fingerprints under the store's seed.
    pub fingerprints: Fingerprints,
    /// Heads by key.
    pub keys: KeyIndex,
    /// Messages by hash and by pair.
    pub hashes: HashIndex,
}

/// The list that a new message joins.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// An existing list.
    Open(Place),
    /// A new list, for the key with this fingerprint.
    New(Fingerprint),
}

impl Indexes {
    /// Empty indexes, sized for `expected` messages.
    pub fn for_messages(seed: &Seed, expected: u32) -> Self {
        Self {
            fingerprints: Fingerprints::new(seed),
            keys: KeyIndex::empty(),
            hashes: HashIndex::for_messages(expected),
        }
    }

    /// Entries in use: a message takes one, a key two.
    pub fn entries(&self) -> u64 {
        self.hashes.len() + 2 * u64::from(self.keys.len())
    }

    /// Allocates memory, so that [`Self::insert`] with the same arguments needs none.
    pub fn reserve(&mut self, newest: Fingerprint, displaced: Option<Displaced>, list: List) -> Result<(), OutOfHeap> {
        self.hashes.reserve(newest, displaced)?;
        match list {
            List::Open(_) => Ok(()),
            List::New(key) => self.keys.reserve(key),
        }
    }

    /// Adds a message under its hash and its key.
    ///
    /// Preconditions: those of [`HashIndex::insert`], [`KeyIndex::open`] and [`KeyIndex::extend`].
    pub fn insert(&mut self, newest: Fingerprint, displaced: Option<Displaced>, list: List, id: Id) {
        self.hashes.insert(newest, id, displaced);
        match list {
            List::Open(place) => self.keys.extend(place, id),
            List::New(key) => {
                self.keys.open(key, id);
            }
        }
    }
}
