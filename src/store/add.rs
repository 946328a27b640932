//! Adding messages: check the input, hash, look up, make room, write.

use super::MessageStore;
use super::index::List;
use super::index::hashes::Displaced;
use super::record::{NewRecord, Record, split_key};
use super::retention::Coming;
use crate::api::{AddError, Added, BatchError, Id, NewMessage, OtherError, TooLong};
use crate::limits::{MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, SWEPT_BY_ADD};
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};

/// The code of [`OtherError`] if a stored message is damaged.
const DAMAGED_MESSAGE: u32 = 1;

/// An item of a batch, borrowed from the call's argument.
#[derive(Clone, Copy, Debug)]
pub struct NewMessageRef<'a> {
    /// The key id to store under.
    pub key_id: &'a [u8],
    /// The sealed message.
    pub ciphertext: &'a [u8],
}

impl<'a> From<&'a NewMessage> for NewMessageRef<'a> {
    fn from(message: &'a NewMessage) -> Self {
        Self { key_id: &message.key_id, ciphertext: &message.ciphertext }
    }
}

impl<M: Memory + Clone> MessageStore<M> {
    /// Stores a ciphertext under a key. Its timestamp is `now` (unix seconds) or the last timestamp, whichever is
    /// later. If the pair is already live, returns its id as a duplicate and changes nothing.
    pub fn add_message(&mut self, key_id: &[u8], ciphertext: &[u8], now: u32) -> Result<Added, AddError> {
        check_lengths(key_id.len(), ciphertext.len())?;
        self.indexed().map_err(AddError::Unavailable)?;

        let hash: [u8; 32] = Sha256::digest(ciphertext).into();
        let key = self.indexes.fingerprints.key(key_id);
        let newest = self.indexes.fingerprints.newest(&hash);
        let live_from = self.first_unexpired(|| now);
        // A dropped message that is not swept yet is displaced as the newest, too.
        let same_hash = self.find_newest(newest, &hash, self.inbox.reclaimed_id());
        if let Some(same_hash) = same_hash.filter(|&same_hash| same_hash >= live_from)
            && let Some(id) = self.find_pair_beside(same_hash, &hash, key, key_id, live_from)
        {
            return Ok(Added { id, duplicate: true });
        }
        let displaced = same_hash.map(|id| self.displaced(id, &hash)).transpose()?;
        let (list, prev_id) = match self.find_key(key, key_id, live_from) {
            Some((place, head)) => (List::Open(place), head.max_id),
            None => (List::New(key), 0),
        };

        let id = self.inbox.next_id();
        if id > self.capacity.last_id {
            return Err(AddError::IdsExhausted { last: self.capacity.last_id });
        }
        let index_full = AddError::IndexFull { max: self.capacity.index_entries };
        let entries = if prev_id == 0 { 3 } else { 1 };
        if self.indexes.entries() + entries > self.capacity.index_entries {
            return Err(index_full);
        }
        let (_, tail) = split_key(key_id);
        let extent = (ciphertext.len() + tail.len()) as u64;
        let first_id = self.first_within(&self.settings(), live_from, Coming { messages: 1, extent });
        let payload_pages = self.payloads.pages_missing(extent).ok_or(AddError::StorageFull)?;
        self.indexes.reserve(newest, displaced, list).map_err(|_| index_full)?;
        self.memory.grow(self.inbox.pages_missing(), payload_pages, 0).map_err(|_| AddError::StorageFull)?;

        // Nothing below can fail.
        let offset = self.payloads.append(ciphertext, tail);
        self.inbox.append(&Record::new(NewRecord {
            id,
            timestamp: now.max(self.inbox.last_timestamp()),
            key_id,
            prev_id,
            hash: &hash,
            offset,
            len: ciphertext.len() as u32,
        }));
        if prev_id != 0 {
            self.inbox.set_next(prev_id, id);
        }
        self.indexes.insert(newest, displaced, list, id);
        self.inbox.drop_below(first_id);
        self.sweep(SWEPT_BY_ADD);
        Ok(Added { id, duplicate: false })
    }

    /// The entry that moves: message `id`, the newest with `hash` so far, will be filed under its pair.
    fn displaced(&self, id: Id, hash: &[u8; 32]) -> Result<Displaced, AddError> {
        let key_id = self.key_id(&self.inbox.record(id)).ok_or_else(|| AddError::Other(damaged(id)))?;
        let key = self.indexes.fingerprints.key(key_id.as_bytes());
        Ok(Displaced { id, pair: self.indexes.fingerprints.pair(key, hash) })
    }

    /// Stores the items of a batch one after the other. An item that fails does not affect the others.
    pub fn add_messages(
        &mut self,
        batch: &[NewMessageRef<'_>],
        now: u32,
    ) -> Result<Vec<Result<Added, AddError>>, BatchError> {
        if batch.len() > MAX_BATCH_MESSAGES {
            return Err(batch_too_long(batch.len()));
        }
        self.indexed().map_err(BatchError::Unavailable)?;
        Ok(batch.iter().map(|item| self.add_message(item.key_id, item.ciphertext, now)).collect())
    }
}

/// The error if the key of a damaged message is needed.
fn damaged(id: Id) -> OtherError {
    OtherError { code: DAMAGED_MESSAGE, message: format!("message {id}, which has the same ciphertext, is damaged") }
}

/// The error of a batch with too many items.
pub fn batch_too_long(length: usize) -> BatchError {
    BatchError::BatchTooLong(too_long(length, MAX_BATCH_MESSAGES))
}

/// Checks whether a key id and a ciphertext of these lengths, in bytes, can be stored.
pub fn check_lengths(key_id: usize, ciphertext: usize) -> Result<(), AddError> {
    check_key_length(key_id).map_err(AddError::KeyIdLength)?;
    if ciphertext == 0 {
        return Err(AddError::CiphertextEmpty);
    }
    if ciphertext > MAX_CIPHERTEXT_BYTES {
        return Err(AddError::CiphertextTooLarge(too_long(ciphertext, MAX_CIPHERTEXT_BYTES)));
    }
    Ok(())
}

/// Checks whether a key id may have this length, in bytes.
pub(super) fn check_key_length(length: usize) -> Result<(), TooLong> {
    if (1..=MAX_KEY_ID_BYTES).contains(&length) { Ok(()) } else { Err(too_long(length, MAX_KEY_ID_BYTES)) }
}

/// A length and its limit as an error carries them.
pub(super) fn too_long(length: usize, max: usize) -> TooLong {
    TooLong { length: u32::try_from(length).unwrap_or(u32::MAX), max: max as u32 }
}
