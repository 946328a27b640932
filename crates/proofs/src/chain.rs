//! The chain of a key's messages: each message commits to the one before it and to an older one.
//!
//! ```text
//! chain(i) = hash of 116 bytes
//! offset size
//!      0   32  chain value of the previous message of the key; of the first message: the label
//!     32   32  chain value of the jump target; of the first message: the label
//!     64   32  SHA-256 of the ciphertext
//!     96    4  id
//!    100    4  id of the previous message, 0: none
//!    104    4  timestamp, unix seconds
//!    108    4  bytes of the ciphertext
//!    112    4  rank: 1, 2, 3, ... within the key
//! ```
//!
//! The store chooses jump targets so that every message is a few dozen links from every newer one. A verifier accepts
//! any link to a lower rank, so it does not need to know the rule.

use crate::hash::{self, Hash};
use crate::wire::{Malformed, Reader};

const PREV_CHAIN: usize = 0;
const JUMP_CHAIN: usize = PREV_CHAIN + 32;
const FIELDS: usize = JUMP_CHAIN + 32;
const CHAIN_BYTES: usize = FIELDS + FIELDS_BYTES;
const _: () = assert!(CHAIN_BYTES == 116);

/// A message's own fields begin with the hash of its ciphertext; five numbers follow.
const NUMBERS: usize = 32;
/// Bytes of a message's own fields on the wire: hash, id, previous id, timestamp, length, rank.
pub const FIELDS_BYTES: usize = NUMBERS + 5 * 4;

/// The fields of a message to which the chain commits, besides its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// SHA-256 of the ciphertext.
    pub hash: Hash,
    /// The message's id.
    pub id: u32,
    /// The id of the previous message, 0: none.
    pub prev_id: u32,
    /// Unix seconds of insertion.
    pub timestamp: u32,
    /// Bytes of the ciphertext.
    pub len: u32,
    /// Its rank within the key, from 1.
    pub rank: u32,
}

/// Chain values of the two messages that a message links to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    /// That of the previous message; of the first message: the label.
    pub prev: Hash,
    /// That of the jump target; of the first message: the label.
    pub jump: Hash,
}

impl Fields {
    /// The message's chain value.
    pub fn chain(&self, links: &Links) -> Hash {
        let mut bytes = [0; CHAIN_BYTES];
        bytes[PREV_CHAIN..JUMP_CHAIN].copy_from_slice(&links.prev);
        bytes[JUMP_CHAIN..FIELDS].copy_from_slice(&links.jump);
        bytes[FIELDS..].copy_from_slice(&self.to_bytes());
        hash::chain(&bytes)
    }

    pub(crate) fn to_bytes(self) -> [u8; FIELDS_BYTES] {
        let mut bytes = [0; FIELDS_BYTES];
        bytes[..NUMBERS].copy_from_slice(&self.hash);
        let numbers = [self.id, self.prev_id, self.timestamp, self.len, self.rank];
        for (word, number) in bytes[NUMBERS..].chunks_exact_mut(4).zip(numbers) {
            word.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            hash: bytes.array()?,
            id: bytes.u32()?,
            prev_id: bytes.u32()?,
            timestamp: bytes.u32()?,
            len: bytes.u32()?,
            rank: bytes.u32()?,
        })
    }
}
