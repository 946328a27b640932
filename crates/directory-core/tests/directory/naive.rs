//! Logs and prefix trees again, naively: sorted lists and recursion, written from the texts of RFC 6962 and of
//! draft-ietf-keytrans-protocol.

use directory_core::hash::{Hash, sha256};
use std::collections::BTreeMap;

pub fn log_root(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => sha256(&[&[0], leaf]),
        _ => {
            let mut middle = 1;
            while middle * 2 < leaves.len() {
                middle *= 2;
            }
            sha256(&[&[1], &log_root(&leaves[..middle]), &log_root(&leaves[middle..])])
        }
    }
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
