//! A region: a stable memory divided into segments of equal size. A durable table arranges them in an endless sequence.
//!
//! ```text
//! Wasm page
//!         0  header (see `header`); its own fields:
//!              offset size
//!                  32    8  mapped_from  first logical segment that is mapped
//!                  40    8  mapped_end   one past the last; every segment between is mapped
//!                  48    4  first_id     inbox: everything below has been dropped; payloads: 0
//!                  52    4  reclaimed_id inbox: everything below has been swept too; payloads: 0
//!                  56    8  0
//!    1 to 4  segment table: 65,536 × u32; entry (logical mod 65,536) is the physical segment
//!    5 to …  physical segments
//! ```
//!
//! Logical segments are numbered from 0 and never renumbered. Physical segments are places in this memory. A logical
//! segment is unmapped once everything in it was swept, and a later one takes its place. At most 65,536 segments are
//! mapped at once: enough for all ids in the inbox, and for 512 GiB in the payloads.

#![allow(clippy::indexing_slicing, reason = "segments are counted from the first that is mapped")]

use crate::WASM_PAGE_BYTES;
use crate::header::{self, HeaderError, Kind, OWN_BYTES, REUSED_SEGMENTS, field};
use ic_stable_structures::Memory;

/// Wasm pages before the first segment.
pub const LEADING_PAGES: u64 = 5;
const TABLE_OFFSET: u64 = WASM_PAGE_BYTES;
const TABLE_ENTRIES: u64 = 65_536;
const ENTRY_BYTES: u64 = 4;
/// Offset of the region's first own field, counted from [`header::OWN_OFFSET`] like those below.
const MAPPED_FROM: usize = 0;
const MAPPED_END: usize = MAPPED_FROM + 8;
const FIRST_ID: usize = MAPPED_END + 8;
const RECLAIMED_ID: usize = FIRST_ID + 4;
const OWN_END: usize = RECLAIMED_ID + 4;
const _: () = assert!(OWN_END <= OWN_BYTES);
const _: () = assert!(TABLE_OFFSET + TABLE_ENTRIES * ENTRY_BYTES == LEADING_PAGES * WASM_PAGE_BYTES);

/// The lower bounds of the live ids and of the ids in the indexes. Both only rise, and `reclaimed <= first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowIds {
    /// Everything below has been dropped.
    pub first: u32,
    /// Everything below has been removed from indexes and segments.
    pub reclaimed: u32,
}

/// The segments of one memory, in their order.
pub struct Region<V: Memory> {
    memory: V,
    kind: Kind,
    /// The address in `memory` of each mapped logical segment: the segment table, on the heap. It may begin with
    /// unmapped segments, never more of them than mapped ones.
    starts: Vec<u64>,
    /// The logical segment that `starts` begins with.
    starts_from: u64,
    mapped_from: u64,
    /// Physical segments that are not mapped.
    free: Vec<u32>,
}

impl<V: Memory> Region<V> {
    /// Creates a region.
    ///
    /// Precondition: `memory` has exactly [`LEADING_PAGES`] pages of zeros.
    pub fn create(memory: V, kind: Kind, low: LowIds) -> Self {
        header::write(&memory, kind, own_fields(0, 0, low));
        Self { memory, kind, starts: Vec::new(), starts_from: 0, mapped_from: 0, free: Vec::new() }
    }

    /// Opens a region and returns it with its low ids.
    pub fn open(memory: V, kind: Kind) -> Result<(Self, LowIds), HeaderError> {
        let own = header::read(&memory, kind, LEADING_PAGES)?;
        let mapped_from = u64::from_le_bytes(field(&own, MAPPED_FROM));
        let mapped_end = u64::from_le_bytes(field(&own, MAPPED_END));
        let low = LowIds {
            first: u32::from_le_bytes(field(&own, FIRST_ID)),
            reclaimed: u32::from_le_bytes(field(&own, RECLAIMED_ID)),
        };
        let there = (memory.size() - LEADING_PAGES) / u64::from(kind.segment_pages);
        let mapped = mapped_end.wrapping_sub(mapped_from);
        if mapped > TABLE_ENTRIES.min(there) {
            return Err(HeaderError::MappedSegments { from: mapped_from, end: mapped_end, there });
        }
        let mut table = vec![0; (TABLE_ENTRIES * ENTRY_BYTES) as usize];
        memory.read(TABLE_OFFSET, &mut table);
        let mut starts = Vec::with_capacity(mapped as usize);
        let mut taken = vec![false; there as usize];
        for logical in mapped_from..mapped_end {
            let entry = u32::from_le_bytes(field(&table, ((logical % TABLE_ENTRIES) * ENTRY_BYTES) as usize));
            match taken.get_mut(entry as usize) {
                Some(taken) if !*taken => *taken = true,
                _ => return Err(HeaderError::SegmentTable { logical, physical: entry, there }),
            }
            starts.push(kind.segment_start(entry));
        }
        let free = (0..there as u32).rev().filter(|&physical| !taken[physical as usize]).collect();
        Ok((Self { memory, kind, starts, starts_from: mapped_from, mapped_from, free }, low))
    }

    /// The first mapped logical segment.
    pub fn mapped_from(&self) -> u64 {
        self.mapped_from
    }

    /// One past the last mapped logical segment.
    pub fn mapped_end(&self) -> u64 {
        self.starts_from + self.starts.len() as u64
    }

    /// Wasm pages by which this memory must grow before [`Self::map_to`] can map every segment below `end`.
    pub fn pages_missing(&self, end: u64) -> u64 {
        let needed = end.saturating_sub(self.mapped_end());
        needed.saturating_sub(self.free.len() as u64) * u64::from(self.kind.segment_pages)
    }

    /// True if the segment table has an entry for every segment below `end`.
    pub fn can_map(&self, end: u64) -> bool {
        end.saturating_sub(self.mapped_from) <= TABLE_ENTRIES
    }

    /// Maps every logical segment below `end`.
    ///
    /// Precondition: [`Self::can_map`], and the memory has grown by [`Self::pages_missing`].
    pub fn map_to(&mut self, end: u64) {
        let before = self.mapped_end();
        for logical in before..end {
            // If none is free, all are mapped, and the memory has just grown by the next one.
            let physical = self.free.pop().unwrap_or((logical - self.mapped_from) as u32);
            self.memory.write(TABLE_OFFSET + (logical % TABLE_ENTRIES) * ENTRY_BYTES, &physical.to_le_bytes());
            self.starts.push(self.kind.segment_start(physical));
        }
        if end > before {
            self.memory.write(header::OWN_OFFSET + MAPPED_END as u64, &end.to_le_bytes());
        }
    }

    /// Unmaps every logical segment below `from`. Others may take their places.
    pub fn unmap_below(&mut self, from: u64) {
        if from <= self.mapped_from {
            return;
        }
        for logical in self.mapped_from..from {
            self.free.push(self.kind.physical_segment(self.segment_address(logical)));
        }
        self.mapped_from = from;
        let unmapped = (from - self.starts_from) as usize;
        if unmapped * 2 > self.starts.len() {
            self.starts.drain(..unmapped);
            self.starts_from = from;
        }
        header::require(&self.memory, REUSED_SEGMENTS);
        self.memory.write(header::OWN_OFFSET + MAPPED_FROM as u64, &self.mapped_from.to_le_bytes());
    }

    /// Stores the low ids.
    pub fn set_low(&mut self, low: LowIds) {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&low.first.to_le_bytes());
        bytes[4..].copy_from_slice(&low.reclaimed.to_le_bytes());
        self.memory.write(header::OWN_OFFSET + FIRST_ID as u64, &bytes);
    }

    /// The address in [`Self::memory`] at which a logical segment starts.
    ///
    /// Precondition: it is mapped.
    pub fn segment_address(&self, logical: u64) -> u64 {
        self.starts[(logical - self.starts_from) as usize]
    }

    /// The underlying memory, for reads and writes within mapped segments.
    pub fn memory(&self) -> &V {
        &self.memory
    }
}

impl Kind {
    /// The address at which a physical segment starts.
    fn segment_start(self, physical: u32) -> u64 {
        (LEADING_PAGES + u64::from(physical) * u64::from(self.segment_pages)) * WASM_PAGE_BYTES
    }

    /// The physical segment that starts at address `start`.
    fn physical_segment(self, start: u64) -> u32 {
        ((start / WASM_PAGE_BYTES - LEADING_PAGES) / u64::from(self.segment_pages)) as u32
    }
}

fn own_fields(mapped_from: u64, mapped_end: u64, low: LowIds) -> [u8; OWN_BYTES] {
    let mut own = [0; OWN_BYTES];
    own[MAPPED_FROM..MAPPED_END].copy_from_slice(&mapped_from.to_le_bytes());
    own[MAPPED_END..FIRST_ID].copy_from_slice(&mapped_end.to_le_bytes());
    own[FIRST_ID..RECLAIMED_ID].copy_from_slice(&low.first.to_le_bytes());
    own[RECLAIMED_ID..OWN_END].copy_from_slice(&low.reclaimed.to_le_bytes());
    own
}
