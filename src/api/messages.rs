//! Messages, pages and heads.

use super::Quota;
use candid::{CandidType, Deserialize};
use serde_bytes::ByteBuf;

/// A message's number: 1, 2, 3, … in order of insertion; 0 means "none" everywhere.
pub type Id = u32;

/// A stored message.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message's number.
    pub id: Id,
    /// Unix seconds of insertion; never decreases with `id`.
    pub timestamp: u32,
    /// The key id under which it was stored, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The next message of the same key; 0: none yet.
    pub next_id: Id,
    /// The previous message of the same key when this one was stored; 0: none. An id below the reply's `first_id` is
    /// that of a dropped message.
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
    /// All messages below this id have been dropped.
    pub first_id: Id,
    /// Set if the caller asked for it.
    pub proof: Option<Proof>,
}

/// Proves a read against the subnet's key; `docs/proofs.md` describes it. A reply to an update or to a canister has no
/// proof.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The subnet's certificate over the root of the store.
    pub certificate: ByteBuf,
    /// The path from the root to the answer.
    pub bytes: ByteBuf,
}

/// One item of a batch to store.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The key id to store under, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// The sealed message, 1 to 2,000,000 bytes.
    pub ciphertext: ByteBuf,
    /// A secret that the key's owner gave to the sender. It lets the sender fill the whole quota of the key.
    pub send_key: Option<ByteBuf>,
}

/// The result of a successful add.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The id of the stored message; 0 for a caller who may not read the key.
    pub id: Id,
    /// True if the same ciphertext was already stored under this key; then nothing changed. False for a caller who may
    /// not read the key.
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

/// The start of a page and its maximum length.
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
    /// All messages below this id have been dropped.
    pub first_id: Id,
    /// True if messages between the cursor and this page may have been dropped before they were acknowledged.
    pub gap: bool,
    /// Only on a page by key, if `prove` is set in its cursor.
    pub proof: Option<Proof>,
}

/// The start of a page of a key. Each start is found in a few dozen steps, however many messages the key has.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Start {
    /// The oldest message in ascending order, the newest in descending order.
    beginning,
    /// Exclusive; the id need not belong to the key. 0: as `beginning`.
    after(Id),
    /// Unix seconds, inclusive.
    time(u32),
    /// Inclusive.
    rank(u32),
}

/// The start of a page of a key, its maximum length, and whether it is proved.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCursor {
    /// The first message.
    pub start: Start,
    /// Oldest or newest first.
    pub order: Order,
    /// As in [`Cursor`].
    pub limit: u32,
    /// Whether the page should have a proof.
    pub prove: bool,
}

/// The ends and size of one key's list of messages.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHead {
    /// Its oldest live message; 0: none is live.
    pub min_id: Id,
    /// Its newest live message; 0: none is live.
    pub max_id: Id,
    /// Number of its live messages. Acknowledged messages are not live.
    pub count: u32,
    /// Bytes of their ciphertexts.
    pub bytes: u64,
    /// Rank of the newest message ever stored.
    pub rank: u32,
    /// All messages through this id have been acknowledged; 0: none.
    pub acknowledged_id: Id,
    /// The quota that applies to it: its own, or the store's. Strangers may fill a quarter of it, members half.
    pub quota: Quota,
    /// Unix seconds since which the quota refuses strangers; 0: it does not.
    pub full_since: u32,
}

/// The heads of the keys that were asked for.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// One for each key, in the order of the question; `None`: the key is not known.
    pub heads: Vec<Option<KeyHead>>,
    /// All messages below this id have been dropped.
    pub first_id: Id,
    /// Set if the caller asked for it.
    pub proof: Option<Proof>,
}

/// A key id and a hash, to ask whether such a message is stored.
#[derive(CandidType, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The key id, 1 to 64 bytes.
    pub key_id: ByteBuf,
    /// SHA-256 of the ciphertext, 32 bytes.
    pub hash: ByteBuf,
}
