//! The tree: its newest state, and its state at the last ratified head.
//!
//! Leaves are set, then `seal` hashes what changed, each node once. A node that changes for the first time after the last
//! ratified head puts its state aside, so ratifying the newest head is one assignment. Ratifying voids the state that was
//! put aside before.

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

    /// Finds the leaf of an index, whatever the state: it may have been added since the ratified head.
    pub fn find(&self, index: &Hash) -> Option<u32> {
        self.nearest(index).filter(|leaf| self.nodes.leaf(*leaf).index == *index)
    }

    /// The leaf that the bits of an index lead to. No other leaf agrees with the index in more bits.
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

    /// Sets the value of an index for the epoch whose head will be the next leaf of the log. Returns the index's leaf.
    pub fn set(&mut self, index: &Hash, value: &Hash) -> u32 {
        let leaf = self.find(index).unwrap_or_else(|| self.add(index));
        self.put(leaf, value);
        leaf
    }

    /// Adds a leaf for an index that has none. It belongs to the tree once it is put there.
    pub fn add(&mut self, index: &Hash) -> u32 {
        self.nodes.add_leaf(&Leaf { index: *index, value: ZERO, changed: 0, ratified: None })
    }

    /// Puts a value into a leaf, and the leaf into the tree, for the epoch whose head will be the next leaf of the log.
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
                Child::Node(next) if self.nodes.node(next).depth <= common => {
                    self.nodes.set_node(number, &node);
                    (number, node) = (next, self.nodes.node(next));
                    continue;
                }
                child => node.children[side] = Child::Node(self.branch(common, child, leaf, &index)),
            }
            break self.nodes.set_node(number, &node);
        }
        self.replace(leaf, value);
    }

    /// Hashes the changed nodes. The tree is now that of the next head.
    pub fn seal(&mut self) {
        self.rehash(ROOT);
        self.sizes.sealed += 1;
        self.nodes.set_sizes(self.sizes);
    }

    /// Makes the newest sealed state the ratified one. Requires that nothing was set since.
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
            let child = self.present(node.children[side], view);
            match child {
                Child::None => break Search::Missing,
                Child::Leaf(number) => break self.found(number, index, view),
                Child::Node(number) => {
                    let (from, below) = (node.depth + 1, self.nodes.node(number));
                    let other = self.nodes.leaf(below.leaf).index;
                    let common = common_prefix(index, &other).min(below.depth);
                    siblings.extend((from..common).map(|_| ZERO));
                    if common < below.depth {
                        siblings.push(self.summary(child, view).hash_at(common + 1, || other));
                        break Search::Missing;
                    }
                    node = below;
                }
            }
        };
        MapProof { siblings, search }
    }

    fn found(&self, number: u32, index: &Hash, view: View) -> Search {
        let leaf = self.nodes.leaf(number);
        let value = self.value(&leaf, view).expect("a leaf that is present has a value");
        if leaf.index == *index { Search::Found { value } } else { Search::Other { index: leaf.index, value } }
    }

    /// Follows a child down to the leaf or branch that the view has.
    fn present(&self, child: Child, view: View) -> Child {
        let Child::Node(number) = child else {
            return if self.summary(child, view) == Summary::Empty { Child::None } else { child };
        };
        let children = self.nodes.node(number).children.map(|child| self.present_now(child, view));
        match children {
            [true, true] => child,
            [false, false] => Child::None,
            [left, _] => self.present(self.nodes.node(number).children[usize::from(!left)], view),
        }
    }

    fn present_now(&self, child: Child, view: View) -> bool {
        self.summary(child, view) != Summary::Empty
    }

    pub(super) fn value(&self, leaf: &Leaf, view: View) -> Option<Hash> {
        if view == View::Newest || leaf.changed <= self.sizes.ratified { Some(leaf.value) } else { leaf.ratified }
    }

    pub(super) fn summary(&self, child: Child, view: View) -> Summary {
        match child {
            Child::None => Summary::Empty,
            Child::Leaf(number) => {
                let leaf = self.nodes.leaf(number);
                self.value(&leaf, view).map_or(Summary::Empty, |value| Summary::Leaf(leaf_hash(&leaf.index, &value)))
            }
            Child::Node(number) => {
                let node = self.nodes.node(number);
                if view == View::Newest || node.changed <= self.sizes.ratified { node.newest } else { node.ratified }
            }
        }
    }

    pub(super) fn child_hash(&self, node: &Node, side: usize, view: View) -> Hash {
        let child = node.children[side];
        let leaf = match child {
            Child::None => return ZERO,
            Child::Leaf(number) => number,
            Child::Node(number) => self.nodes.node(number).leaf,
        };
        self.summary(child, view).hash_at(node.depth + 1, || self.nodes.leaf(leaf).index)
    }

    /// Marks a node as changed, and puts its ratified state aside.
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

    /// Puts a node above a child, at the depth at which a leaf's index departs from the child's prefix.
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

/// Number of leading bits in which two indexes agree.
pub(super) fn common_prefix(a: &Hash, b: &Hash) -> u16 {
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(byte) => byte as u16 * 8 + (a[byte] ^ b[byte]).leading_zeros() as u16,
        None => super::BITS,
    }
}
