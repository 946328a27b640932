//! Look-ups by key, by hash and by pair. A fingerprint finds candidates. The record confirms one.

use super::add::{check_key_length, too_long};
use super::keys::{Key, Place};
use super::read::hash_bytes;
use super::words::equal;
use super::{MessageStore, View};
use crate::api::{Id, KeyHead, LookupError};
use crate::limits::MAX_LOOKUP_ITEMS;
use canister_base::table::Fingerprint;
use ic_stable_structures::Memory;
use proofs::hash::{self, Hash};
use stable::Damaged;

/// A pair to look up, borrowed from the call's argument.
#[derive(Clone, Copy, Debug)]
pub struct StoredRef<'a> {
    /// The key id.
    pub key_id: &'a [u8],
    /// SHA-256 of the ciphertext.
    pub hash: &'a [u8],
}

impl<M: Memory + Clone> View<'_, M> {
    /// The lowest stored id; 0: the store is empty, or the caller does not see the whole store.
    pub fn get_min_message_id(&self) -> Id {
        if self.stored() == 0 || !self.sees_all() { 0 } else { self.first_id() }
    }

    /// The highest stored id; 0: the store is empty, or the caller does not see the whole store.
    pub fn get_max_message_id(&self) -> Id {
        if self.stored() == 0 || !self.sees_all() { 0 } else { self.inbox.next_id() - 1 }
    }

    /// The lowest live id of a key; `None`: the key has no live message, or the caller sees no such key.
    pub fn get_min_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        Ok(self.get_key_head(key_id)?.map(|head| head.min_id).filter(|id| *id != 0))
    }

    /// The highest live id of a key; `None`: the key has no live message, or the caller sees no such key.
    pub fn get_max_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        check_key_length(key_id.len()).map_err(LookupError::KeyIdLength)?;
        let found = self.find_key(key_id).map_err(LookupError::Other)?;
        let live = found.filter(|key| key.head.last_id >= self.floor(key));
        Ok(live.map(|key| key.head.last_id))
    }

    /// The head of one key; `None`: the caller sees no such key.
    pub fn get_key_head(&self, key_id: &[u8]) -> Result<Option<KeyHead>, LookupError> {
        check_key_length(key_id.len()).map_err(LookupError::KeyIdLength)?;
        let found = self.find_key(key_id).map_err(LookupError::Other)?;
        Ok(found.map(|key| {
            let oldest = self.oldest_live(&key, self.floor(&key));
            let live = self.live_from(&key, oldest);
            KeyHead {
                min_id: live.min_id,
                max_id: live.max_id,
                count: live.count,
                bytes: live.bytes,
                rank: key.head.rank,
                acknowledged_id: key.head.acknowledged_id,
                quota: self.quota_of(&key),
                full_since: self.full_since(&key, oldest),
            }
        }))
    }

    /// The heads of several keys, in their order.
    pub fn get_key_heads(&self, key_ids: &[&[u8]]) -> Result<Vec<Option<KeyHead>>, LookupError> {
        check_items(key_ids.len())?;
        key_ids.iter().map(|key_id| self.get_key_head(key_id)).collect()
    }

    /// The ids of several pairs, in their order; `None`: the pair is not stored.
    pub fn has_messages(&self, pairs: &[StoredRef<'_>]) -> Result<Vec<Option<Id>>, LookupError> {
        check_items(pairs.len())?;
        self.indexed().map_err(LookupError::Unavailable)?;
        pairs
            .iter()
            .map(|pair| {
                check_key_length(pair.key_id.len()).map_err(LookupError::KeyIdLength)?;
                let hash = hash_bytes(pair.hash).map_err(|length| LookupError::HashLength { length, expected: 32 })?;
                if !self.sees_all() && self.find_key(pair.key_id).map_err(LookupError::Other)?.is_none() {
                    return Ok(None);
                }
                let key = self.indexes.fingerprints.key(pair.key_id);
                let newest = self.find_newest(&hash);
                Ok(newest.and_then(|newest| self.find_pair_beside(newest, &hash, key, pair.key_id, self.first_id())))
            })
            .collect()
    }
}

impl<M: Memory + Clone> MessageStore<M> {
    /// The place and record of a key. In a damaged trie no key is found.
    pub(super) fn find_key(&self, key_id: &[u8]) -> Option<(Place, Key)> {
        self.find_leaf(key_id).filter(|(_, key)| key.has_id(key_id))
    }

    /// The key at which the way of a key id through the trie ends: the one with this id if it is there, else another.
    pub(super) fn find_leaf(&self, key_id: &[u8]) -> Option<(Place, Key)> {
        self.leaf_of(&hash::label(self.state.salt()?, key_id))
    }

    /// The key at which the way of a label through the trie ends.
    pub(super) fn leaf_of(&self, label: &Hash) -> Option<(Place, Key)> {
        let place = self.trie.find(label).ok()??;
        Some((place, self.keys.get(place)?))
    }

    /// Whether a key's numbers are possible.
    pub(super) fn sound(&self, place: Place, key: &Key) -> Result<(), Damaged> {
        if key.is_sound(self.inbox.next_id()) { Ok(()) } else { Err(Damaged { slot: place }) }
    }

    /// The newest message with a hash. `None` if it is below `first`: then all messages with this hash are.
    pub(super) fn find_newest(&self, fingerprint: Fingerprint, hash: &[u8; 32], first: Id) -> Option<Id> {
        self.indexes.hashes.find(fingerprint, |id| id >= first && equal(&self.inbox.hash(id), hash))
    }

    /// The message with this key and hash, if it is not below `first`. `newest` is the newest message with the hash.
    pub(super) fn find_pair_beside(
        &self,
        newest: Id,
        hash: &[u8; 32],
        key: Fingerprint,
        key_id: &[u8],
        first: Id,
    ) -> Option<Id> {
        if self.has_key(&self.inbox.record(newest), key_id) {
            return Some(newest);
        }
        self.indexes.hashes.find(self.indexes.fingerprints.pair(key, hash), |id| {
            if id < first {
                return false;
            }
            let record = self.inbox.record(id);
            equal(record.hash(), hash) && self.has_key(&record, key_id)
        })
    }
}

fn check_items(length: usize) -> Result<(), LookupError> {
    if length <= MAX_LOOKUP_ITEMS { Ok(()) } else { Err(items_too_long(length)) }
}

/// The error of a lookup with too many items.
pub fn items_too_long(length: usize) -> LookupError {
    LookupError::BatchTooLong(too_long(length, MAX_LOOKUP_ITEMS))
}
