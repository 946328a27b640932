//! The inbox region: 84-byte records, addressed by id.
//!
//! `next_id` and the last timestamp are not stored, because a counter would dirty one more page in every add. They are
//! derived when the inbox is opened. Ids are assigned in order, so in the last mapped segment exactly the written slots
//! carry their own id. The last record is never unmapped.

use super::numbered::{Numbered, SEGMENT_PAGES, SEGMENT_SLOTS};
use super::record::{
    ERASED, FLAGS_OFFSET, HASH_OFFSET, NEXT_ID_OFFSET, OFFSET_OFFSET, PREV_ID_OFFSET, RECORD_BYTES, Record,
    TIMESTAMP_OFFSET,
};
use crate::api::Id;
use crate::memory::LAYOUT_VERSION;
use ic_stable_structures::Memory;
use stable::header::{HeaderError, Kind};
use stable::region::LowIds;

/// The constants that identify the inbox's header.
pub const KIND: Kind =
    Kind { magic: *b"MCIN", layout: LAYOUT_VERSION, record_bytes: RECORD_BYTES as u32, segment_pages: SEGMENT_PAGES };

/// Records by id. Keeps invariant 1.
pub struct Inbox<V: Memory> {
    slots: Numbered<V>,
    low: LowIds,
    next_id: Id,
    last_timestamp: u32,
}

impl<V: Memory> Inbox<V> {
    /// Creates an empty inbox. Precondition: as for [`stable::region::Region::create`].
    pub fn create(memory: V) -> Self {
        let low = LowIds { first: 1, reclaimed: 1 };
        Self { slots: Numbered::create(memory, KIND, low), low, next_id: 1, last_timestamp: 0 }
    }

    /// Opens an inbox and finds its end.
    pub fn open(memory: V) -> Result<Self, HeaderError> {
        let (slots, low) = Numbered::open(memory, KIND)?;
        let mut inbox = Self { slots, low, next_id: 1, last_timestamp: 0 };
        if let Some(base) = inbox.slots.last_segment() {
            // The first slot of a mapped segment is written in the call that maps it.
            let (mut written, mut free) = (0, SEGMENT_SLOTS);
            while written < free {
                let middle = written + (free - written) / 2;
                // The last slot of the last segment would have id 2^32, which no record carries.
                let id = base.checked_add(middle).and_then(|id| id.checked_add(1));
                if id.is_some_and(|id| inbox.id_in_slot(id) == id) {
                    written = middle + 1;
                } else {
                    free = middle;
                }
            }
            inbox.next_id = base + written + 1;
            if inbox.next_id > 1 {
                inbox.last_timestamp = inbox.timestamp(inbox.next_id - 1);
            }
        }
        let LowIds { first, reclaimed } = low;
        if reclaimed == 0 || reclaimed > first || first > inbox.next_id {
            return Err(HeaderError::LowIds { first, reclaimed, next: inbox.next_id });
        }
        Ok(inbox)
    }

    /// The lowest id that is not dropped.
    pub fn first_id(&self) -> Id {
        self.low.first
    }

    /// The id that the next record gets.
    pub fn next_id(&self) -> Id {
        self.next_id
    }

    /// The newest record's timestamp in unix seconds; 0 if there never was a record.
    pub fn last_timestamp(&self) -> u32 {
        self.last_timestamp
    }

    /// The oldest id that is still in the indexes.
    pub fn reclaimed_id(&self) -> Id {
        self.low.reclaimed
    }

    /// Drops every record below `first`. Precondition: `first` is from [`Self::first_id`] to the next id.
    pub fn drop_below(&mut self, first: Id) {
        self.set_low(LowIds { first, ..self.low });
    }

    /// Frees the segments whose records are all below `reclaimed`, except the last record's segment. Returns the oldest
    /// id whose record must stay mapped.
    ///
    /// Precondition: everything below `reclaimed` has been dropped and removed from the index.
    pub fn unmap_below(&mut self, reclaimed: Id) -> Id {
        self.set_low(LowIds { reclaimed, ..self.low });
        let kept = reclaimed.min(self.next_id.saturating_sub(1)).max(1);
        self.slots.unmap_below(kept);
        kept
    }

    /// The mapped segments: the first, and one past the last.
    pub fn mapped(&self) -> (u64, u64) {
        self.slots.mapped()
    }

    fn set_low(&mut self, low: LowIds) {
        if low != self.low {
            self.slots.set_low(low);
            self.low = low;
        }
    }

    /// Wasm pages by which the memory must grow before one more record fits.
    pub fn pages_missing(&self) -> u64 {
        self.slots.pages_missing(self.next_id)
    }

    /// Appends a record. Preconditions: it carries [`Self::next_id`], its timestamp is not below the last one, and the
    /// memory has grown by [`Self::pages_missing`].
    pub fn append(&mut self, record: &Record) {
        self.slots.map(record.id());
        self.slots.memory().write(self.address(record.id()), record.as_bytes());
        self.next_id = record.id() + 1;
        self.last_timestamp = record.timestamp();
    }

    /// The record of a stored id.
    pub fn record(&self, id: Id) -> Record {
        Record::read(self.slots.memory(), self.address(id))
    }

    /// The position in the payload stream at which the extent of a stored id starts.
    pub fn offset(&self, id: Id) -> u64 {
        let mut bytes = [0; 8];
        self.slots.memory().read(self.address(id) + OFFSET_OFFSET, &mut bytes[..6]);
        u64::from_le_bytes(bytes)
    }

    /// The hash of a stored id.
    pub fn hash(&self, id: Id) -> [u8; 32] {
        let mut hash = [0; 32];
        self.slots.memory().read(self.address(id) + HASH_OFFSET, &mut hash);
        hash
    }

    /// The newest record, even if it is dropped; `None` if there never was one.
    pub fn last(&self) -> Option<Record> {
        (self.next_id > 1).then(|| self.record(self.next_id - 1))
    }

    /// Appends `count` records, starting with `id`, to `records`. It reads one segment at a time.
    ///
    /// Precondition: they are stored.
    pub fn read_run(&self, id: Id, count: u32, records: &mut Vec<Record>) {
        let (mut id, mut left) = (id, count);
        while left > 0 {
            let run = self.run_len(id, left);
            Record::read_many(self.slots.memory(), self.address(id), run as usize, records);
            left -= run;
            // After the last record this may be one past the highest id.
            id += run;
        }
    }

    /// Number of records, of `count` starting with `id`, that are contiguous in the memory.
    pub fn run_len(&self, id: Id, count: u32) -> u32 {
        self.slots.run_len(id, count)
    }

    /// The timestamp of a stored id.
    pub fn timestamp(&self, id: Id) -> u32 {
        self.read_u32(self.address(id) + TIMESTAMP_OFFSET)
    }

    /// The `next_id` of a record.
    pub fn next_of(&self, id: Id) -> Id {
        self.read_u32(self.address(id) + NEXT_ID_OFFSET)
    }

    /// The `prev_id` of a record.
    pub fn prev_of(&self, id: Id) -> Id {
        self.read_u32(self.address(id) + PREV_ID_OFFSET)
    }

    /// Marks a record whose ciphertext has been overwritten.
    pub fn set_erased(&mut self, id: Id) {
        self.slots.memory().write(self.address(id) + FLAGS_OFFSET, &[ERASED]);
    }

    /// Links a record, which is still in the memory, to the next one of its key.
    pub fn set_next(&mut self, id: Id, next: Id) {
        self.slots.memory().write(self.address(id) + NEXT_ID_OFFSET, &next.to_le_bytes());
    }

    /// The address of a record in the inbox's memory, from which callers count the pages that a read touches.
    pub fn address(&self, id: Id) -> u64 {
        self.slots.address(id)
    }

    fn id_in_slot(&self, id: Id) -> Id {
        self.read_u32(self.address(id))
    }

    fn read_u32(&self, address: u64) -> u32 {
        let mut bytes = [0; 4];
        self.slots.memory().read(address, &mut bytes);
        u32::from_le_bytes(bytes)
    }
}
