//! Retention: dropping messages by count, bytes and age, and sweeping them afterwards.
//!
//! ```text
//!        reclaimed_id       first_id              next_id
//!             │                │                     │
//!   gone      ▼    backlog     ▼       stored        ▼
//!   ──────────┼────────────────┼─────────────────────┼──────▶ ids
//!             sweep: two by each add, more by the timer
//! ```
//!
//! Dropping only moves `first_id`. A search finds the new id, so dropping a million messages costs about as much as
//! dropping one. Sweeping then removes the dropped messages from the index, oldest first, and frees their segments.
//! Both ids only rise.

use super::MessageStore;
use super::rebuild::PAGE_BYTES;
use super::record::RECORD_BYTES;
use crate::api::{AddError, Bound, Id};
use crate::limits::{EXPIRY_STEP_SECONDS, SWEEP_PAGES, SWEEP_RUN};
use ic_stable_structures::Memory;

/// Pages touched by a walk to a key, besides the nodes of its path: two records and the state, those of them that cross a
/// page's end, and a margin.
const MORE_PAGES: u64 = 10;

/// The messages about to be added (one or none). They count as stored.
#[derive(Clone, Copy)]
pub(super) struct Coming {
    pub messages: u32,
    /// Bytes of the message's extent.
    pub extent: u64,
}

impl Coming {
    pub(super) const NONE: Self = Self { messages: 0, extent: 0 };
}

impl<M: Memory + Clone> MessageStore<M> {
    /// The oldest id that is neither dropped nor too old at `now`.
    pub(super) fn first_unexpired(&self, now: impl FnOnce() -> u32) -> Id {
        match self.settings().max_age_seconds.limit() {
            None => self.inbox.first_id(),
            Some(age) => {
                let now = u64::from(now());
                self.search(self.inbox.first_id(), |id| expiry(self.inbox.timestamp(id), age) > now)
            }
        }
    }

    /// The oldest id from `first` on that the settings keep if `coming` is added.
    pub(super) fn first_within(&self, first: Id, coming: Coming) -> Id {
        let settings = self.settings();
        let next_id = self.inbox.next_id();
        let mut first = first;
        if let Bound::AtMost(max) = settings.max_messages {
            // All stored messages may have to go, but unassigned ids are never dropped.
            first = first.max((next_id + coming.messages).saturating_sub(max)).min(next_id);
        }
        if let Bound::AtMost(max) = settings.max_bytes {
            let end = self.payloads.end() + coming.extent;
            first = self.search(first, |id| {
                let records = u64::from(next_id - id + coming.messages) * RECORD_BYTES as u64;
                records + end.saturating_sub(self.inbox.offset(id)) <= max
            });
        }
        first
    }

    /// Drops the messages that the settings exclude at `now`, in unix seconds. True: there is a backlog to sweep.
    pub fn drop_excluded(&mut self, now: u32) -> bool {
        let first = self.first_unexpired(|| now);
        self.drop_below(self.first_within(first, Coming::NONE));
        self.backlog_kept() > 0
    }

    /// Drops everything below `first`.
    pub(super) fn drop_below(&mut self, first: Id) {
        self.root_changed |= first != self.inbox.first_id();
        self.inbox.drop_below(first);
    }

    /// Refuses to drop a message that is younger than `min_age_seconds` at `now` to make room for an add. The messages
    /// that would be dropped are those from `live_from` on and below `first`.
    pub(super) fn spare_the_young(&self, first: Id, live_from: Id, now: u32) -> Result<(), AddError> {
        let min_age = self.settings().min_age_seconds;
        if min_age == 0 || first <= live_from {
            return Ok(());
        }
        let old_enough = expiry(self.inbox.timestamp(first - 1), min_age);
        match u32::try_from(old_enough.saturating_sub(u64::from(now))) {
            Ok(0) => Ok(()),
            wait => Err(AddError::StoreFull { retry_after: wait.unwrap_or(u32::MAX) }),
        }
    }

    /// Removes at most `at_most` dropped messages from the index and segments, oldest first.
    ///
    /// Precondition: the index is complete.
    pub fn sweep(&mut self, at_most: u32) {
        self.sweep_run(at_most);
    }

    /// As [`Self::sweep`]. Returns how many of the messages were the newest of their keys: each of these keys was
    /// looked up.
    fn sweep_run(&mut self, at_most: u32) -> u32 {
        let count = self.backlog_kept().min(at_most);
        if count == 0 {
            return 0;
        }
        let from = self.inbox.reclaimed_id();
        let walks = (from..from + count).filter(|&id| self.sweep_one(id)).count();
        self.unmap_below(from + count);
        walks as u32
    }

    /// Sweeps runs of messages while `go_on` returns true, within the stable memory that one execution may touch.
    ///
    /// Precondition: as for [`Self::sweep`].
    pub fn sweep_while(&mut self, mut go_on: impl FnMut() -> bool) {
        let (mut pages, walk) = (SWEEP_PAGES, self.pages_of_walk());
        while self.backlog_kept() > 0 && go_on() {
            let count = SWEEP_RUN.min(self.backlog_kept());
            let run = self.pages_of_run(count);
            // Each of them may be the newest of its key.
            if pages < run + u64::from(count) * walk {
                break;
            }
            let walks = self.sweep_run(count);
            pages = pages.saturating_sub(run + u64::from(walks) * walk);
        }
    }

    /// An upper bound of the average number of pages that finding a key and putting it into a queue touches: the nodes on
    /// its path, its record, the queue's last record and the state.
    ///
    /// The labels are pseudorandom, and nobody can choose them. So a path has about log2(keys) + 1 nodes on average,
    /// however the keys were chosen.
    pub(super) fn pages_of_walk(&self) -> u64 {
        u64::from((self.keys.len() + 1).ilog2()) + MORE_PAGES
    }

    /// Maximum pages that sweeping `count` more messages touches, without their keys: the pages of their records, and
    /// those of their key tails. A tail touches at most two pages, and all tails together at most the pages of all the
    /// extents.
    pub(super) fn pages_of_run(&self, count: u32) -> u64 {
        let from = self.inbox.reclaimed_id();
        let bytes = self.extent_start(from + count).saturating_sub(self.extent_start(from));
        let records = u64::from(count) * RECORD_BYTES as u64;
        (bytes / PAGE_BYTES + 2).min(2 * u64::from(count)) + records / PAGE_BYTES + 2
    }

    /// The position in the payload stream at which a message's extent starts, or will start for the next id.
    fn extent_start(&self, id: Id) -> u64 {
        if id < self.inbox.next_id() { self.inbox.offset(id) } else { self.payloads.end() }
    }

    /// Unmaps the segments below `reclaimed`. Precondition: the messages were swept, or the index is empty.
    pub(super) fn unmap_below(&mut self, reclaimed: Id) {
        let position = self.extent_start(reclaimed);
        // A damaged record must not lead to unmapping segments of stored messages.
        if position <= self.payloads.end() {
            self.payloads.unmap_below(position);
        }
        let kept = self.inbox.unmap_below(reclaimed);
        self.links.unmap_below(kept);
    }

    /// Sweeps one message. True: it was its key's newest, so the key was looked up.
    fn sweep_one(&mut self, id: Id) -> bool {
        let record = self.inbox.record(id);
        let newest = self.indexes.fingerprints.newest(record.hash());
        let was_newest = self.indexes.hashes.remove_newest(newest, id);
        // The other entries of a damaged record cannot be found. They stay until the index is rebuilt.
        let Some(key_id) = self.key_id(&record) else { return false };
        let key = self.indexes.fingerprints.key(key_id.as_bytes());
        if !was_newest {
            self.indexes.hashes.remove_pair(self.indexes.fingerprints.pair(key, record.hash()), id);
        }
        let is_newest = record.next_id() == 0;
        if is_newest {
            self.note_swept(key_id.as_bytes(), id);
        }
        is_newest
    }

    /// Number of messages that have been dropped but not swept yet.
    pub fn backlog_kept(&self) -> u32 {
        self.inbox.first_id() - self.inbox.reclaimed_id()
    }

    /// The second (unix time) at which the timer sweeps messages that are too old: the first full minute at or after
    /// the oldest message's expiry. So the timer wakes at most once a minute for them. `None`: no message expires.
    pub fn next_expiry_sweep(&self) -> Option<u64> {
        let age = self.settings().max_age_seconds.limit()?;
        let first = self.inbox.first_id();
        (first < self.inbox.next_id())
            .then(|| expiry(self.inbox.timestamp(first), age).next_multiple_of(EXPIRY_STEP_SECONDS))
    }

    /// The first id from `first` on that satisfies `condition`, or `next_id`. The search takes steps of doubling
    /// length, then bisects, so an id near `first` is found at once.
    ///
    /// Precondition: if an id satisfies the condition, all later ones do.
    pub(super) fn search(&self, first: Id, condition: impl Fn(Id) -> bool) -> Id {
        let end = self.inbox.next_id();
        let (mut below, mut step) = (first, 1);
        let mut found = first;
        while found < end && !condition(found) {
            below = found + 1;
            found = found.saturating_add(step).min(end);
            step = step.saturating_mul(2);
        }
        while below < found {
            let middle = below + (found - below) / 2;
            if condition(middle) {
                found = middle;
            } else {
                below = middle + 1;
            }
        }
        found
    }
}

/// The second (unix time) in which a message reaches an age.
fn expiry(timestamp: u32, max_age_seconds: u32) -> u64 {
    u64::from(timestamp) + u64::from(max_age_seconds)
}
