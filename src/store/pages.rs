//! Pages of messages: by id, by key, by time, in both orders.
//!
//! A page ends where its limit is reached, where the next message would take it over [`MAX_PAGE_BYTES`], or where
//! nothing is left. Its first message always fits, so it makes progress.

use super::MessageStore;
use super::add::check_key_length;
use super::record::Record;
use crate::api::{Cursor, Id, Order, Page, PageError};
use crate::limits::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD};
use ic_stable_structures::Memory;

/// A page before its payloads are read.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// In the order that was asked for.
    pub records: Vec<Record>,
    /// As in [`Page`].
    pub next: Id,
    /// As in [`Page`].
    pub first_id: Id,
    /// As in [`Page`].
    pub gap: bool,
}

/// Ids from the first to the last, both inclusive; empty where `first > last`.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: Id,
    last: Id,
}

impl<M: Memory + Clone> MessageStore<M> {
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
        let messages = page.records.iter().map(|record| self.message(record)).collect();
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
        let first = self.first_id_where(|timestamp| timestamp >= from);
        let last = self.first_id_where(|timestamp| timestamp > until) - 1;
        self.span_page(Span { first, last }, cursor)
    }

    /// Records of [`Self::get_messages_by_key`].
    pub fn records_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<RecordPage, PageError> {
        check_key_length(key_id.len()).map_err(PageError::KeyIdLength)?;
        check_limit(cursor)?;
        self.indexed().map_err(PageError::Unavailable)?;
        let unknown = PageError::UnknownCursor { after: cursor.after };
        let Some((_, head)) = self.find_key(self.indexes.fingerprints.key(key_id), key_id) else {
            return if cursor.after == 0 { Ok(self.page(0, cursor, |_| 0)) } else { Err(unknown) };
        };
        let step = |record: &Record| match cursor.order {
            Order::ascending => record.next_id,
            Order::descending => record.prev_id,
        };
        let start = match (cursor.after, cursor.order) {
            (0, Order::ascending) => head.min_id,
            (0, Order::descending) => head.max_id,
            (after, _) => {
                let record = self.inbox.is_live(after).then(|| self.inbox.record(after));
                step(&record.filter(|record| self.has_key(record, key_id)).ok_or(unknown)?)
            }
        };
        Ok(self.page(start, cursor, step))
    }

    fn span_page(&self, span: Span, cursor: Cursor) -> Result<RecordPage, PageError> {
        check_limit(cursor)?;
        if cursor.after >= self.inbox.next_id() {
            return Err(PageError::UnknownCursor { after: cursor.after });
        }
        let first = span.first.max(self.inbox.first_id());
        let last = span.last.min(self.inbox.next_id() - 1);
        let inside = |id: Id| if (first..=last).contains(&id) { id } else { 0 };
        Ok(match (cursor.order, cursor.after) {
            (Order::ascending, after) => {
                self.page(inside(first.max(after + 1)), cursor, |record| inside(record.id + 1))
            }
            (Order::descending, 0) => self.page(inside(last), cursor, |record| inside(record.id - 1)),
            (Order::descending, after) => {
                self.page(inside(last.min(after - 1)), cursor, |record| inside(record.id - 1))
            }
        })
    }

    /// The page that starts at `start` and goes on with `step`, each an id or 0: nothing left.
    fn page(&self, start: Id, cursor: Cursor, step: impl Fn(&Record) -> Id) -> RecordPage {
        let limit = cursor.limit.min(MAX_PAGE_MESSAGES) as usize;
        let mut page = RecordPage { records: Vec::new(), next: 0, first_id: self.inbox.first_id(), gap: false };
        let mut bytes = 0;
        let mut id = start;
        while id != 0 {
            let record = self.inbox.record(id);
            bytes += PAGE_MESSAGE_OVERHEAD + usize::from(record.key_len) + record.len as usize;
            if let Some(last) = page.records.last()
                && (page.records.len() == limit || bytes > MAX_PAGE_BYTES)
            {
                page.next = last.id;
                break;
            }
            id = step(&record);
            page.records.push(record);
        }
        page
    }

    /// The first live id whose timestamp satisfies a condition that all later ones satisfy too, else `next_id`.
    fn first_id_where(&self, condition: impl Fn(u32) -> bool) -> Id {
        let (mut below, mut found) = (self.inbox.first_id(), self.inbox.next_id());
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

fn check_range(min: u32, max: u32) -> Result<(), PageError> {
    if min <= max { Ok(()) } else { Err(PageError::InvalidRange { min, max }) }
}

fn check_limit(cursor: Cursor) -> Result<(), PageError> {
    if cursor.limit > 0 { Ok(()) } else { Err(PageError::LimitZero) }
}
