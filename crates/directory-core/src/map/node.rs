//! The parts of the tree. Parents with one child are not stored: their hashes are computed.

#![allow(clippy::indexing_slicing, reason = "a node's number is below their count")]

use crate::hash::{Hash, ZERO};

/// A child of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    /// Absent: only below the root.
    None,
    /// A leaf, by its number.
    Leaf(u32),
    /// A node, by its number.
    Node(u32),
}

/// The data of a subtree that its parent's hash needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    /// No leaf.
    Empty,
    /// One leaf, by its hash.
    Leaf(Hash),
    /// Two leaves or more, whose indexes agree up to `depth`: the hash of their parent there.
    Branch {
        /// Depth of the parent.
        depth: u16,
        /// The parent's hash.
        hash: Hash,
    },
}

/// A parent where indexes branch, or the root. Node 0 is the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The depth of the parent: the bit that decides between the children.
    pub depth: u16,
    /// The children by that bit.
    pub children: [Child; 2],
    /// One of the leaves below. Its index has the prefix that all leaves below share. If any leaf below is in the ratified
    /// state, this one is too, because that state's branch may be deeper.
    pub leaf: u32,
    /// The log's size at which the subtree changed last.
    pub changed: u64,
    /// Whether the subtree has changed since it was hashed.
    pub dirty: bool,
    /// The newest state.
    pub newest: Summary,
    /// The state at the last ratified head, if the subtree changed after it.
    pub ratified: Summary,
}

/// A label's leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The label's index.
    pub index: Hash,
    /// The newest value.
    pub value: Hash,
    /// The log's size at which the value changed last. 0: the leaf was never put into the tree.
    pub changed: u64,
    /// The value at the last ratified head, if the leaf changed after it; `None` if it did not exist.
    pub ratified: Option<Hash>,
}

/// Sizes of the log at the two states of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// At the newest sealed state.
    pub sealed: u64,
    /// At the ratified state.
    pub ratified: u64,
}

/// Storage of nodes and leaves. Both are numbered from 0. They are never removed.
pub trait Nodes {
    /// Returns a node that exists.
    fn node(&self, number: u32) -> Node;
    /// Overwrites a node that exists.
    fn set_node(&mut self, number: u32, node: &Node);
    /// Adds a node and returns its number.
    fn add_node(&mut self, node: &Node) -> u32;
    /// Returns a leaf that exists.
    fn leaf(&self, number: u32) -> Leaf;
    /// Overwrites a leaf that exists.
    fn set_leaf(&mut self, number: u32, leaf: &Leaf);
    /// Adds a leaf and returns its number.
    fn add_leaf(&mut self, leaf: &Leaf) -> u32;
    /// Returns the sizes that were set last, at first zeros.
    fn sizes(&self) -> Sizes;
    /// Stores the sizes beside the nodes.
    fn set_sizes(&mut self, sizes: Sizes);
}

/// Nodes and leaves on the heap.
#[derive(Debug, Clone, Default)]
pub struct VecNodes {
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    sizes: Sizes,
}

impl Nodes for VecNodes {
    fn node(&self, number: u32) -> Node {
        self.nodes[number as usize]
    }

    fn set_node(&mut self, number: u32, node: &Node) {
        self.nodes[number as usize] = *node;
    }

    fn add_node(&mut self, node: &Node) -> u32 {
        self.nodes.push(*node);
        (self.nodes.len() - 1) as u32
    }

    fn leaf(&self, number: u32) -> Leaf {
        self.leaves[number as usize]
    }

    fn set_leaf(&mut self, number: u32, leaf: &Leaf) {
        self.leaves[number as usize] = *leaf;
    }

    fn add_leaf(&mut self, leaf: &Leaf) -> u32 {
        self.leaves.push(*leaf);
        (self.leaves.len() - 1) as u32
    }

    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn set_sizes(&mut self, sizes: Sizes) {
        self.sizes = sizes;
    }
}

impl Summary {
    /// The hash of the subtree at `depth`. `index` returns the index of any leaf below. It is called only for the few subtrees
    /// that have parents with one child, to find the side of the child.
    pub(super) fn hash_at(&self, depth: u16, index: impl FnOnce() -> Hash) -> Hash {
        match self {
            Self::Empty => ZERO,
            Self::Leaf(hash) => *hash,
            Self::Branch { depth: branch, hash } if *branch <= depth => *hash,
            Self::Branch { depth: branch, hash } => {
                let index = index();
                (depth..*branch).rev().fold(*hash, |hash, depth| super::join(super::bit(&index, depth), &hash, &ZERO))
            }
        }
    }
}
