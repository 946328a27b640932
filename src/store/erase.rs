//! Overwriting the ciphertexts of acknowledged messages, key after key.
//!
//! A key joins the queue when it is acknowledged, and leaves it when all its acknowledged messages are overwritten. The
//! state has the ends of the queue. Each key's record has the next key and the key's progress. So the work continues
//! after an upgrade.

use super::MessageStore;
use super::keys::{Key, Place};
use super::rebuild::PAGE_BYTES;
use super::state::Queue;
use crate::api::Id;
use crate::limits::ERASE_PAGES;
use ic_stable_structures::Memory;

/// Pages that overwriting a message touches besides those of its ciphertext: the ends of the ciphertext, the message's record, its
/// key's record and the state.
const PAGES_OF_MESSAGE: u64 = 6;

impl<M: Memory + Clone> MessageStore<M> {
    /// Puts a key into the queue. Precondition: it is not in it.
    pub(super) fn push_to_erase(&mut self, place: Place) {
        let Queue { first, last } = self.state.erase_queue();
        match self.keys.get(last) {
            Some(mut tail) => {
                tail.next = place;
                self.keys.put(last, &tail);
                self.state.set_erase_queue(Queue { first, last: place });
            }
            None => self.state.set_erase_queue(Queue { first: place, last: place }),
        }
    }

    /// True while acknowledged ciphertexts wait to be overwritten.
    pub fn has_to_erase(&self) -> bool {
        self.state.erase_queue().first != 0
    }

    /// Overwrites acknowledged ciphertexts while `go_on` returns true, within the stable memory that one execution may touch.
    /// Retention may have dropped the messages of any number of keys, so the search in a key that has nothing left to overwrite is charged too.
    pub fn erase_while(&mut self, mut go_on: impl FnMut() -> bool) {
        let mut pages = ERASE_PAGES;
        let mut is_counted = false;
        loop {
            let queue = self.state.erase_queue();
            let Some(mut key) = self.keys.get(queue.first) else {
                if queue != Queue::default() {
                    self.state.set_erase_queue(Queue::default());
                }
                return;
            };
            let search = self.pages_of_search(&key);
            let mut fits = |touched: u64| match pages.checked_sub(touched) {
                Some(rest) if go_on() => {
                    pages = rest;
                    true
                }
                _ => false,
            };
            // Nothing can be found of a key with damaged numbers.
            let is_sound = self.sound(queue.first, &key).is_ok();
            let next = || self.next_to_erase(key.erased_id, key.head.last_id, key.head.acknowledged_id);
            let Some(id) = is_sound.then(next).flatten() else {
                if !std::mem::take(&mut is_counted) && !fits(search) {
                    return;
                }
                let rest =
                    if queue.first == queue.last { Queue::default() } else { Queue { first: key.next, ..queue } };
                key.erased_id = key.head.acknowledged_id;
                key.next = 0;
                self.keys.put(queue.first, &key);
                self.state.set_erase_queue(rest);
                continue;
            };
            let record = self.inbox.record(id);
            if !fits(search + record.ciphertext_len() as u64 / PAGE_BYTES + PAGES_OF_MESSAGE) {
                return;
            }
            is_counted = true;
            if self.payloads.holds(record.offset(), record.ciphertext_len()) {
                self.payloads.erase(record.offset(), record.ciphertext_len());
            }
            self.inbox.set_erased(id);
            key.erased_id = id;
            self.keys.put(queue.first, &key);
        }
    }

    /// Maximum pages that [`Self::next_to_erase`] touches. If the message that was overwritten last is still stored, it follows
    /// that one's link. Otherwise it walks down from the newest message, which takes at most three steps for each doubling of
    /// the list. A step reads a link and a record.
    fn pages_of_search(&self, key: &Key) -> u64 {
        if key.erased_id >= self.inbox.first_id() {
            return 1;
        }
        2 * 3 * u64::from(key.head.rank.checked_ilog2().unwrap_or(0) + 1)
    }

    /// The oldest stored message of a key above `erased` that has been acknowledged.
    fn next_to_erase(&self, erased: Id, newest: Id, acknowledged: Id) -> Option<Id> {
        let first = self.inbox.first_id();
        if acknowledged < first || acknowledged <= erased {
            return None;
        }
        let next = if erased >= first {
            self.inbox.next_of(erased)
        } else {
            self.oldest_from(newest, |id| id >= first && id > erased)
        };
        (next > erased && next <= acknowledged).then_some(next)
    }
}
