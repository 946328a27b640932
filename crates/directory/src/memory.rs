//! The map of stable memory. One [`Manager`] divides it. A retired id stays reserved for ever.
//!
//! | id | memory | holds |
//! |---|---|---|
//! | 0 to 8 | nodes, leaves, labels, updates, public, private, heads, hashes, slots | the store (`directory_core::store`) |
//! | 9 | state | VRF key, configuration, cosignatures (`state.rs`) |

use crate::limits::MAX_STABLE_BYTES;
use directory_core::store::Memories;
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::{MemoryId, VirtualMemory};
use stable::manager::{ForeignMemory, Manager, OutOfMemory};

/// Memories of the store.
const STORE: [MemoryId; 9] = [
    MemoryId::new(0),
    MemoryId::new(1),
    MemoryId::new(2),
    MemoryId::new(3),
    MemoryId::new(4),
    MemoryId::new(5),
    MemoryId::new(6),
    MemoryId::new(7),
    MemoryId::new(8),
];
const STATE: MemoryId = MemoryId::new(9);
const WASM_PAGE_BYTES: u64 = 65_536;

/// The canister's stable memory, divided as the map above says.
pub struct StableMemory<M: Memory>(Manager<M>);

impl<M: Memory + Clone> StableMemory<M> {
    /// Divides empty stable memory. The state gets a page. The store's memories are made when the VRF key is drawn, and one
    /// page for each is reserved.
    pub fn create(raw: M) -> Result<Self, OutOfMemory> {
        let manager = Manager::create(raw, MAX_STABLE_BYTES)?;
        let pages: Vec<_> = STORE.iter().chain([&STATE]).map(|id| (*id, 1)).collect();
        manager.reserve(&pages)?;
        manager.memory(STATE).grow(1);
        Ok(Self(manager))
    }

    /// Opens memory that [`Self::create`] divided.
    pub fn open(raw: M) -> Result<Self, ForeignMemory> {
        Manager::open(raw, MAX_STABLE_BYTES).map(Self)
    }

    /// The memories of the store.
    pub fn store(&self) -> Memories<VirtualMemory<M>> {
        let [nodes, leaves, labels, updates, public, private, heads, hashes, slots] = STORE.map(|id| self.0.memory(id));
        Memories { nodes, leaves, labels, updates, public, private, heads, hashes, slots }
    }

    /// The memory of the state.
    pub fn state(&self) -> VirtualMemory<M> {
        self.0.memory(STATE)
    }

    /// Asks the platform for the bytes that the store's memories need, in the order of the map. Afterwards they cannot fail to
    /// grow.
    pub fn reserve(&self, needs: [u64; 9]) -> Result<(), OutOfMemory> {
        let pages = |id, bytes: u64| bytes.div_ceil(WASM_PAGE_BYTES).saturating_sub(self.0.memory(id).size());
        let mut wanted: Vec<_> = STORE.into_iter().zip(needs).map(|(id, bytes)| (id, pages(id, bytes))).collect();
        wanted.push((STATE, 0));
        self.0.reserve(&wanted)
    }

    /// Bytes of stable memory in use.
    pub fn bytes(&self) -> u64 {
        self.0.bytes()
    }
}
