//! Rebuilding the hash index from the regions, in steps of bounded work.
//!
//! Records are read in order. Payloads are read only for the key tails of messages that a newer message with the same
//! hash displaces. Keys and their lists are durable, so they are not rebuilt.

use super::MessageStore;
use super::index::Indexes;
use super::read::KeyId;
use super::record::{RECORD_BYTES, Record};
use super::words::equal;
use crate::api::{Id, Progress};
use crate::limits::MAX_REBUILD_PAGES;
use canister_base::table::OutOfHeap;
use ic_stable_structures::Memory;
use std::fmt;

/// Records read at once: slightly less than a page of 4 KiB.
const RUN_RECORDS: u32 = 48;
/// Maximum pages touched by reading a run.
const RUN_PAGES: u32 = 2;
/// Maximum pages touched by indexing one record: its key's tail, and the displaced message's record and key tail.
const RECORD_PAGES: u32 = 6;
/// Bytes of a page, the unit in which the platform counts access to stable memory.
pub(super) const PAGE_BYTES: u64 = 4_096;

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilt {
    /// The index holds every message.
    Done,
    /// Another step is needed.
    Unfinished,
}

/// The reason why the index cannot be rebuilt. The regions are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildError {
    /// A record does not carry the id of its slot.
    Id {
        /// The slot's id.
        expected: Id,
        /// The id that the record carries.
        found: Id,
    },
    /// A record has flags, extensions or a key length that this release does not know.
    Unknown {
        /// The record.
        id: Id,
    },
    /// A record's extent is not in the payload stream.
    Extent {
        /// The record.
        id: Id,
        /// The position at which its extent should start.
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
            Self::Extent { id, offset } => {
                write!(f, "the payload of message {id}, from {offset} on, is outside the stream")
            }
            Self::OutOfHeap => write!(f, "the heap has no room for the index"),
        }
    }
}

impl From<OutOfHeap> for RebuildError {
    fn from(_: OutOfHeap) -> Self {
        Self::OutOfHeap
    }
}

/// A rebuild in progress.
pub(super) struct Rebuild {
    /// The reason why it stopped, if it did. Another step would fail in the same way.
    failed: Option<RebuildError>,
    first: Id,
    next: Id,
}

/// Counts the 4 KiB pages of stable memory that are touched. It never counts too few. A page that is touched twice in a
/// row is counted once: neighbouring records often share a page, and so do the key tails of neighbouring small messages.
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
    /// The progress of a rebuild; `None`: the index is complete.
    pub fn rebuild_progress(&self) -> Option<Progress> {
        let rebuild = self.rebuild.as_ref()?;
        let total = self.inbox.next_id() - rebuild.first;
        Some(Progress { done: rebuild.next - rebuild.first, total })
    }

    /// The reason why a rebuild stopped. Calls that need the index return `Unavailable` until [`Self::retry_rebuild`].
    pub fn rebuild_failure(&self) -> Option<RebuildError> {
        self.rebuild.as_ref()?.failed
    }

    /// Restarts a rebuild that stopped, from its first message. False: no rebuild has stopped.
    pub fn retry_rebuild(&mut self) -> bool {
        let has_failed = self.rebuild_failure().is_some();
        if has_failed {
            self.start_rebuild();
        }
        has_failed
    }

    /// Empties the index and starts to rebuild it. Dropped messages are not indexed again.
    pub(super) fn start_rebuild(&mut self) {
        let messages = self.inbox.next_id() - self.inbox.first_id();
        self.indexes = Indexes::for_messages(&self.state.seed(), messages.into());
        self.rebuild =
            (messages > 0).then(|| Rebuild { failed: None, first: self.inbox.first_id(), next: self.inbox.first_id() });
    }

    /// Indexes as many messages as the settings' `rebuild_pages` allow, at least one. A failure is remembered: every
    /// later step returns it and does nothing.
    pub fn rebuild_step(&mut self) -> Result<Rebuilt, RebuildError> {
        let Some(mut rebuild) = self.rebuild.take() else {
            return Ok(Rebuilt::Done);
        };
        let step = match rebuild.failed {
            Some(error) => Err(error),
            None => self.rebuild_some(&mut rebuild),
        };
        rebuild.failed = step.err();
        if step != Ok(Rebuilt::Done) {
            self.rebuild = Some(rebuild);
        }
        step
    }

    fn rebuild_some(&mut self, rebuild: &mut Rebuild) -> Result<Rebuilt, RebuildError> {
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

    /// Adds one record to the index.
    fn file(&mut self, rebuild: &mut Rebuild, record: &Record, pages: &mut PageBudget) -> Result<(), RebuildError> {
        let id = record.id();
        if id != rebuild.next {
            return Err(RebuildError::Id { expected: rebuild.next, found: id });
        }
        if !record.is_known() {
            return Err(RebuildError::Unknown { id });
        }
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
