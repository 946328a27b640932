//! Pages of messages: by id, by key, by time, in both orders.
//!
//! A page ends where its limit is reached, where the next message would take it over [`MAX_PAGE_BYTES`], or where
//! nothing is left. Its first message always fits, so it makes progress.

use super::View;
use super::add::check_key_length;
use super::record::Record;
use crate::api::{Cursor, Id, Order, Page, PageError};
use crate::limits::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD};
use ic_stable_structures::Memory;

/// A page before its payloads are read.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// As they were read; [`Self::records`] gives them in the order that was asked for.
    read: Vec<Record>,
    backwards: bool,
    /// What its messages take, as [`MAX_PAGE_BYTES`] counts.
    pub bytes: usize,
    /// As in [`Page`].
    pub next: Id,
    /// As in [`Page`].
    pub first_id: Id,
    /// As in [`Page`].
    pub gap: bool,
}

impl RecordPage {
    /// The records, in the order that was asked for.
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

/// What a page still takes.
struct Room {
    messages: u32,
    bytes: usize,
}

impl Room {
    fn for_page(cursor: Cursor) -> Self {
        Self { messages: cursor.limit.min(MAX_PAGE_MESSAGES), bytes: MAX_PAGE_BYTES }
    }

    /// Takes a message where there is room for it.
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

/// Ids from the first to the last, both inclusive; empty where `first > last`.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: Id,
    last: Id,
}

impl<M: Memory + Clone> View<'_, M> {
    /// Messages with ids from `min_id` to `max_id`, both inclusive; `max_id` may lie beyond the last.
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

    /// Records of [`Self::get_messages_by_range`].
    pub fn records_by_range(&self, min_id: Id, max_id: Id, cursor: Cursor) -> Result<RecordPage, PageError> {
        check_range(min_id, max_id)?;
        if min_id == 0 {
            return Err(PageError::InvalidRange { min: min_id, max: max_id });
        }
        self.span_page(Span { first: min_id, last: max_id }, cursor)
    }

    /// Records of [`Self::get_messages_by_time`].
    pub fn records_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<RecordPage, PageError> {
        check_range(from, until)?;
        let mut first = self.first_id_where(|timestamp| timestamp >= from);
        let mut last = self.first_id_where(|timestamp| timestamp > until) - 1;
        // What was dropped is older than all that is live; where the span reaches that far, some of it may have been in it.
        if first == self.first_id() {
            (first, last) = (1, last.max(first - 1));
        }
        self.span_page(Span { first, last }, cursor)
    }

    /// Records of [`Self::get_messages_by_key`].
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
            // Whether it was the key's cannot be told any more. All that is live comes after it.
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

    /// The page of a list of `count` messages that starts at `start` and goes on with `step`, each an id or 0: nothing
    /// left.
    fn linked_page(&self, start: Id, count: u32, cursor: Cursor, step: impl Fn(&Record) -> Id) -> RecordPage {
        let mut page = self.empty_page(false);
        let mut room = Room::for_page(cursor);
        // One more than fits is looked at.
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

    /// The page of consecutive ids: read at once, whichever way it goes.
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
        // Of what follows the cursor, the dropped part lies before the page or, going back, is all there was left.
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

    /// The first live id whose timestamp satisfies a condition that all later ones satisfy too, else `next_id`.
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

/// What a message takes of a page.
pub fn bytes_in_page(record: &Record) -> usize {
    PAGE_MESSAGE_OVERHEAD + record.key_len() + record.ciphertext_len()
}

fn check_range(min: u32, max: u32) -> Result<(), PageError> {
    if min <= max { Ok(()) } else { Err(PageError::InvalidRange { min, max }) }
}

fn check_limit(cursor: Cursor) -> Result<(), PageError> {
    if cursor.limit > 0 { Ok(()) } else { Err(PageError::LimitZero) }
}
