//! The cache as callers read it: shards of a hash table, each behind a lock that readers share.
//!
//! The shards are an index of [`Live`](super::live::Live), which alone changes them.

#![allow(clippy::indexing_slicing, reason = "the shard is taken modulo their number")]

use crate::KeyName;
use crate::key::Entry;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{RwLock, read, write};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

const SHARDS: usize = 32;

pub(super) struct Hits {
    shards: Box<[Shard]>,
    hasher: RandomState,
}

/// Each is alone on its cache lines, so that threads that read different shards do not disturb each other.
#[repr(align(128))]
struct Shard {
    table: RwLock<HashTable<Arc<Entry>>>,
    hits: AtomicU64,
}

impl Hits {
    pub(super) fn new() -> Self {
        let shard = |_| Shard { table: RwLock::new(HashTable::new()), hits: AtomicU64::new(0) };
        Self { shards: (0..SHARDS).map(shard).collect(), hasher: RandomState::new() }
    }

    /// The entry, if it can be used at this time. Notes the look-up.
    pub(super) fn get(&self, name: &KeyName, now: u64) -> Option<Arc<Entry>> {
        let (shard, hash) = self.shard(name);
        let table = read(&shard.table);
        let entry = table.find(hash, |entry| entry.name == *name).filter(|entry| entry.usable(now))?;
        entry.touch(now);
        shard.hits.fetch_add(1, Ordering::Relaxed);
        Some(entry.clone())
    }

    pub(super) fn insert(&self, entry: Arc<Entry>) {
        let (shard, hash) = self.shard(&entry.name);
        write(&shard.table, |table| {
            table.insert_unique(hash, entry, |entry| self.hasher.hash_one(entry.name));
        });
    }

    pub(super) fn remove(&self, name: &KeyName) {
        let (shard, hash) = self.shard(name);
        let removed = write(&shard.table, |table| {
            table.find_entry(hash, |entry| entry.name == *name).ok().map(|found| found.remove().0)
        });
        drop(removed);
    }

    /// Look-ups that were answered.
    pub(super) fn count(&self) -> u64 {
        self.shards.iter().map(|shard| shard.hits.load(Ordering::Relaxed)).sum()
    }

    /// The table takes the lower bits of the hash and its top seven, the shard others.
    fn shard(&self, name: &KeyName) -> (&Shard, u64) {
        let hash = self.hasher.hash_one(name);
        (&self.shards[(hash >> 48) as usize % SHARDS], hash)
    }
}
