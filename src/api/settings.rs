//! Roles, and settings of the store.

use super::OtherError;
use candid::{CandidType, Deserialize};
pub use canister_base::budget::{Bound, Budget, Limited, Rate};
use serde::Serialize;

/// The role of a principal.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Role {
    /// Reads all keys.
    reader,
    /// A member: may fill a larger share of quotas and mark keys as kept. Reads only the keys that it owns.
    writer,
    /// Has the rights of readers and writers, and changes settings and roles. Controllers are admins.
    admin,
}

/// The reason why a role was not changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum RoleError {
    /// The caller is not an admin.
    NotAllowed,
    /// The anonymous principal never has a role.
    Anonymous,
    /// No more principals can have a role.
    RolesFull {
        /// The limit.
        max: u32,
    },
    /// Stable memory cannot grow any more.
    StorageFull,
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why roles were not listed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum RolesError {
    /// The caller is not an admin.
    NotAllowed,
    /// See [`OtherError`].
    Other(OtherError),
}

/// Limits of one key's messages that were not acknowledged.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Their number.
    pub messages: Bound<u32>,
    /// Bytes of their ciphertexts.
    pub bytes: Bound<u64>,
}

/// Limits of the number of keys.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxKeys {
    /// Members can open a new key while fewer keys than this are known.
    pub all: u32,
    /// The same for strangers.
    pub strangers: u32,
}

/// Cycles above the freezing limit that adds leave untouched.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserves {
    /// With fewer cycles than this, strangers' adds are refused.
    pub strangers: u64,
    /// With fewer cycles than this, all adds are refused. At most `strangers`.
    pub all: u64,
}

macro_rules! from_limited {
    ($($error:ty),*) => {
        $(impl From<Limited> for $error {
            fn from(limited: Limited) -> Self {
                Self::Limited(limited)
            }
        })*
    };
}
from_limited!(super::AddError, super::BatchError, super::AcksError, super::ClaimError, super::KeyError);

/// The callers that may read.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Reads {
    /// Everybody reads everything.
    #[default]
    anyone,
    /// Owners read their keys. Readers and admins read all keys.
    owners,
}

/// The callers that may add messages.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Writes {
    /// Everybody.
    #[default]
    anyone,
    /// Everybody but the anonymous principal.
    identified,
    /// Writers and admins.
    members,
}

/// One setting of the store.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Setting {
    /// 4 KiB pages of stable memory that one step may touch while the index is rebuilt, from
    /// [`crate::limits::MIN_REBUILD_PAGES`] to [`crate::limits::MAX_REBUILD_PAGES`]. Unlimited means the latter.
    rebuild_pages(Bound<u32>),
    /// Number of stored messages, at least 1. An add that exceeds it drops the oldest.
    max_messages(Bound<u32>),
    /// Bytes of stored messages, counted as in [`super::StoreStatus::live_bytes`], at least
    /// [`crate::limits::MIN_MAX_BYTES`]. An add that exceeds it drops the oldest.
    max_bytes(Bound<u64>),
    /// Age in seconds at which a message is dropped, at least 1.
    max_age_seconds(Bound<u32>),
    /// No add drops a message younger than this, in seconds.
    min_age_seconds(u32),
    /// A key without messages is forgotten when its last message is this many seconds old.
    idle_seconds(Bound<u32>),
    /// See [`MaxKeys`].
    max_keys(MaxKeys),
    /// See [`Reads`].
    reads(Reads),
    /// See [`Writes`].
    writes(Writes),
    /// The quota of a key without its own.
    key_quota(Quota),
    /// Budget of callers who are not members.
    strangers(Budget),
    /// Budget of members.
    members(Budget),
    /// Budget of owners: acknowledgements, claims and settings of their existing keys.
    owners(Budget),
    /// See [`Reserves`].
    reserves(Reserves),
}

/// All settings of the store.
#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Grows by one with each change.
    pub version: u32,
    /// One of each kind.
    pub settings: Vec<Setting>,
}

/// The reason why settings were refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// The caller is not an admin.
    NotAllowed,
    /// Somebody else has changed the settings since.
    Version {
        /// The given version.
        given: u32,
        /// The version of the present settings.
        current: u32,
    },
    /// A value is too low.
    TooLow {
        /// The setting's name.
        setting: String,
        /// The given value.
        value: u64,
        /// The lowest value allowed.
        min: u64,
    },
    /// A value is too high.
    TooHigh {
        /// The setting's name, or a sum of settings.
        setting: String,
        /// The given value.
        value: u64,
        /// The highest value allowed.
        max: u64,
    },
    /// One setting is given twice.
    Twice {
        /// The setting's name.
        setting: String,
    },
    /// Neither reads nor writes can be restricted while the anonymous principal is a controller, because then everybody
    /// is one.
    AnonymousController,
    /// See [`OtherError`].
    Other(OtherError),
}
