//! A canister's stable memory, divided into virtual memories by one [`MemoryManager`]. It grows here and nowhere else.
//!
//! ```text
//! Wasm page
//!         0  the manager's own: magic "MGR", version 1, allocated buckets 2, bucket size in pages 2, ...
//!    1 to …  buckets of 256 pages, each of one virtual memory
//! ```

use crate::WASM_PAGE_BYTES;
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use std::fmt;

/// Wasm pages of a bucket, 16 MiB. The manager's 32,768 buckets then cover more than the platform's 500 GiB.
pub const BUCKET_PAGES: u64 = 256;
/// Wasm pages before the first bucket.
const MANAGER_PAGES: u64 = 1;
const MANAGER_MAGIC: [u8; 4] = *b"MGR\x01";

/// Stable memory could not grow: the platform refused it, or it would exceed its limit. Nothing has grown.
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
            "stable memory was not written by this canister: it starts with {:02x?}, not with the header of a memory \
             manager with buckets of {BUCKET_PAGES} pages",
            self.found
        )
    }
}

/// The divided stable memory.
pub struct Manager<M: Memory> {
    raw: M,
    manager: MemoryManager<M>,
    max_bytes: u64,
}

impl<M: Memory + Clone> Manager<M> {
    /// Divides empty stable memory, which may grow to `max_bytes`.
    ///
    /// Precondition: `raw` has no pages.
    pub fn create(raw: M, max_bytes: u64) -> Result<Self, OutOfMemory> {
        assert_eq!(raw.size(), 0, "stable memory is in use");
        if raw.grow(MANAGER_PAGES) < 0 {
            return Err(OutOfMemory);
        }
        Ok(Self::over(raw, max_bytes))
    }

    /// Opens memory that [`Self::create`] divided. It refuses any other memory, which the manager would overwrite.
    pub fn open(raw: M, max_bytes: u64) -> Result<Self, ForeignMemory> {
        let mut found = [0; 8];
        if raw.size() > 0 {
            raw.read(0, &mut found);
        }
        if found[..4] != MANAGER_MAGIC || u64::from(u16::from_le_bytes([found[6], found[7]])) != BUCKET_PAGES {
            return Err(ForeignMemory { found });
        }
        Ok(Self::over(raw, max_bytes))
    }

    fn over(raw: M, max_bytes: u64) -> Self {
        let manager = MemoryManager::init_with_bucket_size(raw.clone(), BUCKET_PAGES as u16);
        Self { raw, manager, max_bytes }
    }

    /// A virtual memory.
    pub fn memory(&self, id: MemoryId) -> VirtualMemory<M> {
        self.manager.get(id)
    }

    /// Grows virtual memories, each by its number of Wasm pages: all or none.
    pub fn grow(&self, wanted: &[(MemoryId, u64)]) -> Result<(), OutOfMemory> {
        self.reserve(wanted)?;
        for &(id, pages) in wanted {
            if pages > 0 {
                self.memory(id).grow(pages);
            }
        }
        Ok(())
    }

    /// Asks the platform for the Wasm pages by which the virtual memories are to grow. Until any other memory grows, they can
    /// then grow without fail. `wanted` names all memories of the canister.
    ///
    /// The manager panics if the raw memory refuses to grow. So the raw memory grows first, once for all memories.
    pub fn reserve(&self, wanted: &[(MemoryId, u64)]) -> Result<(), OutOfMemory> {
        // The common case.
        if wanted.iter().all(|(_, pages)| *pages == 0) {
            return Ok(());
        }
        let buckets: u64 =
            wanted.iter().map(|&(id, pages)| (self.memory(id).size() + pages).div_ceil(BUCKET_PAGES)).sum();
        let raw_pages = MANAGER_PAGES + buckets * BUCKET_PAGES;
        if raw_pages * WASM_PAGE_BYTES > self.max_bytes {
            return Err(OutOfMemory);
        }
        let missing = raw_pages.saturating_sub(self.raw.size());
        if missing > 0 && self.raw.grow(missing) < 0 { Err(OutOfMemory) } else { Ok(()) }
    }

    /// Bytes of stable memory in use, including the manager's own.
    pub fn bytes(&self) -> u64 {
        self.raw.size() * WASM_PAGE_BYTES
    }
}
