//! The types that are stored, and the cache of their values.
//!
//! A field is one row of one table. Readers have it as `Arc`, so nobody can change it in place: a ratchet moves only inside
//! a write, on a copy of the newest row, and the copy is published after the commit.

mod cache;
mod olm;
mod opaque;

pub use cache::{Caching, Stats};
pub(crate) use cache::{FieldCache, RowName, Staged, Value};
pub use opaque::{Contact, Cursor, Device, DirectoryMemory, Message, Outbox, Pending, Procedure, Seen};

use std::ops::Deref;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A number in the log of changes. Each number is given to one change only, for ever.
pub type Version = i64;

/// A type of values that the store keeps, in a table of its own.
pub trait Field: Sized + Send + Sync + 'static {
    /// Its table.
    const TABLE: Table;

    /// The format that [`encode`](Self::encode) writes. It stands before the bytes, under the seal.
    fn format(&self) -> u8;
    /// The value's bytes.
    fn encode(&self) -> Zeroizing<Vec<u8>>;
    /// Reads the bytes of a format. None: not known, or no such value.
    fn decode(format: u8, bytes: &[u8]) -> Option<Self>;
    /// A copy that can be changed while others hold this value.
    fn copy(&self) -> Self;
}

macro_rules! tables {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// A table of fields. The number stands in the log of changes, and is never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table { $($(#[$doc])* $variant = $number,)* }

        impl Table {
            /// All tables.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$variant),*];

            /// The table's name in SQL.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether the process remembers values: it pays where decoding takes more than opening the seal.
            pub const fn is_cached(self) -> bool {
                matches!(self, Self::Account | Self::Session | Self::InboundGroup | Self::OutboundGroup)
            }

            pub(crate) fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

tables! {
    /// vodozemac's `Account`.
    Account = 1, "account";
    /// vodozemac's Olm `Session`.
    Session = 2, "session";
    /// vodozemac's `InboundGroupSession`.
    InboundGroup = 3, "inbound_group";
    /// vodozemac's `GroupSession`.
    OutboundGroup = 4, "outbound_group";
    /// Devices: this one and those of contacts.
    Device = 5, "device";
    /// Contacts.
    Contact = 6, "contact";
    /// The position through which an inbox was read.
    Cursor = 7, "cursor";
    /// Decrypted messages.
    Message = 8, "message";
    /// Sealed messages that are to be sent.
    Outbox = 9, "outbox";
    /// Messages that cannot be decrypted yet.
    Pending = 10, "pending";
    /// Messages that were received.
    Seen = 11, "seen";
    /// The last checkpoint of the directory and of each contact.
    Directory = 12, "directory";
    /// Long procedures, each with its state.
    Procedure = 13, "procedure";
}

/// A value that was read, and its version: what a [`put_if`](crate::Tx::put_if) expects.
pub struct Held<F> {
    /// The value. It stays as it is, whatever others write.
    pub value: Arc<F>,
    /// The version that it had.
    pub version: Version,
}

impl<F> Clone for Held<F> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), version: self.version }
    }
}

impl<F> Deref for Held<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.value
    }
}

/// One row of a range.
pub struct Row<F> {
    /// The row's key.
    pub key: Vec<u8>,
    /// Its value and version.
    pub held: Held<F>,
}
