//! Checks the invariants of `docs/invariants.md`, slice by slice.

use super::View;
use super::read::KeyId;
use super::record::Record;
use crate::api::{CheckCursor, CheckError, CheckReport, Id, Progress};
use crate::limits::MAX_CIPHERTEXT_BYTES;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};

/// Records that one slice reads, as messages or as steps along a list.
const SLICE_RECORDS: u32 = 5_000;
/// Bytes of ciphertext after which a slice stops. Its last message may exceed them.
const SLICE_BYTES: u64 = 8 << 20;

impl<M: Memory + Clone> View<'_, M> {
    /// Checks the next slice of the store against every invariant. If the report's `next` is `None`, the whole store
    /// has been checked, provided that nothing was added between the slices.
    pub fn check(&self, from: CheckCursor) -> Result<CheckReport, CheckError> {
        self.indexed().map_err(CheckError::Unavailable)?;
        let last = self.inbox.next_id() - 1;
        for id in [from.id, from.walk] {
            if id > last {
                return Err(CheckError::UnknownId { id, last });
            }
        }
        let mut slice = Slice { store: self, records: 0, bytes: 0, checked: 0, violations: Vec::new() };
        let next = slice.run(from).map_err(CheckError::Unavailable)?;
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
    /// Checks messages until the slice is full, and returns the start of the next slice. If this slice has followed too
    /// many links to dropped messages, the next one starts with the message that needs more of them.
    ///
    /// # Errors
    ///
    /// If the first message of the slice needs more links to dropped messages than one call follows.
    fn run(&mut self, from: CheckCursor) -> Result<Option<CheckCursor>, Progress> {
        let inbox = &self.store.inbox;
        let mut at = from;
        // If that message was dropped since, the check restarts at the oldest live message.
        if at.id < self.store.first_id() || at.walk != 0 && at.walk < at.id {
            at = CheckCursor { id: at.id.max(self.store.first_id()), walk: 0, counted: 0 };
        }
        let first = at;
        while at.id < inbox.next_id() {
            if self.records >= SLICE_RECORDS || self.bytes >= SLICE_BYTES {
                return Ok(Some(at));
            }
            let (start, found) = (at, self.violations.len());
            let step = self.step(&mut at);
            if let Err(waits) = step {
                if start == first {
                    return Err(waits);
                }
                self.violations.truncate(found);
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    /// Checks one message, or takes one step along a list.
    fn step(&mut self, at: &mut CheckCursor) -> Result<(), Progress> {
        if at.walk == 0 {
            let record = self.record(at.id);
            self.check_message(at.id, &record)?;
            self.checked += 1;
            // This is the first message of a list: walk the list to its end and count.
            (at.walk, at.counted) = if record.prev_id() < self.store.first_id() { (at.id, 0) } else { (0, 0) };
        } else {
            let record = self.record(at.walk);
            at.counted += 1;
            if !self.links_forward(&record) {
                self.check_count(&record, at.counted)?;
                at.walk = 0;
            } else {
                at.walk = record.next_id();
            }
        }
        if at.walk == 0 {
            at.id += 1;
        }
        Ok(())
    }

    fn check_message(&mut self, id: Id, record: &Record) -> Result<(), Progress> {
        if record.id() != id || !record.is_known() {
            // No other field of such a record has a known meaning.
            self.violation(1, id, format!("its record has id {} or is of an unknown kind", record.id()));
            return Ok(());
        }
        self.check_payload(record);
        let Some(key_id) = self.store.key_id(record) else {
            // Without its key neither list nor pair can be found. `check_payload` has reported the extent.
            return Ok(());
        };
        self.check_links(record, &key_id)?;
        self.check_look_ups(record, &key_id);
        Ok(())
    }

    /// The timestamps of invariant 1, and invariant 4.
    fn check_payload(&mut self, record: &Record) {
        let store = self.store;
        if record.id() > store.first_id() {
            let before = self.record(record.id() - 1);
            if before.timestamp() > record.timestamp() {
                self.violation(
                    1,
                    record.id(),
                    format!("stored at {}, before {}", record.timestamp(), before.timestamp()),
                );
            }
            if before.extent_end() != record.offset() {
                self.violation(
                    4,
                    record.id(),
                    format!("extent starts at {}, not at {}", record.offset(), before.extent_end()),
                );
            }
        }
        if record.extent_end() > store.payloads.end() {
            return self.violation(
                4,
                record.id(),
                format!("extent ends at {}, beyond the stream", record.extent_end()),
            );
        }
        if record.ciphertext_len() > MAX_CIPHERTEXT_BYTES
            || !store.payloads.holds(record.offset(), record.ciphertext_len())
        {
            let (offset, len) = (record.offset(), record.ciphertext_len());
            return self.violation(4, record.id(), format!("{len} bytes at {offset} do not belong to a live message"));
        }
        let mut ciphertext = vec![0; record.ciphertext_len()];
        store.payloads.read(record.offset(), &mut ciphertext);
        self.bytes += record.ciphertext_len() as u64;
        if Sha256::digest(&ciphertext)[..] != *record.hash() {
            self.violation(4, record.id(), "its ciphertext has another hash".to_string());
        }
    }

    /// Invariant 2: each link has its counterpart, and the list ends where its head says.
    fn check_links(&mut self, record: &Record, key_id: &KeyId) -> Result<(), Progress> {
        let store = self.store;
        let fingerprint = store.indexes.fingerprints.key(key_id.as_bytes());
        let Some((_, head)) = store.find_key(fingerprint, key_id.as_bytes()) else {
            self.violation(2, record.id(), "its key is not indexed".to_string());
            return Ok(());
        };
        let first_id = store.first_id();
        if record.prev_id() < first_id {
            let head = store.live_head(head)?;
            if head.min_id != record.id() {
                self.violation(2, record.id(), format!("opens its list, but the list starts at {}", head.min_id));
            }
        } else if record.prev_id() >= record.id() {
            self.violation(2, record.id(), format!("prev_id {} is not older", record.prev_id()));
        } else {
            let before = self.record(record.prev_id());
            if before.next_id() != record.id() || !store.has_key(&before, key_id.as_bytes()) {
                self.violation(2, record.id(), format!("prev_id {} does not lead back", record.prev_id()));
            }
        }
        if record.next_id() == 0 {
            if head.max_id != record.id() {
                self.violation(2, record.id(), format!("ends its list, but the list ends at {}", head.max_id));
            }
        } else if record.next_id() <= record.id() || !store.is_live(record.next_id()) {
            self.violation(2, record.id(), format!("next_id {} is not a newer message", record.next_id()));
        } else if self.record(record.next_id()).prev_id() != record.id() {
            self.violation(2, record.id(), format!("next_id {} does not lead back", record.next_id()));
        }
        Ok(())
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

    fn check_count(&mut self, last: &Record, counted: u32) -> Result<(), Progress> {
        let Some(key_id) = self.store.key_id(last) else {
            // `check_payload` reports it when the message itself is checked.
            return Ok(());
        };
        let fingerprint = self.store.indexes.fingerprints.key(key_id.as_bytes());
        let found = self.store.find_key(fingerprint, key_id.as_bytes());
        let head = found.map(|(_, head)| self.store.live_head(head)).transpose()?;
        let count = head.map_or(0, |head| head.count);
        if count != counted {
            self.violation(2, last.id(), format!("its list has {counted} messages and a count of {count}"));
        }
        Ok(())
    }

    /// Invariant 3, "nothing else is found": every message has been found, so equal totals exclude further entries.
    fn check_totals(&mut self) {
        // Dropped messages stay in the indexes until they are swept.
        let there = u64::from(self.store.inbox.next_id() - self.store.inbox.reclaimed_id());
        let hashes = self.store.indexes.hashes.len();
        let listed: u64 = self.store.indexes.keys.heads().map(|head| u64::from(head.count)).sum();
        if hashes != there || listed != there {
            let found = format!("{there} messages, but {hashes} in the hash index and {listed} in lists");
            self.violation(3, self.store.inbox.next_id() - 1, found);
        }
    }

    fn links_forward(&self, record: &Record) -> bool {
        record.next_id() > record.id() && self.store.is_live(record.next_id())
    }

    fn record(&mut self, id: Id) -> Record {
        self.records += 1;
        self.store.inbox.record(id)
    }

    fn violation(&mut self, invariant: u32, id: Id, what: String) {
        self.violations.push(format!("invariant {invariant}, message {id}: {what}"));
    }
}
