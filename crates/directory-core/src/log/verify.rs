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
    /// The log must be the newest one, and is an older one.
    Outdated {
        /// Leaves of the log.
        size: u64,
        /// Leaves of the newest one.
        newest: u64,
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
    let mut hash = leaf;
    let arrives = climb(index, size - 1, path, |sibling, is_left| {
        hash = if is_left { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
    });
    if arrives { Ok(hash) } else { Err(LogError::Length { hashes: path.len() }) }
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
    if old == 0 {
        return Err(LogError::Empty);
    }
    let length = LogError::Length { hashes: proof.len() };
    if old == new {
        return if proof.is_empty() { same(new_root, *old_root) } else { Err(length) };
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (start, siblings) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(length)? };
    let (mut old_hash, mut new_hash) = (*start, *start);
    let arrives = climb(node, last, siblings, |sibling, is_left| {
        if is_left {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
    });
    if !arrives {
        return Err(length);
    }
    same(old_root, old_hash)?;
    same(new_root, new_hash)
}

/// Goes up from a node in a tree whose last node on that level is `last`. Calls `step` with each sibling, and whether it is on
/// the left. Returns whether the siblings lead to the root, and no further.
fn climb(mut node: u64, mut last: u64, siblings: &[Hash], mut step: impl FnMut(&Hash, bool)) -> bool {
    for sibling in siblings {
        if last == 0 {
            return false;
        }
        let is_left = node & 1 == 1 || node == last;
        step(sibling, is_left);
        while is_left && node & 1 == 0 && node != 0 {
            node >>= 1;
            last >>= 1;
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0
}

fn same(expected: &Hash, found: Hash) -> Result<(), LogError> {
    if *expected == found { Ok(()) } else { Err(LogError::Root { expected: *expected, found }) }
}
