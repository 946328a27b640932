//! The tree on the heap. A verifier makes no proofs, so it keeps only the newest state: 48 bytes a node, 64 a leaf.

#![allow(clippy::indexing_slicing, reason = "numbers are those that the tree was given")]

use directory_core::hash::Hash;
use directory_core::map::{Child, Leaf, Node, Nodes, Sizes, Summary};

/// Nodes and leaves of the newest state.
#[derive(Debug, Default)]
pub struct CompactNodes {
    nodes: Vec<CompactNode>,
    leaves: Vec<CompactLeaf>,
    sizes: Sizes,
}

#[derive(Debug)]
struct CompactNode {
    /// Numbers of the children, in the order of the bit.
    children: [u32; 2],
    leaf: u32,
    hash: Hash,
    /// The depth, below 256: two indexes differ in one of 256 bits.
    depth: u8,
    /// Kinds of the children, two bits each; then bit 4 dirty, bit 5 hashed.
    flags: u8,
}

#[derive(Debug)]
struct CompactLeaf {
    index: Hash,
    value: Hash,
}

const DIRTY: u8 = 1 << 4;
const HASHED: u8 = 1 << 5;

impl Nodes for CompactNodes {
    fn node(&self, number: u32) -> Node {
        self.nodes[number as usize].unpack()
    }

    fn set_node(&mut self, number: u32, node: &Node) {
        self.nodes[number as usize] = CompactNode::pack(node);
    }

    fn add_node(&mut self, node: &Node) -> u32 {
        self.nodes.push(CompactNode::pack(node));
        (self.nodes.len() - 1) as u32
    }

    fn leaf(&self, number: u32) -> Leaf {
        let CompactLeaf { index, value } = self.leaves[number as usize];
        Leaf { index, value, changed: 0, ratified: None }
    }

    fn set_leaf(&mut self, number: u32, leaf: &Leaf) {
        self.leaves[number as usize].value = leaf.value;
    }

    fn add_leaf(&mut self, leaf: &Leaf) -> u32 {
        self.leaves.push(CompactLeaf { index: leaf.index, value: leaf.value });
        (self.leaves.len() - 1) as u32
    }

    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn set_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }
}

impl CompactNode {
    fn pack(node: &Node) -> Self {
        let [(left, left_kind), (right, right_kind)] = node.children.map(|child| match child {
            Child::None => (0, 0),
            Child::Leaf(number) => (number, 1),
            Child::Node(number) => (number, 2),
        });
        // A node that was hashed is a branch at its own depth.
        let (hash, hashed) = match node.newest {
            Summary::Branch { hash, .. } => (hash, HASHED),
            _ => ([0; 32], 0),
        };
        let dirty = if node.dirty { DIRTY } else { 0 };
        let flags = left_kind | right_kind << 2 | dirty | hashed;
        Self { children: [left, right], leaf: node.leaf, hash, depth: node.depth as u8, flags }
    }

    fn unpack(&self) -> Node {
        let child = |side: usize| match self.flags >> (2 * side) & 3 {
            0 => Child::None,
            1 => Child::Leaf(self.children[side]),
            _ => Child::Node(self.children[side]),
        };
        let depth = u16::from(self.depth);
        let is_hashed = self.flags & HASHED != 0;
        let newest = if is_hashed { Summary::Branch { depth, hash: self.hash } } else { Summary::Empty };
        Node {
            depth,
            children: [child(0), child(1)],
            leaf: self.leaf,
            changed: 0,
            dirty: self.flags & DIRTY != 0,
            newest,
            ratified: newest,
        }
    }
}
