//! Acknowledgement: a key's owner has everything through a message. It costs the same however many it covers.
//!
//! Acknowledged messages are no longer live. Their ciphertexts are overwritten afterwards, key after key, by the timer.
//! Their records stay until retention drops them, so that the same message sent again is a duplicate.

use super::MessageStore;
use super::add::{check_key_length, damaged_key};
use super::keys::Place;
use super::state::Queue;
use crate::access::Sight;
use crate::api::{AckError, Acknowledged, Id};
use ic_stable_structures::Memory;

impl<M: Memory + Clone> MessageStore<M> {
    /// Acknowledges everything of a key through a message, at `now`, for a caller that owns what `owner` sees.
    pub fn acknowledge(
        &mut self,
        key_id: &[u8],
        through: Id,
        owner: &Sight,
        now: u32,
    ) -> Result<Acknowledged, AckError> {
        check_key_length(key_id.len()).map_err(AckError::KeyIdLength)?;
        let found = self.find_for_change(key_id).ok_or(AckError::NotOwner)?;
        let (place, mut key) = found.key.clone().ok_or(AckError::NotOwner)?;
        if !owner.owns(key_id, key.owner.as_ref()) {
            return Err(AckError::NotOwner);
        }
        if through > key.head.last_id {
            return Err(AckError::NotStored { through, max_id: key.head.last_id });
        }
        if through < key.head.acknowledged_id {
            return Err(AckError::NotNewer { acknowledged_id: key.head.acknowledged_id });
        }
        let floor = self.first_unexpired(|| now).max(key.head.acknowledged_id.saturating_add(1));
        let oldest = self.oldest_live(&key, floor);
        if oldest == 0 || through < oldest {
            return Ok(Acknowledged { messages: 0 });
        }
        let last = self.newest_through(key.head.last_id, through);
        let (first_rank, _) = self.links.rank_and_bytes(oldest);
        let (rank, bytes) = self.links.rank_and_bytes(last);
        let waited = key.waits_for_erasure();
        (key.head.acknowledged_id, key.head.acknowledged_rank) = (last, rank);
        key.acknowledged_bytes = bytes;
        key.oldest_id = 0;
        key.full_since = 0;
        self.write_key(&found, &key).map_err(|damaged| AckError::Other(damaged_key(damaged)))?;
        if !waited {
            self.push_to_erase(place);
        }
        Ok(Acknowledged { messages: rank.saturating_sub(first_rank).saturating_add(1) })
    }

    /// The newest message of a key that is not above `through`. Precondition: there is one that is stored.
    fn newest_through(&self, newest: Id, through: Id) -> Id {
        if newest <= through {
            return newest;
        }
        self.inbox.prev_of(self.oldest_from(newest, |id| id > through))
    }

    fn push_to_erase(&mut self, place: Place) {
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

    /// Overwrites acknowledged ciphertexts while `go_on` returns true for the bytes of the next one.
    pub fn erase_while(&mut self, mut go_on: impl FnMut(usize) -> bool) {
        loop {
            let queue = self.state.erase_queue();
            let Some(mut key) = self.keys.get(queue.first) else {
                if queue != Queue::default() {
                    self.state.set_erase_queue(Queue::default());
                }
                return;
            };
            let Some(id) = self.next_to_erase(key.erased_id, key.head.last_id, key.head.acknowledged_id) else {
                let rest = if queue.first == queue.last { Queue::default() } else { Queue { first: key.next, ..queue } };
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
