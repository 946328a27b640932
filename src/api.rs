//! The types of `canister.did`, in its order and with its names.
//!
//! Errors carry the offending value beside the limit it broke. Each has the case `Other` from the first
//! release on, because a new case in a returned variant breaks clients that do not know it: whatever a later
//! release has to say that these cases cannot, it says through `Other` with a code from its changelog.

use candid::{CandidType, Deserialize};
use serde_bytes::ByteBuf;

/// A message's number: 1, 2, 3, … in order of insertion; 0 stands for "none" everywhere.
pub type Id = u32;

/// A limit that an operator chooses. It is a variant because candid reads an `opt` of another type as `null`: a mistyped
/// number must be an error, never "no limit".
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound<T> {
    /// No limit.
    #[default]
    #[serde(rename = "unlimited")]
    Unlimited,
    /// This much, and no more.
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

/// What an operator may choose. Settings are replaced as a whole.
///
/// As the argument of an installation or upgrade they are optional: without them an installation uses the defaults, and an
/// upgrade keeps the store's.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How many 4 KiB pages of stable memory one message may touch while it rebuilds the indexes after an
    /// upgrade, [`crate::limits::MIN_REBUILD_PAGES`] to [`crate::limits::MAX_REBUILD_PAGES`]; unlimited: that most.
    pub rebuild_pages: Bound<u32>,
    /// Live messages, at least 1. An add beyond it drops the oldest.
    pub max_messages: Bound<u32>,
    /// Bytes of live messages, as [`Status::live_bytes`] counts them, at least what the largest message takes. An add
    /// beyond it drops the oldest.
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
    /// The key it was stored under, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The next message of the same key, 0: none yet.
    pub next_id: Id,
    /// The previous message of the same key as it was when this one was stored, 0: none. Where it is below the `first_id`
    /// of the answer, that message has been dropped since.
    pub prev_id: Id,
    /// SHA-256 of `ciphertext`, 32 bytes.
    pub hash: ByteBuf,
    /// What was stored, byte for byte.
    pub ciphertext: ByteBuf,
}

/// A message that was asked for alone.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The message.
    pub message: Message,
    /// Everything below this id has been dropped.
    pub first_id: Id,
}

/// What to store: one item of a batch.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The key to store under, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The sealed message, 1 to 2,000,000 bytes.
    pub ciphertext: ByteBuf,
}

/// The answer to a successful add.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Where the pair (key id, ciphertext) is stored.
    pub id: Id,
    /// True where it was there already; then nothing was stored.
    pub duplicate: bool,
}

/// The direction a page goes in.
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
    /// Exclusive: the page starts behind this id, in `order`; 0: from the start of that order.
    pub after: Id,
    /// Oldest or newest first.
    pub order: Order,
    /// The most messages to return, at least 1; above the maximum it is cut to it.
    pub limit: u32,
}

/// A page of messages.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order that was asked for.
    pub messages: Vec<Message>,
    /// What to pass as `after` to go on; 0: nothing left.
    pub next: Id,
    /// Everything below this id has been dropped.
    pub first_id: Id,
    /// True where messages that would have come between `after` and this page were dropped, or may have been.
    pub gap: bool,
}

/// What the store knows of one key.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHead {
    /// Its oldest message.
    pub min_id: Id,
    /// Its newest message.
    pub max_id: Id,
    /// How many it has.
    pub count: u32,
}

/// A pair to ask for: "was it stored?".
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The key id, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// SHA-256 of the ciphertext, 32 bytes.
    pub hash: ByteBuf,
}

/// How far a rebuild of the indexes has come, in messages; or 0 of a backlog of so many that is swept.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Indexed so far.
    pub done: u32,
    /// To be indexed in all.
    pub total: u32,
}

/// A length that is not allowed, and the most that is. The least is 1.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// What was given.
    pub length: u32,
    /// The limit.
    pub max: u32,
}

/// What a later release may add to an error.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct OtherError {
    /// Stable across releases; listed in the changelog.
    pub code: u32,
    /// For people.
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
    /// The indexes hold as many entries as they may.
    IndexFull {
        /// The limit, in entries: a message takes one, a key two.
        max: u64,
    },
    /// Every id has been given out.
    IdsExhausted {
        /// The last id there is.
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
    /// The id is 0 or was not given out yet.
    UnknownId {
        /// What was asked for.
        id: Id,
        /// The last id given out, 0: none.
        last: Id,
    },
    /// The message has been dropped, as everything below `first_id` has.
    Dropped {
        /// The oldest id that may still be there.
        first_id: Id,
    },
    /// A hash has 32 bytes.
    HashLength {
        /// What was given.
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
    /// A page of no messages was asked for.
    LimitZero,
    /// `after` is no message of that key, or was never an id.
    UnknownCursor {
        /// What was given.
        after: Id,
    },
    /// The key id is empty or too long.
    KeyIdLength(TooLong),
    /// The indexes are being rebuilt, or too much that was dropped waits to be swept; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why keys or pairs could not be looked up.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// A key id is empty or too long.
    KeyIdLength(TooLong),
    /// A hash has 32 bytes.
    HashLength {
        /// What was given.
        length: u32,
        /// 32.
        expected: u32,
    },
    /// Too many items in one call.
    BatchTooLong(TooLong),
    /// The indexes are being rebuilt, or too much that was dropped waits to be swept; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why the status was not returned: for no reason that exists today.
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
        /// What was given.
        value: u32,
        /// The least allowed.
        min: u32,
        /// The most allowed.
        max: u32,
    },
    /// `max_messages` is below what one message needs.
    MaxMessages {
        /// What was given.
        value: u32,
        /// The least allowed.
        min: u32,
    },
    /// `max_bytes` is below what one message may need.
    MaxBytes {
        /// What was given.
        value: u64,
        /// The least allowed.
        min: u64,
    },
    /// `max_age_seconds` is below the least.
    MaxAgeSeconds {
        /// What was given.
        value: u32,
        /// The least allowed.
        min: u32,
    },
    /// See [`OtherError`].
    Other(OtherError),
}

/// Why a check did not run.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// The caller does not control the canister.
    NotController,
    /// The id to start from was not given out yet.
    UnknownId {
        /// What was asked for.
        id: Id,
        /// The last id given out, 0: none.
        last: Id,
    },
    /// The indexes are being rebuilt; try again.
    Unavailable(Progress),
    /// See [`OtherError`].
    Other(OtherError),
}

/// Where a slice of a check starts: all 0 for the first one, then the `next` of the report before.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCursor {
    /// The message to look at next.
    pub id: Id,
    /// Where the walk along the list that `id` opens has come to; 0: none is under way.
    pub walk: Id,
    /// How many messages of that list have been counted.
    pub counted: u32,
}

/// What one slice of a check found.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// How many messages this slice looked at.
    pub checked: u32,
    /// Where the next slice starts; `None`: the whole store has been looked at.
    pub next: Option<CheckCursor>,
    /// Each broken invariant by its number in `docs/invariants.md`, and where. Empty: all hold.
    pub violations: Vec<String>,
}

/// The limits that callers meet with.
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
    /// Bytes of a page: its messages' ciphertexts and key ids, and a fixed part for each.
    pub page_bytes: u32,
    /// The last id.
    pub last_id: Id,
    /// Entries of the indexes: a message takes one, a key two.
    pub index_entries: u64,
    /// Bytes of the payload stream, ever written.
    pub payload_stream_bytes: u64,
    /// Bytes of stable memory.
    pub stable_bytes: u64,
    /// Pages of 4 KiB that one message touches while it rebuilds the indexes: the setting, where there is one.
    pub rebuild_pages: u32,
    /// Links to dropped messages that one call follows before it answers `Unavailable`.
    pub skipped_links: u32,
}

/// The store at a glance.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The canister's release.
    pub version: String,
    /// The version of the layout in stable memory.
    pub layout_version: u32,
    /// The oldest id that may still be there.
    pub first_id: Id,
    /// The id that the next message gets.
    pub next_id: Id,
    /// Live messages.
    pub messages: u32,
    /// Keys with live messages; while the indexes are rebuilt, those found so far; while there is a backlog, at most so
    /// many, for keys whose messages were all dropped are still among them.
    pub keys: u32,
    /// Messages that were dropped, but not yet swept out of indexes and memory.
    pub backlog: u32,
    /// When the oldest live message was stored, unix seconds; 0: none.
    pub oldest_timestamp: u32,
    /// When the newest message was stored, unix seconds; 0: none.
    pub newest_timestamp: u32,
    /// Bytes of the live messages: records, ciphertexts and what of the key ids stands beside them.
    pub live_bytes: u64,
    /// Bytes of stable memory that the canister occupies.
    pub stable_bytes: u64,
    /// Bytes of stable memory that can still be occupied; the platform may have less to give.
    pub stable_bytes_free: u64,
    /// Entries of the indexes in use.
    pub index_entries: u64,
    /// Set while the indexes are rebuilt.
    pub rebuild: Option<Progress>,
    /// The limits that callers meet with.
    pub limits: Limits,
    /// What the operator chose.
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

/// The answer for the HTTP gateway.
#[derive(CandidType, Deserialize, Clone, Debug)]
pub struct HttpResponse {
    /// As in HTTP.
    pub status_code: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: ByteBuf,
}
