//! Reading the bytes of a proof. Little-endian. Every count is checked before memory is allocated for it.

use crate::hash::Hash;
use std::fmt;

/// The first byte of every proof.
pub(crate) const VERSION: u8 = 1;

/// Why bytes are not a proof of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The bytes end in the middle of a field.
    Truncated,
    /// Bytes follow the proof.
    TrailingBytes {
        /// Number of bytes.
        count: usize,
    },
    /// A version that this release does not know.
    Version {
        /// The version found.
        found: u8,
    },
    /// A byte that names no case.
    Case {
        /// The byte found.
        found: u8,
    },
    /// A count above its limit.
    Count {
        /// The count found.
        found: usize,
        /// The most allowed.
        max: usize,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "the proof ends in the middle of a field"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow the proof"),
            Self::Version { found } => write!(f, "proof version {found}; this release knows {VERSION}"),
            Self::Case { found } => write!(f, "byte {found} names no case"),
            Self::Count { found, max } => write!(f, "{found} items where at most {max} are allowed"),
        }
    }
}

impl std::error::Error for Malformed {}

/// Bytes that have not been read yet.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    /// The version, which must be [`VERSION`].
    pub fn version(&mut self) -> Result<(), Malformed> {
        match self.u8()? {
            VERSION => Ok(()),
            found => Err(Malformed::Version { found }),
        }
    }

    pub fn hash(&mut self) -> Result<Hash, Malformed> {
        self.array()
    }

    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_le_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// A count of at most `max` items.
    pub fn count(&mut self, max: usize) -> Result<usize, Malformed> {
        let found = usize::from(self.u16()?);
        if found > max { Err(Malformed::Count { found, max }) } else { Ok(found) }
    }

    /// `count` items.
    pub fn items<T>(
        &mut self,
        count: usize,
        item: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        (0..count).map(|_| item(self)).collect()
    }

    /// Checks that all bytes have been read.
    pub fn done(&self) -> Result<(), Malformed> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(Malformed::TrailingBytes { count }),
        }
    }
}
