//! The model's pages.

use message_canister::api::{Cursor, Id, KeyCursor, Order, Page, PageError, Start};
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
        // A span that reaches down to dropped messages may have had some of them.
        if low == first {
            self.page_of_all(1, high.max(first - 1), cursor)
        } else {
            self.page_of_all(low, high, cursor)
        }
    }

    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: KeyCursor) -> Result<Page, PageError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(PageError::KeyIdLength(wrong));
        }
        let KeyCursor { start, order, limit, .. } = cursor;
        if limit == 0 {
            return Err(PageError::LimitZero);
        }
        let start = if start == Start::after(0) { Start::beginning } else { start };
        if !self.sees(key_id) {
            return Ok(empty(0));
        }
        if let Start::after(after) = start
            && after > self.last()
        {
            return Err(PageError::UnknownCursor { after });
        }
        let Some(key) = self.keys.get(key_id) else {
            let gap = matches!(start, Start::after(after) if after < self.first());
            return Ok(Page { gap, ..empty(self.first()) });
        };
        let up = order == Order::ascending;
        let belongs = |id: Id| match start {
            Start::beginning => true,
            Start::after(after) => {
                if up {
                    id > after
                } else {
                    id < after
                }
            }
            Start::time(second) => {
                let stored = self.entry(id).timestamp;
                if up { stored >= second } else { stored <= second }
            }
            Start::rank(rank) => {
                let own = key.ids.partition_point(|&other| other <= id) as u32;
                if up { own >= rank } else { own <= rank }
            }
        };
        let mut ids = self.live_list(key_id);
        ids.retain(|&id| belongs(id));
        let mut lost = key.ids.iter().copied().filter(|&id| id > key.acknowledged && id < self.first());
        let gap = match start {
            Start::beginning => false,
            _ if up => lost.any(belongs),
            // Below the oldest live message nothing but what was lost is left.
            _ => ids.is_empty() && lost.next().is_some(),
        };
        Ok(self.page_of(ids, order, limit, gap))
    }

    /// A page of messages of all keys: any id that was ever assigned may be the cursor.
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
        if !self.sees_all() {
            return Ok(empty(0));
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
        // They take room in the page all the same.
        ids.retain(|&id| !self.is_acknowledged(id));
        let messages = ids.into_iter().map(|id| self.message(id)).collect();
        Ok(Page { messages, next, first_id: self.first(), gap, proof: None })
    }

    /// The page of a key's live messages, which ascend.
    fn page_of(&self, mut ids: Vec<Id>, order: Order, limit: u32, gap: bool) -> Page {
        if order == Order::descending {
            ids.reverse();
        }
        let shown = self.how_many_fit(&ids, limit);
        let next = if shown < ids.len() { ids[shown - 1] } else { 0 };
        let messages = ids[..shown].iter().map(|&id| self.message(id)).collect();
        Page { messages, next, first_id: self.first(), gap, proof: None }
    }

    /// Number of these that make a page: limited by number and by bytes, but always at least one.
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

/// A page without messages.
fn empty(first_id: Id) -> Page {
    Page { messages: vec![], next: 0, first_id, gap: false, proof: None }
}
