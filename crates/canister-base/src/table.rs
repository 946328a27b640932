//! A table from fingerprints to 32-bit values, which grows a shard at a time.
//!
//! The top bits of a fingerprint choose one of 16,384 shards. The low 32 bits, the tag, choose a slot in the shard:
//! open addressing with linear probing. A slot has 8 bytes, the tag above the value; 0 means free. Several entries may
//! share a tag. The caller tells which value is meant.
//!
//! A shard that is four fifths full is copied into one that is a quarter larger. An insertion copies at most one shard,
//! on average a 16,384th of the table.

#![allow(clippy::indexing_slicing, reason = "places are taken modulo the number of slots or shards")]

const SHARD_BITS: u32 = 14;
/// Slots of the smallest shard.
const MIN_SLOTS: usize = 4;
/// A shard grows before more than this fraction of its slots is taken.
const MAX_LOAD: (usize, usize) = (4, 5);

/// The 64-bit key of an input in a table. It determines the shard and the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

/// The heap has no room for a larger shard. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfHeap;

/// Fingerprint → value. Values are never 0.
pub struct Table {
    shards: Vec<Shard>,
    /// Slots of a shard's first allocation: room for its part of the expected entries.
    first_slots: usize,
    len: u64,
}

#[derive(Clone, Default)]
struct Shard {
    slots: Vec<u64>,
    taken: usize,
}

impl Table {
    /// An empty table. Each shard's first allocation has room for its part of `expected` entries.
    pub fn for_entries(expected: u64) -> Self {
        let mean = (expected >> SHARD_BITS) as usize;
        // Three standard deviations above the mean: few shards have to grow.
        let most = mean + 3 * mean.isqrt();
        let first_slots = (most * MAX_LOAD.1 / MAX_LOAD.0 + 1).max(MIN_SLOTS);
        Self { shards: vec![Shard::default(); 1 << SHARD_BITS], first_slots, len: 0 }
    }

    /// Number of entries in it.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first value filed under `fingerprint` that `is_it` accepts.
    #[inline]
    pub fn find(&self, fingerprint: Fingerprint, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let shard = &self.shards[shard_of(fingerprint)];
        if shard.slots.is_empty() {
            return None;
        }
        let tag = tag_of(fingerprint);
        let mut place = shard.home(tag);
        loop {
            let slot = shard.slots[place];
            if slot == 0 {
                return None;
            }
            if (slot >> 32) as u32 == tag && is_it(slot as u32) {
                return Some(slot as u32);
            }
            place = shard.after(place);
        }
    }

    /// Allocates memory, so that one more entry under `fingerprint` needs none.
    pub fn reserve(&mut self, fingerprint: Fingerprint) -> Result<(), OutOfHeap> {
        let first_slots = self.first_slots;
        self.shards[shard_of(fingerprint)].reserve(first_slots)
    }

    /// Files a value. Precondition: [`Self::reserve`] since the last insertion; `value` is not 0.
    pub fn insert(&mut self, fingerprint: Fingerprint, value: u32) {
        let shard = &mut self.shards[shard_of(fingerprint)];
        shard.place(entry(fingerprint, value));
        shard.taken += 1;
        self.len += 1;
    }

    /// Replaces the value under `fingerprint` that `is_same` accepts, and returns the old value. If there is none,
    /// inserts the new one. It combines [`Self::find`], [`Self::reserve`] and [`Self::insert`] or [`Self::replace`].
    #[inline]
    pub fn put(
        &mut self,
        fingerprint: Fingerprint,
        value: u32,
        mut is_same: impl FnMut(u32) -> bool,
    ) -> Result<Option<u32>, OutOfHeap> {
        let shard = &mut self.shards[shard_of(fingerprint)];
        shard.reserve(self.first_slots)?;
        let tag = tag_of(fingerprint);
        let mut place = shard.home(tag);
        loop {
            let slot = shard.slots[place];
            if slot == 0 {
                break;
            }
            if (slot >> 32) as u32 == tag && is_same(slot as u32) {
                shard.slots[place] = entry(fingerprint, value);
                return Ok(Some(slot as u32));
            }
            place = shard.after(place);
        }
        shard.slots[place] = entry(fingerprint, value);
        shard.taken += 1;
        self.len += 1;
        Ok(None)
    }

    /// Removes an entry. False: there is none.
    pub fn remove(&mut self, fingerprint: Fingerprint, value: u32) -> bool {
        let shard = &mut self.shards[shard_of(fingerprint)];
        let removed = !shard.slots.is_empty() && shard.remove(entry(fingerprint, value));
        self.len -= u64::from(removed);
        removed
    }

    /// Replaces `old` by `new`. Precondition: `old` is filed under `fingerprint`.
    pub fn replace(&mut self, fingerprint: Fingerprint, old: u32, new: u32) {
        let shard = &mut self.shards[shard_of(fingerprint)];
        let old = entry(fingerprint, old);
        let mut place = shard.home(tag_of(fingerprint));
        while shard.slots[place] != old {
            place = shard.after(place);
        }
        shard.slots[place] = entry(fingerprint, new);
    }
}

impl Shard {
    #[inline]
    fn reserve(&mut self, first_slots: usize) -> Result<(), OutOfHeap> {
        let slots = self.slots.len();
        if (self.taken + 1) * MAX_LOAD.1 <= slots * MAX_LOAD.0 {
            return Ok(());
        }
        let larger = if slots == 0 { first_slots } else { slots + (slots / 4).max(MIN_SLOTS) };
        let mut new = Vec::new();
        new.try_reserve_exact(larger).map_err(|_| OutOfHeap)?;
        new.resize(larger, 0);
        let old = std::mem::replace(&mut self.slots, new);
        for slot in old.into_iter().filter(|&slot| slot != 0) {
            self.place(slot);
        }
        Ok(())
    }

    /// Puts an entry into the first free slot from its home on. Precondition: a slot is free.
    fn place(&mut self, entry: u64) {
        let mut place = self.home((entry >> 32) as u32);
        while self.slots[place] != 0 {
            place = self.after(place);
        }
        self.slots[place] = entry;
    }

    /// Removes an entry. Later entries whose search passes the hole move back into it, so that no search stops too
    /// early. False: there is no such entry.
    fn remove(&mut self, entry: u64) -> bool {
        let mut hole = self.home((entry >> 32) as u32);
        while self.slots[hole] != entry {
            if self.slots[hole] == 0 {
                return false;
            }
            hole = self.after(hole);
        }
        let mut place = self.after(hole);
        while self.slots[place] != 0 {
            let home = self.home((self.slots[place] >> 32) as u32);
            // The entry may move into the hole unless its home lies after the hole.
            if self.distance(home, place) >= self.distance(hole, place) {
                self.slots[hole] = self.slots[place];
                hole = place;
            }
            place = self.after(place);
        }
        self.slots[hole] = 0;
        self.taken -= 1;
        true
    }

    /// Steps from one slot to another, wrapping around.
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from { to - from } else { to + self.slots.len() - from }
    }

    /// The slot at which the search for a tag starts. Tags map to slots in order, in equal parts.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.slots.len() as u64) >> 32) as usize
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        if place + 1 == self.slots.len() { 0 } else { place + 1 }
    }
}

fn shard_of(fingerprint: Fingerprint) -> usize {
    (fingerprint.0 >> (64 - SHARD_BITS)) as usize
}

fn tag_of(fingerprint: Fingerprint) -> u32 {
    fingerprint.0 as u32
}

fn entry(fingerprint: Fingerprint, value: u32) -> u64 {
    u64::from(tag_of(fingerprint)) << 32 | u64::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn insert(table: &mut Table, fingerprint: u64, value: u32) {
        table.reserve(Fingerprint(fingerprint)).unwrap();
        table.insert(Fingerprint(fingerprint), value);
    }

    proptest! {
        /// Compares the table with a set of pairs. Few shards and few tags make probes collide and wrap around.
        #[test]
        fn agrees_with_a_set(ops in prop::collection::vec((0u64..4, 0u64..64, 1u32..1_000), 1..400), expected in 0u64..100_000) {
            let mut table = Table::for_entries(expected);
            let mut set = BTreeSet::new();
            for (shard, tag, value) in ops {
                let fingerprint = shard << 50 | (tag << 26 | tag);
                if set.insert((fingerprint, value)) {
                    insert(&mut table, fingerprint, value);
                }
                if !set.contains(&(fingerprint, value + 4_000)) && set.insert((fingerprint, value + 2_000)) {
                    let old = table.put(Fingerprint(fingerprint), value + 2_000, |other| other == value + 4_000);
                    prop_assert_eq!(old, Ok(None));
                    let old = table.put(Fingerprint(fingerprint), value + 4_000, |other| other == value + 2_000);
                    prop_assert_eq!(old, Ok(Some(value + 2_000)));
                    set.remove(&(fingerprint, value + 2_000));
                    set.insert((fingerprint, value + 4_000));
                }
                if value % 5 == 0 {
                    let gone = set.remove(&(fingerprint, value));
                    prop_assert_eq!(table.remove(Fingerprint(fingerprint), value), gone);
                    continue;
                }
                let other = value + 1_000;
                if value % 3 == 0 && set.insert((fingerprint, other)) {
                    set.remove(&(fingerprint, value));
                    table.replace(Fingerprint(fingerprint), value, other);
                }
            }
            prop_assert_eq!(table.len(), set.len() as u64);
            for &(fingerprint, value) in &set {
                prop_assert_eq!(table.find(Fingerprint(fingerprint), |found| found == value), Some(value));
            }
            for fingerprint in (0..4).flat_map(|shard| (0..64).map(move |tag| shard << 50 | (tag << 26 | tag))) {
                let mut found = BTreeSet::new();
                table.find(Fingerprint(fingerprint), |value| { found.insert((fingerprint, value)); false });
                let expected: BTreeSet<_> = set.iter().copied().filter(|&(f, _)| f == fingerprint).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn no_shard_is_ever_full() {
        let mut table = Table::for_entries(0);
        for value in 1..=10_000 {
            insert(&mut table, (u64::from(value) * 0x9e37_79b9) & 0xffff_ffff, value);
            let shard = &table.shards[0];
            assert!(shard.taken * 5 <= shard.slots.len() * 4, "{} of {}", shard.taken, shard.slots.len());
        }
    }
}
