//! A region of 84-byte slots, one for each message, addressed by id.
//!
//! A segment has 65,536 slots, exactly 84 Wasm pages. The slot of `id` is number `(id - 1) mod 65,536` of logical
//! segment `(id - 1) / 65,536`. Records and links are two such regions. Both map and unmap the same segments.

use super::record::RECORD_BYTES;
use crate::api::Id;
use ic_stable_structures::Memory;
use stable::header::{HeaderError, Kind};
use stable::region::{LowIds, Region};

/// Slots of a segment.
pub const SEGMENT_SLOTS: u32 = 65_536;
/// Bytes of a slot.
pub const SLOT_BYTES: usize = 84;
/// Wasm pages of a segment.
pub const SEGMENT_PAGES: u32 = 84;
const _: () = assert!(RECORD_BYTES == SLOT_BYTES);
const _: () = assert!(SEGMENT_SLOTS as u64 * SLOT_BYTES as u64 == SEGMENT_PAGES as u64 * 65_536);

/// Slots by id.
pub struct Numbered<V: Memory> {
    region: Region<V>,
}

impl<V: Memory> Numbered<V> {
    /// Creates a region without slots. Precondition: as for [`Region::create`].
    pub fn create(memory: V, kind: Kind, low: LowIds) -> Self {
        Self { region: Region::create(memory, kind, low) }
    }

    /// Opens a region and returns it with its low ids.
    pub fn open(memory: V, kind: Kind) -> Result<(Self, LowIds), HeaderError> {
        let (region, low) = Region::open(memory, kind)?;
        Ok((Self { region }, low))
    }

    /// The memory that the slots are in.
    pub fn memory(&self) -> &V {
        self.region.memory()
    }

    /// The first mapped logical segment, and one past the last.
    pub fn mapped(&self) -> (u64, u64) {
        (self.region.mapped_from(), self.region.mapped_end())
    }

    /// The id before the first one of the last mapped segment; `None`: no segment is mapped.
    pub fn last_segment(&self) -> Option<Id> {
        self.region.mapped_end().checked_sub(1).map(|segment| segment as u32 * SEGMENT_SLOTS)
    }

    /// Wasm pages by which the memory must grow before the slot of `id` can be mapped.
    pub fn pages_missing(&self, id: Id) -> u64 {
        self.region.pages_missing(segment(id) + 1)
    }

    /// Maps the slot of `id`. Precondition: the memory has grown by [`Self::pages_missing`].
    pub fn map(&mut self, id: Id) {
        self.region.map_to(segment(id) + 1);
    }

    /// Unmaps the segments whose slots are all below `id`.
    pub fn unmap_below(&mut self, id: Id) {
        self.region.unmap_below(segment(id));
    }

    /// Stores the low ids.
    pub fn set_low(&mut self, low: LowIds) {
        self.region.set_low(low);
    }

    /// The address of a slot, from which callers count the pages that a read touches. Precondition: it is mapped.
    #[inline(always)]
    pub fn address(&self, id: Id) -> u64 {
        let in_segment = u64::from((id - 1) % SEGMENT_SLOTS) * SLOT_BYTES as u64;
        self.region.segment_address(segment(id)) + in_segment
    }

    /// Number of slots, of `count` starting with `id`, that are contiguous in the memory.
    pub fn run_len(&self, id: Id, count: u32) -> u32 {
        count.min(SEGMENT_SLOTS - (id - 1) % SEGMENT_SLOTS)
    }
}

fn segment(id: Id) -> u64 {
    u64::from((id - 1) / SEGMENT_SLOTS)
}
