//! The name of a key, and its stored form: its id, its generation and its wrapping.

#![allow(clippy::indexing_slicing, reason = "an id is at most as long as its room")]

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An id has 1 to 32 bytes: a UUID, a hash, a short name. It is not a secret: spans and errors show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId {
    /// Zero after `length`.
    bytes: [u8; KeyId::MAX],
    length: u8,
}

impl KeyId {
    /// Bytes of the longest id.
    pub const MAX: usize = 32;

    /// The id of these bytes. An error where there are none, or more than [`KeyId::MAX`].
    pub fn new(id: &[u8]) -> Result<Self, LengthError> {
        if id.is_empty() || id.len() > Self::MAX {
            return Err(LengthError { of: "key id", length: id.len(), limit: Self::MAX });
        }
        let mut bytes = [0; Self::MAX];
        bytes[..id.len()].copy_from_slice(id);
        Ok(Self { bytes, length: id.len() as u8 })
    }

    /// The bytes that the id was made of.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Hash for KeyId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.as_bytes());
        state.write_u8(self.length);
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Counts the keys that one id has had. A new key of an id has a higher generation.
pub type Generation = u32;

/// The name of one key: every generation of an id is another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName {
    /// The id, which all generations of a key share.
    pub id: KeyId,
    /// The generation of the key.
    pub generation: Generation,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.id, self.generation)
    }
}

/// A key as its manager wrapped it: opaque bytes that may be stored anywhere. Clones share them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Wrapping(Arc<[u8]>);

impl Wrapping {
    /// Bytes of the longest wrapping.
    pub const MAX: usize = 4096;

    /// The wrapping of these bytes. An error where there are none, or more than [`Wrapping::MAX`].
    pub fn new(bytes: &[u8]) -> Result<Self, LengthError> {
        if bytes.is_empty() || bytes.len() > Self::MAX {
            return Err(LengthError { of: "wrapping", length: bytes.len(), limit: Self::MAX });
        }
        Ok(Self(bytes.into()))
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrapping({} bytes)", self.0.len())
    }
}

/// A key as a program stores it: its name, and its wrapping.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WrappedKey {
    /// The key.
    pub name: KeyName,
    /// The bytes that the manager unwraps.
    pub wrapping: Wrapping,
}

/// Bytes are missing, or there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthError {
    /// The field that they were for.
    pub of: &'static str,
    /// Number of bytes given.
    pub length: usize,
    /// Maximum number of bytes.
    pub limit: usize,
}

impl fmt::Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} of {} bytes: it has 1 to {}", self.of, self.length, self.limit)
    }
}

impl std::error::Error for LengthError {}
