//! The prefix tree's nodes and leaves in stable memory: two tables.
//!
//! ```text
//! node 84   0   depth 1           of the parent
//!           1   depth 1           of the branch in the ratified state
//!           2   flags 1           bit 0 dirty; bits 1, 2 left child: 0 none, 1 leaf, 2 node; bits 3, 4 right child;
//!                                 bits 5, 6 ratified state: 0 empty, 1 leaf, 2 branch
//!           3   0
//!           4   left child 4
//!           8   right child 4
//!           12  leaf 4            any leaf below
//!           16  changed 4         the log's size at which the subtree changed last
//!           20  hash 32           0: not yet hashed
//!           52  ratified hash 32
//! leaf 100  0   index 32
//!           32  value 32
//!           64  ratified value 32   0: the leaf did not exist
//!           96  changed 4
//! ```
//!
//! Own numbers 1 and 2 of the nodes' header: sizes of the log at the newest and at the ratified state. Sizes stay below 2^32: at
//! an epoch a second that takes 136 years.

use super::table::Table;
use super::{OpenError, open};
use crate::hash::{Hash, ZERO};
use crate::map::{Child, Counts, Leaf, Node, Nodes, Sizes, Summary};
use ic_stable_structures::Memory;
use stable::header::field;

const NODE: usize = 84;
const LEAF: usize = 100;
const SEALED: u64 = 1;
const RATIFIED: u64 = 2;

/// Nodes and leaves in two memories.
#[derive(Debug)]
pub struct StableNodes<M> {
    nodes: Table<M, NODE>,
    leaves: Table<M, LEAF>,
}

impl<M: Memory> StableNodes<M> {
    /// Makes empty tables in memories of one page each.
    pub fn create(nodes: M, leaves: M) -> Self {
        Self { nodes: Table::create(nodes, *b"DCND"), leaves: Table::create(leaves, *b"DCLF") }
    }

    /// Opens the tables.
    pub fn open(nodes: M, leaves: M) -> Result<Self, OpenError> {
        Ok(Self { nodes: open(nodes, *b"DCND")?, leaves: open(leaves, *b"DCLF")? })
    }

    /// Number of leaves.
    pub fn leaves(&self) -> u64 {
        self.leaves.len()
    }

    /// Numbers of nodes and leaves.
    pub(super) fn counts(&self) -> Counts {
        Counts { nodes: self.nodes.len(), leaves: self.leaves.len() }
    }

    /// Whether each header is unchanged.
    pub(super) fn is_kept(&self) -> [bool; 2] {
        [self.nodes.is_kept(*b"DCND"), self.leaves.is_kept(*b"DCLF")]
    }

    /// The memories, and the bytes that they need for one more index: its leaf, and one node for each leaf. Some nodes are
    /// added only when the epoch closes. There are never more nodes than leaves.
    pub fn room(&self) -> [(&M, u64); 2] {
        let nodes = (self.leaves.len() + 1).saturating_sub(self.nodes.len());
        [self.nodes.room(nodes), self.leaves.room(1)]
    }
}

impl<M: Memory> Nodes for StableNodes<M> {
    fn node(&self, number: u32) -> Node {
        decode_node(&self.nodes.get(number.into()))
    }

    fn set_node(&mut self, number: u32, node: &Node) {
        self.nodes.set(number.into(), &encode_node(node));
    }

    fn add_node(&mut self, node: &Node) -> u32 {
        self.nodes.push(&encode_node(node)) as u32
    }

    fn leaf(&self, number: u32) -> Leaf {
        decode_leaf(&self.leaves.get(number.into()))
    }

    fn set_leaf(&mut self, number: u32, leaf: &Leaf) {
        self.leaves.set(number.into(), &encode_leaf(leaf));
    }

    fn add_leaf(&mut self, leaf: &Leaf) -> u32 {
        self.leaves.push(&encode_leaf(leaf)) as u32
    }

    fn sizes(&self) -> Sizes {
        Sizes { sealed: self.nodes.own(SEALED), ratified: self.nodes.own(RATIFIED) }
    }

    fn set_sizes(&mut self, sizes: Sizes) {
        self.nodes.set_own(SEALED, sizes.sealed);
        self.nodes.set_own(RATIFIED, sizes.ratified);
    }
}

fn child_parts(child: Child) -> (u8, u32) {
    match child {
        Child::None => (0, 0),
        Child::Leaf(number) => (1, number),
        Child::Node(number) => (2, number),
    }
}

fn child(kind: u8, number: u32) -> Child {
    match kind & 3 {
        0 => Child::None,
        1 => Child::Leaf(number),
        _ => Child::Node(number),
    }
}

fn size(changed: u64) -> [u8; 4] {
    u32::try_from(changed).expect("the log has fewer than 2^32 heads").to_le_bytes()
}

fn encode_node(node: &Node) -> [u8; NODE] {
    let [(left_kind, left), (right_kind, right)] = node.children.map(child_parts);
    let (ratified_kind, ratified_depth, ratified) = match node.ratified {
        Summary::Empty => (0, 0, ZERO),
        Summary::Leaf(hash) => (1, 0, hash),
        Summary::Branch { depth, hash } => (2, depth as u8, hash),
    };
    // If a node is hashed, its newest state is a branch at its own depth.
    let newest = if let Summary::Branch { hash, .. } = node.newest { hash } else { ZERO };
    let mut out = [0; NODE];
    out[0] = node.depth as u8;
    out[1] = ratified_depth;
    out[2] = u8::from(node.dirty) | left_kind << 1 | right_kind << 3 | ratified_kind << 5;
    out[4..8].copy_from_slice(&left.to_le_bytes());
    out[8..12].copy_from_slice(&right.to_le_bytes());
    out[12..16].copy_from_slice(&node.leaf.to_le_bytes());
    out[16..20].copy_from_slice(&size(node.changed));
    out[20..52].copy_from_slice(&newest);
    out[52..].copy_from_slice(&ratified);
    out
}

fn decode_node(bytes: &[u8; NODE]) -> Node {
    let number = |at| u32::from_le_bytes(field(bytes, at));
    let [depth, ratified_depth, flags, _] = field(bytes, 0);
    let (newest, ratified): (Hash, Hash) = (field(bytes, 20), field(bytes, 52));
    let depth = u16::from(depth);
    Node {
        depth,
        children: [child(flags >> 1, number(4)), child(flags >> 3, number(8))],
        leaf: number(12),
        changed: number(16).into(),
        dirty: flags & 1 == 1,
        newest: if newest == ZERO { Summary::Empty } else { Summary::Branch { depth, hash: newest } },
        ratified: match flags >> 5 & 3 {
            0 => Summary::Empty,
            1 => Summary::Leaf(ratified),
            _ => Summary::Branch { depth: ratified_depth.into(), hash: ratified },
        },
    }
}

fn encode_leaf(leaf: &Leaf) -> [u8; LEAF] {
    let mut out = [0; LEAF];
    out[..32].copy_from_slice(&leaf.index);
    out[32..64].copy_from_slice(&leaf.value);
    out[64..96].copy_from_slice(&leaf.ratified.unwrap_or(ZERO));
    out[96..].copy_from_slice(&size(leaf.changed));
    out
}

fn decode_leaf(bytes: &[u8; LEAF]) -> Leaf {
    Leaf {
        index: field(bytes, 0),
        value: field(bytes, 32),
        ratified: Some(field(bytes, 64)).filter(|value| *value != ZERO),
        changed: u32::from_le_bytes(field(bytes, 96)).into(),
    }
}
