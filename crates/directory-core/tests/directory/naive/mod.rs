//! Logs and prefix trees again, naively: sorted lists and recursion, written from the texts of RFC 6962 and of
//! draft-ietf-keytrans-protocol.

pub mod directory;

use directory_core::hash::{Hash, sha256};
use std::collections::BTreeMap;

pub fn log_root(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => sha256(&[&[0], leaf]),
        _ => {
            let middle = half(leaves.len());
            sha256(&[&[1], &log_root(&leaves[..middle]), &log_root(&leaves[middle..])])
        }
    }
}

/// The largest power of two below a number of leaves.
fn half(leaves: usize) -> usize {
    let mut middle = 1;
    while middle * 2 < leaves {
        middle *= 2;
    }
    middle
}

pub fn map_root(entries: &BTreeMap<Hash, Hash>) -> Hash {
    let entries: Vec<_> = entries.iter().collect();
    let middle = entries.partition_point(|(index, _)| !bit(index, 0));
    sha256(&[&[3], &subtree(&entries[..middle], 1), &subtree(&entries[middle..], 1)])
}

fn subtree(entries: &[(&Hash, &Hash)], depth: usize) -> Hash {
    match entries {
        [] => [0; 32],
        [(index, value)] => sha256(&[&[2], *index, *value]),
        _ => {
            let middle = entries.partition_point(|(index, _)| !bit(index, depth));
            sha256(&[&[3], &subtree(&entries[..middle], depth + 1), &subtree(&entries[middle..], depth + 1)])
        }
    }
}

fn bit(index: &Hash, depth: usize) -> bool {
    index[depth / 8] & (0x80 >> (depth % 8)) != 0
}

/// RFC 6962, 2.1.1: PATH(m, D).
pub fn log_path(index: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut path, other) = if index < left.len() {
        (log_path(index, left), log_root(right))
    } else {
        (log_path(index - left.len(), right), log_root(left))
    };
    path.push(other);
    path
}

/// RFC 6962, 2.1.2: PROOF(m, D).
pub fn log_consistency(old: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
    subproof(old, leaves, true)
}

fn subproof(old: usize, leaves: &[Vec<u8>], complete: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if complete { Vec::new() } else { vec![log_root(leaves)] };
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut proof, other) = if old <= left.len() {
        (subproof(old, left, complete), log_root(right))
    } else {
        (subproof(old - left.len(), right, false), log_root(left))
    };
    proof.push(other);
    proof
}

/// The siblings of a search from the root downwards, and the leaf where it ends.
pub fn map_path(entries: &BTreeMap<Hash, Hash>, index: &Hash) -> (Vec<Hash>, Option<(Hash, Hash)>) {
    let mut entries: Vec<_> = entries.iter().collect();
    let mut siblings = Vec::new();
    for depth in 0.. {
        let (here, there): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(other, _)| bit(other, depth) == bit(index, depth));
        siblings.push(subtree(&there, depth + 1));
        match here[..] {
            [] => return (siblings, None),
            [(other, value)] => return (siblings, Some((*other, *value))),
            _ => entries = here,
        }
    }
    unreachable!("a leaf is reached")
}
