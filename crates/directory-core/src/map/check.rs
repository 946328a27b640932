//! Checks of single nodes and leaves. Each check terminates, whatever else is damaged.

use super::node::{Child, Leaf, Node, Nodes, Summary};
use super::tree::{ROOT, Tree, View, common_prefix};
use super::{bit, parent_hash};
use crate::hash::{Hash, ZERO};

/// Numbers of existing nodes and leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub nodes: u64,
    pub leaves: u64,
}

impl<S: Nodes> Tree<S> {
    /// Checks a node that exists. Returns its fault, if there is one.
    pub(crate) fn check_node(&self, number: u32, counts: Counts) -> Result<(), &'static str> {
        let node = self.nodes().node(number);
        let children = node.children;
        let is_root = number == ROOT;
        ensure(!is_root || node.depth == 0, "it is the root, and its depth is not 0")?;
        ensure(!node.dirty, "it was not hashed")?;
        let exists = |child: Child| match child {
            Child::None => is_root,
            Child::Leaf(number) => u64::from(number) < counts.leaves,
            Child::Node(number) => u64::from(number) < counts.nodes,
        };
        ensure(children.into_iter().all(exists), "it has a child that does not exist")?;
        if children == [Child::None; 2] {
            ensure(node.newest == empty_root() && node.changed == 0, "it is empty, and its hash is another")?;
            return Ok(());
        }
        ensure(u64::from(node.leaf) < counts.leaves, "it names a leaf that does not exist")?;
        let index = self.nodes().leaf(node.leaf).index;
        let below = children.map(|child| self.below(child));
        for (side, below) in below.iter().enumerate() {
            let Some(below) = below else { continue };
            ensure(below.depth > node.depth, "a child lies above it")?;
            let leaf = u64::from(below.leaf) < counts.leaves;
            let under = leaf.then(|| self.nodes().leaf(below.leaf).index);
            let fits = under
                .is_some_and(|under| bit(&under, node.depth) == side && common_prefix(&under, &index) >= node.depth);
            ensure(fits, "a child has another prefix")?;
        }
        let changed = below.iter().flatten().map(|below| below.changed).max();
        ensure(changed == Some(node.changed), "its time of change is not that of its children")?;
        ensure(node.changed <= self.sizes().sealed, "it changed after the newest head")?;
        ensure(self.leads_to(&index, Child::Leaf(node.leaf), counts), "its leaf is not below")?;
        ensure(self.leads_to(&index, Child::Node(number), counts), "nothing leads to it")?;
        ensure(self.combined(&node, is_root, View::Newest) == node.newest, "its hash is not its children's")?;
        if node.changed > self.sizes().ratified {
            let ratified = self.combined(&node, is_root, View::Ratified);
            ensure(ratified == node.ratified, "its ratified hash is not its children's")?;
            let has_ratified = self.value(&self.nodes().leaf(node.leaf), View::Ratified).is_some();
            ensure(ratified == Summary::Empty || has_ratified || is_root, "its leaf is not in the ratified state")?;
        }
        Ok(())
    }

    /// The leaf of an index, found by its bits.
    pub(crate) fn find_checked(&self, index: &Hash, counts: Counts) -> Option<u32> {
        match self.path(index, counts).last() {
            Some(Child::Leaf(number)) if self.nodes().leaf(number).index == *index => Some(number),
            _ => None,
        }
    }

    fn leads_to(&self, index: &Hash, child: Child, counts: Counts) -> bool {
        self.path(index, counts).any(|step| step == child)
    }

    /// The nodes on the path of an index, from the root on. The path ends where a node is missing or not deeper than the one
    /// before.
    fn path<'a>(&'a self, index: &'a Hash, counts: Counts) -> impl Iterator<Item = Child> + 'a {
        let node = move |number: u32| (u64::from(number) < counts.nodes).then(|| self.nodes().node(number));
        std::iter::successors(Some(Child::Node(ROOT)), move |step| {
            let Child::Node(number) = *step else { return None };
            let from = node(number)?;
            let child = from.children[bit(index, from.depth)];
            let is_good = match child {
                Child::None => false,
                Child::Leaf(number) => u64::from(number) < counts.leaves,
                Child::Node(number) => node(number).is_some_and(|node| node.depth > from.depth),
            };
            is_good.then_some(child)
        })
    }

    /// The state of a node, computed from its children.
    fn combined(&self, node: &Node, is_root: bool, view: View) -> Summary {
        let [left, right] = node.children.map(|child| self.summary(child, view));
        match (left, right) {
            _ if is_root || (left != Summary::Empty && right != Summary::Empty) => {
                let [left, right] = node.children.map(|child| self.child_hash(child, node.depth + 1, view));
                Summary::Branch { depth: node.depth, hash: parent_hash(&left, &right) }
            }
            (Summary::Empty, other) | (other, _) => other,
        }
    }

    fn below(&self, child: Child) -> Option<Below> {
        match child {
            Child::None => None,
            Child::Leaf(number) => {
                let Leaf { changed, .. } = self.nodes().leaf(number);
                Some(Below { depth: super::BITS, leaf: number, changed })
            }
            Child::Node(number) => {
                let Node { depth, leaf, changed, .. } = self.nodes().node(number);
                Some(Below { depth, leaf, changed })
            }
        }
    }
}

/// The data of a child that a node's hash needs.
struct Below {
    depth: u16,
    leaf: u32,
    changed: u64,
}

fn empty_root() -> Summary {
    Summary::Branch { depth: 0, hash: parent_hash(&ZERO, &ZERO) }
}

fn ensure(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}
