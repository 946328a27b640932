//! The map of stable memory.
//!
//! One [`Manager`] divides the canister's stable memory. This module assigns all its ids. A retired id stays
//! reserved for ever.
//!
//! | id | memory | holds |
//! |---|---|---|
//! | 0 | inbox | records (`store/inbox.rs`) |
//! | 1 | payloads | ciphertexts and key tails (`store/payloads.rs`) |
//! | 2 | state | salt, seed, settings, ends of queues (`store/state.rs`) |
//! | 3 | links | ranks, jumps and chain values by id (`store/links.rs`) |
//! | 4 | keys | a record for each key (`store/keys.rs`) |
//! | 5 | trie | inner nodes of the trie of keys (`crates/stable`) |
//! | 6 | roles | roles by principal (`access/roles.rs`) |

use crate::limits::MAX_STABLE_BYTES;
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::{MemoryId, VirtualMemory};
use stable::manager::Manager;

/// The layout that this release writes and reads.
pub const LAYOUT_VERSION: u32 = 2;

const INBOX: MemoryId = MemoryId::new(0);
const PAYLOADS: MemoryId = MemoryId::new(1);
const STATE: MemoryId = MemoryId::new(2);
const LINKS: MemoryId = MemoryId::new(3);
const KEYS: MemoryId = MemoryId::new(4);
const TRIE: MemoryId = MemoryId::new(5);
const ROLES: MemoryId = MemoryId::new(6);

pub use stable::manager::{ForeignMemory, OutOfMemory};

/// Wasm pages by which each memory is to grow, by the memory's name in the map above.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Growth {
    pub inbox: u64,
    pub payloads: u64,
    pub state: u64,
    pub links: u64,
    pub keys: u64,
    pub trie: u64,
    pub roles: u64,
}

/// The canister's stable memory, divided into the virtual memories of the map above.
pub struct StableMemory<M: Memory> {
    manager: Manager<M>,
}

impl<M: Memory + Clone> StableMemory<M> {
    /// Divides empty stable memory.
    ///
    /// Precondition: `raw` has no pages.
    pub fn create(raw: M) -> Result<Self, OutOfMemory> {
        Manager::create(raw, MAX_STABLE_BYTES).map(|manager| Self { manager })
    }

    /// Opens memory that [`Self::create`] divided. It refuses any other memory, which the manager would overwrite.
    pub fn open(raw: M) -> Result<Self, ForeignMemory> {
        Manager::open(raw, MAX_STABLE_BYTES).map(|manager| Self { manager })
    }

    /// Memory 0: the records of messages.
    pub fn inbox(&self) -> VirtualMemory<M> {
        self.manager.memory(INBOX)
    }

    /// Memory 1: ciphertexts and key tails.
    pub fn payloads(&self) -> VirtualMemory<M> {
        self.manager.memory(PAYLOADS)
    }

    /// Memory 2: salt, seed, settings and ends of queues.
    pub fn state(&self) -> VirtualMemory<M> {
        self.manager.memory(STATE)
    }

    /// Memory 3: ranks, jumps and chain values.
    pub fn links(&self) -> VirtualMemory<M> {
        self.manager.memory(LINKS)
    }

    /// Memory 4: the records of keys.
    pub fn keys(&self) -> VirtualMemory<M> {
        self.manager.memory(KEYS)
    }

    /// Memory 5: the inner nodes of the trie of keys.
    pub fn trie(&self) -> VirtualMemory<M> {
        self.manager.memory(TRIE)
    }

    /// Memory 6: roles by principal.
    pub fn roles(&self) -> VirtualMemory<M> {
        self.manager.memory(ROLES)
    }

    /// Grows all memories or none.
    pub fn grow(&self, growth: Growth) -> Result<(), OutOfMemory> {
        let Growth { inbox, payloads, state, links, keys, trie, roles } = growth;
        self.manager.grow(&[
            (INBOX, inbox),
            (PAYLOADS, payloads),
            (STATE, state),
            (LINKS, links),
            (KEYS, keys),
            (TRIE, trie),
            (ROLES, roles),
        ])
    }

    /// Bytes of stable memory in use, including the manager's own.
    pub fn bytes(&self) -> u64 {
        self.manager.bytes()
    }
}
