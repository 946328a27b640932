//! Checks a trie slot by slot, so that the caller can stop anywhere and continue later.
//!
//! The caller knows the labels, so it must check two things itself: the path of each label ends at its own leaf, and
//! the trie has no more leaves than there are labels. Together with this check they show that every node is where it
//! should be.

use super::node::{NODE_BYTES, Node, Target};
use super::{EMPTY, Hash, NodeHash, Trie};
use crate::Damaged;
use ic_stable_structures::Memory;

/// A fault in a slot of the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A reference is out of range or missing, or a byte that must be 0 is not.
    Damaged,
    /// The position of a node below is not greater.
    Position {
        /// The slot of that node.
        below: u32,
    },
    /// The stored hash of a side is not that of the node there.
    NodeHash {
        /// The slot of that node.
        below: u32,
    },
    /// The stored hash of a side is not that of the leaf there, or there is no such leaf.
    LeafHash {
        /// The leaf's place.
        place: u32,
    },
}

/// A fault and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The slot; 0: the header page, which holds the root.
    pub slot: u32,
    /// The fault there.
    pub fault: Fault,
}

impl<V: Memory, H: NodeHash> Trie<V, H> {
    /// One past the last slot to check.
    pub fn slots_end(&self) -> u32 {
        self.slots.end()
    }

    /// Checks one slot below [`Self::slots_end`]; slot 0 means the link to the root. In a node it checks both sides
    /// against the nodes or leaves there. A free slot must be clear. `leaf_hash` returns the hash of the leaf at a
    /// place.
    pub fn check(&self, slot: u32, leaf_hash: impl Fn(u32) -> Option<Hash>) -> Result<(), Found> {
        let found = |fault| Err(Found { slot, fault });
        if slot == 0 {
            let Ok(root) = self.root_target() else { return found(Fault::Damaged) };
            // Without nodes every slot is free, and with nodes the root is one.
            if matches!(root, Target::Node(_)) == self.slots.is_empty() {
                return found(Fault::Damaged);
            }
            return self.check_side(slot, None, root, &self.root(), &leaf_hash);
        }
        if !self.slots.contains(slot) {
            return found(Fault::Damaged);
        }
        let mut bytes = [0; NODE_BYTES];
        self.slots.read(slot, 0, &mut bytes);
        // A free slot holds only the link of the free list. A node has two references.
        if bytes[4..].iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let Ok(node) = Node::read(&self.slots, slot) else { return found(Fault::Damaged) };
        if bytes[NODE_BYTES - 3..] != [0; 3] {
            return found(Fault::Damaged);
        }
        for (target, hash) in node.references.into_iter().zip(&node.hashes) {
            self.check_side(slot, Some(node.position), target, hash, &leaf_hash)?;
        }
        Ok(())
    }

    fn check_side(
        &self,
        slot: u32,
        above: Option<u8>,
        target: Target,
        hash: &Hash,
        leaf_hash: &impl Fn(u32) -> Option<Hash>,
    ) -> Result<(), Found> {
        let found = |fault| Err(Found { slot, fault });
        match target {
            Target::Nothing if *hash != EMPTY => found(Fault::Damaged),
            Target::Nothing => Ok(()),
            Target::Leaf(place) if leaf_hash(place).as_ref() != Some(hash) => found(Fault::LeafHash { place }),
            Target::Leaf(_) => Ok(()),
            Target::Node(below) => {
                let node =
                    Node::read(&self.slots, below).map_err(|Damaged { slot }| Found { slot, fault: Fault::Damaged })?;
                if above.is_some_and(|above| node.position <= above) {
                    return found(Fault::Position { below });
                }
                if H::node(node.position, &node.hashes[0], &node.hashes[1]) != *hash {
                    return found(Fault::NodeHash { below });
                }
                Ok(())
            }
        }
    }
}
