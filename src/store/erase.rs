//! Overwriting the ciphertexts of acknowledged messages, key after key.
//!
//! A key joins the queue when it is acknowledged, and leaves it when all its acknowledged messages are overwritten. The
//! state has the ends of the queue. Each key's record has the next key and the key's progress. So the work continues
//! after an upgrade.

use super::MessageStore;
use super::keys::Place;
use super::rebuild::PAGE_BYTES;
use super::state::Queue;
use crate::api::Id;
use ic_stable_structures::Memory;

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

    /// Overwrites acknowledged ciphertexts while `go_on`, called with the bytes of the next one, returns true. A key of which
    /// nothing is left to overwrite counts as a page: retention may have dropped the messages of any number of them.
    pub fn erase_while(&mut self, mut go_on: impl FnMut(usize) -> bool) {
        let mut is_counted = false;
        loop {
            let queue = self.state.erase_queue();
            let Some(mut key) = self.keys.get(queue.first) else {
                if queue != Queue::default() {
                    self.state.set_erase_queue(Queue::default());
                }
                return;
            };
            // Nothing can be found of a key with damaged numbers.
            let is_sound = self.sound(queue.first, &key).is_ok();
            let next = || self.next_to_erase(key.erased_id, key.head.last_id, key.head.acknowledged_id);
            let Some(id) = is_sound.then(next).flatten() else {
                if !std::mem::take(&mut is_counted) && !go_on(PAGE_BYTES as usize) {
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
            if !go_on(record.ciphertext_len()) {
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
