//! The map of stable memory, and the only place where stable memory grows.
//!
//! One [`MemoryManager`] divides the canister's stable memory. This module assigns all its ids. A retired id stays
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
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use std::fmt;

const INBOX: MemoryId = MemoryId::new(0);
const PAYLOADS: MemoryId = MemoryId::new(1);
const STATE: MemoryId = MemoryId::new(2);
const LINKS: MemoryId = MemoryId::new(3);
const KEYS: MemoryId = MemoryId::new(4);
const TRIE: MemoryId = MemoryId::new(5);
const ROLES: MemoryId = MemoryId::new(6);

/// Wasm pages of a bucket, 16 MiB. The manager's 32,768 buckets then cover more than the platform's 500 GiB.
pub const BUCKET_PAGES: u64 = 256;
/// Wasm pages before the first bucket.
const MANAGER_PAGES: u64 = 1;
const MANAGER_MAGIC: [u8; 4] = *b"MGR\x01";
const WASM_PAGE_BYTES: u64 = 65_536;

/// Stable memory could not grow: the platform refused it, or it would exceed [`MAX_STABLE_BYTES`]. Nothing has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Stable memory does not start with the memory manager's magic, version and our bucket size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignMemory {
    /// The first bytes found: magic, version, allocated buckets (2), bucket size in pages (2).
    pub found: [u8; 8],
}

impl fmt::Display for ForeignMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "stable memory was not written by a message canister: it starts with {:02x?}, not with the header of a memory \
             manager with buckets of {BUCKET_PAGES} pages",
            self.found
        )
    }
}

/// Wasm pages by which each memory is to grow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Growth {
    /// Of the inbox.
    pub inbox: u64,
    /// Of the payloads.
    pub payloads: u64,
    /// Of the state.
    pub state: u64,
    /// Of the links.
    pub links: u64,
    /// Of the keys.
    pub keys: u64,
    /// Of the trie.
    pub trie: u64,
    /// Of the roles.
    pub roles: u64,
}

/// The canister's stable memory, divided into the virtual memories of the map above.
pub struct StableMemory<M: Memory> {
    raw: M,
    manager: MemoryManager<M>,
}

impl<M: Memory + Clone> StableMemory<M> {
    /// Divides empty stable memory.
    ///
    /// Precondition: `raw` has no pages.
    pub fn create(raw: M) -> Result<Self, OutOfMemory> {
        assert_eq!(raw.size(), 0, "stable memory is in use");
        if raw.grow(MANAGER_PAGES) < 0 {
            return Err(OutOfMemory);
        }
        let manager = MemoryManager::init_with_bucket_size(raw.clone(), BUCKET_PAGES as u16);
        Ok(Self { raw, manager })
    }

    /// Opens memory that [`Self::create`] divided. It refuses any other memory, which the manager would overwrite.
    pub fn open(raw: M) -> Result<Self, ForeignMemory> {
        let mut found = [0; 8];
        if raw.size() > 0 {
            raw.read(0, &mut found);
        }
        if found[..4] != MANAGER_MAGIC || u64::from(u16::from_le_bytes([found[6], found[7]])) != BUCKET_PAGES {
            return Err(ForeignMemory { found });
        }
        let manager = MemoryManager::init_with_bucket_size(raw.clone(), BUCKET_PAGES as u16);
        Ok(Self { raw, manager })
    }

    /// The memory of the inbox region.
    pub fn inbox(&self) -> VirtualMemory<M> {
        self.manager.get(INBOX)
    }

    /// The memory of the payload region.
    pub fn payloads(&self) -> VirtualMemory<M> {
        self.manager.get(PAYLOADS)
    }

    /// The memory of the durable state.
    pub fn state(&self) -> VirtualMemory<M> {
        self.manager.get(STATE)
    }

    /// The memory of the links region.
    pub fn links(&self) -> VirtualMemory<M> {
        self.manager.get(LINKS)
    }

    /// The memory of the keys.
    pub fn keys(&self) -> VirtualMemory<M> {
        self.manager.get(KEYS)
    }

    /// The memory of the trie.
    pub fn trie(&self) -> VirtualMemory<M> {
        self.manager.get(TRIE)
    }

    /// The memory of the roles.
    pub fn roles(&self) -> VirtualMemory<M> {
        self.manager.get(ROLES)
    }

    /// Grows all memories or none.
    ///
    /// The manager panics if the raw memory refuses to grow. So the raw memory grows first, once for all of them.
    pub fn grow(&self, growth: Growth) -> Result<(), OutOfMemory> {
        let Growth { inbox, payloads, state, links, keys, trie, roles } = growth;
        // The common case.
        if inbox + payloads + state + links + keys + trie + roles == 0 {
            return Ok(());
        }
        let wanted = [
            (INBOX, inbox),
            (PAYLOADS, payloads),
            (STATE, state),
            (LINKS, links),
            (KEYS, keys),
            (TRIE, trie),
            (ROLES, roles),
        ];
        let buckets: u64 =
            wanted.iter().map(|&(id, pages)| (self.manager.get(id).size() + pages).div_ceil(BUCKET_PAGES)).sum();
        let raw_pages = MANAGER_PAGES + buckets * BUCKET_PAGES;
        if raw_pages * WASM_PAGE_BYTES > MAX_STABLE_BYTES {
            return Err(OutOfMemory);
        }
        let missing = raw_pages.saturating_sub(self.raw.size());
        if missing > 0 && self.raw.grow(missing) < 0 {
            return Err(OutOfMemory);
        }
        for (id, pages) in wanted {
            if pages > 0 {
                self.manager.get(id).grow(pages);
            }
        }
        Ok(())
    }

    /// Bytes of stable memory in use, including the manager's own.
    pub fn bytes(&self) -> u64 {
        self.raw.size() * WASM_PAGE_BYTES
    }
}
