//! Owners, send keys and quotas of keys: claiming and changing them, and their effect on an add.

use super::MessageStore;
use super::add::{Found, check_key_length, damaged_key};
use super::keys::Key;
use crate::access::owner::{check_claim, may_own, owns};
use crate::access::quota::{self, Level};
use crate::access::{Caller, KeyRights, Share};
use crate::api::{AddError, ClaimError, Claimed, Id, KeyError, KeySetting, OwnerProof, Progress, Quota};
use crate::memory::Growth;
use ic_stable_structures::Memory;
use serde_bytes::ByteBuf;

/// The reason why a new key cannot be opened.
pub(super) enum NotOpened {
    KeysFull { max: u32 },
    StorageFull,
    LowMemory,
    Damaged(stable::Damaged),
}

const NO_SALT: Progress = Progress { done: 0, total: 0 };

impl<M: Memory + Clone> MessageStore<M> {
    /// Looks up a key for the claim of a caller. A caller without a right proof is refused before the look-up.
    pub fn look_up_for_claim(&self, key_id: &[u8], proof: &OwnerProof, caller: &Caller) -> Result<Found, ClaimError> {
        check_claim(key_id, proof, caller.principal())?;
        self.find_for_change(key_id).ok_or(ClaimError::Unavailable(NO_SALT))
    }

    /// Records the caller as the owner of a key, at `now`, and tells it the key's label. A key id that is a principal
    /// needs no record. `found`: the key, from [`Self::look_up_for_claim`].
    pub fn claim(&mut self, key_id: &[u8], found: Found, caller: &Caller, now: u32) -> Result<Claimed, ClaimError> {
        let rights = found.rights().claim(key_id, caller.principal())?;
        self.set_rights(key_id, &found, rights, caller, now).map_err(|error| match error {
            NotOpened::KeysFull { max } => ClaimError::KeysFull { max },
            NotOpened::StorageFull => ClaimError::StorageFull,
            NotOpened::LowMemory => ClaimError::LowMemory,
            NotOpened::Damaged(damaged) => ClaimError::Other(damaged_key(damaged)),
        })?;
        Ok(Claimed { label: ByteBuf::from(found.label) })
    }

    /// Looks up a key for a change by its owner or a member. `None`: the key id is too long or empty; or the caller is no member
    /// and cannot own such a key; or the salt has not been drawn yet; or the trie is damaged.
    pub fn look_up(&self, key_id: &[u8], caller: &Caller) -> Option<Found> {
        let may_change = caller.is_member() || may_own(key_id, caller.principal());
        if may_change && check_key_length(key_id.len()).is_ok() { self.find_for_change(key_id) } else { None }
    }

    /// Changes the rights in a key's record, at `now`. `found`: the key, from [`Self::look_up`].
    pub fn set_key(
        &mut self,
        key_id: &[u8],
        found: Option<Found>,
        settings: &[KeySetting],
        caller: &Caller,
        now: u32,
    ) -> Result<(), KeyError> {
        check_key_length(key_id.len()).map_err(KeyError::KeyIdLength)?;
        let Some(found) = found else {
            // Of a caller who can neither own the key nor is a member, these rights refuse what any record's would refuse.
            KeyRights::default().apply(key_id, settings, caller)?;
            return if self.has_salt() { Ok(()) } else { Err(KeyError::Unavailable(NO_SALT)) };
        };
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
        rights: KeyRights,
        caller: &Caller,
        now: u32,
    ) -> Result<(), NotOpened> {
        if rights == found.rights() {
            return Ok(());
        }
        if let Some((place, key)) = found.key() {
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

    /// The quota that applies to a key.
    pub(super) fn quota_of(&self, key: &Key) -> Quota {
        key.rights.quota.unwrap_or(self.settings().key_quota)
    }

    fn level(&self, key: &Key, oldest: Id) -> Level {
        let live = self.live_from(key, oldest);
        Level { messages: live.count, bytes: live.bytes, newest: key.head.last_time, full_since: key.full_since }
    }
}
