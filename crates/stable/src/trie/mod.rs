//! The trie of labels: a path-compressed binary trie whose nodes lie in slots, with the hashes of a node's two sides
//! inside the node.
//!
//! ```text
//! header page, from `slots::OWNER_OFFSET` on     node, 76 bytes
//! offset size                                    offset size
//!     64   32  root hash, 0: empty trie               0   32  left hash
//!     96    4  root reference                        32   32  right hash
//!                                                    64    4  left reference
//! reference, 4 bytes                                 68    4  right reference
//!     0                   nothing                    72    1  position
//!     slot << 1           a node                     73    3  0
//!     place << 1 | 1      a leaf
//! ```
//!
//! Little-endian. A leaf is a label with a hash. Its *place* is the number that its owner uses for it. The trie stores
//! neither the label nor the data behind the hash. An inner node stands at the first bit in which the labels below it
//! differ, counted from the most significant bit of byte 0. Labels with bit 0 are on the left. So positions rise on
//! every path, a path has at most 256 nodes, and a trie of n labels has n - 1 nodes.
//!
//! A *link* is a hash with its reference. The link to the root is in the header page, all others are in nodes. A
//! damaged trie returns [`Damaged`] before anything is written.

#![allow(clippy::indexing_slicing, reason = "a label has a byte for each eight positions, and a node two sides")]

mod check;
mod node;

pub use check::{Fault, Found};

use crate::Damaged;
use crate::header::{HeaderError, Kind};
use crate::slots::{OWNER_OFFSET, Slots};
use ic_stable_structures::Memory;
use node::{HASH_BYTES, NODE_BYTES, Node, REFERENCE_BYTES, REFERENCES, Target};
use std::marker::PhantomData;

/// A hash or a label.
pub type Hash = [u8; HASH_BYTES];

/// The root of a trie without leaves.
pub const EMPTY: Hash = [0; HASH_BYTES];
/// Places of leaves are below this number.
pub const PLACES_END: u32 = 1 << 31;

const ROOT_HASH: u64 = OWNER_OFFSET;
const ROOT_REFERENCE: u64 = ROOT_HASH + HASH_BYTES as u64;
/// Most paths are shorter: with a million labels a path has about 20 nodes.
const USUAL_TURNS: usize = 32;

/// The hash of the trie's nodes.
pub trait NodeHash {
    /// The hash of the node at `position` whose sides have these hashes.
    fn node(position: u8, left: &Hash, right: &Hash) -> Hash;
}

/// The trie of labels in one memory.
pub struct Trie<V: Memory, H: NodeHash> {
    slots: Slots<V>,
    hash: PhantomData<H>,
}

/// A node on the path of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The node's slot.
    pub node: u32,
    /// The bit that decides: the path takes the right side if it is 1.
    pub position: u8,
    /// The hash of the side that is not taken.
    pub sibling: Hash,
    /// The reference of that side.
    sibling_reference: u32,
}

/// The path of a label through the present trie. It is invalid after a change of the trie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    label: Hash,
    turns: Vec<Turn>,
    end: Option<u32>,
}

impl Path {
    /// The label.
    pub fn label(&self) -> &Hash {
        &self.label
    }

    /// The nodes, from the root down.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The place of the leaf at which the path ends. This leaf may belong to another label. `None`: the trie is empty.
    pub fn end(&self) -> Option<u32> {
        self.end
    }
}

/// Where a link lies.
#[derive(Clone, Copy)]
enum Link {
    Root,
    Side { node: u32, right: bool },
}

impl<V: Memory, H: NodeHash> Trie<V, H> {
    /// Creates an empty trie.
    ///
    /// Precondition: as for [`Slots::create`].
    pub fn create(memory: V, magic: [u8; 4], layout: u32) -> Self {
        Self { slots: Slots::create(memory, kind(magic, layout)), hash: PhantomData }
    }

    /// Opens a trie.
    pub fn open(memory: V, magic: [u8; 4], layout: u32) -> Result<Self, HeaderError> {
        Ok(Self { slots: Slots::open(memory, kind(magic, layout))?, hash: PhantomData })
    }

    /// The root hash; [`EMPTY`] if there are no leaves.
    pub fn root(&self) -> Hash {
        self.hash_at(Link::Root)
    }

    /// Number of leaves.
    pub fn len(&self) -> u32 {
        if self.is_empty() { 0 } else { self.slots.len() + 1 }
    }

    /// True if the trie has no leaf.
    pub fn is_empty(&self) -> bool {
        self.root_reference() == 0
    }

    /// Wasm pages by which the memory must grow before `more` leaves can be inserted.
    pub fn pages_missing(&self, more: u32) -> u64 {
        self.slots.pages_missing(more)
    }

    /// The place of the leaf at which the path of a label ends. If the trie has the label, this is its own leaf.
    /// `None`: the trie is empty.
    pub fn find(&self, label: &Hash) -> Result<Option<u32>, Damaged> {
        let mut from = From::Root;
        let mut target = self.root_target()?;
        loop {
            match target {
                Target::Nothing => return Ok(None),
                Target::Leaf(place) => return Ok(Some(place)),
                Target::Node(slot) => {
                    let (position, sides) = node::read_references(&self.slots, slot)?;
                    from = from.to(slot, position)?;
                    target = sides[usize::from(bit(label, position))];
                }
            }
        }
    }

    /// The path of a label.
    pub fn walk(&self, label: &Hash) -> Result<Path, Damaged> {
        let mut from = From::Root;
        let mut turns = Vec::with_capacity(USUAL_TURNS);
        let mut target = self.root_target()?;
        loop {
            match target {
                Target::Nothing => return Ok(Path { label: *label, turns, end: None }),
                Target::Leaf(place) => return Ok(Path { label: *label, turns, end: Some(place) }),
                Target::Node(slot) => {
                    let node = Node::read(&self.slots, slot)?;
                    from = from.to(slot, node.position)?;
                    let right = bit(label, node.position);
                    turns.push(Turn {
                        node: slot,
                        position: node.position,
                        sibling: node.hashes[usize::from(!right)],
                        sibling_reference: node.references[usize::from(!right)].reference(),
                    });
                    target = node.references[usize::from(right)];
                }
            }
        }
    }

    /// Writes a new hash of the leaf at the end of a path.
    ///
    /// Preconditions: the path belongs to the present trie, and ends at the leaf of its own label.
    pub fn update(&mut self, path: &Path, leaf_hash: &Hash) {
        self.renew(path, path.turns.len(), *leaf_hash);
    }

    /// Inserts a leaf for the label of a path, under a place below [`PLACES_END`] that no other leaf has.
    ///
    /// `other_label` is the label of the leaf at which the path ends, `None` if the trie is empty. The trie also counts
    /// as `Damaged` if that label does not lead there, or is the path's own.
    ///
    /// Preconditions: the path belongs to the present trie; the memory has grown by [`Self::pages_missing`].
    pub fn insert(
        &mut self,
        path: &Path,
        other_label: Option<&Hash>,
        place: u32,
        leaf_hash: &Hash,
    ) -> Result<(), Damaged> {
        assert!(place < PLACES_END, "a leaf's place does not fit into a reference");
        let leaf = Target::Leaf(place);
        let (other_label, other_place) = match (other_label, path.end) {
            (Some(label), Some(place)) => (label, place),
            (None, None) => {
                self.write_reference(Link::Root, leaf);
                self.write_hash(Link::Root, leaf_hash);
                return Ok(());
            }
            _ => return Err(Damaged { slot: 0 }),
        };
        // Both labels take every turn of the path, so they differ at none of its positions.
        let off = path.turns.iter().find(|turn| bit(other_label, turn.position) != bit(&path.label, turn.position));
        let Some(position) = first_difference(&path.label, other_label).filter(|_| off.is_none()) else {
            return Err(Damaged { slot: off.or(path.turns.last()).map_or(0, |turn| turn.node) });
        };
        // The new node stands above the first turn whose position is greater: it takes over the link to it.
        let depth = path.turns.partition_point(|turn| turn.position < position);
        let link = self.link(path, depth);
        let below = path.turns.get(depth).map_or(Target::Leaf(other_place), |turn| Target::Node(turn.node));
        let below_hash = self.hash_at(link);
        let slot = self.slots.allocate()?;
        let node = if bit(&path.label, position) {
            Node { hashes: [below_hash, *leaf_hash], references: [below, leaf], position }
        } else {
            Node { hashes: [*leaf_hash, below_hash], references: [leaf, below], position }
        };
        node.write(&mut self.slots, slot);
        self.write_reference(link, Target::Node(slot));
        self.renew(path, depth, H::node(position, &node.hashes[0], &node.hashes[1]));
        Ok(())
    }

    /// Removes the leaf at the end of a path, and its node. The other side of the node takes the node's place.
    ///
    /// Preconditions: as for [`Self::update`].
    pub fn remove(&mut self, path: &Path) -> Result<(), Damaged> {
        let Some((last, above)) = path.turns.split_last() else {
            self.write_reference(Link::Root, Target::Nothing);
            self.write_hash(Link::Root, &EMPTY);
            return Ok(());
        };
        let sibling = Target::of(last.sibling_reference);
        self.slots.release(last.node)?;
        self.write_reference(self.link(path, above.len()), sibling);
        self.renew(path, above.len(), last.sibling);
        Ok(())
    }

    /// Writes the hash of the link that leads to turn `depth` of a path, or to its end, and all hashes above it.
    fn renew(&mut self, path: &Path, depth: usize, hash: Hash) {
        let mut below = hash;
        for turn in path.turns[..depth].iter().rev() {
            let right = bit(&path.label, turn.position);
            self.write_hash(Link::Side { node: turn.node, right }, &below);
            below = if right {
                H::node(turn.position, &turn.sibling, &below)
            } else {
                H::node(turn.position, &below, &turn.sibling)
            };
        }
        self.write_hash(Link::Root, &below);
    }

    /// The link that leads to turn `depth` of a path, or to its end.
    fn link(&self, path: &Path, depth: usize) -> Link {
        match depth.checked_sub(1).and_then(|above| path.turns.get(above)) {
            None => Link::Root,
            Some(turn) => Link::Side { node: turn.node, right: bit(&path.label, turn.position) },
        }
    }

    fn hash_at(&self, link: Link) -> Hash {
        let mut hash = EMPTY;
        match link {
            Link::Root => self.slots.memory().read(ROOT_HASH, &mut hash),
            Link::Side { node, right } => self.slots.read(node, hash_offset(right), &mut hash),
        }
        hash
    }

    fn write_hash(&mut self, link: Link, hash: &Hash) {
        match link {
            Link::Root => self.slots.memory().write(ROOT_HASH, hash),
            Link::Side { node, right } => self.slots.write(node, hash_offset(right), hash),
        }
    }

    fn write_reference(&mut self, link: Link, target: Target) {
        let bytes = target.reference().to_le_bytes();
        match link {
            Link::Root => self.slots.memory().write(ROOT_REFERENCE, &bytes),
            Link::Side { node, right } => {
                self.slots.write(node, REFERENCES + u32::from(right) * REFERENCE_BYTES, &bytes);
            }
        }
    }

    fn root_reference(&self) -> u32 {
        let mut bytes = [0; REFERENCE_BYTES as usize];
        self.slots.memory().read(ROOT_REFERENCE, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn root_target(&self) -> Result<Target, Damaged> {
        let target = Target::of(self.root_reference());
        if target.is_there(&self.slots) { Ok(target) } else { Err(Damaged { slot: 0 }) }
    }
}

/// The part of a path that has been followed.
#[derive(Clone, Copy)]
enum From {
    Root,
    Position(u8),
}

impl From {
    /// Continues to a node. Positions must rise, so every path ends.
    fn to(self, slot: u32, position: u8) -> Result<Self, Damaged> {
        match self {
            Self::Position(above) if position <= above => Err(Damaged { slot }),
            _ => Ok(Self::Position(position)),
        }
    }
}

fn kind(magic: [u8; 4], layout: u32) -> Kind {
    Kind { magic, layout, record_bytes: NODE_BYTES as u32, segment_pages: 0 }
}

fn hash_offset(right: bool) -> u32 {
    u32::from(right) * HASH_BYTES as u32
}

/// Bit `position` of a label, counted from the most significant bit of byte 0.
fn bit(label: &Hash, position: u8) -> bool {
    label[usize::from(position / 8)] >> (7 - position % 8) & 1 == 1
}

/// The first bit in which two labels differ.
fn first_difference(one: &Hash, other: &Hash) -> Option<u8> {
    let at = one.iter().zip(other).position(|(one, other)| one != other)?;
    Some((at * 8) as u8 + (one[at] ^ other[at]).leading_zeros() as u8)
}
