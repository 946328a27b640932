//! The living keys: those in the cache, and those removed from it while references to them are left.

use super::hits::Hits;
use crate::key::Entry;
use crate::sync::atomic::Ordering;
use crate::{Generation, KeyId, KeyName};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Invariant: `entries`, `by_age`, `by_touch` and the shards of [`Hits`] have the same keys.
#[derive(Default)]
pub(super) struct Live {
    entries: BTreeMap<KeyName, Listed>,
    /// (end, serial): the first ends first.
    by_age: BTreeMap<(u64, u64), KeyName>,
    /// (touched, serial), as last looked at: the first is the least recently used, or was touched since.
    by_touch: BTreeMap<(u64, u64), KeyName>,
    /// Keys that are not in the cache, have not ended, and are referred to.
    outliving: Vec<Arc<Entry>>,
}

struct Listed {
    entry: Arc<Entry>,
    /// Its place in `by_touch`.
    touched: u64,
}

impl Live {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn outliving(&self) -> usize {
        self.outliving.len()
    }

    pub(super) fn get(&self, name: &KeyName) -> Option<&Arc<Entry>> {
        self.entries.get(name).map(|listed| &listed.entry)
    }

    /// Precondition: no entry has its name.
    pub(super) fn insert(&mut self, entry: Arc<Entry>, hits: &Hits) {
        let touched = entry.touched.load(Ordering::Relaxed);
        self.by_age.insert((entry.end, entry.serial), entry.name);
        self.by_touch.insert((touched, entry.serial), entry.name);
        self.entries.insert(entry.name, Listed { entry: entry.clone(), touched });
        hits.insert(entry);
    }

    pub(super) fn remove(&mut self, name: &KeyName, hits: &Hits) -> Option<Arc<Entry>> {
        hits.remove(name);
        let Listed { entry, touched } = self.entries.remove(name)?;
        self.by_age.remove(&(entry.end, entry.serial));
        self.by_touch.remove(&(touched, entry.serial));
        Some(entry)
    }

    /// Removes the least recently used entry from the cache. References to it stay good until its end.
    pub(super) fn evict(&mut self, hits: &Hits) -> Option<Arc<Entry>> {
        while let Some((&(touched, serial), &name)) = self.by_touch.first_key_value() {
            let listed = self.entries.get_mut(&name)?;
            listed.touched = listed.entry.touched.load(Ordering::Relaxed);
            if listed.touched == touched {
                break;
            }
            self.by_touch.remove(&(touched, serial));
            self.by_touch.insert((listed.touched, serial), name);
        }
        let name = *self.by_touch.first_key_value()?.1;
        self.remove(&name, hits)
    }

    /// Watches a key that is not in the cache until nobody refers to it or it ends. Returns the key if nobody refers to
    /// it.
    pub(super) fn outlive(&mut self, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        if Arc::strong_count(&entry) == 1 {
            return Some(entry);
        }
        self.outliving.push(entry);
        None
    }

    /// Removes and returns the keys whose time is over, and those that nobody refers to any more.
    pub(super) fn take_over(&mut self, now: u64, hits: &Hits) -> (Vec<Arc<Entry>>, Vec<Arc<Entry>>) {
        let mut aged = Vec::new();
        while let Some((&(end, _), &name)) = self.by_age.first_key_value()
            && end <= now
        {
            aged.extend(self.remove(&name, hits));
        }
        let over = |entry: &mut Arc<Entry>| !entry.usable(now) || Arc::strong_count(entry) == 1;
        (aged, self.outliving.extract_if(.., over).collect())
    }

    /// Removes and returns the keys of an id below a generation, or all keys.
    pub(super) fn take(&mut self, which: &Which, hits: &Hits) -> (Vec<Arc<Entry>>, Vec<Arc<Entry>>) {
        let names: BTreeSet<KeyName> = match *which {
            Which::All => self.entries.keys().copied().collect(),
            Which::Id(id) | Which::Below(id, _) => {
                let first = KeyName { id, generation: 0 };
                self.entries.range(first..).map(|(name, _)| *name).take_while(|name| which.has(name)).collect()
            }
        };
        let cached = names.iter().filter_map(|name| self.remove(name, hits)).collect();
        (cached, self.outliving.extract_if(.., |entry| which.has(&entry.name)).collect())
    }

    pub(super) fn first_end(&self) -> Option<u64> {
        self.by_age.first_key_value().map(|(&(end, _), _)| end)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.outliving.is_empty()
    }
}

/// The keys that an operation affects.
pub(super) enum Which {
    All,
    Id(KeyId),
    Below(KeyId, Generation),
}

impl Which {
    pub(super) fn has(&self, name: &KeyName) -> bool {
        match self {
            Which::All => true,
            Which::Id(id) => name.id == *id,
            Which::Below(id, below) => name.id == *id && name.generation < *below,
        }
    }
}
