//! Rebuilding the indexes from the regions, in steps of bounded work.
//!
//! Records are read in order. One whose `prev_id` is 0 opens a list, and only then is its key id read; every other one
//! extends the list that ended at its `prev_id`, which is found by the place that message was given. So keys are never
//! compared, and the payloads of all but each key's first message are not touched.

use super::MessageStore;
use super::index::Indexes;
use super::index::keys::Place;
use super::index::table::OutOfHeap;
use super::read::KeyId;
use super::record::{RECORD_BYTES, Record};
use super::words::equal;
use crate::api::{Id, Progress};
use crate::limits::MAX_REBUILD_PAGES;
use ic_stable_structures::Memory;
use std::fmt;

/// Records read at once: a little less than a page of 4 KiB.
const RUN_RECORDS: u32 = 48;
/// Pages that reading a run touches at most.
const RUN_PAGES: u32 = 2;
/// Pages that filing one record touches at most: its key's tail, and record and key tail of one that it displaces.
const RECORD_PAGES: u32 = 6;
/// Bytes of a page, as the platform counts what a message touches of stable memory.
pub(super) const PAGE_BYTES: u64 = 4_096;

/// What a step has achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilt {
    /// The indexes hold every message.
    Done,
    /// Another step is needed.
    Unfinished,
}

/// Why the indexes cannot be rebuilt. The regions are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildError {
    /// A record does not carry the id of its slot.
    Id {
        /// The slot's id.
        expected: Id,
        /// What the record carries.
        found: Id,
    },
    /// A record has flags, extensions or a key length that this release does not know.
    Unknown {
        /// The record.
        id: Id,
    },
    /// A record's `prev_id` is not where a list ended.
    Link {
        /// The record.
        id: Id,
        /// Its `prev_id`.
        prev_id: Id,
    },
    /// A record's extent is not in the payload stream.
    Extent {
        /// The record.
        id: Id,
        /// Where its extent should start.
        offset: u64,
    },
    /// The heap has no room for the indexes.
    OutOfHeap,
}

impl fmt::Display for RebuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id { expected, found } => write!(f, "the record of message {expected} carries id {found}"),
            Self::Unknown { id } => write!(f, "the record of message {id} is of a kind this release does not know"),
            Self::Link { id, prev_id } => write!(f, "message {id} follows {prev_id}, where no list ended"),
            Self::Extent { id, offset } => {
                write!(f, "the payload of message {id} should start at {offset}, outside the stream")
            }
            Self::OutOfHeap => write!(f, "the heap has no room for the indexes"),
        }
    }
}

impl From<OutOfHeap> for RebuildError {
    fn from(_: OutOfHeap) -> Self {
        Self::OutOfHeap
    }
}

/// A rebuild under way.
pub(super) struct Rebuild {
    next: Id,
    /// The place of each message's list, in order of ids from the first live one on.
    places: Vec<Place>,
}

/// Counts 4 KiB pages of stable memory as they are touched: never too few, and one that is touched again at once, as by
/// the next run of records or by many small messages with keys of their own, only once.
struct PageBudget {
    left: u32,
    last_inbox_page: Option<u64>,
    last_payload_page: Option<u64>,
}

impl PageBudget {
    fn new(pages: u32) -> Self {
        Self { left: pages, last_inbox_page: None, last_payload_page: None }
    }

    fn has(&self, pages: u32) -> bool {
        self.left >= pages
    }

    fn touch_inbox(&mut self, address: u64, bytes: usize) {
        touch(&mut self.left, &mut self.last_inbox_page, address, bytes);
    }

    fn touch_payloads(&mut self, address: u64, bytes: usize) {
        touch(&mut self.left, &mut self.last_payload_page, address, bytes);
    }
}

fn touch(left: &mut u32, last: &mut Option<u64>, address: u64, bytes: usize) {
    let (from, to) = (address / PAGE_BYTES, (address + bytes as u64 - 1) / PAGE_BYTES);
    let pages = to + 1 - from - u64::from(*last == Some(from));
    *left = left.saturating_sub(pages as u32);
    *last = Some(to);
}

impl<M: Memory + Clone> MessageStore<M> {
    /// How far a rebuild has come; `None`: the indexes are complete.
    pub fn rebuild_progress(&self) -> Option<Progress> {
        let rebuild = self.rebuild.as_ref()?;
        let total = self.inbox.next_id() - self.inbox.reclaimed_id();
        Some(Progress { done: rebuild.places.len() as u32, total })
    }

    /// Empties the indexes and starts to rebuild them. What was dropped is not filed again, so it is swept with that.
    pub(super) fn start_rebuild(&mut self) {
        self.give_back(self.inbox.first_id());
        let messages = self.inbox.next_id() - self.inbox.first_id();
        self.indexes = Indexes::for_messages(&self.state.seed(), messages);
        self.rebuild = (messages > 0).then(|| Rebuild { next: self.inbox.first_id(), places: Vec::new() });
    }

    /// Files as many messages as the settings' `rebuild_pages` allow one call to touch, at least one.
    pub fn rebuild_step(&mut self) -> Result<Rebuilt, RebuildError> {
        let Some(mut rebuild) = self.rebuild.take() else {
            return Ok(Rebuilt::Done);
        };
        let step = self.rebuild_some(&mut rebuild);
        if step != Ok(Rebuilt::Done) {
            self.rebuild = Some(rebuild);
        }
        step
    }

    fn rebuild_some(&mut self, rebuild: &mut Rebuild) -> Result<Rebuilt, RebuildError> {
        if rebuild.places.is_empty() {
            let live = (self.inbox.next_id() - self.inbox.reclaimed_id()) as usize;
            rebuild.places.try_reserve_exact(live).map_err(|_| RebuildError::OutOfHeap)?;
        }
        let mut pages = PageBudget::new(self.settings().rebuild_pages.limit().unwrap_or(MAX_REBUILD_PAGES));
        let mut run = Vec::with_capacity(RUN_RECORDS as usize);
        while rebuild.next < self.inbox.next_id() {
            if !pages.has(RUN_PAGES + RECORD_PAGES) {
                return Ok(Rebuilt::Unfinished);
            }
            let records = self.inbox.run_len(rebuild.next, RUN_RECORDS.min(self.inbox.next_id() - rebuild.next));
            pages.touch_inbox(self.inbox.address(rebuild.next), records as usize * RECORD_BYTES);
            run.clear();
            self.inbox.read_run(rebuild.next, records, &mut run);
            for record in &run {
                if !pages.has(RECORD_PAGES) {
                    break;
                }
                self.file(rebuild, record, &mut pages)?;
                rebuild.next += 1;
            }
        }
        Ok(Rebuilt::Done)
    }

    /// Files one record in both indexes.
    fn file(&mut self, rebuild: &mut Rebuild, record: &Record, pages: &mut PageBudget) -> Result<(), RebuildError> {
        let (id, prev_id) = (record.id(), record.prev_id());
        if id != rebuild.next {
            return Err(RebuildError::Id { expected: rebuild.next, found: id });
        }
        if !record.is_known() {
            return Err(RebuildError::Unknown { id });
        }
        let first_id = self.inbox.reclaimed_id();
        let place = if prev_id < first_id {
            let key = self.indexes.fingerprints.key(self.key_id_within(record, pages)?.as_bytes());
            self.indexes.keys.reserve(key)?;
            self.indexes.keys.open(key, id)
        } else {
            let place = rebuild.places.get((prev_id - first_id) as usize).copied();
            place
                .filter(|&place| self.indexes.keys.extend_from(place, prev_id, id))
                .ok_or(RebuildError::Link { id, prev_id })?
        };
        let newest = self.indexes.fingerprints.newest(record.hash());
        let inbox = &self.inbox;
        let displaced = self.indexes.hashes.put_newest(newest, id, |old| {
            pages.touch_inbox(inbox.address(old), RECORD_BYTES);
            equal(&inbox.hash(old), record.hash())
        })?;
        if let Some(old) = displaced {
            let key_id = self.key_id_within(&self.inbox.record(old), pages)?;
            let key = self.indexes.fingerprints.key(key_id.as_bytes());
            self.indexes.hashes.put_pair(self.indexes.fingerprints.pair(key, record.hash()), old)?;
        }
        rebuild.places.push(place);
        Ok(())
    }

    fn key_id_within(&self, record: &Record, pages: &mut PageBudget) -> Result<KeyId, RebuildError> {
        let key_id = self.key_id(record).ok_or(RebuildError::Extent { id: record.id(), offset: record.offset() })?;
        if record.tail_len() > 0 {
            pages.touch_payloads(self.payloads.address(record.tail_offset()), record.tail_len());
        }
        Ok(key_id)
    }
}
