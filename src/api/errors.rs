//! Errors of adds, reads and operators' methods.

use super::{Id, Limited};
use candid::{CandidType, Deserialize};
use serde::Serialize;

/// A length outside the allowed range, which is 1 to `max`.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The given length.
    pub length: u32,
    /// The highest allowed length.
    pub max: u32,
}

/// Progress of a rebuild of the index, in messages. `total` is 0 while the canister waits for the platform's randomness
/// after its installation, and for callers who do not see the whole store.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages indexed so far.
    pub done: u32,
    /// Messages to be indexed in all.
    pub total: u32,
}

/// An error that a later release added.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct OtherError {
    /// Stable across releases; listed in the changelog.
    pub code: u32,
    /// An explanation for people.
    pub message: String,
}

/// The reason why a message was not stored. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum AddError {
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// The ciphertext has no bytes.
    CiphertextEmpty,
    /// The ciphertext has too many bytes.
    CiphertextTooLarge(TooLong),
    /// The store does not take messages from this caller.
    NotAllowed,
    /// See [`Limited`].
    Limited(Limited),
    /// Unacknowledged messages fill the share of the key's quota that this caller may use, or leave too little of it.
    KeyFull {
        /// Unix seconds since which strangers are refused; 0: smaller messages are still admitted.
        since: u32,
    },
    /// The store is full, and its oldest message is too young to be dropped.
    StoreFull {
        /// Seconds until it is old enough.
        retry_after: u32,
    },
    /// The caller cannot open a new key.
    KeysFull {
        /// The limit.
        max: u32,
    },
    /// Stable memory cannot grow any more.
    StorageFull,
    /// The index has reached its maximum number of entries.
    IndexFull {
        /// The limit; each message has one entry.
        max: u64,
    },
    /// Every id has been assigned.
    IdsExhausted {
        /// The highest id.
        last: Id,
    },
    /// The store is sealed for a snapshot, until an admin resumes it.
    Sealed,
    /// The heap is close to its limit, so no more keys are opened until an upgrade; or it has no room for the index entry of
    /// one more message.
    LowMemory,
    /// The canister is not ready. See [`Progress`].
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a batch as a whole was refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// The batch has too many items.
    BatchTooLong(TooLong),
    /// See [`Limited`].
    Limited(Limited),
    /// The store is sealed for a snapshot, until an admin resumes it.
    Sealed,
    /// The canister is not ready. See [`Progress`].
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a single message was not returned.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum GetError {
    /// No message has this hash; or the newest one that has it was acknowledged; or the caller may not read it.
    NotFound,
    /// The id is 0 or was not assigned yet.
    UnknownId {
        /// The given id.
        id: Id,
        /// The last id assigned; 0: none, or the caller may not know it.
        last: Id,
    },
    /// The message has been dropped, like everything below `first_id`, or it was acknowledged.
    Dropped {
        /// The oldest id that may still be stored.
        first_id: Id,
    },
    /// The hash does not have 32 bytes.
    HashLength {
        /// The given length.
        length: u32,
        /// 32.
        expected: u32,
    },
    /// The canister is not ready. See [`Progress`].
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a page was not returned.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// `min` is above `max`, or an id range starts at 0.
    InvalidRange {
        /// The lower end that was given.
        min: u32,
        /// The upper end that was given.
        max: u32,
    },
    /// The cursor's `limit` is 0.
    LimitZero,
    /// `after` was never assigned.
    UnknownCursor {
        /// The id to start after.
        after: Id,
    },
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why keys or pairs could not be looked up.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// A key id is empty or too long.
    KeyIdLength(TooLong),
    /// The hash does not have 32 bytes.
    HashLength {
        /// The given length.
        length: u32,
        /// 32.
        expected: u32,
    },
    /// The call has too many items.
    BatchTooLong(TooLong),
    /// The canister is not ready. See [`Progress`].
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why the status or the metrics were not returned. Today they always are.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum StatusError {
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a rebuild was not restarted. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum RetryError {
    /// The caller is not an admin.
    NotAllowed,
    /// No rebuild has failed.
    NotFailed,
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a store was not sealed. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The caller is not an admin.
    NotAllowed,
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a store was not resumed. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum ResumeError {
    /// The caller is not an admin.
    NotAllowed,
    /// The store is not sealed.
    NotSealed,
    /// See [`OtherError`].
    Other(OtherError),
}

/// The reason why a check did not run.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// The caller is not an admin.
    NotAllowed,
    /// The id to start from was not assigned yet.
    UnknownId {
        /// The given id.
        id: Id,
        /// The last id assigned; 0: none.
        last: Id,
    },
    /// The canister is not ready. See [`Progress`].
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}
