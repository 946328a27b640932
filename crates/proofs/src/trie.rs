//! The trie of keys: a path-compressed binary trie over their labels.
//!
//! A leaf is a label with its value. An inner node stands at the first bit in which the labels below it differ, counted
//! from the most significant bit of byte 0. Its hash commits to that position. So the bits of a label determine its
//! path: at each node it takes the side of its bit at the node's position. A label is absent if its path ends at
//! another label.
//!
//! ```text
//! witness on the wire
//! size
//!    2  number of nodes, n, at most 256
//! n*33  from the root down: position (1), hash of the side not taken (32)
//!    1  end: 0 the label's own head (52 bytes follow), 1 another leaf (its label 32, its value 32), 2 no keys at all
//! ```

#![allow(clippy::indexing_slicing, reason = "a label has a byte for each eight positions")]

use crate::hash::{self, EMPTY, Hash};
use crate::head::Head;
use crate::wire::{Malformed, Reader};

/// Maximum number of nodes of a path: a label has 256 bits.
pub const MAX_NODES: usize = 256;
/// Bytes of a node: its position and the other subtree's hash.
pub(crate) const TURN_BYTES: usize = 1 + 32;
/// Maximum number of bytes of the end of a path.
pub(crate) const MAX_END_BYTES: usize = 1 + 2 * 32;

const OWN: u8 = 0;
const OTHER: u8 = 1;
const NONE: u8 = 2;

/// A node on the path from the root to a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The position of the bit that decides.
    pub position: u8,
    /// The hash of the side that is not taken.
    pub sibling: Hash,
}

/// Where the path of a label ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At its own leaf: the key exists, and has this head.
    Own(Head),
    /// At the leaf of another label: the key does not exist.
    Other {
        /// The other label.
        label: Hash,
        /// Its value.
        value: Hash,
    },
    /// Nowhere, because the trie has no keys.
    Nothing,
}

/// The path of one label through the trie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// From the root down.
    pub turns: Vec<Turn>,
    /// Where it ends.
    pub end: End,
}

/// The reason why a witness does not belong to this label. The caller compares the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessError {
    /// The positions do not rise.
    Positions,
    /// The path of the label does not lead to the other leaf.
    OffTheWay,
    /// The other leaf has the label that is said to be absent.
    NotAbsent,
    /// There are nodes, but no leaf at their end.
    Nothing,
}

impl Witness {
    /// The head that the witness shows (`None`: the key does not exist), and the root of the trie in which this is
    /// true.
    pub fn verify(&self, label: &Hash) -> Result<(Option<Head>, Hash), WitnessError> {
        if !self.turns.is_sorted_by(|one, next| one.position < next.position) {
            return Err(WitnessError::Positions);
        }
        let (head, leaf) = match self.end {
            End::Own(head) => (Some(head), hash::entry(label, &head.value())),
            End::Other { label: other, value } => {
                if other == *label {
                    return Err(WitnessError::NotAbsent);
                }
                if self.turns.iter().any(|turn| bit(&other, turn.position) != bit(label, turn.position)) {
                    return Err(WitnessError::OffTheWay);
                }
                (None, hash::entry(&other, &value))
            }
            End::Nothing if self.turns.is_empty() => (None, EMPTY),
            End::Nothing => return Err(WitnessError::Nothing),
        };
        let root = self.turns.iter().rev().fold(leaf, |below, Turn { position, sibling }| {
            if bit(label, *position) {
                hash::node(*position, sibling, &below)
            } else {
                hash::node(*position, &below, sibling)
            }
        });
        Ok((head, root))
    }

    pub(crate) fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = bytes.count(MAX_NODES)?;
        let turns = bytes.items(count, |bytes| Ok(Turn { position: bytes.u8()?, sibling: bytes.hash()? }))?;
        let end = match bytes.u8()? {
            OWN => End::Own(Head::read(bytes)?),
            OTHER => End::Other { label: bytes.hash()?, value: bytes.hash()? },
            NONE => End::Nothing,
            found => return Err(Malformed::Case { found }),
        };
        Ok(Self { turns, end })
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.turns.len() as u16).to_le_bytes());
        for turn in &self.turns {
            bytes.push(turn.position);
            bytes.extend(turn.sibling);
        }
        match &self.end {
            End::Own(head) => {
                bytes.push(OWN);
                bytes.extend(head.to_bytes());
            }
            End::Other { label, value } => {
                bytes.push(OTHER);
                bytes.extend(label);
                bytes.extend(value);
            }
            End::Nothing => bytes.push(NONE),
        }
    }
}

/// Bit `position` of a label, counted from the most significant bit of byte 0.
pub fn bit(label: &Hash, position: u8) -> bool {
    label[usize::from(position / 8)] >> (7 - position % 8) & 1 == 1
}
