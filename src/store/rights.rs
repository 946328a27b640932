//! Owners, send keys and quotas of keys: how they are claimed and changed, and what they mean for an add.

use super::MessageStore;
use super::add::{Found, check_key_length, damaged_key};
use super::keys::Key;
use crate::access::owner::owns;
use crate::access::quota::{self, Level};
use crate::access::{Caller, Share, Sight};
use crate::api::{AddError, Added, ClaimError, Claimed, Id, KeyError, KeySetting, OwnerProof, Progress, Quota};
use crate::memory::Growth;
use ic_stable_structures::Memory;
use serde_bytes::ByteBuf;

/// Why a new key cannot be opened.
pub(super) enum NotOpened {
    KeysFull { max: u32 },
    StorageFull,
    LowMemory,
    Damaged(stable::Damaged),
}

const NO_SALT: Progress = Progress { done: 0, total: 0 };

impl<M: Memory + Clone> MessageStore<M> {
    /// Records the caller as the owner of a key, at `now`, and returns the key's label. A key id that is a principal
    /// needs no record.
    pub fn claim(
        &mut self,
        key_id: &[u8],
        proof: &OwnerProof,
        caller: &Caller,
        now: u32,
    ) -> Result<Claimed, ClaimError> {
        check_key_length(key_id.len()).map_err(ClaimError::KeyIdLength)?;
        let found = self.find_for_change(key_id).ok_or(ClaimError::Unavailable(NO_SALT))?;
        let rights = found.rights().claim(key_id, proof, caller.principal())?;
        self.set_rights(key_id, &found, rights, caller, now).map_err(|error| match error {
            NotOpened::KeysFull { max } => ClaimError::KeysFull { max },
            NotOpened::StorageFull => ClaimError::StorageFull,
            NotOpened::LowMemory => ClaimError::LowMemory,
            NotOpened::Damaged(damaged) => ClaimError::Other(damaged_key(damaged)),
        })?;
        Ok(Claimed { label: ByteBuf::from(found.label) })
    }

    /// Changes the rights in a key's record, at `now`.
    pub fn set_key(
        &mut self,
        key_id: &[u8],
        settings: &[KeySetting],
        caller: &Caller,
        now: u32,
    ) -> Result<(), KeyError> {
        check_key_length(key_id.len()).map_err(KeyError::KeyIdLength)?;
        let found = self.find_for_change(key_id).ok_or(KeyError::Unavailable(NO_SALT))?;
        let rights = found.rights().apply(key_id, settings, caller)?;
        self.set_rights(key_id, &found, rights, caller, now).map_err(|error| match error {
            NotOpened::KeysFull { max } => KeyError::KeysFull { max },
            NotOpened::StorageFull => KeyError::StorageFull,
            NotOpened::LowMemory => KeyError::LowMemory,
            NotOpened::Damaged(damaged) => KeyError::Other(damaged_key(damaged)),
        })
    }

    fn set_rights(
        &mut self,
        key_id: &[u8],
        found: &Found,
        rights: crate::access::KeyRights,
        caller: &Caller,
        now: u32,
    ) -> Result<(), NotOpened> {
        if rights == found.rights() {
            return Ok(());
        }
        if let Some((place, key)) = &found.key {
            let key = Key { rights, ..key.clone() };
            self.keys.put(*place, &key);
            // A key that is no longer kept may be idle.
            if key.head.last_id < self.inbox.reclaimed_id() {
                self.push_idle(*place, key);
            }
            return Ok(());
        }
        let key = Key { rights, ..self.new_key(key_id, caller, now)? };
        let growth = Growth { keys: self.keys.pages_missing(), trie: self.trie.pages_missing(1), ..Growth::default() };
        self.memory.grow(growth).map_err(|_| NotOpened::StorageFull)?;
        let place = self.write_key(found, &key).map_err(NotOpened::Damaged)?;
        self.push_idle(place, key);
        Ok(())
    }

    /// The record of a key that `caller` opens at `now`, if the store may have one more.
    pub(super) fn new_key(&self, key_id: &[u8], caller: &Caller, now: u32) -> Result<Key, NotOpened> {
        if self.low_memory {
            return Err(NotOpened::LowMemory);
        }
        let keys = self.settings().max_keys;
        let max = if caller.is_member() { keys.all } else { keys.strangers };
        if self.keys.len() < max { Ok(Key::new(key_id, now)) } else { Err(NotOpened::KeysFull { max }) }
    }

    /// Decides whether a message of `len` bytes that comes at `now` fits into the key's quota. `floor` is the oldest id
    /// that can be live. Notes the oldest live message in the key's record.
    pub(super) fn admit(
        &self,
        key: &mut Key,
        caller: &Caller,
        shown: Option<&[u8]>,
        len: u32,
        floor: Id,
        now: u32,
    ) -> Result<(), AddError> {
        let quota = self.quota_of(key);
        if quota == Quota::default() {
            key.full_since = 0;
            return Ok(());
        }
        key.oldest_id = self.oldest_live(key, floor);
        let owned = owns(key.id(), key.rights.owner, caller.principal());
        let share = Share::new(caller, owned, key.rights.send_key.as_ref(), shown);
        let level = self.level(key, key.oldest_id);
        key.full_since = quota::admit(&quota, share, &level, len.into(), now)
            .map_err(|full| AddError::KeyFull { since: full.since })?;
        Ok(())
    }

    /// Since when a key's quota refuses strangers, if `oldest` is its oldest live message; 0: it does not.
    pub(super) fn full_since(&self, key: &Key, oldest: Id) -> u32 {
        let quota = self.quota_of(key);
        if quota == Quota::default() { 0 } else { quota::full_since(&quota, &self.level(key, oldest)) }
    }

    fn quota_of(&self, key: &Key) -> Quota {
        key.rights.quota.unwrap_or(self.settings().key_quota)
    }

    fn level(&self, key: &Key, oldest: Id) -> Level {
        let live = self.live_from(key, oldest);
        Level { messages: live.count, bytes: live.bytes, newest: key.head.last_time, full_since: key.full_since }
    }

    /// The reply to an add, without anything that the sender may not see.
    pub(super) fn told(&self, added: Added, caller: &Caller, key_id: &[u8]) -> Added {
        let sight = Sight::new(self.settings().reads, caller);
        let owner = || self.find_key(key_id).and_then(|(_, key)| key.rights.owner);
        if sight.is_all() || sight.sees(key_id, owner()) { added } else { Added { id: 0, duplicate: false } }
    }
}
