//! Adding messages: check the input, hash, look up, decide, make room, write.

use super::MessageStore;
use super::index::hashes::Displaced;
use super::keys::{Key, Place};
use super::links::Link;
use super::record::{NewRecord, Record, split_key};
use super::retention::Coming;
use super::rights::NotOpened;
use crate::access::owner::owns;
use crate::access::{Caller, KeyRights, Sight, policy};
use crate::api::{AddError, Added, BatchError, Id, NewMessage, OtherError, Progress, TooLong};
use crate::limits::{MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, SWEPT_BY_ADD};
use crate::memory::Growth;
use candid::Principal;
use ic_stable_structures::Memory;
use proofs::chain::{Fields, Links};
use proofs::hash::{self, Hash};
use sha2::{Digest, Sha256};
use stable::Damaged;
use stable::trie::Path;

/// The code of [`OtherError`] if a stored message or key is damaged.
pub(super) const DAMAGED: u32 = 1;

/// A message to store, borrowed from the call's argument.
#[derive(Clone, Copy, Debug)]
pub struct NewMessageRef<'a> {
    /// The key id to store under.
    pub key_id: &'a [u8],
    /// The sealed message.
    pub ciphertext: &'a [u8],
    /// The secret that the key's owner gave to the sender.
    pub send_key: Option<&'a [u8]>,
}

impl<'a> From<&'a NewMessage> for NewMessageRef<'a> {
    fn from(message: &'a NewMessage) -> Self {
        Self {
            key_id: &message.key_id,
            ciphertext: &message.ciphertext,
            send_key: message.send_key.as_ref().map(|secret| &secret[..]),
        }
    }
}

/// A key to which something is written: its label, the label's path through the trie, and the leaf at which the path ends.
/// Invalid after any change of the store.
pub struct Found {
    pub(super) label: Hash,
    pub(super) path: Path,
    leaf: Option<(Place, Key)>,
    /// The leaf is the key's own.
    is_own: bool,
}

impl Found {
    /// Whether the store knows the key.
    pub fn is_there(&self) -> bool {
        self.is_own
    }

    /// Whether the key exists and a principal owns it. A key of somebody else costs as many instructions as a missing key.
    pub fn is_owned_by(&self, key_id: &[u8], principal: Principal) -> bool {
        self.leaf.as_ref().is_some_and(|(_, key)| self.is_own & owns(key_id, key.rights.owner, principal))
    }

    /// The key's place and record, if it has one.
    pub(super) fn key(&self) -> Option<&(Place, Key)> {
        self.leaf.as_ref().filter(|_| self.is_own)
    }

    /// The rights in the key's record.
    pub(super) fn rights(&self) -> KeyRights {
        self.key().map(|(_, key)| key.rights).unwrap_or_default()
    }
}

impl<M: Memory + Clone> MessageStore<M> {
    /// Stores a ciphertext under a key. Its timestamp is `now` (unix seconds) or the last timestamp, whichever is
    /// later. If the pair is already there, returns its id as a duplicate and changes nothing.
    pub fn add_message(&mut self, new: NewMessageRef<'_>, caller: &Caller, now: u32) -> Result<Added, AddError> {
        let NewMessageRef { key_id, ciphertext, .. } = new;
        check_lengths(key_id.len(), ciphertext.len())?;
        if self.refuses_adds(now) {
            return Err(AddError::Sealed);
        }
        let sight = Sight::new(self.settings().reads, caller);
        self.ready().map_err(|progress| AddError::Unavailable(sight.progress(progress)))?;
        if !policy::may_add(self.settings().writes, caller) {
            return Err(AddError::NotAllowed);
        }

        let hash: Hash = Sha256::digest(ciphertext).into();
        let pair_key = self.indexes.fingerprints.key(key_id);
        let newest = self.indexes.fingerprints.newest(&hash);
        let live_from = self.first_unexpired(|| now);
        // A dropped message that is not swept yet is displaced too.
        let same_hash = self.find_newest(newest, &hash, self.inbox.reclaimed_id());
        if let Some(same_hash) = same_hash.filter(|&same_hash| same_hash >= live_from)
            && let Some(id) = self.find_pair_beside(same_hash, &hash, pair_key, key_id, live_from)
        {
            let owner = || self.find_key(key_id).and_then(|(_, key)| key.rights.owner);
            return Ok(told(Added { id, duplicate: true }, sight, key_id, owner));
        }
        let displaced = same_hash.map(|id| self.displaced(id, &hash)).transpose()?;

        let found = self.find_for_change(key_id);
        let found = found.as_ref().ok_or(AddError::Unavailable(Progress { done: 0, total: 0 }))?;
        if let Some((place, key)) = found.key() {
            self.sound(*place, key).map_err(|damaged| AddError::Other(damaged_key(damaged)))?;
        }
        let id = self.inbox.next_id();
        if id > self.capacity.last_id {
            return Err(AddError::IdsExhausted { last: self.capacity.last_id });
        }
        let timestamp = now.max(self.inbox.last_timestamp());
        let new_key = !found.is_there();
        let mut key = match found.key() {
            Some((_, key)) => key.clone(),
            None => self.new_key(key_id, caller, timestamp).map_err(not_opened)?,
        };
        let len = ciphertext.len() as u32;
        let floor = live_from.max(key.head.acknowledged_id.saturating_add(1));
        self.admit(&mut key, caller, new.send_key, len, floor, timestamp)?;

        if self.indexes.entries() >= self.capacity.index_entries {
            return Err(AddError::IndexFull { max: self.capacity.index_entries });
        }
        let (_, tail) = split_key(key_id);
        let extent = u64::from(len) + tail.len() as u64;
        let first_id = self.first_within(live_from, Coming { messages: 1, extent });
        self.spare_the_young(first_id, live_from, now)?;
        let payload_pages = self.payloads.pages_missing(extent).ok_or(AddError::StorageFull)?;
        self.indexes.reserve(newest, displaced).map_err(|_| AddError::LowMemory)?;
        self.memory
            .grow(Growth {
                inbox: self.inbox.pages_missing(),
                links: self.links.pages_missing(id),
                payloads: payload_pages,
                keys: if new_key { self.keys.pages_missing() } else { 0 },
                trie: if new_key { self.trie.pages_missing(1) } else { 0 },
                state: 0,
                roles: 0,
            })
            .map_err(|_| AddError::StorageFull)?;

        let prev_id = key.head.last_id;
        let link = self.link_behind(&key, &found.label, u64::from(len));
        let fields = Fields { hash, id, prev_id, timestamp, len, rank: link.rank };
        key.head.chain = fields.chain(&link.chains);
        (key.head.last_id, key.head.last_time, key.head.rank) = (id, timestamp, link.rank);
        key.bytes = link.bytes;
        if prev_id < floor {
            key.oldest_id = id;
        }
        self.write_key(found, &key).map_err(|damaged| AddError::Other(damaged_key(damaged)))?;

        // Nothing below can fail.
        let offset = self.payloads.append(ciphertext, tail);
        self.inbox.append(&Record::new(NewRecord { id, timestamp, key_id, prev_id, hash: &hash, offset, len }));
        self.links.append(id, link);
        if prev_id >= self.inbox.reclaimed_id() {
            self.inbox.set_next(prev_id, id);
        }
        self.indexes.insert(newest, displaced, id);
        self.drop_below(first_id);
        self.sweep(SWEPT_BY_ADD);
        Ok(told(Added { id, duplicate: false }, sight, key_id, || key.rights.owner))
    }

    /// A key's record and its path through the trie, for a change. `None`: the salt has not been drawn yet, or the trie is
    /// damaged.
    pub(super) fn find_for_change(&self, key_id: &[u8]) -> Option<Found> {
        let label = hash::label(self.state.salt()?, key_id);
        let path = self.trie.walk(&label).ok()?;
        let leaf = path.end().and_then(|place| Some((place, self.keys.get(place)?)));
        let is_own = leaf.as_ref().is_some_and(|(_, key)| key.has_id(key_id));
        Some(Found { label, path, leaf, is_own })
    }

    /// As [`Self::find_for_change`], for a key that a principal owns. `None`: also if the key does not exist or the
    /// principal does not own it. A key of somebody else costs as many instructions as a missing key, because the
    /// path with its siblings is collected only for an owner.
    pub(super) fn find_owned(&self, key_id: &[u8], principal: Principal) -> Option<Found> {
        let label = hash::label(self.state.salt()?, key_id);
        let leaf = self.leaf_of(&label);
        let is_own = leaf.as_ref().is_some_and(|(_, key)| key.has_id(key_id));
        let is_owned = leaf.as_ref().is_some_and(|(_, key)| is_own & owns(key_id, key.rights.owner, principal));
        if !is_owned {
            return None;
        }
        Some(Found { path: self.trie.walk(&label).ok()?, label, leaf, is_own })
    }

    /// Writes a key's record and its leaf. A new key takes a new place in both memories.
    ///
    /// Preconditions: for a new key both memories have grown; `found` belongs to the present state. A failure changes
    /// nothing.
    pub(super) fn write_key(&mut self, found: &Found, key: &Key) -> Result<Place, Damaged> {
        let leaf = hash::entry(&found.label, &key.head.value());
        let place = match found.key() {
            Some((place, _)) => {
                self.trie.update(&found.path, &leaf);
                *place
            }
            None => {
                let other = found.path.end().and_then(|place| self.label_at(place));
                let place = self.keys.allocate()?;
                if let Err(damaged) = self.trie.insert(&found.path, other.as_ref(), place, &leaf) {
                    self.keys.release(place)?;
                    return Err(damaged);
                }
                place
            }
        };
        self.keys.put(place, key);
        self.root_changed = true;
        Ok(place)
    }

    /// The label of the key at a place.
    pub(super) fn label_at(&self, place: Place) -> Option<Hash> {
        Some(hash::label(self.state.salt()?, self.keys.get(place)?.id()))
    }

    /// The link of the next message of a key.
    fn link_behind(&self, key: &Key, label: &Hash, len: u64) -> Link {
        let head = &key.head;
        if head.rank == 0 {
            return Link::first(*label, len);
        }
        let prev = head.last_id;
        let (jump, jump_chain) = if prev < self.inbox.first_id() {
            (super::links::Target { id: prev, rank: head.rank }, head.chain)
        } else {
            let link = self.links.get(prev);
            let behind = (link.jump.id >= self.inbox.first_id()).then(|| self.links.get(link.jump.id));
            Link::jump_behind(prev, &link, head.chain, behind.as_ref())
        };
        let chains = Links { prev: head.chain, jump: jump_chain };
        Link { rank: head.rank.saturating_add(1), jump, bytes: key.bytes.saturating_add(len), chains }
    }

    /// The index entry to move: message `id` was the newest with `hash`, and will be filed under its pair.
    fn displaced(&self, id: Id, hash: &Hash) -> Result<Displaced, AddError> {
        let key_id = self.key_id(&self.inbox.record(id)).ok_or_else(|| AddError::Other(damaged(id)))?;
        let key = self.indexes.fingerprints.key(key_id.as_bytes());
        Ok(Displaced { id, pair: self.indexes.fingerprints.pair(key, hash) })
    }

    /// Stores the items of a batch one after the other. An item that fails does not affect the others.
    pub fn add_messages(
        &mut self,
        batch: &[NewMessageRef<'_>],
        caller: &Caller,
        now: u32,
    ) -> Result<Vec<Result<Added, AddError>>, BatchError> {
        if batch.len() > MAX_BATCH_MESSAGES {
            return Err(batch_too_long(batch.len()));
        }
        if self.refuses_adds(now) {
            return Err(BatchError::Sealed);
        }
        let sight = Sight::new(self.settings().reads, caller);
        self.ready().map_err(|progress| BatchError::Unavailable(sight.progress(progress)))?;
        Ok(batch.iter().map(|item| self.add_message(*item, caller, now)).collect())
    }
}

/// The reply to the sender of an add. It says nothing about a key that the sender may not see. `owner`: the one that the key's
/// record names.
fn told(added: Added, sight: Sight, key_id: &[u8], owner: impl FnOnce() -> Option<Principal>) -> Added {
    let sees = sight.is_all() || sight.may_see(key_id) && sight.sees(key_id, owner());
    if sees { added } else { Added { id: 0, duplicate: false } }
}

fn not_opened(error: NotOpened) -> AddError {
    match error {
        NotOpened::KeysFull { max } => AddError::KeysFull { max },
        NotOpened::StorageFull => AddError::StorageFull,
        NotOpened::LowMemory => AddError::LowMemory,
        NotOpened::Damaged(damaged) => AddError::Other(damaged_key(damaged)),
    }
}

/// The error if the key of message `id` is needed, but the message is damaged.
fn damaged(id: Id) -> OtherError {
    OtherError { code: DAMAGED, message: format!("message {id}, which has the same ciphertext, is damaged") }
}

/// The error if a key's record or the trie is damaged.
pub(super) fn damaged_key(damaged: Damaged) -> OtherError {
    OtherError { code: DAMAGED, message: format!("the key is damaged: {damaged}") }
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

/// A length and its limit, as errors carry them.
pub(super) fn too_long(length: usize, max: usize) -> TooLong {
    TooLong { length: u32::try_from(length).unwrap_or(u32::MAX), max: max as u32 }
}
