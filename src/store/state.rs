//! The durable state of the store besides messages and keys.
//!
//! ```text
//! Wasm page 0
//!   offset size
//!        0   64  header (see `stable::header`); its own fields are 0
//!       64   32  salt of the labels; 0: not drawn yet
//!       96   32  seed of the fingerprints
//!      128    8  epoch: unix seconds of the installation, or from which adds are possible after a resume
//!      136    4  version of the settings
//!      140    4  first key with acknowledged messages to erase, 0: none
//!      144    4  last such key
//!      148    4  first idle key, 0: none
//!      152    4  last such key
//!      156    4  unix seconds from which adds are possible after a resume; 0: never sealed, 2^32 - 1: sealed
//!      160   36  what strangers, members and owners have spent (see `stable::budget`)
//!      196    …  settings (see `settings`)
//! ```
//!
//! Little-endian.

#![allow(
    clippy::indexing_slicing,
    reason = "a payer numbers one of three; offsets are constants within arrays of fixed length"
)]

use super::OpenError;
use super::index::fingerprint::Seed;
use super::keys::Place;
use crate::access::budget::Payer;
use crate::memory::LAYOUT_VERSION;
use crate::settings::{CONFIGURATION_BYTES, Configuration};
use ic_stable_structures::Memory;
use proofs::hash::Hash;
use stable::budget::{SPENT_BYTES, Spent};
use stable::header::{self, HEADER_BYTES, Kind, OWN_BYTES, field};

/// Wasm pages of the state memory.
pub const STATE_PAGES: u64 = 1;
/// The constants that identify the state's header.
pub const KIND: Kind = Kind { magic: *b"MCST", layout: LAYOUT_VERSION, record_bytes: 0, segment_pages: 0 };

const SALT: usize = HEADER_BYTES;
const SEED: usize = SALT + 32;
const EPOCH: usize = SEED + 32;
const SETTINGS_VERSION: usize = EPOCH + 8;
const ERASE: usize = SETTINGS_VERSION + 4;
const IDLE: usize = ERASE + QUEUE_BYTES;
const OPENS: usize = IDLE + QUEUE_BYTES;
const SPENT: usize = OPENS + 4;
const SETTINGS: usize = SPENT + 3 * SPENT_BYTES;
const STATE_BYTES: usize = SETTINGS + CONFIGURATION_BYTES;

/// Within a queue.
const QUEUE_LAST: usize = 4;
const QUEUE_BYTES: usize = QUEUE_LAST + 4;

/// Stands for the second from which adds are possible, while the store is sealed.
pub const SEALED: u32 = u32::MAX;

/// A queue of keys: its ends. Each key's record names the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// The first key, 0: the queue is empty.
    pub first: Place,
    /// The last key.
    pub last: Place,
}

/// The state. It is read once and cached.
pub struct State<V: Memory> {
    memory: V,
    salt: Hash,
    seed: Seed,
    epoch: u64,
    settings_version: u32,
    settings: Configuration,
    erase: Queue,
    idle: Queue,
    opens: u32,
    spent: [Spent; 3],
}

impl<V: Memory> State<V> {
    /// Creates a state without a salt.
    ///
    /// Precondition: `memory` has [`STATE_PAGES`] pages of zeros.
    pub fn create(memory: V, settings: Configuration, epoch: u64) -> Self {
        header::write(&memory, KIND, [0; OWN_BYTES]);
        memory.write(EPOCH as u64, &epoch.to_le_bytes());
        let mut state = Self {
            memory,
            salt: [0; 32],
            seed: Seed::default(),
            epoch,
            settings_version: 0,
            settings: Configuration::default(),
            erase: Queue::default(),
            idle: Queue::default(),
            opens: 0,
            spent: [Spent::default(); 3],
        };
        state.set_settings(settings);
        state
    }

    /// Opens a state.
    pub fn open(memory: V) -> Result<Self, OpenError> {
        header::read(&memory, KIND, STATE_PAGES).map_err(|error| OpenError::Memory { memory: "state", error })?;
        let mut bytes = [0; STATE_BYTES];
        memory.read(0, &mut bytes);
        let word = |at| u32::from_le_bytes(field(&bytes, at));
        let queue = |at| Queue { first: word(at), last: word(at + QUEUE_LAST) };
        Ok(Self {
            salt: field(&bytes, SALT),
            seed: Seed(field(&bytes, SEED)),
            epoch: u64::from_le_bytes(field(&bytes, EPOCH)),
            settings_version: word(SETTINGS_VERSION),
            settings: Configuration::from_bytes(&field(&bytes, SETTINGS)).ok_or(OpenError::Settings)?,
            erase: queue(ERASE),
            idle: queue(IDLE),
            opens: word(OPENS),
            spent: [0, 1, 2].map(|kind| Spent::from_bytes(&field(&bytes, SPENT + kind * SPENT_BYTES))),
            memory,
        })
    }

    /// The salt of the labels; `None`: it has not been drawn yet.
    pub fn salt(&self) -> Option<&Hash> {
        (self.salt != [0; 32]).then_some(&self.salt)
    }

    /// The seed of the fingerprints.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Stores the salt and the seed.
    pub fn set_secrets(&mut self, salt: Hash, seed: Seed) {
        let mut bytes = [0; EPOCH - SALT];
        bytes[..SEED - SALT].copy_from_slice(&salt);
        bytes[SEED - SALT..].copy_from_slice(&seed.0);
        self.memory.write(SALT as u64, &bytes);
        (self.salt, self.seed) = (salt, seed);
    }

    /// The epoch. In one epoch an id is assigned only once.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Stores the epoch.
    pub fn set_epoch(&mut self, epoch: u64) {
        self.memory.write(EPOCH as u64, &epoch.to_le_bytes());
        self.epoch = epoch;
    }

    /// Unix seconds from which adds are possible. [`SEALED`]: not before a resume.
    pub fn opens(&self) -> u32 {
        self.opens
    }

    /// Stores the second from which adds are possible.
    pub fn set_opens(&mut self, second: u32) {
        self.memory.write(OPENS as u64, &second.to_le_bytes());
        self.opens = second;
    }

    /// The budget that a group of callers has spent.
    pub fn spent(&self, payer: Payer) -> &Spent {
        &self.spent[payer as usize]
    }

    /// The budget that a group of callers has spent, to be changed. [`Self::keep_spent`] stores the cycles.
    pub fn spent_mut(&mut self, payer: Payer) -> &mut Spent {
        &mut self.spent[payer as usize]
    }

    /// Stores the cycles that a group of callers has spent.
    pub fn keep_spent(&self, payer: Payer) {
        let kind = payer as usize;
        self.memory.write((SPENT + kind * SPENT_BYTES) as u64, &self.spent[kind].to_bytes());
    }

    /// The operator's settings.
    pub fn settings(&self) -> &Configuration {
        &self.settings
    }

    /// The version of the settings: how often they have been set.
    pub fn settings_version(&self) -> u32 {
        self.settings_version
    }

    /// Stores settings under the next version.
    pub fn set_settings(&mut self, settings: Configuration) {
        self.settings_version = self.settings_version.wrapping_add(1);
        self.memory.write(SETTINGS_VERSION as u64, &self.settings_version.to_le_bytes());
        self.memory.write(SETTINGS as u64, &settings.to_bytes());
        self.settings = settings;
    }

    /// The keys with acknowledged messages to erase.
    pub fn erase_queue(&self) -> Queue {
        self.erase
    }

    /// Stores the ends of that queue.
    pub fn set_erase_queue(&mut self, queue: Queue) {
        self.write_queue(ERASE, queue);
        self.erase = queue;
    }

    /// The queue of keys that may be idle, in the order in which they joined it.
    pub fn idle_queue(&self) -> Queue {
        self.idle
    }

    /// Stores the ends of that queue.
    pub fn set_idle_queue(&mut self, queue: Queue) {
        self.write_queue(IDLE, queue);
        self.idle = queue;
    }

    fn write_queue(&self, at: usize, queue: Queue) {
        let mut bytes = [0; QUEUE_BYTES];
        bytes[..QUEUE_LAST].copy_from_slice(&queue.first.to_le_bytes());
        bytes[QUEUE_LAST..].copy_from_slice(&queue.last.to_le_bytes());
        self.memory.write(at as u64, &bytes);
    }
}
