//! The log's hashes, and the proofs that are read from them.
//!
//! Hashes are stored in post-order: each subtree that leaf i completes follows the leaf. So the list is only appended to, and
//! the hash of a complete subtree is read, not computed. The last leaf of subtree k of level l has index (k + 1) 2^l - 1. The
//! leaves before leaf i have stored 2 i - popcount(i) hashes.

#![allow(clippy::indexing_slicing, reason = "a log is asked for positions below its length")]

use super::{leaf_hash, node_hash};
use crate::hash::{Hash, sha256};

/// An append-only list of hashes.
pub trait Hashes {
    /// Returns the hash at a position below the list's length.
    fn get(&self, position: u64) -> Hash;
    /// Appends a hash.
    fn push(&mut self, hash: Hash);
}

impl Hashes for Vec<Hash> {
    fn get(&self, position: u64) -> Hash {
        self[position as usize]
    }

    fn push(&mut self, hash: Hash) {
        Vec::push(self, hash);
    }
}

/// A log of leaves. It stores only their hashes.
#[derive(Debug, Clone, Default)]
pub struct Log<S> {
    hashes: S,
    size: u64,
}

impl<S: Hashes> Log<S> {
    /// Opens a log of `size` leaves whose hashes are stored.
    pub fn open(hashes: S, size: u64) -> Self {
        Self { hashes, size }
    }

    /// The stored hashes.
    pub fn hashes(&self) -> &S {
        &self.hashes
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn append(&mut self, leaf: &[u8]) {
        self.append_hash(leaf_hash(leaf));
    }

    /// Appends a leaf by its hash.
    pub fn append_hash(&mut self, leaf: Hash) {
        let mut hash = leaf;
        self.hashes.push(hash);
        for level in 0..self.size.trailing_ones() {
            hash = node_hash(&self.complete(level, (self.size >> level) - 1), &hash);
            self.hashes.push(hash);
        }
        self.size += 1;
    }

    /// Whether the log stores for leaf `index` the hashes that [`Self::append_hash`] stores for the hash `leaf`.
    pub fn holds(&self, index: u64, leaf: Hash) -> bool {
        let first = stored_hashes(index);
        let mut hash = leaf;
        self.hashes.get(first) == hash
            && (0..index.trailing_ones()).all(|level| {
                hash = node_hash(&self.complete(level, (index >> level) - 1), &hash);
                self.hashes.get(first + 1 + u64::from(level)) == hash
            })
    }

    /// The root of the first `size` leaves; `size` is at most the log's.
    pub fn root(&self, size: u64) -> Hash {
        assert!(size <= self.size, "a root of {size} leaves in a log of {}", self.size);
        if size == 0 { sha256(&[]) } else { self.subtree(0, size) }
    }

    /// The proof of leaf `index` in the log of `size` leaves: RFC 6962, 2.1.1.
    pub fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        assert!(index < size && size <= self.size, "leaf {index} of {size} in a log of {}", self.size);
        let mut path = Vec::new();
        let (mut from, mut to) = (0, size);
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                path.push(self.subtree(middle, to));
                to = middle;
            } else {
                path.push(self.subtree(from, middle));
                from = middle;
            }
        }
        path.reverse();
        path
    }

    /// The proof that the log of `old` leaves is a prefix of the log of `new` leaves: RFC 6962, 2.1.2. Empty for equal
    /// sizes.
    pub fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        assert!(0 < old && old <= new && new <= self.size, "sizes {old} and {new} in a log of {}", self.size);
        let mut path = Vec::new();
        if old == new {
            return path;
        }
        let (mut from, mut to) = (0, new);
        while old != to {
            let middle = from + split(to - from);
            if old <= middle {
                path.push(self.subtree(middle, to));
                to = middle;
            } else {
                path.push(self.subtree(from, middle));
                from = middle;
            }
        }
        if from != 0 {
            path.push(self.subtree(from, to));
        }
        path.reverse();
        path
    }

    fn subtree(&self, from: u64, to: u64) -> Hash {
        let leaves = to - from;
        if leaves.is_power_of_two() {
            let level = leaves.trailing_zeros();
            return self.complete(level, from >> level);
        }
        let middle = from + split(leaves);
        node_hash(&self.subtree(from, middle), &self.subtree(middle, to))
    }

    fn complete(&self, level: u32, number: u64) -> Hash {
        let last = ((number + 1) << level) - 1;
        self.hashes.get(stored_hashes(last) + u64::from(level))
    }
}

/// Number of hashes that a log of `size` leaves stores.
pub fn stored_hashes(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

/// The largest power of two below `leaves`. There must be at least 2 leaves.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}
