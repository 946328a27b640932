//! A node's bytes. The byte map is in [`super`].

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::Hash;
use crate::Damaged;
use crate::header::field;
use crate::slots::Slots;
use ic_stable_structures::Memory;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// Bytes of a reference.
pub const REFERENCE_BYTES: u32 = 4;
/// Where the two references start.
pub const REFERENCES: u32 = 2 * HASH_BYTES as u32;
const POSITION: u32 = REFERENCES + 2 * REFERENCE_BYTES;
const USED_BYTES: usize = POSITION as usize + 1;
/// Bytes of a node.
pub const NODE_BYTES: usize = USED_BYTES + 3;

/// The target of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Nothing,
    /// A node, by its slot.
    Node(u32),
    /// A leaf, by its place.
    Leaf(u32),
}

impl Target {
    pub fn of(reference: u32) -> Self {
        match reference {
            0 => Self::Nothing,
            _ if reference & 1 == 1 => Self::Leaf(reference >> 1),
            _ => Self::Node(reference >> 1),
        }
    }

    pub fn reference(self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Node(slot) => slot << 1,
            Self::Leaf(place) => place << 1 | 1,
        }
    }

    /// False for a node whose slot is out of range.
    pub fn is_there(self, slots: &Slots<impl Memory>) -> bool {
        match self {
            Self::Node(slot) => slots.contains(slot),
            Self::Nothing | Self::Leaf(_) => true,
        }
    }
}

/// An inner node. Left comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub hashes: [Hash; 2],
    pub references: [Target; 2],
    pub position: u8,
}

impl Node {
    /// Reads the node in a slot.
    ///
    /// Precondition: the slots contain it.
    pub fn read(slots: &Slots<impl Memory>, slot: u32) -> Result<Self, Damaged> {
        let mut bytes = [0; USED_BYTES];
        slots.read(slot, 0, &mut bytes);
        Ok(Self {
            hashes: [field(&bytes, 0), field(&bytes, HASH_BYTES)],
            references: references(slots, slot, field(&bytes, REFERENCES as usize))?,
            position: bytes[POSITION as usize],
        })
    }

    /// Writes the node into a slot.
    pub fn write(&self, slots: &mut Slots<impl Memory>, slot: u32) {
        let mut bytes = [0; NODE_BYTES];
        bytes[..HASH_BYTES].copy_from_slice(&self.hashes[0]);
        bytes[HASH_BYTES..REFERENCES as usize].copy_from_slice(&self.hashes[1]);
        let [left, right] = self.references.map(|target| u64::from(target.reference()));
        bytes[REFERENCES as usize..POSITION as usize].copy_from_slice(&(right << 32 | left).to_le_bytes());
        bytes[POSITION as usize] = self.position;
        slots.write(slot, 0, &bytes);
    }
}

/// Reads only the position and the references of the node in a slot.
///
/// Precondition: the slots contain it.
pub fn read_references(slots: &Slots<impl Memory>, slot: u32) -> Result<(u8, [Target; 2]), Damaged> {
    let mut bytes = [0; USED_BYTES - REFERENCES as usize];
    slots.read(slot, REFERENCES, &mut bytes);
    let [.., position] = bytes;
    Ok((position, references(slots, slot, field(&bytes, 0))?))
}

/// The two references of a node. Each names a leaf, or a node that exists.
fn references(slots: &Slots<impl Memory>, slot: u32, bytes: [u8; 8]) -> Result<[Target; 2], Damaged> {
    let both = u64::from_le_bytes(bytes);
    let targets = [both as u32, (both >> 32) as u32].map(Target::of);
    if targets.iter().all(|target| *target != Target::Nothing && target.is_there(slots)) {
        Ok(targets)
    } else {
        Err(Damaged { slot })
    }
}
