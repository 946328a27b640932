//! Slots: records of one size, numbered from 1, in one memory. Released slots are used again.
//!
//! ```text
//! Wasm page
//!         0  header (see `header`); its own fields:
//!              offset size
//!                  32    4  end    one past the last slot that was ever in use; 1 in new slots
//!                  36    4  free   the slot released last, 0: none
//!                  40    4  count  slots in use
//!                  44   20  0
//!              64 to the page's end: fields of the slots' owner
//!    1 to …  slots: slot n starts at byte (n - 1) × record size of page 1, and may cross a page's end
//!
//! free slot
//! offset size
//!      0    4  the slot released before it that is still free, 0: none
//!      4    …  0
//! ```
//!
//! Little-endian. 0 means "no slot" everywhere.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::header::{self, HEADER_BYTES, HeaderError, Kind, OWN_BYTES, field};
use crate::{Damaged, WASM_PAGE_BYTES};
use ic_stable_structures::Memory;

/// Wasm pages before the first slot.
pub const LEADING_PAGES: u64 = 1;
/// Where the owner's fields start in the header page.
pub const OWNER_OFFSET: u64 = HEADER_BYTES as u64;

const END: usize = 0;
const FREE: usize = END + 4;
const COUNT: usize = FREE + 4;
const OWN_END: usize = COUNT + 4;
const _: () = assert!(OWN_END <= OWN_BYTES);

const LINK_BYTES: usize = 4;

/// The slots of one memory. Their end, free list and count are cached.
pub struct Slots<V: Memory> {
    memory: V,
    record_bytes: u32,
    end: u32,
    free: u32,
    count: u32,
}

impl<V: Memory> Slots<V> {
    /// Creates slots; none is in use.
    ///
    /// Preconditions: `memory` has exactly [`LEADING_PAGES`] pages, of zeros; a record has at least 4 bytes.
    pub fn create(memory: V, kind: Kind) -> Self {
        assert!(kind.record_bytes as usize >= LINK_BYTES, "a slot must hold the free list's link");
        let slots = Self { memory, record_bytes: kind.record_bytes, end: 1, free: 0, count: 0 };
        header::write(&slots.memory, kind, slots.own_fields());
        slots
    }

    /// Opens slots.
    pub fn open(memory: V, kind: Kind) -> Result<Self, HeaderError> {
        let own = header::read(&memory, kind, LEADING_PAGES)?;
        let [end, free, count] = [END, FREE, COUNT].map(|at| u32::from_le_bytes(field(&own, at)));
        let room = (memory.size() - LEADING_PAGES) * WASM_PAGE_BYTES / u64::from(kind.record_bytes);
        let fits = end >= 1 && u64::from(end) - 1 <= room && free < end && count < end;
        // Every slot in use: the list is empty.
        if !fits || (count == end - 1) != (free == 0) {
            return Err(HeaderError::Slots { end, free, count, room });
        }
        Ok(Self { memory, record_bytes: kind.record_bytes, end, free, count })
    }

    /// Slots in use.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// True if no slot is in use.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One past the last slot that was ever in use.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// True if there is such a slot, in use or free.
    pub fn contains(&self, slot: u32) -> bool {
        (1..self.end).contains(&slot)
    }

    /// Wasm pages by which the memory must grow before `more` slots can be allocated.
    pub fn pages_missing(&self, more: u32) -> u64 {
        let slots = u64::from(self.end - 1) + u64::from(more.saturating_sub(self.free_slots()));
        let pages = LEADING_PAGES + (slots * u64::from(self.record_bytes)).div_ceil(WASM_PAGE_BYTES);
        pages.saturating_sub(self.memory.size())
    }

    /// Takes a slot into use: the one released last, otherwise the one at the end. Its bytes are 0. Even a damaged free
    /// list does not lead to a slot in use, if each slot in use has a byte other than 0 behind its first four.
    ///
    /// Precondition: the memory has grown by [`Self::pages_missing`].
    pub fn allocate(&mut self) -> Result<u32, Damaged> {
        let slot = if self.free == 0 {
            self.end += 1;
            self.end - 1
        } else {
            let slot = self.free;
            let mut bytes = vec![0; self.record_bytes as usize];
            self.read(slot, 0, &mut bytes);
            let (link, rest) = bytes.split_at(LINK_BYTES);
            let next = u32::from_le_bytes(field(link, 0));
            let leads_on = next < self.end && next != slot;
            // The list must end with its last slot, neither sooner nor later. A slot that is not clear is in use.
            if !leads_on || (next == 0) != (self.free_slots() == 1) || rest.iter().any(|byte| *byte != 0) {
                return Err(Damaged { slot });
            }
            self.write(slot, 0, &[0; LINK_BYTES]);
            self.free = next;
            slot
        };
        self.count += 1;
        self.write_own_fields();
        Ok(slot)
    }

    /// Ends the use of a slot, and clears it.
    ///
    /// Precondition: it is in use.
    pub fn release(&mut self, slot: u32) -> Result<(), Damaged> {
        if !self.contains(slot) || self.count == 0 {
            return Err(Damaged { slot: 0 });
        }
        let mut bytes = vec![0; self.record_bytes as usize];
        bytes[..LINK_BYTES].copy_from_slice(&self.free.to_le_bytes());
        self.write(slot, 0, &bytes);
        self.free = slot;
        self.count -= 1;
        self.write_own_fields();
        Ok(())
    }

    /// Reads bytes of a slot, from `offset` on.
    ///
    /// Precondition: the slots contain it, and the bytes lie within it.
    pub fn read(&self, slot: u32, offset: u32, bytes: &mut [u8]) {
        self.memory.read(self.address(slot) + u64::from(offset), bytes);
    }

    /// Writes bytes of a slot, from `offset` on.
    ///
    /// Precondition: as for [`Self::read`].
    pub fn write(&mut self, slot: u32, offset: u32, bytes: &[u8]) {
        self.memory.write(self.address(slot) + u64::from(offset), bytes);
    }

    /// Where a slot starts in [`Self::memory`].
    ///
    /// Precondition: the slots contain it.
    pub fn address(&self, slot: u32) -> u64 {
        LEADING_PAGES * WASM_PAGE_BYTES + u64::from(slot - 1) * u64::from(self.record_bytes)
    }

    /// The underlying memory, for the owner's fields in the header page, and for reads of slots.
    pub fn memory(&self) -> &V {
        &self.memory
    }

    fn free_slots(&self) -> u32 {
        self.end - 1 - self.count
    }

    fn own_fields(&self) -> [u8; OWN_BYTES] {
        let mut own = [0; OWN_BYTES];
        own[END..FREE].copy_from_slice(&self.end.to_le_bytes());
        own[FREE..COUNT].copy_from_slice(&self.free.to_le_bytes());
        own[COUNT..OWN_END].copy_from_slice(&self.count.to_le_bytes());
        own
    }

    fn write_own_fields(&mut self) {
        self.memory.write(header::OWN_OFFSET, &self.own_fields()[..OWN_END]);
    }
}
