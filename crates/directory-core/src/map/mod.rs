//! The prefix tree over indexes, hashed as draft-ietf-keytrans-protocol does (revision 526cc8a of 2026-08-18, "Prefix Tree").
//!
//! ```text
//! leaf          SHA-256(0x02 | index 32 | value 32)     at the first depth where no other index shares its prefix, at least 1
//! parent        SHA-256(0x03 | left 32 | right 32)      a child that is absent counts as 32 bytes 0
//! value         SHA-256("directory-leaf-v1\n" | position 8 | time 8 | entry hash 32)
//! ```
//!
//! Bit 0 of an index is the highest bit of its first byte. The root is a parent, also of an empty tree.

#![allow(clippy::indexing_slicing, reason = "an index has a byte for each eight depths")]

mod check;
mod node;
mod proof;
mod tree;

pub(crate) use check::Counts;
pub use node::{Child, Leaf, Node, Nodes, Sizes, Summary, VecNodes};
pub use proof::{MapProof, Search};
pub use tree::{Tree, View};

use crate::hash::{Hash, sha256};

/// Bits of an index: the depth of a leaf at most.
pub const BITS: u16 = 256;

/// The value of a label's leaf.
pub fn leaf_value(position: u64, time: u64, entry_hash: &Hash) -> Hash {
    sha256(&[b"directory-leaf-v1\n", &position.to_be_bytes(), &time.to_be_bytes(), entry_hash])
}

/// Hashes a leaf.
pub fn leaf_hash(index: &Hash, value: &Hash) -> Hash {
    sha256(&[&[2], index, value])
}

/// Hashes a parent.
pub fn parent_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[3], left, right])
}

/// The bit of an index at a depth below 256.
fn bit(index: &Hash, depth: u16) -> usize {
    usize::from(index[usize::from(depth / 8)] >> (7 - depth % 8) & 1)
}

/// Hashes a parent of which one child lies on the side of `bit`.
fn join(bit: usize, child: &Hash, sibling: &Hash) -> Hash {
    if bit == 0 { parent_hash(child, sibling) } else { parent_hash(sibling, child) }
}
