//! Pages of messages by id, by key and by time, in both orders.
//!
//! A page ends when its limit is reached, when the next message would exceed [`MAX_PAGE_BYTES`], or when no messages
//! are left. The first message always fits, so every page makes progress.

#![allow(clippy::indexing_slicing, reason = "places are below the length that they are counted from")]

use super::View;
use super::add::{DAMAGED, check_key_length};
use super::keys::Key;
use super::record::Record;
use crate::api::{Cursor, Id, KeyCursor, Order, OtherError, Page, PageError, Start};
use crate::limits::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD};
use ic_stable_structures::Memory;

/// A page whose payloads have not been read.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// In the order in which they were read; [`Self::records`] returns them in the requested order.
    read: Vec<Record>,
    backwards: bool,
    /// Bytes of its messages, counted as for [`MAX_PAGE_BYTES`].
    pub bytes: usize,
    /// As in [`Page`].
    pub next: Id,
    /// As in [`Page`].
    pub first_id: Id,
    /// As in [`Page`].
    pub gap: bool,
    /// On a page of a key: the key's newest message; 0: the key never had one. `None`: the caller sees no such key.
    pub(super) newest: Option<Id>,
    /// On a descending page of a key: the oldest message above where the page starts; 0: none.
    pub(super) above: Id,
}

impl RecordPage {
    /// The records, in the requested order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &Record> + DoubleEndedIterator {
        let last = self.read.len().wrapping_sub(1);
        (0..self.read.len()).map(move |at| &self.read[if self.backwards { last - at } else { at }])
    }

    fn truncate(&mut self, len: usize) {
        if self.backwards {
            self.read.drain(..self.read.len() - len);
        } else {
            self.read.truncate(len);
        }
    }
}

/// The room left in a page.
struct Room {
    messages: u32,
    bytes: usize,
}

impl Room {
    fn for_page(limit: u32) -> Self {
        Self { messages: limit.min(MAX_PAGE_MESSAGES), bytes: MAX_PAGE_BYTES }
    }

    /// Takes a message if there is room for it. False: there is not.
    fn takes(&mut self, record: &Record) -> bool {
        let bytes = bytes_in_page(record);
        let fits = self.messages > 0 && bytes <= self.bytes;
        if fits {
            self.messages -= 1;
            self.bytes -= bytes;
        }
        fits
    }

    fn taken(&self) -> usize {
        MAX_PAGE_BYTES - self.bytes
    }
}

/// Ids from the first to the last, both inclusive. Empty if `first > last`.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: Id,
    last: Id,
}

impl<M: Memory + Clone> View<'_, M> {
    /// Messages with ids from `min_id` to `max_id`, both inclusive; `max_id` may exceed the last id.
    pub fn get_messages_by_range(&self, min_id: Id, max_id: Id, cursor: Cursor) -> Result<Page, PageError> {
        self.records_by_range(min_id, max_id, cursor).map(|page| self.messages(page))
    }

    /// Messages of one key.
    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: KeyCursor) -> Result<Page, PageError> {
        self.records_by_key(key_id, cursor).map(|page| self.messages(page))
    }

    /// Messages stored from `from` to `until`, unix seconds, both inclusive.
    pub fn get_messages_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
        self.records_by_time(from, until, cursor).map(|page| self.messages(page))
    }

    /// A page with its payloads.
    fn messages(&self, page: RecordPage) -> Page {
        let messages = page.records().map(|record| self.message(record)).collect();
        Page { messages, next: page.next, first_id: page.first_id, gap: page.gap, proof: None }
    }

    /// The records of [`Self::get_messages_by_range`].
    pub fn records_by_range(&self, min_id: Id, max_id: Id, cursor: Cursor) -> Result<RecordPage, PageError> {
        check_range(min_id, max_id)?;
        if min_id == 0 {
            return Err(PageError::InvalidRange { min: min_id, max: max_id });
        }
        self.span_page(Span { first: min_id, last: max_id }, cursor)
    }

    /// The records of [`Self::get_messages_by_time`].
    pub fn records_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<RecordPage, PageError> {
        check_range(from, until)?;
        check_limit(cursor.limit)?;
        // Nothing is searched for a caller who sees nothing, so that the cost of the call reveals nothing either.
        if !self.sees_all() {
            return Ok(self.empty_page(false));
        }
        let mut first = self.first_id_where(|timestamp| timestamp >= from);
        let mut last = self.first_id_where(|timestamp| timestamp > until) - 1;
        // Dropped messages are older than all stored ones. If the span reaches back to them, it may have held some.
        if first == self.first_id() {
            (first, last) = (1, last.max(first - 1));
        }
        self.span_page(Span { first, last }, cursor)
    }

    /// The records of [`Self::get_messages_by_key`].
    pub fn records_by_key(&self, key_id: &[u8], cursor: KeyCursor) -> Result<RecordPage, PageError> {
        check_key_length(key_id.len()).map_err(PageError::KeyIdLength)?;
        check_limit(cursor.limit)?;
        let found = self.find_key(key_id).map_err(PageError::Other)?;
        let first_id = self.first_id_beside(key_id, found.as_ref());
        let mut page = RecordPage { first_id, ..self.empty_page(false) };
        if let Start::after(after) = cursor.start
            && first_id > 0
            && after >= self.inbox.next_id()
        {
            return Err(PageError::UnknownCursor { after });
        }
        let Some(key) = found else {
            // An unknown key may have been known before.
            page.gap = matches!(cursor.start, Start::after(after) if after != 0 && after < first_id);
            return Ok(page);
        };
        page.newest = Some(key.head.last_id);
        let floor = self.floor(&key);
        // 0 is not a message, so nothing lies between it and the first page.
        let start = if cursor.start == Start::after(0) { Start::beginning } else { cursor.start };
        let start = match cursor.order {
            Order::ascending => self.start_upwards(&key, floor, start, &mut page),
            Order::descending => self.start_downwards(&key, floor, start, &mut page),
        };
        self.fill(&mut page, start, key.head.rank, cursor.limit, |record| match cursor.order {
            Order::ascending => record.next_id(),
            Order::descending if record.prev_id() >= floor => record.prev_id(),
            Order::descending => 0,
        })?;
        Ok(page)
    }

    /// The first message of an ascending page; 0: none. Notes whether there is a gap.
    fn start_upwards(&self, key: &Key, floor: Id, start: Start, page: &mut RecordPage) -> Id {
        let newest = key.head.last_id;
        let belongs = |id| match start {
            Start::beginning => true,
            Start::after(after) => id > after,
            Start::time(second) => self.inbox.timestamp(id) >= second,
            Start::rank(rank) => self.links.rank_and_bytes(id).0 >= rank,
        };
        if newest < floor {
            let asked = match start {
                Start::beginning => false,
                Start::after(after) => newest > after,
                Start::time(second) => key.head.last_time >= second,
                Start::rank(rank) => key.head.rank >= rank,
            };
            page.gap = asked && newest > key.head.acknowledged_id;
            return 0;
        }
        if !belongs(newest) {
            return 0;
        }
        let first = self.oldest_from(newest, |id| id >= floor && belongs(id));
        let prev = self.inbox.prev_of(first);
        let dropped = prev != 0 && prev < self.first_id() && prev > key.head.acknowledged_id;
        page.gap = dropped
            && match start {
                Start::beginning => false,
                Start::after(after) => prev > after,
                // The time of a message that is gone is unknown.
                Start::time(second) => prev < self.inbox.reclaimed_id() || self.inbox.timestamp(prev) >= second,
                Start::rank(rank) => self.links.rank_and_bytes(first).0 > rank,
            };
        first
    }

    /// The first message of a descending page; 0: none. Notes whether there is a gap, and which message is above the
    /// page.
    fn start_downwards(&self, key: &Key, floor: Id, start: Start, page: &mut RecordPage) -> Id {
        let newest = key.head.last_id;
        let lost = |prev: Id| prev != 0 && prev < self.first_id() && prev > key.head.acknowledged_id;
        if newest < floor {
            page.gap = lost(newest) && !matches!(start, Start::beginning);
            return 0;
        }
        let belongs = |id| match start {
            Start::beginning => true,
            Start::after(before) => id < before,
            Start::time(second) => self.inbox.timestamp(id) <= second,
            Start::rank(rank) => self.links.rank_and_bytes(id).0 <= rank,
        };
        if belongs(newest) {
            return newest;
        }
        page.above = self.oldest_from(newest, |id| id >= floor && !belongs(id));
        let prev = self.inbox.prev_of(page.above);
        if prev >= floor {
            return prev;
        }
        page.gap = lost(prev);
        0
    }

    /// Fills the page of a list. `start` is the first id, and `step` returns each next one; 0: no messages are left.
    fn fill(
        &self,
        page: &mut RecordPage,
        start: Id,
        count: u32,
        limit: u32,
        step: impl Fn(&Record) -> Id,
    ) -> Result<(), PageError> {
        let mut room = Room::for_page(limit);
        // One record more than fits is read.
        page.read.reserve_exact(count.min(room.messages + 1) as usize);
        let mut id = start;
        while id != 0 {
            if !self.is_stored(id) {
                return Err(PageError::Other(damaged_link(id)));
            }
            self.inbox.read_run(id, 1, &mut page.read);
            let Some(record) = page.read.last() else { break };
            if !room.takes(record) {
                page.read.pop();
                page.next = page.read.last().map_or(0, Record::id);
                break;
            }
            id = step(record);
        }
        page.bytes = room.taken();
        Ok(())
    }

    /// The page of consecutive ids. All its records are read at once, in either order.
    fn span_page(&self, span: Span, cursor: Cursor) -> Result<RecordPage, PageError> {
        let Cursor { after, order, limit } = cursor;
        check_limit(limit)?;
        if !self.sees_all() {
            return Ok(self.empty_page(false));
        }
        if after >= self.inbox.next_id() {
            return Err(PageError::UnknownCursor { after });
        }
        let Span { mut first, mut last } = span;
        last = last.min(self.inbox.next_id() - 1);
        match order {
            Order::ascending => first = first.max(after + 1),
            Order::descending if after != 0 => last = last.min(after - 1),
            Order::descending => {}
        }
        let mut page = self.empty_page(order == Order::descending);
        // In ascending order, the dropped part of the span lies between the cursor and the page. In descending order
        // there is a gap only if all messages that are left were dropped.
        let dropped = first < self.first_id() && first <= last;
        page.gap = after != 0 && dropped && (order == Order::ascending || last < self.first_id());
        first = first.max(self.first_id());
        if first <= last {
            let left = last - first + 1;
            let count = left.min(limit.min(MAX_PAGE_MESSAGES));
            self.inbox.read_run(if page.backwards { last - count + 1 } else { first }, count, &mut page.read);
            let mut room = Room::for_page(limit);
            let fitting = page.records().take_while(|record| room.takes(record)).count();
            page.truncate(fitting);
            page.bytes = room.taken();
            if fitting < left as usize {
                page.next = page.records().last().map_or(0, Record::id);
            }
            // Acknowledged messages are no longer live. So a page may be shorter than asked for.
            page.read.retain(|record| !self.is_acknowledged(record));
        }
        Ok(page)
    }

    fn empty_page(&self, backwards: bool) -> RecordPage {
        RecordPage {
            read: Vec::new(),
            backwards,
            bytes: 0,
            next: 0,
            first_id: self.shown_first_id(),
            gap: false,
            newest: None,
            above: 0,
        }
    }

    /// The first stored id whose timestamp satisfies `condition`, or `next_id`.
    ///
    /// Precondition: if a timestamp satisfies it, all later timestamps do.
    fn first_id_where(&self, condition: impl Fn(u32) -> bool) -> Id {
        let (mut below, mut found) = (self.first_id(), self.inbox.next_id());
        while below < found {
            let middle = below + (found - below) / 2;
            if condition(self.inbox.timestamp(middle)) {
                found = middle;
            } else {
                below = middle + 1;
            }
        }
        found
    }
}

/// Bytes that a message takes in a page.
pub fn bytes_in_page(record: &Record) -> usize {
    PAGE_MESSAGE_OVERHEAD + record.key_len() + record.ciphertext_len()
}

/// The error if a link leads to a message that is not stored.
fn damaged_link(id: Id) -> OtherError {
    OtherError { code: DAMAGED, message: format!("a link to message {id}, which is not stored, is damaged") }
}

fn check_range(min: u32, max: u32) -> Result<(), PageError> {
    if min <= max { Ok(()) } else { Err(PageError::InvalidRange { min, max }) }
}

fn check_limit(limit: u32) -> Result<(), PageError> {
    if limit > 0 { Ok(()) } else { Err(PageError::LimitZero) }
}
