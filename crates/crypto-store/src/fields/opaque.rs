//! Fields whose bytes later releases define: a format and bytes.

use super::{Field, Table};
use zeroize::Zeroizing;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident in $table:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The format of the bytes, numbered by the program that defines the field.
            pub format: u8,
            /// The value.
            pub bytes: Vec<u8>,
        }

        impl Field for $name {
            const TABLE: Table = Table::$table;

            fn format(&self) -> u8 {
                self.format
            }

            fn encode(&self) -> Zeroizing<Vec<u8>> {
                Zeroizing::new(self.bytes.clone())
            }

            fn decode(format: u8, bytes: &[u8]) -> Option<Self> {
                Some(Self { format, bytes: bytes.to_vec() })
            }

            fn copy(&self) -> Self {
                self.clone()
            }
        }
    )*};
}

opaque! {
    /// A device: this one, or one of a contact.
    Device in Device;
    /// A contact.
    Contact in Contact;
    /// The position through which an inbox was read.
    Cursor in Cursor;
    /// A decrypted message.
    Message in Message;
    /// A sealed message that is to be sent.
    Outbox in Outbox;
    /// A message that cannot be decrypted yet.
    Pending in Pending;
    /// A message that was received.
    Seen in Seen;
    /// A checkpoint of the directory or of a contact.
    DirectoryMemory in Directory;
    /// A long procedure and its state. A row rather than an object: it outlives the process and its cache.
    Procedure in Procedure;
}
