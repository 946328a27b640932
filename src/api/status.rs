//! The status of the store, its check, and HTTP.

use super::{Id, Progress, Settings};
use candid::{CandidType, Deserialize};
use serde::Serialize;

/// The limits that callers can meet.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a key id.
    pub key_id_bytes: u32,
    /// Bytes of a ciphertext.
    pub ciphertext_bytes: u32,
    /// Messages of one `add_messages`.
    pub batch_messages: u32,
    /// Items of one `get_key_heads`, `has_messages` or `acknowledge`.
    pub lookup_items: u32,
    /// Messages of a page.
    pub page_messages: u32,
    /// Bytes of a page: ciphertext, key id and [`crate::limits::PAGE_MESSAGE_OVERHEAD`] of each message.
    pub page_bytes: u32,
    /// The highest id.
    pub last_id: Id,
    /// Entries of the index; each message has one.
    pub index_entries: u64,
    /// Bytes that can ever be written to the payload stream.
    pub payload_stream_bytes: u64,
    /// Bytes of stable memory.
    pub stable_bytes: u64,
    /// 4 KiB pages that one step of a rebuild may touch: the setting, or the highest value without one.
    pub rebuild_pages: u32,
    /// Principals that can have a role.
    pub roles: u32,
}

/// Release, settings and limits. Counts and sizes only for callers who may see the whole store.
#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The canister's release.
    pub version: String,
    /// The version of the layout in stable memory.
    pub layout_version: u32,
    /// Unix seconds from which adds are possible. In one epoch an id is assigned only once.
    pub epoch: u64,
    /// Adds are refused until `resume` is called.
    pub sealed: bool,
    /// The operator's settings.
    pub settings: Settings,
    /// The limits that callers can meet.
    pub limits: Limits,
    /// `None` if the setting `reads` is `owners` and the caller is neither a reader nor an admin.
    pub store: Option<StoreStatus>,
}

/// Counts and sizes of the store.
#[derive(CandidType, Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
pub struct StoreStatus {
    /// The oldest id that may still be stored.
    pub first_id: Id,
    /// The id that the next message gets.
    pub next_id: Id,
    /// Stored messages: those from `first_id` on. Acknowledged ones count.
    pub messages: u32,
    /// Known keys, with and without messages.
    pub keys: u32,
    /// Dropped messages that are still in the index and memory.
    pub backlog: u32,
    /// True while ciphertexts of acknowledged messages wait to be overwritten.
    pub erasing: bool,
    /// Timestamp of the oldest stored message, unix seconds; 0: none.
    pub oldest_timestamp: u32,
    /// Timestamp of the newest stored message, unix seconds; 0: none.
    pub newest_timestamp: u32,
    /// Bytes of the stored messages: records, ciphertexts and the tails of key ids that do not fit into a record.
    pub live_bytes: u64,
    /// Bytes of stable memory that the canister occupies.
    pub stable_bytes: u64,
    /// Bytes that the canister may still add to its stable memory; the platform may refuse some of them.
    pub stable_bytes_free: u64,
    /// Entries of the index in use.
    pub index_entries: u64,
    /// The heap is close to its limit: no more keys are opened until an upgrade.
    pub low_memory: bool,
    /// Set while the index is rebuilt.
    pub rebuild: Option<Progress>,
    /// The reason why the rebuild stopped, as a text for people. Methods that need the index return `Unavailable`
    /// until an admin calls `retry_rebuild`.
    pub rebuild_failure: Option<String>,
}

/// The start of one slice of a check: both fields 0 for the first slice, then the `next` of the last report.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCursor {
    /// The next message to check.
    pub id: Id,
    /// The number of the next key record to check. Numbers beyond the last record stand for the slots of the trie.
    pub key: u32,
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
