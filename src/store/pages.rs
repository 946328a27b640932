//! Pages of messages by id, by key and by time, in both orders.
//!
//! A page ends when its limit is reached, when the next message would exceed [`MAX_PAGE_BYTES`], or when no messages
//! are left. The first message always fits, so every page makes progress.

use super::View;
use super::add::check_key_length;
use super::record::Record;
use crate::api::{Cursor, Id, Order, Page, PageError};
use crate::limits::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD};
use ic_stable_structures::Memory;

/// A page before its payloads are read.
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
}

impl RecordPage {
    /// The records, in the requested order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &Record> {
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
    fn for_page(cursor: Cursor) -> Self {
        Self { messages: cursor.limit.min(MAX_PAGE_MESSAGES), bytes: MAX_PAGE_BYTES }
    }

    /// Takes a message if there is room for it. False: there is none.
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

/// Ids from the first to the last, both inclusive; empty if `first > last`.
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
    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<Page, PageError> {
        self.records_by_key(key_id, cursor).map(|page| self.messages(page))
    }

    /// Messages stored from `from` to `until`, unix seconds, both inclusive.
    pub fn get_messages_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
        self.records_by_time(from, until, cursor).map(|page| self.messages(page))
    }

    /// A page with its payloads.
    fn messages(&self, page: RecordPage) -> Page {
        let messages = page.records().map(|record| self.message(record)).collect();
        Page { messages, next: page.next, first_id: page.first_id, gap: page.gap }
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
        let mut first = self.first_id_where(|timestamp| timestamp >= from);
        let mut last = self.first_id_where(|timestamp| timestamp > until) - 1;
        // Dropped messages are older than all live ones. If the span reaches back to them, it may have held some.
        if first == self.first_id() {
            (first, last) = (1, last.max(first - 1));
        }
        self.span_page(Span { first, last }, cursor)
    }

    /// The records of [`Self::get_messages_by_key`].
    pub fn records_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<RecordPage, PageError> {
        check_key_length(key_id.len()).map_err(PageError::KeyIdLength)?;
        check_limit(cursor)?;
        self.indexed().map_err(PageError::Unavailable)?;
        let Cursor { after, order, .. } = cursor;
        let found = self.find_key(self.indexes.fingerprints.key(key_id), key_id).map(|(_, head)| head);
        let mut gap = false;
        let start = if after == 0 {
            match (found, order) {
                (None, _) => 0,
                (Some(head), Order::ascending) => self.live_head(head).map_err(PageError::Unavailable)?.min_id,
                (Some(head), Order::descending) => head.max_id,
            }
        } else if after < self.first_id() {
            // It is unknown whether this dropped message was the key's. All live messages are newer.
            gap = true;
            match (found, order) {
                (Some(head), Order::ascending) => {
                    let oldest = self.live_head(head).map_err(PageError::Unavailable)?.min_id;
                    gap = self.inbox.record(oldest).prev_id() != after;
                    oldest
                }
                _ => 0,
            }
        } else {
            let record = self.is_live(after).then(|| self.inbox.record(after));
            let record = record.filter(|record| self.has_key(record, key_id));
            let record = record.ok_or(PageError::UnknownCursor { after })?;
            match order {
                Order::ascending => record.next_id(),
                Order::descending => {
                    gap = record.prev_id() != self.masked(record.prev_id());
                    self.masked(record.prev_id())
                }
            }
        };
        let count = found.map_or(0, |head| head.count);
        let page = self.linked_page(start, count, cursor, |record| match order {
            Order::ascending => record.next_id(),
            Order::descending => self.masked(record.prev_id()),
        });
        Ok(RecordPage { gap, ..page })
    }

    /// The page of a list of `count` messages. `start` is the first id, and `step` returns each next one; 0: no
    /// messages are left.
    fn linked_page(&self, start: Id, count: u32, cursor: Cursor, step: impl Fn(&Record) -> Id) -> RecordPage {
        let mut page = self.empty_page(false);
        let mut room = Room::for_page(cursor);
        // One record more than fits is read.
        page.read.reserve_exact(count.min(room.messages + 1) as usize);
        let mut id = start;
        while id != 0 {
            self.inbox.read_run(id, 1, &mut page.read);
            let record = &page.read[page.read.len() - 1];
            if !room.takes(record) {
                page.read.pop();
                page.next = page.read.last().map_or(0, Record::id);
                break;
            }
            id = step(record);
        }
        page.bytes = room.taken();
        page
    }

    /// The page of consecutive ids. All its records are read at once, in either order.
    fn span_page(&self, span: Span, cursor: Cursor) -> Result<RecordPage, PageError> {
        check_limit(cursor)?;
        let Cursor { after, order, limit } = cursor;
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
        // Ascending, the dropped part of the span lies between cursor and page. Descending, it is a gap only if all
        // messages that are left were dropped.
        let dropped = first < self.first_id() && first <= last;
        page.gap = after != 0 && dropped && (order == Order::ascending || last < self.first_id());
        first = first.max(self.first_id());
        if first <= last {
            let left = last - first + 1;
            let count = left.min(limit.min(MAX_PAGE_MESSAGES));
            self.inbox.read_run(if page.backwards { last - count + 1 } else { first }, count, &mut page.read);
            let mut room = Room::for_page(cursor);
            let fitting = page.records().take_while(|record| room.takes(record)).count();
            page.truncate(fitting);
            page.bytes = room.taken();
            if fitting < left as usize {
                page.next = page.records().last().map_or(0, Record::id);
            }
        }
        Ok(page)
    }

    fn empty_page(&self, backwards: bool) -> RecordPage {
        RecordPage { read: Vec::new(), backwards, bytes: 0, next: 0, first_id: self.first_id(), gap: false }
    }

    /// The first live id whose timestamp satisfies `condition`, or `next_id`.
    ///
    /// Precondition: if a timestamp satisfies it, all later ones do.
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

fn check_range(min: u32, max: u32) -> Result<(), PageError> {
    if min <= max { Ok(()) } else { Err(PageError::InvalidRange { min, max }) }
}

fn check_limit(cursor: Cursor) -> Result<(), PageError> {
    if cursor.limit > 0 { Ok(()) } else { Err(PageError::LimitZero) }
}
