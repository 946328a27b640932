//! A key's quota: the number of live messages and bytes of ciphertext that it may hold, and the share that each caller
//! may fill.
//!
//! ```text
//!     0          ¼                    ½                                          quota
//!     ├──────────┼────────────────────┼────────────────────────────────────────────┤
//!     strangers ▶│                    │                                            │
//!     members   ────────────────────▶ │                                            │
//!     owner and holders of the send key ──────────────────────────────────────────▶│
//! ```
//!
//! All messages of the key count, from any sender. An add beyond its share is refused. It drops nothing. So strangers
//! cannot use up the room of members, and neither can use up the room of the owner's contacts.
//!
//! For strangers there is hysteresis. After each add, the record keeps the time if another message of the same size
//! would exceed the strangers' share. From then on the key is *full* for strangers, as long as at least 70 % of their
//! share is filled, in messages or in bytes. So the owner sees the time since when strangers are refused, and a flood
//! does not win each place that becomes free. Levels fall without a write to the record; the next add clears a time
//! that no longer counts. Members and contacts have no such state: a message of theirs that fits is admitted, whatever
//! strangers do.
//!
//! A refused add changes nothing. If a quota is lowered below a key's fill level, adds are refused at once. No add has
//! set the time then, so the time of the newest message stands for it.
//!
//! A share is rounded down: of a quota of fewer than 4 messages strangers have none. A quota of 0 closes the key to
//! everybody.

use super::policy::Share;
use crate::api::{Bound, Quota};

/// The fill level of a key, and the time since when it is full for strangers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Live messages.
    pub messages: u32,
    /// Bytes of their ciphertexts.
    pub bytes: u64,
    /// Time of the key's newest message, unix seconds.
    pub newest: u32,
    /// The record's time since when the key is full for strangers, unix seconds; 0: none. It counts only while 70 % of
    /// their share is filled.
    pub full_since: u32,
}

/// An add exceeds the share that it may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFull {
    /// Unix seconds since which strangers are refused; 0: smaller messages are still admitted.
    pub since: u32,
}

/// Decides whether a message of `bytes` bytes that comes at `now` fits into a share of the key's quota. Returns the
/// record's new `full_since`.
pub fn admit(quota: &Quota, share: Share, level: &Level, bytes: u64, now: u32) -> Result<u32, KeyFull> {
    let strangers = limits(quota, Share::Strangers);
    let is_full = level.full_since != 0 && fills_most(level, strangers);
    let after = level.with(bytes);
    if !fits(&after, limits(quota, share)) || (share == Share::Strangers && is_full) {
        return Err(KeyFull { since: full_since(quota, level) });
    }
    Ok(if is_full {
        level.full_since
    } else if !fits(&after.with(bytes), strangers) {
        now
    } else {
        0
    })
}

/// Unix seconds since when the key's quota refuses all messages of strangers; 0: it does not.
pub fn full_since(quota: &Quota, level: &Level) -> u32 {
    let strangers = limits(quota, Share::Strangers);
    if level.full_since != 0 && fills_most(level, strangers) {
        level.full_since
    } else if !fits(&level.with(1), strangers) {
        level.newest
    } else {
        0
    }
}

impl Level {
    /// The level after one more message of `bytes` bytes.
    fn with(&self, bytes: u64) -> Self {
        Self { messages: self.messages.saturating_add(1), bytes: self.bytes.saturating_add(bytes), ..*self }
    }
}

/// Maximum number of messages and bytes of a share.
type Limits = (Bound<u32>, Bound<u64>);

fn limits(quota: &Quota, share: Share) -> Limits {
    let parts = match share {
        Share::Strangers => 4,
        Share::Members => 2,
        Share::Friends => 1,
    };
    let messages = quota.messages.limit().map(|limit| limit / parts);
    let bytes = quota.bytes.limit().map(|limit| limit / u64::from(parts));
    (messages.into(), bytes.into())
}

fn fits(level: &Level, (messages, bytes): Limits) -> bool {
    messages.limit().is_none_or(|limit| level.messages <= limit)
        && bytes.limit().is_none_or(|limit| level.bytes <= limit)
}

/// Whether at least 70 % of the limits are filled, in messages or in bytes.
fn fills_most(level: &Level, (messages, bytes): Limits) -> bool {
    let most = |filled: u64, limit: u64| u128::from(filled) * 10 >= u128::from(limit) * 7;
    messages.limit().is_some_and(|limit| most(level.messages.into(), limit.into()))
        || bytes.limit().is_some_and(|limit| most(level.bytes, limit))
}
