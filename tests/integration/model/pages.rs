//! The model's pages.

use message_canister::api::{Cursor, Id, Order, Page, PageError};
use message_canister::limits::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD};

use super::{Model, bad_key};

impl Model {
    pub fn get_messages_by_range(&self, min: Id, max: Id, cursor: Cursor) -> Result<Page, PageError> {
        if min == 0 || min > max {
            return Err(PageError::InvalidRange { min, max });
        }
        self.page_of_all(min, max.min(self.last()), cursor)
    }

    pub fn get_messages_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
        if from > until {
            let (min, max) = (from, until);
            return Err(PageError::InvalidRange { min, max });
        }
        let (first, next) = (self.first(), self.last() + 1);
        let first_where = |condition: &dyn Fn(u32) -> bool| {
            (first..next).find(|&id| condition(self.entry(id).timestamp)).unwrap_or(next)
        };
        let (low, high) = (first_where(&|second| second >= from), first_where(&|second| second > until) - 1);
        // A span that reaches what was dropped may have had some of it.
        if low == first {
            self.page_of_all(1, high.max(first - 1), cursor)
        } else {
            self.page_of_all(low, high, cursor)
        }
    }

    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<Page, PageError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(PageError::KeyIdLength(wrong));
        }
        let Cursor { after, order, .. } = cursor;
        let live = self.live_list(key_id);
        let was_dropped = after != 0 && after < self.first();
        let known = after == 0 || was_dropped || live.contains(&after);
        let prev_of = |id: Option<&Id>| id.map(|&id| self.entry(id).prev_id);
        let gap = match order {
            Order::ascending => was_dropped && prev_of(live.first()) != Some(after),
            Order::descending if was_dropped => true,
            // The oldest live message, where there was an older one.
            Order::descending => after != 0 && live.first() == Some(&after) && prev_of(live.first()) != Some(0),
        };
        self.page(live.to_vec(), cursor, known, gap)
    }

    /// A page of messages of all keys: any id that was ever given out may be the cursor.
    fn page_of_all(&self, low: Id, high: Id, cursor: Cursor) -> Result<Page, PageError> {
        let Cursor { after, order, .. } = cursor;
        let follows = |id: &Id| match order {
            _ if after == 0 => true,
            Order::ascending => *id > after,
            Order::descending => *id < after,
        };
        let (dropped, live): (Vec<Id>, Vec<Id>) = (low..=high).filter(follows).partition(|&id| id < self.first());
        let gap = after != 0 && !dropped.is_empty() && (order == Order::ascending || live.is_empty());
        self.page(live, cursor, after <= self.last(), gap)
    }

    /// The page of these ids, which ascend.
    fn page(&self, mut ids: Vec<Id>, cursor: Cursor, known: bool, gap: bool) -> Result<Page, PageError> {
        let Cursor { after, order, limit } = cursor;
        if limit == 0 {
            return Err(PageError::LimitZero);
        }
        if !known {
            return Err(PageError::UnknownCursor { after });
        }
        if order == Order::descending {
            ids.reverse();
        }
        ids.retain(|&id| match order {
            _ if after == 0 => true,
            Order::ascending => id > after,
            Order::descending => id < after,
        });
        let shown = self.how_many_fit(&ids, limit);
        let next = if shown < ids.len() { ids[shown - 1] } else { 0 };
        ids.truncate(shown);
        Ok(Page { messages: ids.into_iter().map(|id| self.message(id)).collect(), next, first_id: self.first(), gap })
    }

    /// How many of these make a page: limited by number and by bytes, but always at least one.
    fn how_many_fit(&self, ids: &[Id], limit: u32) -> usize {
        let limit = limit.min(MAX_PAGE_MESSAGES) as usize;
        let mut bytes = 0;
        for (place, &id) in ids.iter().enumerate().take(limit) {
            let entry = self.entry(id);
            bytes += PAGE_MESSAGE_OVERHEAD + entry.key_id.len() + entry.ciphertext.len();
            if place > 0 && bytes > MAX_PAGE_BYTES {
                return place;
            }
        }
        ids.len().min(limit)
    }
}
