//! The wire format: byte maps, and their encoders and decoders. `docs/wire.md` has them in one place, with the threat
//! model.
//!
//! ```text
//! envelope ─ padding ─ letter ─ Olm message ─ content: text, piece of a file, control
//!                                                                             └ card
//! ```
//!
//! Integers are big-endian. Each decoder takes all bytes of its structure or refuses them.

pub mod card;
pub mod content;
pub mod envelope;
pub mod letter;
pub mod padding;

use directory_core::bytes::DecodeError;
use std::fmt;

/// Bytes of an inbox's key id, which is a self-authenticating principal.
pub const INBOX: usize = 29;

/// The reason why bytes were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The field that is wrong or cut off.
    pub field: &'static str,
    /// Its value, or the number of bytes present.
    pub value: u64,
}

impl Malformed {
    pub(crate) fn at(field: &'static str, value: usize) -> Self {
        Self { field, value: value as u64 }
    }
}

impl From<DecodeError> for Malformed {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Truncated { field, left, .. } => Self::at(field, left),
            DecodeError::Trailing { extra } => Self::at("trailing bytes", extra),
            DecodeError::Invalid { field, value } => Self { field, value },
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is wrong ({})", self.field, self.value)
    }
}

impl std::error::Error for Malformed {}
