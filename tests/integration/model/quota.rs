//! The model's quota of keys. Strangers may fill a quarter, members a half, the owner all of it.

use message_canister::api::{AddError, Quota};

use super::{Entry, Known, Model};

/// The fill level of a key.
#[derive(Clone, Copy)]
struct Level {
    messages: u64,
    bytes: u64,
}

impl Level {
    fn with(self, bytes: usize) -> Self {
        Self { messages: self.messages + 1, bytes: self.bytes + bytes as u64 }
    }

    /// Whether it is within `1/parts` of the quota.
    fn fits(self, quota: &Quota, parts: u64) -> bool {
        quota.messages.limit().is_none_or(|max| self.messages <= u64::from(max) / parts)
            && quota.bytes.limit().is_none_or(|max| self.bytes <= max / parts)
    }

    /// Whether at least 70 % of the strangers' quarter is filled, in messages or in bytes.
    fn fills_most(self, quota: &Quota) -> bool {
        let most = |filled: u64, share: u64| filled * 10 >= share * 7;
        quota.messages.limit().is_some_and(|max| most(self.messages, u64::from(max) / 4))
            || quota.bytes.limit().is_some_and(|max| most(self.bytes, max / 4))
    }
}

impl Model {
    fn level(&self, key_id: &[u8]) -> Level {
        let live = self.live_list(key_id);
        Level {
            messages: live.len() as u64,
            bytes: live.iter().map(|&id| self.entry(id).ciphertext.len() as u64).sum(),
        }
    }

    /// The quota that applies to a key.
    pub(super) fn quota_of(&self, key: Option<&Known>) -> Quota {
        key.and_then(|key| key.quota).unwrap_or(self.settings.key_quota)
    }

    /// Since when the key is full for strangers once this message is added by a sender who may fill `1/parts` of its quota.
    pub(super) fn admit(&self, coming: &Entry, parts: u64) -> Result<u32, AddError> {
        let key = self.keys.get(&coming.key_id);
        let quota = &self.quota_of(key);
        if *quota == Quota::default() {
            return Ok(0);
        }
        let (level, length) = (self.level(&coming.key_id), coming.ciphertext.len());
        let kept = key.map_or(0, |key| key.full_since);
        let is_full = kept != 0 && level.fills_most(quota);
        if !level.with(length).fits(quota, parts) || parts == 4 && is_full {
            let newest = key.map_or(coming.timestamp, |key| self.newest_of(key));
            return Err(AddError::KeyFull { since: since(quota, key, level, newest) });
        }
        Ok(match kept {
            kept if is_full => kept,
            _ if level.with(length).with(length).fits(quota, 4) => 0,
            _ => coming.timestamp,
        })
    }

    /// Since when the key's quota refuses strangers, 0: it does not.
    pub(super) fn full_since(&self, key_id: &[u8]) -> u32 {
        let key = self.keys.get(key_id);
        let quota = &self.quota_of(key);
        if *quota == Quota::default() {
            return 0;
        }
        since(quota, key, self.level(key_id), key.map_or(0, |key| self.newest_of(key)))
    }

    /// The time of a key's newest message, or of when it became known without one.
    fn newest_of(&self, key: &Known) -> u32 {
        key.ids.last().map_or(key.opened, |&id| self.entry(id).timestamp)
    }
}

/// Since when a key at this level is full for strangers: since an add left no room, or, where a quota was lowered, since
/// its newest message.
fn since(quota: &Quota, key: Option<&Known>, level: Level, newest: u32) -> u32 {
    let noted = key.map_or(0, |key| key.full_since);
    if noted != 0 && level.fills_most(quota) {
        noted
    } else if !level.with(1).fits(quota, 4) {
        newest
    } else {
        0
    }
}
