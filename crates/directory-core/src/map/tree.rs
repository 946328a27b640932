//! The tree: its newest state, and its state at the last ratified head.
//!
//! After leaves are set, `seal` hashes each changed node once. When a node changes for the first time after the last ratified
//! head, it keeps its ratified state beside the new one. So ratifying the newest head is one assignment, which voids the kept
//! states.

#![allow(clippy::indexing_slicing, reason = "a node has two sides")]

use super::node::{Child, Leaf, Node, Nodes, Sizes, Summary};
use super::{Search, bit, leaf_hash, parent_hash, proof::MapProof};
use crate::hash::{Hash, ZERO};

/// A state of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The newest state.
    Newest,
    /// The state at the last ratified head.
    Ratified,
}

/// A prefix tree.
#[derive(Debug, Clone)]
pub struct Tree<S> {
    nodes: S,
    sizes: Sizes,
}

pub(super) const ROOT: u32 = 0;

/// The next branch or leaf on a path, in a view.
enum Next {
    Nothing,
    Leaf(Leaf),
    Branch(Node),
}

impl<S: Nodes + Default> Default for Tree<S> {
    fn default() -> Self {
        Self::create(S::default())
    }
}

impl<S: Nodes> Tree<S> {
    /// Makes the empty tree in a storage without nodes.
    pub fn create(mut nodes: S) -> Self {
        let empty = Summary::Branch { depth: 0, hash: parent_hash(&ZERO, &ZERO) };
        let children = [Child::None; 2];
        nodes.add_node(&Node { depth: 0, children, leaf: 0, changed: 0, dirty: false, newest: empty, ratified: empty });
        Self::open(nodes)
    }

    /// Opens a tree that was made before.
    pub fn open(nodes: S) -> Self {
        Self { sizes: nodes.sizes(), nodes }
    }

    /// The storage of nodes and leaves.
    pub fn nodes(&self) -> &S {
        &self.nodes
    }

    /// Sizes of the log at the two states.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Finds the leaf of an index in any state. It may have been added after the ratified head.
    pub fn find(&self, index: &Hash) -> Option<u32> {
        self.nearest(index).filter(|leaf| self.nodes.leaf(*leaf).index == *index)
    }

    /// The leaf at the end of the index's path. No other leaf shares more bits with the index.
    fn nearest(&self, index: &Hash) -> Option<u32> {
        let mut node = self.nodes.node(ROOT);
        loop {
            match node.children[bit(index, node.depth)] {
                Child::None => return None,
                Child::Leaf(number) => return Some(number),
                Child::Node(number) => node = self.nodes.node(number),
            }
        }
    }

    /// Sets the value of an index in the open epoch, whose head will be the next leaf of the log. Returns the index's leaf.
    pub fn set(&mut self, index: &Hash, value: &Hash) -> u32 {
        let leaf = self.find(index).unwrap_or_else(|| self.add(index));
        self.put(leaf, value);
        leaf
    }

    /// Adds a leaf for a new index. It is not part of the tree until [`Self::put`].
    pub fn add(&mut self, index: &Hash) -> u32 {
        self.nodes.add_leaf(&Leaf { index: *index, value: ZERO, changed: 0, ratified: None })
    }

    /// Sets the value of a leaf in the open epoch, and puts the leaf into the tree.
    pub fn put(&mut self, leaf: u32, value: &Hash) {
        let index = self.nodes.leaf(leaf).index;
        let nearest = self.nearest(&index).unwrap_or(leaf);
        let common = common_prefix(&index, &self.nodes.leaf(nearest).index);
        let (mut number, mut node) = (ROOT, self.nodes.node(ROOT));
        loop {
            self.touch(&mut node);
            let side = bit(&index, node.depth);
            match node.children[side] {
                Child::None => (node.leaf, node.children[side]) = (leaf, Child::Leaf(leaf)),
                Child::Leaf(_) if common == super::BITS => {}
                child => {
                    let below = if let Child::Node(next) = child { Some((next, self.nodes.node(next))) } else { None };
                    if let Some(below) = below.filter(|(_, below)| below.depth <= common) {
                        self.nodes.set_node(number, &node);
                        (number, node) = below;
                        continue;
                    }
                    node.children[side] = Child::Node(self.branch(common, child, leaf, &index));
                }
            }
            break self.nodes.set_node(number, &node);
        }
        self.replace(leaf, value);
    }

    /// Hashes the changed nodes. The tree then has the state of the next head.
    pub fn seal(&mut self) {
        self.rehash(ROOT);
        self.sizes.sealed += 1;
        self.nodes.set_sizes(self.sizes);
    }

    /// Makes the newest sealed state the ratified one. Nothing may have been set since.
    pub fn ratify(&mut self) {
        assert!(!self.nodes.node(ROOT).dirty, "a head that is ratified was sealed");
        self.sizes.ratified = self.sizes.sealed;
        self.nodes.set_sizes(self.sizes);
    }

    /// The root in a sealed state.
    pub fn root(&self, view: View) -> Hash {
        self.summary(Child::Node(ROOT), view).hash_at(0, || ZERO)
    }

    /// Searches an index in a sealed state and proves the result.
    pub fn prove(&self, index: &Hash, view: View) -> MapProof {
        let mut siblings = Vec::new();
        let mut node = self.nodes.node(ROOT);
        let search = loop {
            let side = bit(index, node.depth);
            siblings.push(self.child_hash(&node, 1 - side, view));
            match self.next(node.children[side], view) {
                Next::Nothing => break Search::Missing,
                Next::Leaf(leaf) => break self.found(&leaf, index, view),
                Next::Branch(below) => {
                    let from = node.depth + 1;
                    // The index can only leave the path where bits are skipped.
                    if from < below.depth {
                        let other = self.nodes.leaf(below.leaf).index;
                        let common = common_prefix(index, &other).min(below.depth);
                        siblings.extend((from..common).map(|_| ZERO));
                        if common < below.depth {
                            siblings.push(self.state(&below, view).hash_at(common + 1, || other));
                            break Search::Missing;
                        }
                    }
                    node = below;
                }
            }
        };
        MapProof { siblings, search }
    }

    fn found(&self, leaf: &Leaf, index: &Hash, view: View) -> Search {
        let value = self.value(leaf, view).expect("a leaf that is present has a value");
        if leaf.index == *index { Search::Found { value } } else { Search::Other { index: leaf.index, value } }
    }

    /// Follows a child to the leaf or branch that the view has.
    fn next(&self, child: Child, view: View) -> Next {
        let number = match child {
            Child::None => return Next::Nothing,
            Child::Leaf(number) => {
                let leaf = self.nodes.leaf(number);
                return if self.value(&leaf, view).is_some() { Next::Leaf(leaf) } else { Next::Nothing };
            }
            Child::Node(number) => number,
        };
        let node = self.nodes.node(number);
        // The newest state has every leaf. The ratified state has every leaf below a node that has not changed since.
        if self.is_newest(node.changed, view) {
            return Next::Branch(node);
        }
        match node.children.map(|child| self.is_present(child, view)) {
            [true, true] => Next::Branch(node),
            [false, false] => Next::Nothing,
            [left, _] => self.next(node.children[usize::from(!left)], view),
        }
    }

    fn is_present(&self, child: Child, view: View) -> bool {
        match child {
            Child::Leaf(number) => self.value(&self.nodes.leaf(number), view).is_some(),
            child => self.summary(child, view) != Summary::Empty,
        }
    }

    /// Whether a part that changed last at this size of the log has its newest state in the view.
    fn is_newest(&self, changed: u64, view: View) -> bool {
        view == View::Newest || changed <= self.sizes.ratified
    }

    pub(super) fn value(&self, leaf: &Leaf, view: View) -> Option<Hash> {
        if self.is_newest(leaf.changed, view) { Some(leaf.value) } else { leaf.ratified }
    }

    fn state(&self, node: &Node, view: View) -> Summary {
        if self.is_newest(node.changed, view) { node.newest } else { node.ratified }
    }

    fn leaf_state(&self, leaf: &Leaf, view: View) -> Summary {
        self.value(leaf, view).map_or(Summary::Empty, |value| Summary::Leaf(leaf_hash(&leaf.index, &value)))
    }

    pub(super) fn summary(&self, child: Child, view: View) -> Summary {
        match child {
            Child::None => Summary::Empty,
            Child::Leaf(number) => self.leaf_state(&self.nodes.leaf(number), view),
            Child::Node(number) => self.state(&self.nodes.node(number), view),
        }
    }

    pub(super) fn child_hash(&self, node: &Node, side: usize, view: View) -> Hash {
        let depth = node.depth + 1;
        match node.children[side] {
            Child::None => ZERO,
            Child::Leaf(number) => {
                let leaf = self.nodes.leaf(number);
                self.leaf_state(&leaf, view).hash_at(depth, || leaf.index)
            }
            Child::Node(number) => {
                let below = self.nodes.node(number);
                self.state(&below, view).hash_at(depth, || self.nodes.leaf(below.leaf).index)
            }
        }
    }

    /// Marks a node as changed, and keeps its ratified state.
    fn touch(&self, node: &mut Node) {
        if node.changed <= self.sizes.ratified {
            node.ratified = node.newest;
        }
        (node.changed, node.dirty) = (self.sizes.sealed + 1, true);
    }

    fn replace(&mut self, number: u32, value: &Hash) {
        let mut leaf = self.nodes.leaf(number);
        if leaf.changed <= self.sizes.ratified {
            leaf.ratified = Some(leaf.value).filter(|_| leaf.changed > 0);
        }
        (leaf.value, leaf.changed) = (*value, self.sizes.sealed + 1);
        self.nodes.set_leaf(number, &leaf);
    }

    /// Puts a node above a child, at the first depth where a leaf's index differs from the child's prefix.
    fn branch(&mut self, depth: u16, child: Child, leaf: u32, index: &Hash) -> u32 {
        let oldest = match child {
            Child::None => leaf,
            Child::Leaf(number) => number,
            Child::Node(number) => self.nodes.node(number).leaf,
        };
        let ratified = self.summary(child, View::Ratified);
        let mut children = [child; 2];
        children[bit(index, depth)] = Child::Leaf(leaf);
        let changed = self.sizes.sealed + 1;
        let newest = Summary::Empty;
        self.nodes.add_node(&Node { depth, children, leaf: oldest, changed, dirty: true, newest, ratified })
    }

    fn rehash(&mut self, number: u32) {
        let mut node = self.nodes.node(number);
        if !node.dirty {
            return;
        }
        for child in node.children {
            if let Child::Node(number) = child {
                self.rehash(number);
            }
        }
        let [left, right] = [0, 1].map(|side| self.child_hash(&node, side, View::Newest));
        node.newest = Summary::Branch { depth: node.depth, hash: parent_hash(&left, &right) };
        node.dirty = false;
        self.nodes.set_node(number, &node);
    }
}

/// Number of leading bits that two indexes share.
pub(super) fn common_prefix(a: &Hash, b: &Hash) -> u16 {
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(byte) => byte as u16 * 8 + (a[byte] ^ b[byte]).leading_zeros() as u16,
        None => super::BITS,
    }
}
