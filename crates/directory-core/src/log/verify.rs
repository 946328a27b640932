//! Checks of inclusion and consistency: RFC 9162, 2.1.3.2 and 2.1.4.2.

use super::node_hash;
use crate::hash::Hash;

/// The reason why a proof of the log is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogError {
    /// The leaf is outside the log.
    Index {
        /// The leaf.
        index: u64,
        /// Leaves of the log.
        size: u64,
    },
    /// The older log is empty, so nothing can be proved about it.
    Empty,
    /// The newer log is smaller.
    Shrunk {
        /// Leaves of the older log.
        old: u64,
        /// Leaves of the newer log.
        new: u64,
    },
    /// The number of hashes does not match the sizes.
    Length {
        /// Hashes in the proof.
        hashes: usize,
    },
    /// The proof leads to another root.
    Root {
        /// The root that was expected.
        expected: Hash,
        /// The root that the proof leads to.
        found: Hash,
    },
}

/// The root that the path proves for the hash of leaf `index` in a log of `size` leaves.
pub fn root_by_inclusion(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Result<Hash, LogError> {
    if index >= size {
        return Err(LogError::Index { index, size });
    }
    let wrong = LogError::Length { hashes: path.len() };
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return Err(wrong);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok(hash) } else { Err(wrong) }
}

/// Checks that the log of `old` leaves and root `old_root` is a prefix of the log of `new` leaves and root `new_root`.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), LogError> {
    if new < old {
        return Err(LogError::Shrunk { old, new });
    }
    let length = LogError::Length { hashes: proof.len() };
    if old == 0 {
        return Err(LogError::Empty);
    }
    if old == new {
        return if proof.is_empty() { same(new_root, *old_root) } else { Err(length) };
    }
    let mut hashes = proof.iter();
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let start = if old.is_power_of_two() { old_root } else { hashes.next().ok_or(length)? };
    let (mut old_hash, mut new_hash) = (*start, *start);
    for sibling in hashes {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    same(old_root, old_hash)?;
    same(new_root, new_hash)
}

fn same(expected: &Hash, found: Hash) -> Result<(), LogError> {
    if *expected == found { Ok(()) } else { Err(LogError::Root { expected: *expected, found }) }
}
