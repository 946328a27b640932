//! Reading messages: a record together with its payload.

#![allow(clippy::indexing_slicing, reason = "lengths are those of records that were validated")]

use super::record::{KEY_HEAD_BYTES, Record, split_key};
use super::words::equal;
use super::{MessageStore, View};
use crate::api::{Found, GetError, Id, Message};
use crate::limits::MAX_KEY_ID_BYTES;
use ic_stable_structures::Memory;
use serde_bytes::ByteBuf;

/// A key id, read from record and payload.
pub(super) struct KeyId {
    bytes: [u8; MAX_KEY_ID_BYTES],
    len: usize,
}

impl KeyId {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl<M: Memory + Clone> View<'_, M> {
    /// The message with this id.
    pub fn get_message_by_id(&self, id: Id) -> Result<Found, GetError> {
        self.record_by_id(id).map(|record| self.found(&record))
    }

    /// The newest message whose ciphertext has this SHA-256.
    pub fn get_message_by_hash(&self, hash: &[u8]) -> Result<Found, GetError> {
        self.record_by_hash(hash).map(|record| self.found(&record))
    }

    /// The record of the message with this id. A caller who may not see its key does not even learn that the id is
    /// assigned.
    pub fn record_by_id(&self, id: Id) -> Result<Record, GetError> {
        let last = self.inbox.next_id() - 1;
        if !self.sees_all() {
            let is_stored = self.is_stored(id);
            // If the message is not there, another one is read, so that both cases cost the same.
            let seen = match if is_stored { id } else { last } {
                stored if self.is_stored(stored) => Some(self.inbox.record(stored)),
                _ => None,
            };
            let sees = seen.as_ref().map_or(Ok(false), |record| self.sees_key_of(record)).map_err(GetError::Other)?;
            let record = seen.filter(|_| sees && is_stored).ok_or(GetError::UnknownId { id, last: 0 })?;
            return if self.is_acknowledged(&record) { Err(self.dropped()) } else { Ok(record) };
        }
        if id == 0 || id > last {
            return Err(GetError::UnknownId { id, last });
        }
        if !self.is_stored(id) {
            return Err(self.dropped());
        }
        let record = self.inbox.record(id);
        if self.is_acknowledged(&record) { Err(self.dropped()) } else { Ok(record) }
    }

    /// The record of the newest message whose ciphertext has this SHA-256. If that message was acknowledged, the result is
    /// `NotFound`, even if older messages of other keys have the same hash and are live. Those are found by key and hash.
    pub fn record_by_hash(&self, hash: &[u8]) -> Result<Record, GetError> {
        let hash = hash_bytes(hash).map_err(|length| GetError::HashLength { length, expected: 32 })?;
        if !self.sees_all() {
            return Err(GetError::NotFound);
        }
        self.indexed().map_err(GetError::Unavailable)?;
        let record = self.find_newest(&hash).map(|id| self.inbox.record(id));
        record.filter(|record| !self.is_acknowledged(record)).ok_or(GetError::NotFound)
    }

    fn dropped(&self) -> GetError {
        GetError::Dropped { first_id: self.first_id() }
    }

    fn found(&self, record: &Record) -> Found {
        Found { message: self.message(record), first_id: self.first_id(), proof: None }
    }

    /// A record with its payload.
    pub fn message(&self, record: &Record) -> Message {
        let (mut key_id, mut ciphertext) = (Vec::new(), Vec::new());
        self.append_key_id(record, &mut key_id);
        self.append_ciphertext(record, &mut ciphertext);
        Message {
            id: record.id(),
            timestamp: record.timestamp(),
            key_id: ByteBuf::from(key_id),
            next_id: record.next_id(),
            prev_id: record.prev_id(),
            hash: ByteBuf::from(*record.hash()),
            ciphertext: ByteBuf::from(ciphertext),
        }
    }
}

impl<M: Memory + Clone> MessageStore<M> {
    /// Appends a record's ciphertext to `bytes`.
    pub fn append_ciphertext(&self, record: &Record, bytes: &mut Vec<u8>) {
        self.payloads.append_to(record.offset(), record.ciphertext_len(), bytes);
    }

    /// Appends a record's key id to `bytes`.
    pub fn append_key_id(&self, record: &Record, bytes: &mut Vec<u8>) {
        let tail_len = record.tail_len();
        if tail_len > 0 {
            bytes.extend_from_slice(record.key_head());
            self.payloads.append_to(record.tail_offset(), tail_len, bytes);
        } else {
            bytes.extend_from_slice(&record.key_head()[..record.key_len()]);
        }
    }

    /// The key id of a record. Reads its tail once, if it has one. `None`: the record is damaged, because its tail is
    /// not in the stream.
    pub(super) fn key_id(&self, record: &Record) -> Option<KeyId> {
        let len = record.key_len().min(MAX_KEY_ID_BYTES);
        let mut bytes = [0; MAX_KEY_ID_BYTES];
        bytes[..KEY_HEAD_BYTES].copy_from_slice(record.key_head());
        if len > KEY_HEAD_BYTES {
            let tail = &mut bytes[KEY_HEAD_BYTES..len];
            if !self.payloads.holds(record.tail_offset(), tail.len()) {
                return None;
            }
            self.payloads.read(record.tail_offset(), tail);
        }
        Some(KeyId { bytes, len })
    }

    /// Whether a record has this key. Its tail is read only if its length and first bytes match.
    pub(super) fn has_key(&self, record: &Record, key_id: &[u8]) -> bool {
        let (head, tail) = split_key(key_id);
        record.key_len() == key_id.len() && equal(record.key_head(), &head) && self.has_tail(record, tail)
    }

    /// Whether `tail` follows the first 23 bytes of a record's key id. False for a damaged record. Precondition: both
    /// key ids have the same length.
    fn has_tail(&self, record: &Record, tail: &[u8]) -> bool {
        if tail.is_empty() {
            return true;
        }
        let mut bytes = [0; MAX_KEY_ID_BYTES - KEY_HEAD_BYTES];
        let stored = &mut bytes[..tail.len()];
        if !self.payloads.holds(record.tail_offset(), tail.len()) {
            return false;
        }
        self.payloads.read(record.tail_offset(), stored);
        equal(stored, tail)
    }
}

/// A hash as an array; the error is the length if it is not 32.
pub(super) fn hash_bytes(hash: &[u8]) -> Result<[u8; 32], u32> {
    hash.try_into().map_err(|_| u32::try_from(hash.len()).unwrap_or(u32::MAX))
}
