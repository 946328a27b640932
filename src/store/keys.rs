//! The store's record of each key: a record of its own that outlives the key's messages.
//!
//! ```text
//! offset size
//!      0    4  next         of a free place: the next free one; else the next key in the queue of those with
//!                           acknowledged messages to erase; 0: none
//!      4    1  key_len      1 to 64
//!      5   64  key_id       zero-padded
//!     69    1  flags        bit 0: kept though it has no messages; bit 1: in the queue of idle keys; bit 2: a send
//!                           key; bit 3: its own quota; bits 4, 5: that quota bounds messages, bytes
//!     70    2  0
//!     72    4  next_idle    the next key in that queue, 0: none
//!     76   52  head         newest id, time, rank, chain; acknowledged id, rank (`proofs::head`)
//!    128    4  oldest id    the oldest live message when last looked at, 0: none
//!    132    8  bytes        of ciphertext ever
//!    140    8  acknowledged bytes, through the acknowledged message
//!    148    4  erased id    acknowledged ciphertexts through it have been overwritten
//!    152    1  owner_len    0: no owner is recorded
//!    153   29  owner        a principal, zero-padded
//!    182    2  0
//!    184   32  send key     SHA-256 of the secret
//!    216    4  quota: messages
//!    220    8  quota: bytes
//!    228    4  full since   unix seconds, 0: it is not
//!    232
//! ```
//!
//! Little-endian. A key waits for erasure if and only if its erased id is below its acknowledged id.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::fixed;
use super::words::equal;
use crate::access::KeyRights;
use crate::api::{Id, Quota};
use crate::limits::MAX_KEY_ID_BYTES;
use crate::memory::LAYOUT_VERSION;
use candid::Principal;
use ic_stable_structures::Memory;
use proofs::head::{HEAD_BYTES, Head};
use stable::Damaged;
use stable::header::{HeaderError, Kind, field};
use stable::slots::Slots;

/// Bytes of a record.
pub const KEY_BYTES: usize = FULL_SINCE + 4;
/// The constants that identify the header of the keys.
pub const KIND: Kind =
    Kind { magic: *b"MCKY", layout: LAYOUT_VERSION, record_bytes: KEY_BYTES as u32, segment_pages: 0 };

const NEXT: usize = 0;
const KEY_LEN: usize = NEXT + 4;
const KEY_ID: usize = KEY_LEN + 1;
const FLAGS: usize = KEY_ID + MAX_KEY_ID_BYTES;
const NEXT_IDLE: usize = FLAGS + 3;
const HEAD: usize = NEXT_IDLE + 4;
const OLDEST_ID: usize = HEAD + HEAD_BYTES;
const BYTES: usize = OLDEST_ID + 4;
const ACKNOWLEDGED_BYTES: usize = BYTES + 8;
const ERASED_ID: usize = ACKNOWLEDGED_BYTES + 8;
const OWNER_LEN: usize = ERASED_ID + 4;
const OWNER: usize = OWNER_LEN + 1;
const SEND_KEY: usize = OWNER + OWNER_BYTES + 2;
const QUOTA_MESSAGES: usize = SEND_KEY + 32;
const QUOTA_BYTES: usize = QUOTA_MESSAGES + 4;
const FULL_SINCE: usize = QUOTA_BYTES + 8;
const _: () = assert!(KEY_BYTES == 232);

const OWNER_BYTES: usize = Principal::MAX_LENGTH_IN_BYTES;
const KEPT: u8 = 1;
const IN_IDLE_QUEUE: u8 = 2;
const HAS_SEND_KEY: u8 = 4;
const HAS_QUOTA: u8 = 8;
const BOUNDS_MESSAGES: u8 = 16;
const BOUNDS_BYTES: u8 = 32;

/// The number of a key's record; 0: none.
pub type Place = u32;

/// A key's record: the fields of the map above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The next key with messages to erase.
    pub next: Place,
    /// Bytes of the key id.
    pub(super) len: u8,
    /// The key id, zero-padded.
    pub(super) id: [u8; MAX_KEY_ID_BYTES],
    /// True if the key is in the queue of idle keys.
    pub in_idle_queue: bool,
    /// The next key in that queue.
    pub next_idle: Place,
    /// The value that the trie's leaf commits to.
    pub head: Head,
    /// The oldest live message at the last look-up; 0: none.
    pub oldest_id: Id,
    /// Bytes of ciphertext that the key has ever had.
    pub bytes: u64,
    /// Of these, the bytes through the acknowledged message.
    pub acknowledged_bytes: u64,
    /// Acknowledged ciphertexts through this id have been overwritten.
    pub erased_id: Id,
    /// Owner, send key, own quota, and whether it is kept.
    pub rights: KeyRights,
    /// Unix seconds since when the key is full for strangers, as of its last add or acknowledgement; 0: it is not.
    pub full_since: u32,
}

impl Key {
    /// A key without messages that is opened at `now`. Precondition: `key_id` has 1 to 64 bytes.
    pub fn new(key_id: &[u8], now: u32) -> Self {
        let mut id = [0; MAX_KEY_ID_BYTES];
        id[..key_id.len()].copy_from_slice(key_id);
        Self {
            next: 0,
            len: key_id.len() as u8,
            id,
            in_idle_queue: false,
            next_idle: 0,
            head: Head {
                last_id: 0,
                last_time: now,
                rank: 0,
                chain: [0; 32],
                acknowledged_id: 0,
                acknowledged_rank: 0,
            },
            oldest_id: 0,
            bytes: 0,
            acknowledged_bytes: 0,
            erased_id: 0,
            rights: KeyRights::default(),
            full_since: 0,
        }
    }

    /// The key id.
    pub fn id(&self) -> &[u8] {
        self.id.get(..usize::from(self.len)).unwrap_or(&self.id)
    }

    /// Whether the key has this id. The comparison takes the same time for every id.
    pub fn has_id(&self, key_id: &[u8]) -> bool {
        let mut padded = [0; MAX_KEY_ID_BYTES];
        match padded.get_mut(..key_id.len()) {
            Some(start) => start.copy_from_slice(key_id),
            None => return false,
        }
        equal(&self.id, &padded) & (usize::from(self.len) == key_id.len())
    }

    /// Whether the numbers are possible in a store whose next id is `next_id`. Reads follow only such numbers.
    pub fn is_sound(&self, next_id: Id) -> bool {
        let head = &self.head;
        self.erased_id <= head.acknowledged_id
            && head.acknowledged_id <= head.last_id
            && head.last_id < next_id
            && head.acknowledged_rank <= head.rank
    }

    /// True while acknowledged ciphertexts wait to be overwritten.
    pub fn waits_for_erasure(&self) -> bool {
        self.erased_id < self.head.acknowledged_id
    }

    fn to_bytes(&self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        let KeyRights { owner, send_key, quota, kept } = &self.rights;
        let owner = owner.as_ref().map_or(&[][..], Principal::as_slice);
        let Quota { messages, bytes: ciphertext } = quota.unwrap_or_default();
        let flags = [
            (*kept, KEPT),
            (self.in_idle_queue, IN_IDLE_QUEUE),
            (send_key.is_some(), HAS_SEND_KEY),
            (quota.is_some(), HAS_QUOTA),
            (messages.limit().is_some(), BOUNDS_MESSAGES),
            (ciphertext.limit().is_some(), BOUNDS_BYTES),
        ];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(NEXT, &self.next.to_le_bytes());
        put(KEY_LEN, &[self.len]);
        put(KEY_ID, &self.id);
        put(FLAGS, &[flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum()]);
        put(NEXT_IDLE, &self.next_idle.to_le_bytes());
        put(HEAD, &self.head.to_bytes());
        put(OLDEST_ID, &self.oldest_id.to_le_bytes());
        put(BYTES, &self.bytes.to_le_bytes());
        put(ACKNOWLEDGED_BYTES, &self.acknowledged_bytes.to_le_bytes());
        put(ERASED_ID, &self.erased_id.to_le_bytes());
        put(OWNER_LEN, &[owner.len() as u8]);
        put(OWNER, owner);
        put(SEND_KEY, &send_key.unwrap_or_default());
        put(QUOTA_MESSAGES, &messages.limit().unwrap_or(0).to_le_bytes());
        put(QUOTA_BYTES, &ciphertext.limit().unwrap_or(0).to_le_bytes());
        put(FULL_SINCE, &self.full_since.to_le_bytes());
        bytes
    }

    /// Decodes any bytes. If the key id is damaged, no look-up finds the key. If the numbers are damaged so that they are
    /// impossible, [`Self::is_sound`] is false. Damaged rights are not noticed.
    fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        let word = |at| u32::from_le_bytes(field(bytes, at));
        let long = |at| u64::from_le_bytes(field(bytes, at));
        let has = |flag| bytes[FLAGS] & flag != 0;
        let owner: [u8; OWNER_BYTES] = field(bytes, OWNER);
        let owner = owner.get(..usize::from(bytes[OWNER_LEN])).filter(|owner| !owner.is_empty());
        let quota = Quota {
            messages: has(BOUNDS_MESSAGES).then(|| word(QUOTA_MESSAGES)).into(),
            bytes: has(BOUNDS_BYTES).then(|| long(QUOTA_BYTES)).into(),
        };
        Self {
            next: word(NEXT),
            len: bytes[KEY_LEN],
            id: field(bytes, KEY_ID),
            in_idle_queue: has(IN_IDLE_QUEUE),
            next_idle: word(NEXT_IDLE),
            head: Head::from_bytes(&field(bytes, HEAD)),
            oldest_id: word(OLDEST_ID),
            bytes: long(BYTES),
            acknowledged_bytes: long(ACKNOWLEDGED_BYTES),
            erased_id: word(ERASED_ID),
            rights: KeyRights {
                owner: owner.map(Principal::from_slice),
                send_key: has(HAS_SEND_KEY).then(|| field(bytes, SEND_KEY)),
                quota: has(HAS_QUOTA).then_some(quota),
                kept: has(KEPT),
            },
            full_since: word(FULL_SINCE),
        }
    }
}

/// The records of keys, by place.
pub struct Keys<V: Memory> {
    slots: Slots<V>,
}

impl<V: Memory> Keys<V> {
    /// Creates an empty table. Precondition: as for [`Slots::create`].
    pub fn create(memory: V) -> Self {
        Self { slots: Slots::create(memory, KIND) }
    }

    /// Opens a table.
    pub fn open(memory: V) -> Result<Self, HeaderError> {
        Ok(Self { slots: Slots::open(memory, KIND)? })
    }

    /// Number of keys.
    pub fn len(&self) -> u32 {
        self.slots.len()
    }

    /// One past the last place.
    pub fn end(&self) -> Place {
        self.slots.end()
    }

    /// Wasm pages by which the memory must grow before one more key fits.
    pub fn pages_missing(&self) -> u64 {
        self.slots.pages_missing(1)
    }

    /// The key at a place; `None`: no key is there.
    pub fn get(&self, place: Place) -> Option<Key> {
        if !self.slots.contains(place) {
            return None;
        }
        let bytes = fixed::read(self.slots.memory(), self.slots.address(place));
        (bytes[KEY_LEN] != 0).then(|| Key::from_bytes(&bytes))
    }

    /// Takes a place. Precondition: the memory has grown by [`Self::pages_missing`].
    pub fn allocate(&mut self) -> Result<Place, Damaged> {
        self.slots.allocate()
    }

    /// Writes the key at a place that is in use.
    pub fn put(&mut self, place: Place, key: &Key) {
        self.slots.write(place, 0, &key.to_bytes());
    }

    /// Frees a place.
    pub fn release(&mut self, place: Place) -> Result<(), Damaged> {
        self.slots.release(place)
    }
}
