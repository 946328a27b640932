//! The durable state besides records and payloads: the indexes' seed and the settings.
//!
//! ```text
//! Wasm page 0
//!   offset size
//!        0   64  header (`stable::header`); its own fields are 0
//!       64   32  seed of the indexes' fingerprints; all 0: not drawn yet
//!       96    4  rebuild_pages, the first of the settings; in each, 0 means unlimited
//!      100    4  max_messages
//!      104    8  max_bytes
//!      112    4  max_age_seconds
//!      116   44  0
//! ```

use super::LAYOUT_VERSION;
use super::index::fingerprint::Seed;
use crate::api::{Bound, Settings};
use ic_stable_structures::Memory;
use stable::header::{self, HeaderError, Kind, OWN_BYTES, field};

/// Wasm pages of the state memory.
pub const STATE_PAGES: u64 = 1;
/// The constants that identify the state's header.
pub const KIND: Kind = Kind { magic: *b"MCST", layout: LAYOUT_VERSION, record_bytes: 0, segment_pages: 0 };

const SEED_OFFSET: u64 = header::HEADER_BYTES as u64;
const SETTINGS_OFFSET: u64 = SEED_OFFSET + 32;
// Offsets of the settings, counted from `SETTINGS_OFFSET`.
const REBUILD_PAGES: usize = 0;
const MAX_MESSAGES: usize = REBUILD_PAGES + 4;
const MAX_BYTES: usize = MAX_MESSAGES + 4;
const MAX_AGE_SECONDS: usize = MAX_BYTES + 8;
const SETTINGS_BYTES: usize = MAX_AGE_SECONDS + 4;

/// Seed and settings. Each is read once and cached.
pub struct State<V: Memory> {
    memory: V,
    seed: Seed,
    has_seed: bool,
    settings: Settings,
}

impl<V: Memory> State<V> {
    /// Creates a state without a seed.
    ///
    /// Precondition: `memory` has [`STATE_PAGES`] pages of zeros.
    pub fn create(memory: V, settings: Settings) -> Self {
        header::write(&memory, KIND, [0; OWN_BYTES]);
        let mut state = Self { memory, seed: Seed::default(), has_seed: false, settings };
        state.set_settings(settings);
        state
    }

    /// Opens a state.
    pub fn open(memory: V) -> Result<Self, HeaderError> {
        header::read(&memory, KIND, STATE_PAGES)?;
        let mut seed = [0; 32];
        memory.read(SEED_OFFSET, &mut seed);
        let mut settings = [0; SETTINGS_BYTES];
        memory.read(SETTINGS_OFFSET, &mut settings);
        let seed = Seed(seed);
        Ok(Self { memory, seed, has_seed: seed.is_drawn(), settings: settings_from(&settings) })
    }

    /// True once the seed has been drawn.
    pub fn has_seed(&self) -> bool {
        self.has_seed
    }

    /// The seed; zeros until it has been drawn.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Stores a seed.
    pub fn set_seed(&mut self, seed: Seed) {
        self.memory.write(SEED_OFFSET, &seed.0);
        (self.seed, self.has_seed) = (seed, seed.is_drawn());
    }

    /// The operator's settings.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Stores settings. Precondition: they are valid.
    pub fn set_settings(&mut self, settings: Settings) {
        self.memory.write(SETTINGS_OFFSET, &settings_bytes(&settings));
        self.settings = settings;
    }
}

fn settings_bytes(settings: &Settings) -> [u8; SETTINGS_BYTES] {
    let mut bytes = [0; SETTINGS_BYTES];
    bytes[REBUILD_PAGES..MAX_MESSAGES].copy_from_slice(&settings.rebuild_pages.limit().unwrap_or(0).to_le_bytes());
    bytes[MAX_MESSAGES..MAX_BYTES].copy_from_slice(&settings.max_messages.limit().unwrap_or(0).to_le_bytes());
    bytes[MAX_BYTES..MAX_AGE_SECONDS].copy_from_slice(&settings.max_bytes.limit().unwrap_or(0).to_le_bytes());
    bytes[MAX_AGE_SECONDS..].copy_from_slice(&settings.max_age_seconds.limit().unwrap_or(0).to_le_bytes());
    bytes
}

fn settings_from(bytes: &[u8; SETTINGS_BYTES]) -> Settings {
    let bound = |number: u32| Bound::from((number != 0).then_some(number));
    let max_bytes = u64::from_le_bytes(field(bytes, MAX_BYTES));
    Settings {
        rebuild_pages: bound(u32::from_le_bytes(field(bytes, REBUILD_PAGES))),
        max_messages: bound(u32::from_le_bytes(field(bytes, MAX_MESSAGES))),
        max_bytes: (max_bytes != 0).then_some(max_bytes).into(),
        max_age_seconds: bound(u32::from_le_bytes(field(bytes, MAX_AGE_SECONDS))),
    }
}
