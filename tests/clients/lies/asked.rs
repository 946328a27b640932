//! A reader's questions, as requests and for the reader in JavaScript.

use ::client::api::*;
use serde_json::{Value, json};

use crate::{blob, encoded};

/// Messages of a page, unless a question says otherwise.
pub const LIMIT: u32 = 4;

/// A question.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// A page of a key.
    Page(&'static [u8], Order, From, u32),
    /// The heads of keys.
    Heads(&'static [&'static [u8]]),
    /// A message by its id.
    Message(Id),
}

/// Where a page starts.
#[derive(Clone, Copy, Debug)]
pub enum From {
    Beginning,
    After(Id),
    /// At the time of alice's message with this rank.
    SecondOf(u32),
    Rank(u32),
}

/// The oldest messages of a key from here on.
pub const fn up(key_id: &'static [u8], from: From) -> Asked {
    Asked::Page(key_id, Order::ascending, from, LIMIT)
}

/// The newest messages of a key from here on.
pub const fn down(key_id: &'static [u8], from: From) -> Asked {
    Asked::Page(key_id, Order::descending, from, LIMIT)
}

impl From {
    /// The start in the interface. `seconds` are those of alice's ranks, from 1 on.
    pub fn start(self, seconds: &[u32]) -> Start {
        match self {
            Self::Beginning => Start::beginning,
            Self::After(id) => Start::after(id),
            Self::SecondOf(rank) => Start::time(seconds[rank as usize - 1]),
            Self::Rank(rank) => Start::rank(rank),
        }
    }
}

impl Asked {
    /// The method that answers it, and its argument.
    pub fn request(self, seconds: &[u32]) -> (&'static str, Vec<u8>) {
        match self {
            Self::Page(key_id, order, from, limit) => {
                let cursor = KeyCursor { start: from.start(seconds), order, limit, prove: true };
                ("get_messages_by_key", encoded((blob(key_id), cursor)))
            }
            Self::Heads(key_ids) => {
                let key_ids: Vec<_> = key_ids.iter().map(|key_id| blob(key_id)).collect();
                ("get_key_heads", encoded((key_ids, Some(true))))
            }
            Self::Message(id) => ("get_message_by_id", encoded((id, Some(true)))),
        }
    }

    /// The same for the reader in JavaScript: starts as the actor takes them.
    pub fn json(self, seconds: &[u32]) -> Value {
        match self {
            Self::Page(key_id, order, from, limit) => {
                let start = match from.start(seconds) {
                    Start::beginning => json!({ "beginning": null }),
                    Start::after(id) => json!({ "after": id }),
                    Start::time(second) => json!({ "time": second }),
                    Start::rank(rank) => json!({ "rank": rank }),
                };
                let order = format!("{order:?}");
                json!({ "kind": "page", "key": name(key_id), "order": order, "start": start, "limit": limit })
            }
            Self::Heads(key_ids) => {
                json!({ "kind": "heads", "keys": key_ids.iter().map(|key_id| name(key_id)).collect::<Vec<_>>() })
            }
            Self::Message(id) => json!({ "kind": "message", "id": id }),
        }
    }
}

fn name(key_id: &[u8]) -> &str {
    std::str::from_utf8(key_id).expect("it is a name")
}
