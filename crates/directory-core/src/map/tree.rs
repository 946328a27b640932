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
        let mut node = self.nodes.node(ROOT);
        loop {
            match node.children[bit(index, node.depth)] {
                Child::None => return None,
                Child::Leaf(number) => return Some(number).filter(|leaf| self.nodes.leaf(*leaf).index == *index),
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
        let index = self.replace(leaf, value);
        let (mut number, mut node) = (ROOT, self.nodes.node(ROOT));
        let (side, child) = loop {
            self.touch(number, &mut node);
            let side = bit(&index, node.depth);
            let child = node.children[side];
            let Child::Node(next) = child else { break (side, child) };
            let below = self.nodes.node(next);
            // Only where bits are skipped may the index leave the path.
            if below.depth > node.depth + 1 && self.shared(&index, below.leaf) < below.depth {
                break (side, child);
            }
            (number, node) = (next, below);
        };
        match child {
            Child::None => (node.leaf, node.children[side]) = (leaf, Child::Leaf(leaf)),
            Child::Leaf(there) if there == leaf => return,
            Child::Leaf(there) => node.children[side] = self.branch(child, there, leaf, &index),
            Child::Node(next) => {
                let there = self.nodes.node(next).leaf;
                node.children[side] = self.branch(child, there, leaf, &index);
            }
        }
        self.nodes.set_node(number, &node);
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
            siblings.push(self.child_hash(node.children[1 - side], node.depth + 1, view));
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

    /// The hash of a child's subtree at a depth.
    pub(super) fn child_hash(&self, child: Child, depth: u16, view: View) -> Hash {
        match child {
            Child::None => ZERO,
            Child::Leaf(number) => {
                let leaf = self.nodes.leaf(number);
                self.leaf_state(&leaf, view).hash_at(depth, || leaf.index)
            }
            Child::Node(number) => self.hash_of(&self.nodes.node(number), depth, view),
        }
    }

    /// The hash of a node's subtree at a depth.
    fn hash_of(&self, node: &Node, depth: u16, view: View) -> Hash {
        self.state(node, view).hash_at(depth, || self.nodes.leaf(node.leaf).index)
    }

    /// Marks a node as changed, once before it is hashed, and puts its ratified state aside.
    fn touch(&mut self, number: u32, node: &mut Node) {
        if node.dirty {
            return;
        }
        if node.changed <= self.sizes.ratified {
            node.ratified = node.newest;
        }
        (node.changed, node.dirty) = (self.sizes.sealed + 1, true);
        self.nodes.set_node(number, node);
    }

    /// Replaces a leaf's value, and returns its index.
    fn replace(&mut self, number: u32, value: &Hash) -> Hash {
        let mut leaf = self.nodes.leaf(number);
        if leaf.changed <= self.sizes.ratified {
            leaf.ratified = Some(leaf.value).filter(|_| leaf.changed > 0);
        }
        (leaf.value, leaf.changed) = (*value, self.sizes.sealed + 1);
        self.nodes.set_leaf(number, &leaf);
        leaf.index
    }

    /// Number of leading bits in which an index agrees with a leaf's.
    fn shared(&self, index: &Hash, leaf: u32) -> u16 {
        common_prefix(index, &self.nodes.leaf(leaf).index)
    }

    /// Puts a node above a child, at the depth at which a leaf's index departs from that of `there`, a leaf below the child.
    fn branch(&mut self, child: Child, there: u32, leaf: u32, index: &Hash) -> Child {
        let depth = self.shared(index, there);
        let ratified = self.summary(child, View::Ratified);
        let mut children = [child; 2];
        children[bit(index, depth)] = Child::Leaf(leaf);
        let changed = self.sizes.sealed + 1;
        let newest = Summary::Empty;
        Child::Node(self.nodes.add_node(&Node { depth, children, leaf: there, changed, dirty: true, newest, ratified }))
    }

    /// Hashes what changed in the subtree of a node, and returns the node.
    fn rehash(&mut self, number: u32) -> Node {
        let mut node = self.nodes.node(number);
        if node.dirty {
            let [left, right] = node.children.map(|child| match child {
                Child::Node(number) => {
                    let below = self.rehash(number);
                    self.hash_of(&below, node.depth + 1, View::Newest)
                }
                child => self.child_hash(child, node.depth + 1, View::Newest),
            });
            node.newest = Summary::Branch { depth: node.depth, hash: parent_hash(&left, &right) };
            node.dirty = false;
            self.nodes.set_node(number, &node);
        }
        node
    }
}

/// Number of leading bits that two indexes share.
pub(super) fn common_prefix(a: &Hash, b: &Hash) -> u16 {
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(byte) => byte as u16 * 8 + (a[byte] ^ b[byte]).leading_zeros() as u16,
        None => super::BITS,
    }
}
