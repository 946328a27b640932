//! The types of `canister.did`, in its order and with its names.
//!
//! Errors carry the offending value and the limit it broke. A new case in a returned variant breaks clients that do not
//! know it. So every error type has had the case `Other` since the first release: later releases report new errors
//! through it, with a code from the changelog.

use candid::{CandidType, Deserialize};
use serde_bytes::ByteBuf;

/// A message's number: 1, 2, 3, … in order of insertion; 0 means "none" everywhere.
pub type Id = u32;

/// A limit that an operator chooses. Candid reads an `opt` of another type as `null`, so this is a variant: a mistyped
/// number must be an error, never "no limit".
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound<T> {
    /// No limit.
    #[default]
    #[serde(rename = "unlimited")]
    Unlimited,
    /// At most this much.
    #[serde(rename = "at_most")]
    AtMost(T),
}

impl<T> Bound<T> {
    /// The limit, if there is one.
    pub fn limit(self) -> Option<T> {
        match self {
            Self::Unlimited => None,
            Self::AtMost(limit) => Some(limit),
        }
    }
}

impl<T> From<Option<T>> for Bound<T> {
    fn from(limit: Option<T>) -> Self {
        limit.map_or(Self::Unlimited, Self::AtMost)
    }
}

/// The operator's settings. They are always replaced as a whole.
///
/// They are the optional argument of an installation or upgrade. Without them an installation uses the defaults, and an
/// upgrade keeps the store's settings.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// 4 KiB pages of stable memory that one step may touch while the indexes are rebuilt, from
    /// [`crate::limits::MIN_REBUILD_PAGES`] to [`crate::limits::MAX_REBUILD_PAGES`]. Unlimited means the latter.
    pub rebuild_pages: Bound<u32>,
    /// Live messages, at least 1. An add that exceeds it drops the oldest.
    pub max_messages: Bound<u32>,
    /// Bytes of live messages, counted as in [`Status::live_bytes`], at least [`crate::limits::MIN_MAX_BYTES`]. An add
    /// that exceeds it drops the oldest.
    pub max_bytes: Bound<u64>,
    /// Seconds that a message lives, at least 1.
    pub max_age_seconds: Bound<u32>,
}

/// A stored message.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: Id,
    /// Unix seconds of insertion; never decreases with `id`.
    pub timestamp: u32,
    /// The key id it was stored under, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The next message of the same key; 0: none yet.
    pub next_id: Id,
    /// The previous message of the same key when this one was stored; 0: none. If it is below the reply's `first_id`,
    /// that message has been dropped since.
    pub prev_id: Id,
    /// SHA-256 of `ciphertext`, 32 bytes.
    pub hash: ByteBuf,
    /// The stored bytes, unchanged.
    pub ciphertext: ByteBuf,
}

/// The reply to a request for one message.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The message.
    pub message: Message,
    /// Everything below this id has been dropped.
    pub first_id: Id,
}

/// One item of a batch to store.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The key id to store under, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The sealed message, 1 to 2,000,000 bytes.
    pub ciphertext: ByteBuf,
}

/// The result of a successful add.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The id under which the pair (key id, ciphertext) is stored.
    pub id: Id,
    /// True if the pair was already stored; then nothing changed.
    pub duplicate: bool,
}

/// The order of a page's messages.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Order {
    /// Oldest first.
    ascending,
    /// Newest first.
    descending,
}

/// Where a page starts and how long it may be.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Exclusive: the page starts after this id, in `order`. 0: it starts at the beginning of that order.
    pub after: Id,
    /// Oldest or newest first.
    pub order: Order,
    /// Maximum number of messages, at least 1. Values above [`crate::limits::MAX_PAGE_MESSAGES`] count as that.
    pub limit: u32,
}

/// A page of messages.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The messages, in the requested order.
    pub messages: Vec<Message>,
    /// The `after` of the next page; 0: no messages are left.
    pub next: Id,
    /// Everything below this id has been dropped.
    pub first_id: Id,
    /// True if messages between `after` and this page were dropped, or may have been.
    pub gap: bool,
}

/// The ends and length of one key's list of messages.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHead {
    /// Its oldest message.
    pub min_id: Id,
    /// Its newest message.
    pub max_id: Id,
    /// Number of its messages.
    pub count: u32,
}

/// A pair to look up: is it stored?
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The key id, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// SHA-256 of the ciphertext, 32 bytes.
    pub hash: ByteBuf,
}

/// Progress of a rebuild of the indexes, in messages. Once the indexes are complete, it reports a backlog instead:
/// `done` is 0, and `total` is the number of messages to be swept.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages indexed so far.
    pub done: u32,
    /// Messages to be indexed in all.
    pub total: u32,
}

/// A length outside the allowed range, which is 1 to `max`.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The length given.
    pub length: u32,
    /// The longest length allowed.
    pub max: u32,
}

/// An error that a later release has added.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct OtherError {
    /// Stable across releases; listed in the changelog.
    pub code: u32,
    /// An explanation for people.
    pub message: String,
}

/// Why a message was not stored. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum AddError {
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// The ciphertext has no bytes.
    CiphertextEmpty,
    /// The ciphertext has too many bytes.
    CiphertextTooLarge(TooLong),
    /// Stable memory cannot grow any more.
    StorageFull,
    /// The indexes have reached their maximum number of entries.
    IndexFull {
        /// The limit, in entries: a message takes one, a key two.
        max: u64,
    },
    /// Every id has been assigned.
    IdsExhausted {
        /// The highest id.
        last: Id,
    },
    /// The indexes are being rebuilt; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why a batch as a whole was refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// The batch has too many items.
    BatchTooLong(TooLong),
    /// The indexes are being rebuilt; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why a single message was not returned.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum GetError {
    /// No live message has this hash.
    NotFound,
    /// The id is 0 or was not assigned yet.
    UnknownId {
        /// The id given.
        id: Id,
        /// The last id assigned; 0: none.
        last: Id,
    },
    /// The message has been dropped, like everything below `first_id`.
    Dropped {
        /// The oldest id that may still be stored.
        first_id: Id,
    },
    /// The hash does not have 32 bytes.
    HashLength {
        /// The length given.
        length: u32,
        /// 32.
        expected: u32,
    },
    /// The indexes are being rebuilt; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why a page was not returned.
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
    /// `after` is not a message of that key, or was never assigned.
    UnknownCursor {
        /// The cursor's `after`.
        after: Id,
    },
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// The indexes are being rebuilt, or too many dropped messages wait to be swept; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why keys or pairs could not be looked up.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// A key id is empty or too long.
    KeyIdLength(TooLong),
    /// The hash does not have 32 bytes.
    HashLength {
        /// The length given.
        length: u32,
        /// 32.
        expected: u32,
    },
    /// The call has too many items.
    BatchTooLong(TooLong),
    /// The indexes are being rebuilt, or too many dropped messages wait to be swept; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why the status was not returned. No such reason exists today.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum StatusError {
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why settings were refused. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// The caller does not control the canister.
    NotController,
    /// `rebuild_pages` is out of bounds.
    RebuildPages {
        /// The value given.
        value: u32,
        /// The lowest value allowed.
        min: u32,
        /// The highest value allowed.
        max: u32,
    },
    /// `max_messages` is too low.
    MaxMessages {
        /// The value given.
        value: u32,
        /// The lowest value allowed.
        min: u32,
    },
    /// `max_bytes` is too low for the largest message.
    MaxBytes {
        /// The value given.
        value: u64,
        /// The lowest value allowed.
        min: u64,
    },
    /// `max_age_seconds` is too low.
    MaxAgeSeconds {
        /// The value given.
        value: u32,
        /// The lowest value allowed.
        min: u32,
    },
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why a rebuild was not restarted. Nothing was changed.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum RetryError {
    /// The caller does not control the canister.
    NotController,
    /// No rebuild has failed.
    NotFailed,
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why a check did not run.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// The caller does not control the canister.
    NotController,
    /// The id to start from was not assigned yet.
    UnknownId {
        /// The id given.
        id: Id,
        /// The last id assigned; 0: none.
        last: Id,
    },
    /// The indexes are being rebuilt; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// The start of one slice of a check: all fields 0 for the first slice, then the `next` of the last report.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCursor {
    /// The next message to check.
    pub id: Id,
    /// The next message of the walk along the list that starts at `id`; 0: no walk is under way.
    pub walk: Id,
    /// Messages of that list counted so far.
    pub counted: u32,
}

/// The result of one slice of a check.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Messages checked by this slice.
    pub checked: u32,
    /// The start of the next slice; `None`: the whole store has been checked.
    pub next: Option<CheckCursor>,
    /// Each broken invariant, with its number in `docs/invariants.md` and its place. Empty: all hold.
    pub violations: Vec<String>,
}

/// The limits that callers can reach.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a key id.
    pub key_id_bytes: u32,
    /// Bytes of a ciphertext.
    pub ciphertext_bytes: u32,
    /// Messages of one `add_messages`.
    pub batch_messages: u32,
    /// Items of one `get_key_heads` or `has_messages`.
    pub lookup_items: u32,
    /// Messages of a page.
    pub page_messages: u32,
    /// Bytes of a page: ciphertext, key id and [`crate::limits::PAGE_MESSAGE_OVERHEAD`] of each message.
    pub page_bytes: u32,
    /// The highest id.
    pub last_id: Id,
    /// Entries of the indexes: a message takes one, a key two.
    pub index_entries: u64,
    /// Bytes that can ever be written to the payload stream.
    pub payload_stream_bytes: u64,
    /// Bytes of stable memory.
    pub stable_bytes: u64,
    /// 4 KiB pages that one step of a rebuild may touch: the setting, or the default without one.
    pub rebuild_pages: u32,
    /// Links to dropped messages that one call follows before it returns `Unavailable`.
    pub skipped_links: u32,
}

/// Counts, sizes, settings and limits of the store.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The canister's release.
    pub version: String,
    /// The version of the layout in stable memory.
    pub layout_version: u32,
    /// The oldest id that may still be stored.
    pub first_id: Id,
    /// The id that the next message gets.
    pub next_id: Id,
    /// Live messages.
    pub messages: u32,
    /// Keys with live messages. While the indexes are rebuilt, this counts the keys found so far. With a backlog it is
    /// an upper bound: keys whose messages were all dropped are still counted.
    pub keys: u32,
    /// Dropped messages that are still in indexes and memory.
    pub backlog: u32,
    /// Timestamp of the oldest live message, unix seconds; 0: none.
    pub oldest_timestamp: u32,
    /// Timestamp of the newest live message, unix seconds; 0: none.
    pub newest_timestamp: u32,
    /// Bytes of the live messages: records, ciphertexts and the tails of key ids that do not fit into a record.
    pub live_bytes: u64,
    /// Bytes of stable memory that the canister occupies.
    pub stable_bytes: u64,
    /// Bytes that the canister may still add to its stable memory; the platform may refuse some of them.
    pub stable_bytes_free: u64,
    /// Entries of the indexes in use.
    pub index_entries: u64,
    /// Set while the indexes are rebuilt.
    pub rebuild: Option<Progress>,
    /// Why the rebuild stopped, for people. Methods that need the indexes return `Unavailable` until a controller calls
    /// `retry_rebuild`.
    pub rebuild_failure: Option<String>,
    /// The limits that callers can reach.
    pub limits: Limits,
    /// The operator's settings.
    pub settings: Settings,
}

/// A request of the HTTP gateway.
#[derive(CandidType, Deserialize, Clone, Debug)]
pub struct HttpRequest {
    /// The verb, in capitals.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: ByteBuf,
}

/// A response to the HTTP gateway.
#[derive(CandidType, Deserialize, Clone, Debug)]
pub struct HttpResponse {
    /// The HTTP status code.
    pub status_code: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: ByteBuf,
}
