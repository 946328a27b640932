//! The 84-byte record of a message.
//!
//! ```text
//! offset size
//!      0    4  id         1, 2, 3, …
//!      4    4  timestamp  unix seconds, never decreases with id
//!      8    1  key_len    length of the key id, 1 to 64
//!      9   23  key_head   first min(key_len, 23) bytes of the key id, zero-padded
//!     32    4  next_id    next message of the same key, 0: none
//!     36    4  prev_id    previous message of the same key, 0: none
//!     40   32  hash       SHA-256 of the ciphertext
//!     72    6  offset     start of the extent in the payload stream
//!     78    1  ext_len    bytes of extensions after the key tail: 0
//!     79    1  flags      bit 0: acknowledged, and the ciphertext overwritten with zeros
//!     80    4  len        length of the ciphertext
//! ```
//!
//! Little-endian. Only `next_id` and the flag change after a record is written.

#![allow(unsafe_code, reason = "records are read into memory that is not filled with zeros first")]
#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::fixed;
use crate::api::Id;
use crate::limits::MAX_KEY_ID_BYTES;
use ic_stable_structures::Memory;
use stable::header::field;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 84;
/// Bytes of the key id that the record holds. The rest, its tail, follows the ciphertext.
pub const KEY_HEAD_BYTES: usize = 23;

const ID: usize = 0;
const TIMESTAMP: usize = ID + 4;
const KEY_LEN: usize = TIMESTAMP + 4;
const KEY_HEAD: usize = KEY_LEN + 1;
const NEXT_ID: usize = KEY_HEAD + KEY_HEAD_BYTES;
const PREV_ID: usize = NEXT_ID + 4;
const HASH: usize = PREV_ID + 4;
const OFFSET: usize = HASH + 32;
const EXT_LEN: usize = OFFSET + 6;
const FLAGS: usize = EXT_LEN + 1;
const LEN: usize = FLAGS + 1;
const _: () = assert!(LEN + 4 == RECORD_BYTES);

/// Byte offset of `timestamp` in a record.
pub const TIMESTAMP_OFFSET: u64 = TIMESTAMP as u64;
/// Byte offset of `hash` in a record.
pub const HASH_OFFSET: u64 = HASH as u64;
/// Byte offset of `offset` in a record.
pub const OFFSET_OFFSET: u64 = OFFSET as u64;
/// Byte offset of `next_id` in a record.
pub const NEXT_ID_OFFSET: u64 = NEXT_ID as u64;
/// Byte offset of `flags` in a record.
pub const FLAGS_OFFSET: u64 = FLAGS as u64;
/// The flag of a message whose ciphertext has been overwritten.
pub const ERASED: u8 = 1;
/// Byte offset of `prev_id` in a record.
pub const PREV_ID_OFFSET: u64 = PREV_ID as u64;

/// The bytes of a record, laid out as in the map above. Any bytes are valid: [`Self::is_known`] tells whether this
/// release understands them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Record {
    bytes: [u8; RECORD_BYTES],
}

/// The fields of a new record, which has no next message, extensions or flags.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct NewRecord<'a> {
    pub id: Id,
    pub timestamp: u32,
    pub key_id: &'a [u8],
    pub prev_id: Id,
    pub hash: &'a [u8; 32],
    pub offset: u64,
    pub len: u32,
}

impl Record {
    /// Encodes a new record.
    pub fn new(new: NewRecord<'_>) -> Self {
        let mut bytes = [0; RECORD_BYTES];
        bytes[ID..TIMESTAMP].copy_from_slice(&new.id.to_le_bytes());
        bytes[TIMESTAMP..KEY_LEN].copy_from_slice(&new.timestamp.to_le_bytes());
        bytes[KEY_LEN] = new.key_id.len() as u8;
        bytes[KEY_HEAD..NEXT_ID].copy_from_slice(&split_key(new.key_id).0);
        bytes[PREV_ID..HASH].copy_from_slice(&new.prev_id.to_le_bytes());
        bytes[HASH..OFFSET].copy_from_slice(new.hash);
        bytes[OFFSET..EXT_LEN].copy_from_slice(&field::<6>(&new.offset.to_le_bytes(), 0));
        bytes[LEN..].copy_from_slice(&new.len.to_le_bytes());
        Self { bytes }
    }

    /// Reads a record from stable memory.
    pub fn read(memory: &impl Memory, address: u64) -> Self {
        Self { bytes: fixed::read(memory, address) }
    }

    /// Appends `count` records, contiguous in stable memory, to `records`.
    pub fn read_many(memory: &impl Memory, address: u64, count: usize, records: &mut Vec<Self>) {
        records.reserve(count);
        // SAFETY: there is room for `count` more, and the read fills all their bytes, or traps.
        unsafe {
            let end = records.as_mut_ptr().add(records.len());
            memory.read_unsafe(address, end.cast(), count * RECORD_BYTES);
            records.set_len(records.len() + count);
        }
    }

    /// The bytes of the map above.
    pub fn as_bytes(&self) -> &[u8; RECORD_BYTES] {
        &self.bytes
    }

    /// The message's id.
    pub fn id(&self) -> Id {
        self.u32_at(ID)
    }

    /// The time of insertion, unix seconds.
    pub fn timestamp(&self) -> u32 {
        self.u32_at(TIMESTAMP)
    }

    /// Length of its key id in bytes.
    pub fn key_len(&self) -> usize {
        self.bytes[KEY_LEN].into()
    }

    /// The first bytes of its key id, zero-padded.
    pub fn key_head(&self) -> &[u8; KEY_HEAD_BYTES] {
        self.part(KEY_HEAD)
    }

    /// The next message of the same key; 0: none.
    pub fn next_id(&self) -> Id {
        self.u32_at(NEXT_ID)
    }

    /// The previous message of the same key; 0: none.
    pub fn prev_id(&self) -> Id {
        self.u32_at(PREV_ID)
    }

    /// SHA-256 of its ciphertext.
    pub fn hash(&self) -> &[u8; 32] {
        self.part(HASH)
    }

    /// The position in the payload stream at which its extent starts.
    pub fn offset(&self) -> u64 {
        let mut offset = [0; 8];
        offset[..6].copy_from_slice(self.part::<6>(OFFSET));
        u64::from_le_bytes(offset)
    }

    /// Length of its ciphertext in bytes.
    pub fn ciphertext_len(&self) -> usize {
        self.u32_at(LEN) as usize
    }

    /// True if this release knows the record's flags, extensions and key length.
    pub fn is_known(&self) -> bool {
        self.bytes[EXT_LEN] == 0 && self.bytes[FLAGS] & !ERASED == 0 && (1..=MAX_KEY_ID_BYTES).contains(&self.key_len())
    }

    /// True if the message was acknowledged and its ciphertext has been overwritten.
    pub fn is_erased(&self) -> bool {
        self.bytes[FLAGS] & ERASED != 0
    }

    /// Length of the key id's tail, in bytes.
    pub fn tail_len(&self) -> usize {
        self.key_len().saturating_sub(KEY_HEAD_BYTES)
    }

    /// The position in the payload stream at which the key id's tail starts.
    pub fn tail_offset(&self) -> u64 {
        self.offset() + self.ciphertext_len() as u64
    }

    /// The position in the payload stream at which the extent (ciphertext, key tail, extensions) ends.
    pub fn extent_end(&self) -> u64 {
        self.tail_offset() + self.tail_len() as u64 + u64::from(self.bytes[EXT_LEN])
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(*self.part(at))
    }

    /// `N` bytes from `at` on. Every caller uses constants, so the bounds check happens at compile time.
    #[inline(always)]
    fn part<const N: usize>(&self, at: usize) -> &[u8; N] {
        self.bytes[at..].first_chunk().expect("a field of a record")
    }
}

/// Splits a key id into the bytes in the record, zero-padded, and its tail.
pub fn split_key(key_id: &[u8]) -> ([u8; KEY_HEAD_BYTES], &[u8]) {
    match key_id.split_first_chunk() {
        Some((head, tail)) => (*head, tail),
        None => {
            let mut padded = [0; KEY_HEAD_BYTES];
            padded[..key_id.len()].copy_from_slice(key_id);
            (padded, &[])
        }
    }
}
