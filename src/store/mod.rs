//! The message store: pure Rust over any [`Memory`], without calls to the platform.
//!
//! ```text
//! MessageStore ── add, read, pages, lookup, acknowledge, rights, check: the calls
//!   ├─ inbox      84-byte records by id             ┐ in segments of ids,
//!   ├─ links      ranks, jumps, chain values by id  ┘ both `numbered`
//!   ├─ payloads   ciphertexts and key tails by position
//!   ├─ keys       a record for each key, found through the trie of their labels
//!   ├─ state      salt, seed, settings, ends of queues
//!   └─ index      messages by hash on the heap, filled by rebuild
//! ```
//!
//! `walk` and `live` find their way along a key's messages. `prove` makes proofs. `retention`, `erase` and `idle`
//! remove dropped messages, acknowledged ciphertexts and idle keys.
//!
//! Every change is planned first. Everything that can fail (checks, lookups, heap, stable memory) comes before the
//! first write, and the writes cannot fail. So a call that returns an error has changed nothing (invariant 5), even
//! without the platform's rollback.

mod acknowledge;
mod add;
mod budgets;
mod check;
mod erase;
mod fixed;
mod idle;
mod inbox;
mod index;
mod keys;
mod links;
mod live;
mod lookup;
mod numbered;
mod pages;
mod payloads;
mod prove;
mod read;
mod rebuild;
pub mod record;
mod retention;
mod rights;
mod seal;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod view;
mod walk;
mod words;

pub use acknowledge::{AcknowledgementRef, Owned, acks_too_long};
pub use add::{Found, NewMessageRef, batch_too_long, check_lengths};
pub use lookup::{StoredRef, items_too_long};
pub use pages::{RecordPage, bytes_in_page};
pub use rebuild::{RebuildError, Rebuilt};
pub use view::View;

use crate::access::budget::Rates;
use crate::access::roles::{OpenRolesError, ROLES_PAGES};
use crate::access::{Caller, Roles};
use crate::api::{Progress, Role, RoleError, Setting, SettingsError};
use crate::limits::{LAST_ID, MAX_INDEX_ENTRIES};
use crate::memory::{ForeignMemory, Growth, LAYOUT_VERSION, OutOfMemory, StableMemory};
use crate::settings::Configuration;
use candid::Principal;
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::VirtualMemory;
use inbox::Inbox;
use index::Indexes;
use index::fingerprint::Seed;
use keys::Keys;
use links::LinkRegion;
use payloads::Payloads;
use proofs::hash::Hash;
use rebuild::Rebuild;
use stable::header::HeaderError;
use stable::trie::{NodeHash, Trie};
use stable::{region, slots};
use state::State;
use std::fmt;

/// The magic of the trie's memory.
const TRIE_MAGIC: [u8; 4] = *b"MCTR";

/// Hashes the trie's nodes as the proofs specify.
struct ProofNodes;

impl NodeHash for ProofNodes {
    fn node(position: u8, left: &Hash, right: &Hash) -> Hash {
        proofs::hash::node(position, left, right)
    }
}

/// The capacity of a store. The canister uses [`Capacity::default`]; tests use smaller ones to reach the limits.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// The highest id that may be assigned, at most [`LAST_ID`].
    pub last_id: u32,
    /// Entries of the index; each message has one.
    pub index_entries: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { last_id: LAST_ID, index_entries: MAX_INDEX_ENTRIES }
    }
}

/// The reason why a store was not opened. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Stable memory is not divided by this canister's memory manager.
    Foreign(ForeignMemory),
    /// A memory is foreign or damaged.
    Memory {
        /// The memory.
        memory: &'static str,
        /// The fault.
        error: HeaderError,
    },
    /// The settings are damaged, or a later release wrote them.
    Settings,
    /// The roles are foreign or damaged.
    Roles(OpenRolesError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(error) => write!(f, "{error}"),
            Self::Memory { memory, error } => write!(f, "{memory}: {error}"),
            Self::Settings => write!(
                f,
                "this release cannot read the stored settings: they are damaged, or a later release wrote them"
            ),
            Self::Roles(error) => write!(f, "roles: {error}"),
        }
    }
}

/// The store. `docs/invariants.md` numbers its invariants.
pub struct MessageStore<M: Memory + Clone> {
    memory: StableMemory<M>,
    inbox: Inbox<VirtualMemory<M>>,
    links: LinkRegion<VirtualMemory<M>>,
    payloads: Payloads<VirtualMemory<M>>,
    keys: Keys<VirtualMemory<M>>,
    trie: Trie<VirtualMemory<M>, ProofNodes>,
    state: State<VirtualMemory<M>>,
    roles: Roles<VirtualMemory<M>>,
    indexes: Indexes,
    /// Set while the index is incomplete. Calls that need it return `Unavailable`.
    rebuild: Option<Rebuild>,
    /// True if something under the root has changed since the root was last taken.
    root_changed: bool,
    /// The heap is close to its limit. An upgrade makes a new heap, so this flag is kept on the heap too.
    low_memory: bool,
    rates: Rates,
    capacity: Capacity,
}

impl<M: Memory + Clone> MessageStore<M> {
    /// Creates an empty store at `now`, in unix seconds.
    ///
    /// Precondition: `raw` has no pages.
    pub fn create(raw: M, settings: Configuration, capacity: Capacity, now: u32) -> Result<Self, OutOfMemory> {
        let memory = StableMemory::create(raw)?;
        memory.grow(Growth {
            inbox: region::LEADING_PAGES,
            payloads: region::LEADING_PAGES,
            links: region::LEADING_PAGES,
            keys: slots::LEADING_PAGES,
            trie: slots::LEADING_PAGES,
            state: state::STATE_PAGES,
            roles: ROLES_PAGES,
        })?;
        Ok(Self {
            inbox: Inbox::create(memory.inbox()),
            links: LinkRegion::create(memory.links()),
            payloads: Payloads::create(memory.payloads()),
            keys: Keys::create(memory.keys()),
            trie: Trie::create(memory.trie(), TRIE_MAGIC, LAYOUT_VERSION),
            state: State::create(memory.state(), settings, now.into()),
            roles: Roles::create(memory.roles()),
            memory,
            indexes: Indexes::for_messages(&Seed::default(), 0),
            rebuild: None,
            root_changed: true,
            low_memory: false,
            rates: Rates::default(),
            capacity,
        })
    }

    /// Opens a store. Its index is incomplete until [`Self::rebuild_step`] returns [`Rebuilt::Done`].
    pub fn open(raw: M, capacity: Capacity) -> Result<Self, OpenError> {
        let of = |memory| move |error| OpenError::Memory { memory, error };
        let memory = StableMemory::open(raw).map_err(OpenError::Foreign)?;
        let state = State::open(memory.state())?;
        let inbox = Inbox::open(memory.inbox()).map_err(of("inbox"))?;
        let links = LinkRegion::open(memory.links(), inbox.mapped()).map_err(of("links"))?;
        let end = inbox.last().map_or(0, |record| record.extent_end());
        let payloads = Payloads::open(memory.payloads(), end).map_err(of("payloads"))?;
        let keys = Keys::open(memory.keys()).map_err(of("keys"))?;
        let trie = Trie::open(memory.trie(), TRIE_MAGIC, LAYOUT_VERSION).map_err(of("trie"))?;
        let roles = Roles::open(memory.roles()).map_err(OpenError::Roles)?;
        let indexes = Indexes::for_messages(&state.seed(), 0);
        let mut store = Self {
            memory,
            inbox,
            links,
            payloads,
            keys,
            trie,
            state,
            roles,
            indexes,
            rebuild: None,
            root_changed: true,
            low_memory: false,
            rates: Rates::default(),
            capacity,
        };
        store.start_rebuild();
        Ok(store)
    }

    /// True once the salt of the labels has been drawn. No message is taken before.
    pub fn has_salt(&self) -> bool {
        self.state.salt().is_some()
    }

    /// Derives the salt of the labels and the seed of the fingerprints from randomness of the platform. Does nothing if
    /// the store has them already.
    pub fn set_randomness(&mut self, random: &Hash) {
        if !self.has_salt() {
            let derive = |purpose: &[u8]| proofs::hash::label(random, purpose);
            let seed = Seed(derive(b"message-canister fingerprints"));
            self.state.set_secrets(derive(b"message-canister labels"), seed);
            self.indexes = Indexes::for_messages(&seed, 0);
            self.root_changed = true;
        }
    }

    /// Notes that the heap is close to its limit. Until the store is opened anew, no new keys are opened. Everything
    /// else works.
    pub fn set_low_memory(&mut self) {
        self.low_memory = true;
    }

    /// The operator's settings.
    pub fn settings(&self) -> &Configuration {
        self.state.settings()
    }

    /// The version of the settings: how often they have been set.
    pub fn settings_version(&self) -> u32 {
        self.state.settings_version()
    }

    /// Replaces the named settings, at `now`, in unix seconds. First the old settings drop the messages that they
    /// exclude, then the new ones do.
    pub fn set_settings(&mut self, settings: &[Setting], now: u32) -> Result<u32, SettingsError> {
        let mut changed = *self.settings();
        changed.apply(settings)?;
        self.drop_excluded(now);
        self.state.set_settings(changed);
        self.drop_excluded(now);
        self.root_changed = true;
        Ok(self.settings_version())
    }

    /// The caller, with its role in the store. `controller`: it controls the canister.
    pub fn caller(&self, principal: Principal, controller: bool) -> Caller {
        let open = crate::access::policy::is_open(self.settings().reads, self.settings().writes);
        Caller::new(principal, self.roles.get(&principal), controller, open)
    }

    /// Gives a role to a principal, or removes its role.
    pub fn set_role(&mut self, principal: Principal, role: Option<Role>) -> Result<(), RoleError> {
        self.roles.set(principal, role)
    }

    /// Roles in the order of their principals, starting after `after`.
    pub fn roles(&self, after: Option<Principal>) -> Vec<(Principal, Role)> {
        self.roles.page(after)
    }

    /// Entries of the index in use.
    pub fn index_entries(&self) -> u64 {
        self.indexes.entries()
    }

    /// Checks whether adds are possible: the salt is drawn and the index is complete. The error is the progress of the
    /// rebuild.
    fn ready(&self) -> Result<(), Progress> {
        if !self.has_salt() {
            return Err(Progress { done: 0, total: 0 });
        }
        self.indexed()
    }

    /// Checks whether the index is complete. The error is the progress of the rebuild.
    fn indexed(&self) -> Result<(), Progress> {
        self.rebuild_progress().map_or(Ok(()), Err)
    }
}
