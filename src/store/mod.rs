//! The message store: pure Rust over any [`Memory`], without calls to the platform.
//!
//! ```text
//! MessageStore ── add, read, pages, lookup, check: the calls
//!   ├─ inbox      84-byte records by id
//!   ├─ payloads   ciphertexts and key tails by position
//!   ├─ state      seed and settings
//!   └─ index      hash and key indexes on the heap, filled by rebuild
//! ```
//!
//! Every change is planned first. Everything that can fail (checks, lookups, heap, stable memory) comes before the
//! first write, and the writes cannot fail. So a call that returns an error has changed nothing (invariant 5), even
//! without the platform's rollback.

mod add;
mod check;
mod inbox;
mod index;
mod lookup;
mod pages;
mod payloads;
mod read;
mod rebuild;
pub mod record;
mod retention;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod view;
mod words;

pub use add::{NewMessageRef, batch_too_long, check_lengths};
pub use index::fingerprint::Seed;
pub use lookup::{StoredRef, items_too_long};
pub use pages::{RecordPage, bytes_in_page};
pub use rebuild::{RebuildError, Rebuilt};
pub use view::View;

use crate::api::{Progress, Settings, SettingsError};
use crate::limits::{LAST_ID, MAX_INDEX_ENTRIES, MAX_REBUILD_PAGES, MIN_MAX_BYTES, MIN_REBUILD_PAGES, MIN_RETAINED};
use crate::memory::{ForeignMemory, OutOfMemory, StableMemory};
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::VirtualMemory;
use inbox::Inbox;
use index::Indexes;
use payloads::Payloads;
use rebuild::Rebuild;
use stable::header::HeaderError;
use stable::region;
use state::State;
use std::fmt;

/// The layout that this release writes and reads.
pub const LAYOUT_VERSION: u32 = 1;

/// The capacity of a store. The canister uses [`Capacity::default`]; tests use smaller ones to reach the limits.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// The highest id to assign, at most [`LAST_ID`].
    pub last_id: u32,
    /// Entries of the indexes: a message takes one, a key two.
    pub index_entries: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { last_id: LAST_ID, index_entries: MAX_INDEX_ENTRIES }
    }
}

/// Why a store was not opened. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Stable memory is not divided by this canister's memory manager.
    Foreign(ForeignMemory),
    /// The state memory is foreign or damaged.
    State(HeaderError),
    /// The inbox region is foreign or damaged.
    Inbox(HeaderError),
    /// The payload region is foreign or damaged.
    Payloads(HeaderError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(error) => write!(f, "{error}"),
            Self::State(error) => write!(f, "state memory: {error}"),
            Self::Inbox(error) => write!(f, "inbox region: {error}"),
            Self::Payloads(error) => write!(f, "payload region: {error}"),
        }
    }
}

/// The store. `docs/invariants.md` numbers its invariants.
pub struct MessageStore<M: Memory + Clone> {
    memory: StableMemory<M>,
    inbox: Inbox<VirtualMemory<M>>,
    payloads: Payloads<VirtualMemory<M>>,
    state: State<VirtualMemory<M>>,
    indexes: Indexes,
    /// Set while the indexes are incomplete. Calls that need them return `Unavailable`.
    rebuild: Option<Rebuild>,
    capacity: Capacity,
}

impl<M: Memory + Clone> MessageStore<M> {
    /// Creates an empty store.
    ///
    /// Preconditions: `raw` has no pages; `settings` are valid.
    pub fn create(raw: M, settings: Settings, capacity: Capacity) -> Result<Self, OutOfMemory> {
        let memory = StableMemory::create(raw)?;
        memory.grow(region::LEADING_PAGES, region::LEADING_PAGES, state::STATE_PAGES)?;
        Ok(Self {
            inbox: Inbox::create(memory.inbox()),
            payloads: Payloads::create(memory.payloads()),
            state: State::create(memory.state(), settings),
            memory,
            indexes: Indexes::for_messages(&Seed::default(), 0),
            rebuild: None,
            capacity,
        })
    }

    /// Opens a store. Its indexes are incomplete until [`Self::rebuild_step`] returns [`Rebuilt::Done`].
    pub fn open(raw: M, capacity: Capacity) -> Result<Self, OpenError> {
        let memory = StableMemory::open(raw).map_err(OpenError::Foreign)?;
        let state = State::open(memory.state()).map_err(OpenError::State)?;
        let inbox = Inbox::open(memory.inbox()).map_err(OpenError::Inbox)?;
        let end = inbox.last().map_or(0, |record| record.extent_end());
        let payloads = Payloads::open(memory.payloads(), end).map_err(OpenError::Payloads)?;
        let indexes = Indexes::for_messages(&state.seed(), 0);
        let mut store = Self { memory, inbox, payloads, state, indexes, rebuild: None, capacity };
        store.start_rebuild();
        Ok(store)
    }

    /// True once the indexes' fingerprints are keyed with a drawn seed.
    pub fn has_seed(&self) -> bool {
        self.state.has_seed()
    }

    /// Stores a drawn seed and starts to rebuild the indexes under it.
    pub fn set_seed(&mut self, seed: Seed) {
        self.state.set_seed(seed);
        self.start_rebuild();
    }

    /// The operator's settings.
    pub fn settings(&self) -> Settings {
        self.state.settings()
    }

    /// Replaces the settings at `now`, in unix seconds. First the old settings drop the messages that they exclude,
    /// then the new ones do.
    pub fn set_settings(&mut self, settings: Settings, now: u32) -> Result<(), SettingsError> {
        check_settings(&settings)?;
        self.drop_excluded(now);
        self.state.set_settings(settings);
        self.drop_excluded(now);
        Ok(())
    }

    /// Whether the indexes are complete. The error is the progress of the rebuild.
    fn indexed(&self) -> Result<(), Progress> {
        self.rebuild_progress().map_or(Ok(()), Err)
    }
}

/// Checks whether settings are valid.
pub fn check_settings(settings: &Settings) -> Result<(), SettingsError> {
    let Settings { rebuild_pages, max_messages, max_bytes, max_age_seconds } = *settings;
    if let Some(value) = rebuild_pages.limit().filter(|value| !(MIN_REBUILD_PAGES..=MAX_REBUILD_PAGES).contains(value))
    {
        return Err(SettingsError::RebuildPages { value, min: MIN_REBUILD_PAGES, max: MAX_REBUILD_PAGES });
    }
    if let Some(value) = max_messages.limit().filter(|&value| value < MIN_RETAINED) {
        return Err(SettingsError::MaxMessages { value, min: MIN_RETAINED });
    }
    if let Some(value) = max_bytes.limit().filter(|&value| value < MIN_MAX_BYTES) {
        return Err(SettingsError::MaxBytes { value, min: MIN_MAX_BYTES });
    }
    if let Some(value) = max_age_seconds.limit().filter(|&value| value < MIN_RETAINED) {
        return Err(SettingsError::MaxAgeSeconds { value, min: MIN_RETAINED });
    }
    Ok(())
}
