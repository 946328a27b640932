//! The links region: a slot beside each record binds the message to the older ones of its key.
//!
//! ```text
//! offset size
//!      0    4  rank         1, 2, 3, … within the key
//!      4    4  jump id      an older message of the key, 0: none (rank 1)
//!      8    4  jump rank    its rank
//!     12    8  bytes        of ciphertext that the key has had through this message
//!     20   32  chain value of the previous message; of rank 1: the label
//!     52   32  chain value of the jump target; of rank 1: the label
//! ```
//!
//! Little-endian. A slot never changes. With the record it yields the message's own chain value, even after the
//! messages that it links to are gone.
//!
//! Jump targets follow Myers' skew-binary rule (An applicative random-access stack, 1983): from any message, any older
//! one is reached in about 2.4 log2 n links.

use super::fixed;
use super::numbered::{Numbered, SEGMENT_PAGES, SLOT_BYTES};
use crate::api::Id;
use crate::memory::LAYOUT_VERSION;
use ic_stable_structures::Memory;
use proofs::chain::Links;
use proofs::hash::Hash;
use stable::header::{HeaderError, Kind, field};
use stable::region::LowIds;

/// The constants that identify the header of the links.
pub const KIND: Kind =
    Kind { magic: *b"MCLN", layout: LAYOUT_VERSION, record_bytes: SLOT_BYTES as u32, segment_pages: SEGMENT_PAGES };

const RANK: usize = 0;
const JUMP_ID: usize = RANK + 4;
const JUMP_RANK: usize = JUMP_ID + 4;
const BYTES: usize = JUMP_RANK + 4;
const PREV_CHAIN: usize = BYTES + 8;
const JUMP_CHAIN: usize = PREV_CHAIN + 32;
const _: () = assert!(JUMP_CHAIN + 32 == SLOT_BYTES);

/// A message of a key and its rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// 0: none.
    pub id: Id,
    /// 0: none.
    pub rank: u32,
}

/// The contents of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The message's rank within its key.
    pub rank: u32,
    /// The older message that it jumps to.
    pub jump: Target,
    /// Bytes of ciphertext that the key has had through this message.
    pub bytes: u64,
    /// The chain values to which the message's own chain value commits.
    pub chains: Links,
}

impl Link {
    /// The link of a key's first message.
    pub fn first(label: Hash, len: u64) -> Self {
        Self { rank: 1, jump: Target::default(), bytes: len, chains: Links { prev: label, jump: label } }
    }

    /// The jump of the message after `prev`, whose link is `link` and whose chain value is `chain`. `behind` is the
    /// link of the message that `prev` jumps to, if that message is still stored.
    pub fn jump_behind(prev: Id, link: &Self, chain: Hash, behind: Option<&Self>) -> (Target, Hash) {
        if let Some(behind) = behind.filter(|behind| behind.jump.id != 0)
            && link.rank.checked_sub(link.jump.rank) == link.jump.rank.checked_sub(behind.jump.rank)
        {
            return (behind.jump, behind.chains.jump);
        }
        (Target { id: prev, rank: link.rank }, chain)
    }

    fn to_bytes(self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        bytes[RANK..JUMP_ID].copy_from_slice(&self.rank.to_le_bytes());
        bytes[JUMP_ID..JUMP_RANK].copy_from_slice(&self.jump.id.to_le_bytes());
        bytes[JUMP_RANK..BYTES].copy_from_slice(&self.jump.rank.to_le_bytes());
        bytes[BYTES..PREV_CHAIN].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[PREV_CHAIN..JUMP_CHAIN].copy_from_slice(&self.chains.prev);
        bytes[JUMP_CHAIN..].copy_from_slice(&self.chains.jump);
        bytes
    }

    fn from_bytes(bytes: &[u8; SLOT_BYTES]) -> Self {
        Self {
            rank: u32::from_le_bytes(field(bytes, RANK)),
            jump: Target {
                id: u32::from_le_bytes(field(bytes, JUMP_ID)),
                rank: u32::from_le_bytes(field(bytes, JUMP_RANK)),
            },
            bytes: u64::from_le_bytes(field(bytes, BYTES)),
            chains: Links { prev: field(bytes, PREV_CHAIN), jump: field(bytes, JUMP_CHAIN) },
        }
    }
}

/// Links by id.
pub struct LinkRegion<V: Memory> {
    slots: Numbered<V>,
}

impl<V: Memory> LinkRegion<V> {
    /// Creates an empty region. Precondition: as for [`stable::region::Region::create`].
    pub fn create(memory: V) -> Self {
        Self { slots: Numbered::create(memory, KIND, LowIds { first: 0, reclaimed: 0 }) }
    }

    /// Opens the links beside an inbox whose mapped segments are `mapped`.
    pub fn open(memory: V, mapped: (u64, u64)) -> Result<Self, HeaderError> {
        let (slots, _) = Numbered::open(memory, KIND)?;
        if slots.mapped() != mapped {
            let ((from, end), (_, there)) = (slots.mapped(), mapped);
            return Err(HeaderError::MappedSegments { from, end, there });
        }
        Ok(Self { slots })
    }

    /// Wasm pages by which the memory must grow before the link of `id` fits.
    pub fn pages_missing(&self, id: Id) -> u64 {
        self.slots.pages_missing(id)
    }

    /// Writes the link of the newest message. Precondition: the memory has grown by [`Self::pages_missing`].
    pub fn append(&mut self, id: Id, link: Link) {
        self.slots.map(id);
        self.slots.memory().write(self.slots.address(id), &link.to_bytes());
    }

    /// The link of a message. Precondition: its segment is mapped.
    pub fn get(&self, id: Id) -> Link {
        Link::from_bytes(&fixed::read(self.slots.memory(), self.slots.address(id)))
    }

    /// Where a message jumps to. Precondition: as for [`Self::get`].
    pub fn jump(&self, id: Id) -> Target {
        let mut bytes = [0; 8];
        self.slots.memory().read(self.slots.address(id) + JUMP_ID as u64, &mut bytes);
        Target { id: u32::from_le_bytes(field(&bytes, 0)), rank: u32::from_le_bytes(field(&bytes, 4)) }
    }

    /// The rank of a message, and the bytes that its key has had through it. Precondition: as for [`Self::get`].
    pub fn rank_and_bytes(&self, id: Id) -> (u32, u64) {
        let mut bytes = [0; PREV_CHAIN];
        self.slots.memory().read(self.slots.address(id), &mut bytes);
        (u32::from_le_bytes(field(&bytes, RANK)), u64::from_le_bytes(field(&bytes, BYTES)))
    }

    /// Unmaps the segments whose links are all below `id`.
    pub fn unmap_below(&mut self, id: Id) {
        self.slots.unmap_below(id);
    }
}
