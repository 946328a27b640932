//! The 84-byte record of a message.
//!
//! ```text
//! offset size
//!      0    4  id         1, 2, 3, …
//!      4    4  timestamp  unix seconds, never decreases with id
//!      8    1  key_len    length of the key id, 1 to 64
//!      9   23  key_head   first min(key_len, 23) bytes of the key id, zero-padded
//!     32    4  next_id    next message of the same key, 0: none
//!     36    4  prev_id    previous message of the same key, 0: none; never rewritten
//!     40   32  hash       SHA-256 of the ciphertext
//!     72    6  offset     where the extent starts in the payload stream
//!     78    1  ext_len    bytes of extensions behind the key tail: 0
//!     79    1  flags      0
//!     80    4  len        length of the ciphertext
//! ```
//!
//! Little-endian. Only `next_id` ever changes once a record is written.

use super::header::field;
use crate::api::Id;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 84;
/// Bytes of the key id that stand in the record; the rest, its tail, stands behind the ciphertext.
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

/// Where a record's `timestamp` stands in it.
pub const TIMESTAMP_OFFSET: u64 = TIMESTAMP as u64;
/// Where a record's `next_id` stands in it.
pub const NEXT_ID_OFFSET: u64 = NEXT_ID as u64;

/// A record, decoded. The map above says what the fields mean.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Record {
    pub id: Id,
    pub timestamp: u32,
    pub key_len: u8,
    pub key_head: [u8; KEY_HEAD_BYTES],
    pub next_id: Id,
    pub prev_id: Id,
    pub hash: [u8; 32],
    pub offset: u64,
    pub ext_len: u8,
    pub flags: u8,
    pub len: u32,
}

impl Record {
    /// The bytes of the map above.
    pub fn to_bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[ID..TIMESTAMP].copy_from_slice(&self.id.to_le_bytes());
        bytes[TIMESTAMP..KEY_LEN].copy_from_slice(&self.timestamp.to_le_bytes());
        bytes[KEY_LEN] = self.key_len;
        bytes[KEY_HEAD..NEXT_ID].copy_from_slice(&self.key_head);
        bytes[NEXT_ID..PREV_ID].copy_from_slice(&self.next_id.to_le_bytes());
        bytes[PREV_ID..HASH].copy_from_slice(&self.prev_id.to_le_bytes());
        bytes[HASH..OFFSET].copy_from_slice(&self.hash);
        bytes[OFFSET..EXT_LEN].copy_from_slice(&self.offset.to_le_bytes()[..6]);
        bytes[EXT_LEN] = self.ext_len;
        bytes[FLAGS] = self.flags;
        bytes[LEN..].copy_from_slice(&self.len.to_le_bytes());
        bytes
    }

    /// Reads the map above. Any bytes decode: [`Self::is_known`] tells whether this release can work with them.
    pub fn from_bytes(bytes: &[u8; RECORD_BYTES]) -> Self {
        let mut offset = [0; 8];
        offset[..6].copy_from_slice(&bytes[OFFSET..EXT_LEN]);
        Self {
            id: u32::from_le_bytes(field(bytes, ID)),
            timestamp: u32::from_le_bytes(field(bytes, TIMESTAMP)),
            key_len: bytes[KEY_LEN],
            key_head: field(bytes, KEY_HEAD),
            next_id: u32::from_le_bytes(field(bytes, NEXT_ID)),
            prev_id: u32::from_le_bytes(field(bytes, PREV_ID)),
            hash: field(bytes, HASH),
            offset: u64::from_le_bytes(offset),
            ext_len: bytes[EXT_LEN],
            flags: bytes[FLAGS],
            len: u32::from_le_bytes(field(bytes, LEN)),
        }
    }

    /// True where nothing in the record comes from a later layout.
    pub fn is_known(&self) -> bool {
        self.ext_len == 0
            && self.flags == 0
            && (1..=crate::limits::MAX_KEY_ID_BYTES).contains(&usize::from(self.key_len))
    }

    /// Bytes of the key id that stand in the payload stream.
    pub fn tail_len(&self) -> usize {
        usize::from(self.key_len).saturating_sub(KEY_HEAD_BYTES)
    }

    /// Bytes of the key id that stand in the record.
    pub fn key_head(&self) -> &[u8] {
        &self.key_head[..KEY_HEAD_BYTES.min(self.key_len.into())]
    }

    /// Where the extent ends in the payload stream: ciphertext, key tail, extensions.
    pub fn extent_end(&self) -> u64 {
        self.offset + u64::from(self.len) + self.tail_len() as u64 + u64::from(self.ext_len)
    }
}

/// Splits a key id into what stands in the record, zero-padded, and its tail.
pub fn split_key(key_id: &[u8]) -> ([u8; KEY_HEAD_BYTES], &[u8]) {
    let (head, tail) = key_id.split_at(key_id.len().min(KEY_HEAD_BYTES));
    let mut padded = [0; KEY_HEAD_BYTES];
    padded[..head.len()].copy_from_slice(head);
    (padded, tail)
}
