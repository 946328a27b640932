//! The values that a root commits to: the head of each key, and the state of the store.
//!
//! ```text
//! head, 52 bytes                                    state, 52 bytes, behind the trie's root (32)
//! offset size                                       offset size
//!      0    4  id of the newest message                  0    8  epoch
//!      4    4  its timestamp, unix seconds               8    4  first_id: everything below has been dropped
//!      8    4  its rank: 1 for a key's first            12    4  max_age in seconds, 0: none
//!     12   32  its chain value                          16    4  layout version
//!     44    4  acknowledged id, 0: none                 20   32  salt of the labels; 0 where reads are closed
//!     48    4  acknowledged rank, 0: none
//! ```
//!
//! Little-endian. A head changes only with an add or an acknowledgement. Dropping and expiry change only the state.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::hash::{self, Hash};
use crate::wire::{Malformed, Reader};

const LAST_ID: usize = 0;
const LAST_TIME: usize = LAST_ID + 4;
const RANK: usize = LAST_TIME + 4;
const CHAIN: usize = RANK + 4;
const ACKNOWLEDGED_ID: usize = CHAIN + 32;
const ACKNOWLEDGED_RANK: usize = ACKNOWLEDGED_ID + 4;
/// Bytes of a head.
pub const HEAD_BYTES: usize = ACKNOWLEDGED_RANK + 4;
const _: () = assert!(HEAD_BYTES == 52);

const EPOCH: usize = 0;
const FIRST_ID: usize = EPOCH + 8;
const MAX_AGE: usize = FIRST_ID + 4;
const LAYOUT: usize = MAX_AGE + 4;
const SALT: usize = LAYOUT + 4;
/// Bytes of a state, without the trie's root.
pub const STATE_BYTES: usize = SALT + 32;
const _: () = assert!(STATE_BYTES == 52);

/// Where a state begins behind the trie's root.
const STATE: usize = 32;

/// A key's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Id of the newest message.
    pub last_id: u32,
    /// Unix seconds of its insertion.
    pub last_time: u32,
    /// Its rank: the number of the key's messages so far.
    pub rank: u32,
    /// Its chain value.
    pub chain: Hash,
    /// All messages through this id have been acknowledged; 0: none.
    pub acknowledged_id: u32,
    /// The rank of that message.
    pub acknowledged_rank: u32,
}

impl Head {
    /// Its bytes.
    pub fn to_bytes(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[LAST_ID..LAST_TIME].copy_from_slice(&self.last_id.to_le_bytes());
        bytes[LAST_TIME..RANK].copy_from_slice(&self.last_time.to_le_bytes());
        bytes[RANK..CHAIN].copy_from_slice(&self.rank.to_le_bytes());
        bytes[CHAIN..ACKNOWLEDGED_ID].copy_from_slice(&self.chain);
        bytes[ACKNOWLEDGED_ID..ACKNOWLEDGED_RANK].copy_from_slice(&self.acknowledged_id.to_le_bytes());
        bytes[ACKNOWLEDGED_RANK..].copy_from_slice(&self.acknowledged_rank.to_le_bytes());
        bytes
    }

    /// The head that has these bytes.
    pub fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Self {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut chain = [0; 32];
        chain.copy_from_slice(&bytes[CHAIN..ACKNOWLEDGED_ID]);
        Self {
            last_id: word(LAST_ID),
            last_time: word(LAST_TIME),
            rank: word(RANK),
            chain,
            acknowledged_id: word(ACKNOWLEDGED_ID),
            acknowledged_rank: word(ACKNOWLEDGED_RANK),
        }
    }

    pub(crate) fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self::from_bytes(&bytes.array()?))
    }

    /// The value to which the trie's leaf commits.
    pub fn value(&self) -> Hash {
        hash::value(&self.to_bytes())
    }
}

/// The state of a store besides its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// In one epoch an id is assigned only once.
    pub epoch: u64,
    /// All messages below this id have been dropped.
    pub first_id: u32,
    /// Seconds after which a message is too old; 0: never.
    pub max_age: u32,
    /// The version of the layout.
    pub layout: u32,
    /// The key of the hash that makes labels. All 0 where reads are closed, so that nobody can compute labels.
    pub salt: Hash,
}

impl State {
    /// Its bytes.
    pub fn to_bytes(&self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        bytes[EPOCH..FIRST_ID].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[FIRST_ID..MAX_AGE].copy_from_slice(&self.first_id.to_le_bytes());
        bytes[MAX_AGE..LAYOUT].copy_from_slice(&self.max_age.to_le_bytes());
        bytes[LAYOUT..SALT].copy_from_slice(&self.layout.to_le_bytes());
        bytes[SALT..].copy_from_slice(&self.salt);
        bytes
    }

    pub(crate) fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            epoch: bytes.u64()?,
            first_id: bytes.u32()?,
            max_age: bytes.u32()?,
            layout: bytes.u32()?,
            salt: bytes.array()?,
        })
    }

    /// The root that the certificate proves, from the trie's root.
    pub fn root(&self, trie: &Hash) -> Hash {
        let mut bytes = [0; STATE + STATE_BYTES];
        bytes[..STATE].copy_from_slice(trie);
        bytes[STATE..].copy_from_slice(&self.to_bytes());
        hash::state(&bytes)
    }

    /// True if a message of this time is too old at `now`, in unix seconds.
    pub fn too_old(&self, timestamp: u32, now: u64) -> bool {
        self.max_age != 0 && u64::from(timestamp) + u64::from(self.max_age) <= now
    }
}
