//! The entries of the log.

use super::SharedId;
use crate::Address;
use crate::wire::content::{File, Id};
use serde::{Deserialize, Serialize};

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was written, in milliseconds since 1970.
    pub at: u64,
    /// The person or inbox that it is about.
    pub with: Option<With>,
    /// The event.
    pub event: Event,
}

/// The person or inbox that a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum With {
    /// A person.
    Person(Address),
    /// The shared inbox of this key id.
    Shared(SharedId),
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The user wrote.
    Sent {
        /// Id of the message.
        id: Id,
        /// The user's message.
        said: Said,
        /// Number of its sealed messages that the canister does not have yet.
        waiting: u32,
        /// The reason why some of them were given up.
        failed: Option<String>,
    },
    /// A contact wrote.
    Received {
        /// Id of the message.
        id: Id,
        /// The device that wrote.
        device: [u8; 32],
        /// The number of the content, or of the last piece of a file.
        number: u64,
        /// When it was written, by the sender's clock, in milliseconds since 1970.
        time: u64,
        /// The contact's message.
        said: Said,
    },
    /// Somebody wrote to a shared inbox. Nothing proves who.
    Shared {
        /// Id of the message in the canister.
        id: u32,
        /// When the canister took it, in seconds since 1970.
        time: u32,
        /// The message.
        said: Said,
    },
    /// Contents of a device with these numbers did not arrive before a later one. They may still arrive.
    Missing {
        /// The device.
        device: [u8; 32],
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// Messages of the inbox were dropped before they were read.
    Dropped {
        /// Everything below this id is gone.
        first_id: u32,
    },
    /// The user has not added the sender.
    Introduced,
    /// A contact has other devices than before.
    Changed,
    /// A message did not open.
    Unopened {
        /// Its id in the canister.
        id: u32,
        /// The reason.
        why: String,
    },
}

impl Event {
    /// Length of its text in bytes.
    pub(crate) fn text_length(&self) -> usize {
        match self {
            Self::Sent { said: Said::Text(text), .. }
            | Self::Received { said: Said::Text(text), .. }
            | Self::Shared { said: Said::Text(text), .. } => text.len(),
            _ => 0,
        }
    }
}

/// A user's message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// A text.
    Text(String),
    /// A file.
    File(File),
}
