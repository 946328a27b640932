//! Keys without messages are remembered for a while, then forgotten.
//!
//! A key joins the queue when its last message is swept, or when it is opened without one. It is forgotten when its
//! last message is `idle_seconds` old. Only the first key's time is looked at, so a key that was opened without a message
//! delays those behind it by at most `idle_seconds`. A key is not forgotten if it has a new message, is kept, or has acknowledged
//! messages that are not overwritten yet.

use super::MessageStore;
use super::keys::{Key, Place};
use super::state::Queue;
use crate::api::Id;
use crate::limits::{EXPIRY_STEP_SECONDS, FORGET_PAGES};
use ic_stable_structures::Memory;
use stable::Damaged;

impl<M: Memory + Clone> MessageStore<M> {
    /// Puts the key of a swept message into the queue, if the message was the key's newest.
    pub(super) fn note_swept(&mut self, key_id: &[u8], id: Id) {
        let idle = self.find_key(key_id).filter(|(_, key)| key.head.last_id == id);
        if let Some((place, key)) = idle {
            self.push_idle(place, key);
        }
    }

    /// Puts a key into the queue. Does nothing if the key is in it or is kept.
    pub(super) fn push_idle(&mut self, place: Place, key: Key) {
        if key.in_idle_queue || key.rights.kept {
            return;
        }
        self.keys.put(place, &Key { in_idle_queue: true, next_idle: 0, ..key });
        let Queue { first, last } = self.state.idle_queue();
        match self.keys.get(last) {
            Some(tail) => {
                self.keys.put(last, &Key { next_idle: place, ..tail });
                self.state.set_idle_queue(Queue { first, last: place });
            }
            None => self.state.set_idle_queue(Queue { first: place, last: place }),
        }
    }

    /// The second (unix time) at which the timer forgets keys: a full minute. `None`: there is nothing to forget.
    pub fn next_idle_sweep(&self) -> Option<u64> {
        self.next_idle_due().map(|second| second.next_multiple_of(EXPIRY_STEP_SECONDS))
    }

    /// The second from which the first key of the queue may leave it. A key that is no longer idle may leave at
    /// once, so that it does not hold up the keys behind it.
    fn next_idle_due(&self) -> Option<u64> {
        let age = self.settings().idle_seconds.limit()?;
        let key = self.keys.get(self.state.idle_queue().first)?;
        let wait = if self.is_idle(&key) { age } else { 0 };
        Some(u64::from(key.head.last_time) + u64::from(wait))
    }

    /// Whether all messages of a key have been swept, and it is not marked as kept.
    fn is_idle(&self, key: &Key) -> bool {
        !key.rights.kept && key.head.last_id < self.inbox.reclaimed_id()
    }

    /// Forgets idle keys at `now` while `go_on` returns true, within the stable memory that one execution may touch.
    pub fn forget_while(&mut self, now: u32, mut go_on: impl FnMut() -> bool) -> Result<(), Damaged> {
        // A key that leaves the queue is looked up, and the neighbour of its node is written.
        let at_most = FORGET_PAGES / (self.pages_of_walk() + 2);
        for _ in 0..at_most {
            if !(self.next_idle_due().is_some_and(|due| due <= u64::from(now)) && go_on()) {
                break;
            }
            let queue = self.state.idle_queue();
            let place = queue.first;
            let Some(key) = self.keys.get(place) else { break };
            let rest = if place == queue.last { Queue::default() } else { Queue { first: key.next_idle, ..queue } };
            self.state.set_idle_queue(rest);
            let key = Key { in_idle_queue: false, next_idle: 0, ..key };
            self.keys.put(place, &key);
            if !self.is_idle(&key) {
                continue;
            }
            if key.waits_for_erasure() {
                self.push_idle(place, key);
                break;
            }
            self.forget(place, &key)?;
        }
        Ok(())
    }

    fn forget(&mut self, place: Place, key: &Key) -> Result<(), Damaged> {
        let Some(found) = self.find_for_change(key.id()).filter(|found| found.path.end() == Some(place)) else {
            return Err(Damaged { slot: place });
        };
        self.trie.remove(&found.path)?;
        self.keys.release(place)?;
        self.root_changed = true;
        Ok(())
    }
}
