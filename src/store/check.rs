//! Checks the invariants of `docs/invariants.md`, slice by slice: first the messages, then the keys, then the trie.

use super::keys::Key;
use super::read::KeyId;
use super::record::Record;
use super::{MessageStore, View};
use crate::api::{CheckCursor, CheckError, CheckReport, Id};
use crate::limits::MAX_CIPHERTEXT_BYTES;
use ic_stable_structures::Memory;
use proofs::hash;
use sha2::{Digest, Sha256};

/// Records, keys and nodes that one slice reads.
const SLICE_RECORDS: u32 = 5_000;
/// Bytes of ciphertext after which a slice stops. Its last message may exceed them.
const SLICE_BYTES: u64 = 8 << 20;

impl<M: Memory + Clone> View<'_, M> {
    /// Checks the next slice of the store against every invariant. If the report's `next` is `None`, the whole store
    /// has been checked, provided that nothing was changed between the slices.
    pub fn check(&self, from: CheckCursor) -> Result<CheckReport, CheckError> {
        self.indexed().map_err(CheckError::Unavailable)?;
        let last = self.inbox.next_id() - 1;
        if from.id > last.saturating_add(1) {
            return Err(CheckError::UnknownId { id: from.id, last });
        }
        let mut slice = Slice { store: self, records: 0, bytes: 0, checked: 0, violations: Vec::new() };
        let next = slice.run(from);
        if next.is_none() {
            slice.check_totals();
        }
        Ok(CheckReport { checked: slice.checked, next, violations: slice.violations })
    }
}

struct Slice<'a, M: Memory + Clone> {
    store: &'a View<'a, M>,
    records: u32,
    bytes: u64,
    checked: u32,
    violations: Vec<String>,
}

impl<M: Memory + Clone> Slice<'_, M> {
    /// Checks until the slice is full, and returns the start of the next one. Once it exceeds the places of keys, the
    /// cursor's `key` counts the trie's slots.
    fn run(&mut self, from: CheckCursor) -> Option<CheckCursor> {
        let (next_id, places) = (self.store.inbox.next_id(), self.store.keys.end());
        let end = places.saturating_add(self.store.trie.slots_end());
        let mut at = CheckCursor { id: from.id.max(self.store.first_id()).min(next_id), ..from };
        loop {
            if self.records >= SLICE_RECORDS || self.bytes >= SLICE_BYTES {
                return Some(at);
            }
            if at.id < next_id {
                self.check_message(at.id);
                self.checked += 1;
                at.id += 1;
            } else if at.key < places {
                self.check_key(at.key);
                at.key += 1;
            } else if at.key < end {
                self.check_trie(at.key - places);
                at.key += 1;
            } else {
                return None;
            }
        }
    }

    fn check_message(&mut self, id: Id) {
        let record = self.record(id);
        if record.id() != id || !record.is_known() {
            // The other fields of such a record have no known meaning.
            return self.violation(1, id, format!("its record has id {} or is of an unknown kind", record.id()));
        }
        self.check_payload(&record);
        let Some(key_id) = self.store.key_id(&record) else {
            // Without the key neither the list nor the pair can be found. `check_payload` has reported the extent.
            return;
        };
        match self.store.store().find_key(key_id.as_bytes()) {
            Some((_, key)) => {
                self.check_list(&record, &key);
                self.check_links(&record, &key);
            }
            None => self.violation(2, id, "its key is not known".to_string()),
        }
        self.check_look_ups(&record, &key_id);
    }

    /// The timestamps of invariant 1, and invariant 4.
    fn check_payload(&mut self, record: &Record) {
        let store = self.store;
        if record.id() > store.first_id() {
            let before = self.record(record.id() - 1);
            if before.timestamp() > record.timestamp() {
                let what = format!("stored at {}, before {}", record.timestamp(), before.timestamp());
                self.violation(1, record.id(), what);
            }
            if before.extent_end() != record.offset() {
                let what = format!("extent starts at {}, not at {}", record.offset(), before.extent_end());
                self.violation(4, record.id(), what);
            }
        }
        if record.extent_end() > store.payloads.end() {
            let what = format!("extent ends at {}, beyond the stream", record.extent_end());
            return self.violation(4, record.id(), what);
        }
        let (offset, len) = (record.offset(), record.ciphertext_len());
        if len > MAX_CIPHERTEXT_BYTES || !store.payloads.holds(offset, len) {
            let what = format!("{len} bytes at {offset} do not belong to a stored message");
            return self.violation(4, record.id(), what);
        }
        let mut ciphertext = vec![0; len];
        store.payloads.read(offset, &mut ciphertext);
        self.bytes += len as u64;
        if record.is_erased() {
            if ciphertext.iter().any(|byte| *byte != 0) {
                self.violation(4, record.id(), "is marked as overwritten, and is not".to_string());
            }
        } else if Sha256::digest(&ciphertext)[..] != *record.hash() {
            self.violation(4, record.id(), "its ciphertext has another hash".to_string());
        }
    }

    /// Invariant 2: each link has its counterpart, and the list ends at the key's newest message.
    fn check_list(&mut self, record: &Record, key: &Key) {
        let store = self.store;
        let id = record.id();
        if record.prev_id() >= id {
            self.violation(2, id, format!("prev_id {} is not older", record.prev_id()));
        } else if record.prev_id() >= store.first_id() {
            let before = self.record(record.prev_id());
            if before.next_id() != id || !store.has_key(&before, key.id()) {
                self.violation(2, id, format!("prev_id {} does not lead back", record.prev_id()));
            }
        }
        if record.next_id() == 0 {
            if key.head.last_id != id {
                self.violation(2, id, format!("ends its list, but the list ends at {}", key.head.last_id));
            }
        } else if record.next_id() <= id || !store.is_stored(record.next_id()) {
            self.violation(2, id, format!("next_id {} is not a newer message", record.next_id()));
        } else if self.record(record.next_id()).prev_id() != id {
            self.violation(2, id, format!("next_id {} does not lead back", record.next_id()));
        }
        if record.is_erased() && id > key.head.acknowledged_id {
            self.violation(2, id, "is overwritten, but not acknowledged".to_string());
        }
    }

    /// Invariant 7: rank, jump, bytes and chain values follow from the older messages and lead to the key's head.
    fn check_links(&mut self, record: &Record, key: &Key) {
        let store = self.store;
        let (id, prev) = (record.id(), record.prev_id());
        let link = store.links.get(id);
        let len = record.ciphertext_len() as u64;
        let stored = |id: Id| id >= store.first_id() && id < record.id();
        if prev == 0 {
            let label = store.state.salt().map(|salt| hash::label(salt, key.id())).unwrap_or_default();
            if link != super::links::Link::first(label, len) {
                let has = format!("rank {}, {} bytes and a jump to {}", link.rank, link.bytes, link.jump.id);
                self.violation(
                    7,
                    id,
                    format!("is its key's first message, but its link is not a first one: it has {has}"),
                );
            }
        } else if stored(prev) {
            let before = store.links.get(prev);
            if Some(link.rank) != before.rank.checked_add(1) || link.bytes != before.bytes.saturating_add(len) {
                self.violation(7, id, format!("rank or bytes do not follow those of message {prev}"));
            }
            if link.chains.prev != store.chain_of(prev) {
                self.violation(7, id, format!("does not commit to message {prev}"));
            }
        }
        let jump = link.jump;
        if jump.id >= id || jump.rank >= link.rank || (jump.id == 0) != (prev == 0) {
            self.violation(7, id, format!("jumps to message {}, which is not older", jump.id));
        } else if stored(jump.id)
            && (store.links.get(jump.id).rank != jump.rank || link.chains.jump != store.chain_of(jump.id))
        {
            self.violation(7, id, format!("does not commit to message {}, to which it jumps", jump.id));
        }
        let head = &key.head;
        let (of_head, own) = ((head.rank, head.last_time, key.bytes), (link.rank, record.timestamp(), link.bytes));
        if head.last_id == id && (of_head != own || head.chain != store.chain_of(id)) {
            let numbers = format!("rank, time and bytes {own:?}, and in the head {of_head:?}");
            self.violation(
                7,
                id,
                format!("is its key's newest message, but the key's head has other values: {numbers}"),
            );
        }
    }

    /// Invariant 3: a lookup by pair finds the message, and a lookup by hash finds the newest message with that hash.
    fn check_look_ups(&mut self, record: &Record, key_id: &KeyId) {
        let store = self.store;
        let Some(newest) = store.find_newest(record.hash()) else {
            return self.violation(3, record.id(), "not found by its hash".to_string());
        };
        if newest < record.id() {
            self.violation(3, record.id(), format!("its hash finds the older message {newest}"));
        }
        let key = store.indexes.fingerprints.key(key_id.as_bytes());
        let found = store.find_pair_beside(newest, record.hash(), key, key_id.as_bytes(), store.first_id());
        if found != Some(record.id()) {
            self.violation(3, record.id(), format!("its key and hash find {found:?}"));
        }
    }

    /// Invariant 8 of one key: its label leads to it, and its numbers are possible.
    fn check_key(&mut self, place: u32) {
        self.records += 1;
        let Some(key) = self.store.keys.get(place) else { return };
        let head = &key.head;
        let leads_there = self.store.store().find_key(key.id()).is_some_and(|(found, _)| found == place);
        let possible = key.is_sound(self.store.inbox.next_id());
        let floor = self.store.floor(&key);
        let oldest_is_it = || key.oldest_id == self.store.oldest_from(head.last_id, |id| id >= floor);
        // The walk relies on the numbers, so they must be possible.
        let sound = leads_there
            && possible
            && (key.oldest_id < floor || (floor..=head.last_id).contains(&key.oldest_id) && oldest_is_it());
        if !sound {
            let what = if leads_there {
                format!(
                    "wrong numbers: newest id {}, acknowledged {}, overwritten {}, oldest {}; rank {}, acknowledged {}",
                    head.last_id, head.acknowledged_id, key.erased_id, key.oldest_id, head.rank, head.acknowledged_rank
                )
            } else {
                "its label does not lead to it".to_string()
            };
            self.violations.push(format!("invariant 8, key at place {place}: {what}"));
        }
    }

    /// Invariant 8 of one slot of the trie.
    fn check_trie(&mut self, slot: u32) {
        self.records += 1;
        let store: &MessageStore<M> = self.store;
        let leaf = |place| Some(hash::entry(&store.label_at(place)?, &store.keys.get(place)?.head.value()));
        if let Err(found) = store.trie.check(slot, leaf) {
            self.violations.push(format!("invariant 8, slot {} of the trie: {:?}", found.slot, found.fault));
        }
    }

    /// Invariants 3 and 8, "nothing else is found": everything has been found, so equal totals exclude further entries.
    fn check_totals(&mut self) {
        let inbox = &self.store.inbox;
        // Dropped messages stay in the index until they are swept. A rebuild leaves them out.
        let live = u64::from(inbox.next_id() - inbox.first_id());
        let there = u64::from(inbox.next_id() - inbox.reclaimed_id());
        let hashes = self.store.indexes.entries();
        if !(live..=there).contains(&hashes) {
            let found = format!("{live} messages, but {hashes} in the hash index");
            self.violation(3, inbox.next_id() - 1, found);
        }
        let (keys, leaves) = (self.store.keys.len(), self.store.trie.len());
        if keys != leaves {
            self.violations.push(format!("invariant 8: {keys} keys, but {leaves} leaves"));
        }
    }

    fn record(&mut self, id: Id) -> Record {
        self.records += 1;
        self.store.inbox.record(id)
    }

    fn violation(&mut self, invariant: u32, id: Id, what: String) {
        self.violations.push(format!("invariant {invariant}, message {id}: {what}"));
    }
}
