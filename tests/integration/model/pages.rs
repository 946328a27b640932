//! The model's pages.

use message_canister::api::{Cursor, Id, Order, Page, PageError};
use message_canister::limits::{MAX_PAGE_BYTES, MAX_PAGE_MESSAGES, PAGE_MESSAGE_OVERHEAD};

use super::{Model, bad_key};

impl Model {
    pub fn get_messages_by_range(&self, min: Id, max: Id, cursor: Cursor) -> Result<Page, PageError> {
        if min == 0 || min > max {
            return Err(PageError::InvalidRange { min, max });
        }
        let ids = (1..=self.last()).filter(|id| (min..=max).contains(id)).collect();
        self.page_of_all(ids, cursor)
    }

    pub fn get_messages_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
        if from > until {
            let (min, max) = (from, until);
            return Err(PageError::InvalidRange { min, max });
        }
        let inside = |id: &Id| (from..=until).contains(&self.entry(*id).timestamp);
        self.page_of_all((1..=self.last()).filter(inside).collect(), cursor)
    }

    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<Page, PageError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(PageError::KeyIdLength(wrong));
        }
        let ids = self.keys.get(key_id).cloned().unwrap_or_default();
        let known = cursor.after == 0 || ids.contains(&cursor.after);
        self.page(ids, cursor, known)
    }

    /// A page of messages of all keys: any id that was ever given out may be the cursor.
    fn page_of_all(&self, ids: Vec<Id>, cursor: Cursor) -> Result<Page, PageError> {
        self.page(ids, cursor, cursor.after <= self.last())
    }

    /// The page of these ids, which ascend.
    fn page(&self, mut ids: Vec<Id>, cursor: Cursor, known: bool) -> Result<Page, PageError> {
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
        Ok(Page { messages: ids.into_iter().map(|id| self.message(id)).collect(), next, first_id: 1, gap: false })
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
