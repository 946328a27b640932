//! The reference model: it computes the canister's answers on plain vectors and maps.
//!
//! It shares only the interface's types, limits and settings with the canister. Its first caller is a controller, who
//! sees everything.

mod pages;
mod quota;
mod rights;

pub use rights::{Who, salted_key_id};

use candid::Principal;
use message_canister::api::*;
use message_canister::limits::{LAST_ID, MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, MAX_LOOKUP_ITEMS};
use message_canister::settings::Configuration;
use serde_bytes::ByteBuf;
use std::collections::{BTreeSet, HashMap};

use crate::support::sha256;

/// Bytes of a record, and bytes of a key id in it. `live_bytes` counts with them.
const RECORD_BYTES: u64 = 84;
const KEY_BYTES_IN_RECORD: usize = 23;

/// The whole store.
#[derive(Default)]
pub struct Model {
    /// The message with id n is at n - 1.
    messages: Vec<Entry>,
    keys: HashMap<Vec<u8>, Known>,
    /// Each (key id, ciphertext).
    pairs: HashMap<(Vec<u8>, Vec<u8>), Id>,
    settings: Configuration,
    /// Number of changes of the settings.
    changes: u32,
    /// The number of messages that were dropped for good.
    dropped: Id,
    /// The second at which it is asked or changed.
    now: u32,
    /// Who asks or changes it.
    caller: Who,
    roles: HashMap<Who, Role>,
}

/// A key outlives its messages.
#[derive(Default)]
struct Known {
    /// The ids of all messages that it ever had, ascending: a message's rank is its place, from 1 on.
    ids: Vec<Id>,
    /// Everything through it has been acknowledged.
    acknowledged: Id,
    /// The owner that claimed it or got it from an admin.
    owner: Option<Principal>,
    /// SHA-256 of its send key.
    send_key: Option<[u8; 32]>,
    /// Its own quota.
    quota: Option<Quota>,
    kept: bool,
    /// When it became known.
    opened: u32,
    /// Since when an add has left no room for strangers, 0: none has.
    full_since: u32,
}

struct Entry {
    timestamp: u32,
    key_id: Vec<u8>,
    ciphertext: Vec<u8>,
    hash: [u8; 32],
}

impl Model {
    /// The last id assigned, 0: none.
    pub fn last(&self) -> Id {
        Id::try_from(self.messages.len()).expect("a test has fewer messages than ids")
    }

    /// The settings' version: the first are those of the installation.
    pub fn version(&self) -> u32 {
        self.changes + 1
    }

    /// Sets its clock.
    pub fn at(&mut self, now: u32) -> &mut Self {
        self.now = now;
        self
    }

    /// The oldest id that is neither dropped nor too old.
    pub fn first(&self) -> Id {
        let expired = |id: &Id| {
            let age = self.settings.max_age_seconds.limit().map(u64::from);
            age.is_some_and(|age| u64::from(self.entry(*id).timestamp) + age <= u64::from(self.now))
        };
        (self.dropped + 1..=self.last()).find(|id| !expired(id)).unwrap_or(self.last() + 1)
    }

    /// The oldest id that the settings keep, after a message of so many bytes is added if there is one.
    fn first_kept(&self, coming: Option<u64>) -> Id {
        let mut first = self.first();
        let excluded = |first: Id| {
            let live = first..=self.last();
            let messages = live.clone().count() + usize::from(coming.is_some());
            let bytes = live.map(|id| self.entry(id).bytes()).sum::<u64>() + coming.unwrap_or(0);
            let too_many = self.settings.max_messages.limit().is_some_and(|max| messages > max as usize);
            too_many || self.settings.max_bytes.limit().is_some_and(|max| bytes > max)
        };
        while first <= self.last() && excluded(first) {
            first += 1;
        }
        first
    }

    /// Drops the messages that the settings exclude.
    fn drop_excluded(&mut self) {
        self.dropped = self.first_kept(None) - 1;
    }

    /// Refuses a message if another one younger than `min_age_seconds` would have to be dropped for it.
    fn spare_the_young(&self, coming: &Entry) -> Result<(), AddError> {
        let kept_from = self.first_kept(Some(coming.bytes()));
        if self.settings.min_age_seconds == 0 || kept_from == self.first() {
            return Ok(());
        }
        let old_enough = self.entry(kept_from - 1).timestamp + self.settings.min_age_seconds;
        match old_enough.saturating_sub(self.now) {
            0 => Ok(()),
            retry_after => Err(AddError::StoreFull { retry_after }),
        }
    }

    /// Every hash there is, once.
    pub fn hashes(&self) -> BTreeSet<[u8; 32]> {
        self.messages.iter().map(|entry| entry.hash).collect()
    }

    /// Every key that is known.
    pub fn key_ids(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.keys.keys()
    }

    /// Whether a message has been acknowledged.
    fn is_acknowledged(&self, id: Id) -> bool {
        id <= self.keys[&self.entry(id).key_id].acknowledged
    }

    /// Whether a key has messages that were dropped before they were acknowledged.
    pub fn has_lost(&self, key_id: &[u8]) -> bool {
        let first = self.first();
        self.keys.get(key_id).is_some_and(|key| key.ids.iter().any(|&id| id > key.acknowledged && id < first))
    }

    fn entry(&self, id: Id) -> &Entry {
        &self.messages[id as usize - 1]
    }

    fn newest_timestamp(&self) -> u32 {
        self.messages.last().map_or(0, |entry| entry.timestamp)
    }

    /// The message as the interface shows it.
    fn message(&self, id: Id) -> Message {
        let entry = self.entry(id);
        let list = &self.keys[&entry.key_id].ids;
        Message {
            id,
            timestamp: entry.timestamp,
            key_id: ByteBuf::from(entry.key_id.as_slice()),
            next_id: list.iter().copied().find(|&other| other > id).unwrap_or(0),
            prev_id: list.iter().rev().copied().find(|&other| other < id).unwrap_or(0),
            hash: ByteBuf::from(entry.hash),
            ciphertext: ByteBuf::from(entry.ciphertext.as_slice()),
        }
    }
}

impl Model {
    /// A single message, as it is answered.
    fn found(&self, id: Id) -> Found {
        Found { message: self.message(id), first_id: self.first(), proof: None }
    }
}

/// Updates.
impl Model {
    pub fn add_message(&mut self, key_id: &[u8], ciphertext: &[u8]) -> Result<Added, AddError> {
        self.add(key_id, ciphertext, None)
    }

    fn add(&mut self, key_id: &[u8], ciphertext: &[u8], send_key: Option<&[u8]>) -> Result<Added, AddError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(AddError::KeyIdLength(wrong));
        }
        if ciphertext.is_empty() {
            return Err(AddError::CiphertextEmpty);
        }
        if ciphertext.len() > MAX_CIPHERTEXT_BYTES {
            return Err(AddError::CiphertextTooLarge(too_long(ciphertext.len(), MAX_CIPHERTEXT_BYTES)));
        }
        if !self.may_add() {
            return Err(AddError::NotAllowed);
        }
        let pair = (key_id.to_vec(), ciphertext.to_vec());
        let first = self.first();
        if let Some(&id) = self.pairs.get(&pair).filter(|&&id| id >= first) {
            return Ok(self.told(key_id, Added { id, duplicate: true }));
        }
        let id = self.last() + 1;
        assert!(id <= LAST_ID, "no test gets as far as the last id");
        let entry = Entry {
            timestamp: self.now.max(self.newest_timestamp()),
            key_id: pair.0.clone(),
            ciphertext: pair.1.clone(),
            hash: sha256(ciphertext),
        };
        let full_since = self.admit(&entry, self.part(key_id, send_key))?;
        self.spare_the_young(&entry)?;
        self.dropped = first - 1;
        let opened = entry.timestamp;
        self.messages.push(entry);
        let key = self.keys.entry(pair.0.clone()).or_insert_with(|| Known { opened, ..Known::default() });
        key.ids.push(id);
        key.full_since = full_since;
        self.pairs.insert(pair, id);
        self.drop_excluded();
        Ok(self.told(key_id, Added { id, duplicate: false }))
    }

    pub fn add_messages(&mut self, batch: &[NewMessage]) -> Result<Vec<Result<Added, AddError>>, BatchError> {
        if batch.len() > MAX_BATCH_MESSAGES {
            return Err(BatchError::BatchTooLong(too_long(batch.len(), MAX_BATCH_MESSAGES)));
        }
        let add = |item: &NewMessage| {
            self.add(&item.key_id, &item.ciphertext, item.send_key.as_ref().map(|secret| &secret[..]))
        };
        Ok(batch.iter().map(add).collect())
    }

    pub fn acknowledge(&mut self, key_id: &[u8], through: Id) -> Result<Acknowledged, AckError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(AckError::KeyIdLength(wrong));
        }
        let (live, owns) = (self.live_list(key_id), self.owns(key_id));
        let Some(key) = self.keys.get_mut(key_id).filter(|_| owns) else {
            return Err(AckError::NotOwner);
        };
        let max_id = key.ids.last().copied().unwrap_or(0);
        if through > max_id {
            return Err(AckError::NotStored { through, max_id });
        }
        if through < key.acknowledged {
            return Err(AckError::NotNewer { acknowledged_id: key.acknowledged });
        }
        let taken: Vec<Id> = live.into_iter().filter(|&id| id <= through).collect();
        if let Some(&last) = taken.last() {
            (key.acknowledged, key.full_since) = (last, 0);
        }
        Ok(Acknowledged { messages: number(taken.len()) })
    }

    /// Changes the settings, as admins may.
    pub fn set_settings(&mut self, settings: &[Setting]) -> Result<u32, SettingsError> {
        let mut changed = self.settings;
        changed.apply(settings)?;
        self.drop_excluded();
        self.settings = changed;
        self.changes += 1;
        self.drop_excluded();
        Ok(self.version())
    }
}

/// Single messages, keys and the whole.
impl Model {
    pub fn get_message_by_id(&self, id: Id) -> Result<Found, GetError> {
        let (first_id, last) = (self.first(), self.last());
        let is_seen = || self.sees_all() || ((first_id..=last).contains(&id) && self.owns(&self.entry(id).key_id));
        if !is_seen() {
            return Err(GetError::UnknownId { id, last: 0 });
        }
        if id == 0 || id > last {
            return Err(GetError::UnknownId { id, last });
        }
        if id < first_id || self.is_acknowledged(id) {
            return Err(GetError::Dropped { first_id });
        }
        Ok(self.found(id))
    }

    pub fn get_message_by_hash(&self, hash: &[u8]) -> Result<Found, GetError> {
        if hash.len() != 32 {
            let length = number(hash.len());
            return Err(GetError::HashLength { length, expected: 32 });
        }
        if !self.sees_all() {
            return Err(GetError::NotFound);
        }
        let newest = (self.first()..=self.last()).rev().find(|&id| self.entry(id).hash == hash);
        newest.filter(|&id| !self.is_acknowledged(id)).map(|id| self.found(id)).ok_or(GetError::NotFound)
    }

    pub fn get_min_message_id(&self) -> Result<Id, StatusError> {
        Ok(if self.first() > self.last() { 0 } else { self.shown_first() })
    }

    pub fn get_max_message_id(&self) -> Result<Id, StatusError> {
        Ok(if self.first() > self.last() || !self.sees_all() { 0 } else { self.last() })
    }

    pub fn get_min_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        Ok(self.list(key_id)?.first().copied())
    }

    pub fn get_max_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        Ok(self.list(key_id)?.last().copied())
    }

    pub fn get_key_heads(&self, key_ids: &[Vec<u8>]) -> Result<Vec<Option<KeyHead>>, LookupError> {
        check_lookup(key_ids.len())?;
        key_ids.iter().map(|key_id| self.key_head(key_id)).collect()
    }

    pub fn has_messages(&self, pairs: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<Option<Id>>, LookupError> {
        check_lookup(pairs.len())?;
        pairs.iter().map(|(key_id, hash)| self.has_message(key_id, hash)).collect()
    }

    fn has_message(&self, key_id: &[u8], hash: &[u8]) -> Result<Option<Id>, LookupError> {
        if let Some(wrong) = bad_key(key_id) {
            return Err(LookupError::KeyIdLength(wrong));
        }
        if hash.len() != 32 {
            let length = number(hash.len());
            return Err(LookupError::HashLength { length, expected: 32 });
        }
        if !self.sees(key_id) {
            return Ok(None);
        }
        // Acknowledged messages are known until they are dropped.
        let ids = self.keys.get(key_id).map_or(&[][..], |key| &key.ids);
        Ok(ids.iter().copied().find(|&id| id >= self.first() && self.entry(id).hash == hash))
    }

    fn key_head(&self, key_id: &[u8]) -> Result<Option<KeyHead>, LookupError> {
        let live = self.list(key_id)?;
        Ok(self.keys.get(key_id).filter(|_| self.sees(key_id)).map(|key| KeyHead {
            min_id: live.first().copied().unwrap_or(0),
            max_id: live.last().copied().unwrap_or(0),
            count: number(live.len()),
            bytes: live.iter().map(|&id| self.entry(id).ciphertext.len() as u64).sum(),
            rank: number(key.ids.len()),
            acknowledged_id: key.acknowledged,
            quota: self.quota_of(Some(key)),
            full_since: self.full_since(key_id),
        }))
    }

    fn list(&self, key_id: &[u8]) -> Result<Vec<Id>, LookupError> {
        match bad_key(key_id) {
            Some(wrong) => Err(LookupError::KeyIdLength(wrong)),
            None if self.sees(key_id) => Ok(self.live_list(key_id)),
            None => Ok(vec![]),
        }
    }

    /// The live messages of a key, ascending.
    fn live_list(&self, key_id: &[u8]) -> Vec<Id> {
        let Some(key) = self.keys.get(key_id) else { return vec![] };
        let floor = self.first().max(key.acknowledged + 1);
        key.ids.iter().copied().filter(|&id| id >= floor).collect()
    }

    /// [`Self::facts`], if the caller may know them.
    pub fn shown_facts(&self) -> Option<Facts> {
        self.sees_all().then(|| self.facts())
    }

    /// The part of the status that follows from what was stored.
    pub fn facts(&self) -> Facts {
        let (first_id, next_id) = (self.first(), self.last() + 1);
        let live = first_id..next_id;
        Facts {
            first_id,
            next_id,
            messages: next_id - first_id,
            keys: number(self.keys.len()),
            oldest_timestamp: live.clone().next().map_or(0, |id| self.entry(id).timestamp),
            newest_timestamp: if live.is_empty() { 0 } else { self.newest_timestamp() },
            live_bytes: live.map(|id| self.entry(id).bytes()).sum(),
            settings: Settings { version: self.version(), settings: self.settings.settings() },
        }
    }
}

impl Entry {
    /// Its bytes in `live_bytes`.
    fn bytes(&self) -> u64 {
        let tail = self.key_id.len().saturating_sub(KEY_BYTES_IN_RECORD);
        RECORD_BYTES + (self.ciphertext.len() + tail) as u64
    }
}

/// The part of a [`Status`] that follows from the stored messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub first_id: Id,
    pub next_id: Id,
    pub messages: u32,
    pub keys: u32,
    pub oldest_timestamp: u32,
    pub newest_timestamp: u32,
    pub live_bytes: u64,
    pub settings: Settings,
}

impl Facts {
    /// The facts of a status, if its reader may know them.
    pub fn shown(status: Status) -> Option<Self> {
        status.store.is_some().then(|| Self::from(status))
    }
}

impl From<Status> for Facts {
    fn from(status: Status) -> Self {
        let store = status.store.expect("a controller sees the store");
        Self {
            first_id: store.first_id,
            next_id: store.next_id,
            messages: store.messages,
            keys: store.keys,
            oldest_timestamp: store.oldest_timestamp,
            newest_timestamp: store.newest_timestamp,
            live_bytes: store.live_bytes,
            settings: status.settings,
        }
    }
}

fn bad_key(key_id: &[u8]) -> Option<TooLong> {
    let allowed = (1..=MAX_KEY_ID_BYTES).contains(&key_id.len());
    (!allowed).then(|| too_long(key_id.len(), MAX_KEY_ID_BYTES))
}

fn check_lookup(items: usize) -> Result<(), LookupError> {
    if items > MAX_LOOKUP_ITEMS {
        return Err(LookupError::BatchTooLong(too_long(items, MAX_LOOKUP_ITEMS)));
    }
    Ok(())
}

/// A length and its limit, as the errors carry them.
pub fn too_long(length: usize, max: usize) -> TooLong {
    TooLong { length: number(length), max: number(max) }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("tests use lengths that fit")
}
