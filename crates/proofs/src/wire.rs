//! Reading the bytes of a proof. Little-endian. Every count is checked before memory is allocated for it.

use crate::hash::Hash;
use std::fmt;

/// The first byte of every proof.
pub(crate) const VERSION: u8 = 1;

/// The reason why bytes are not a proof of this version.
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
    /// A number of more bytes than it needs, or of more than 32 bits.
    Number,
    /// A count above its limit.
    Count {
        /// The count found.
        found: usize,
        /// The maximum allowed.
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
            Self::Number => write!(f, "a number has too many bytes"),
            Self::Count { found, max } => write!(f, "{found} items where at most {max} are allowed"),
        }
    }
}

impl std::error::Error for Malformed {}

/// Bits of a number in one of its bytes.
const BITS: usize = 7;
/// The bit of a number's byte that says that another byte follows.
const MORE: u8 = 1 << BITS;

/// Appends a number: 7 bits in each byte, the low ones first, in as few bytes as it needs.
pub(crate) fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= MORE.into() {
        bytes.push(number as u8 | MORE);
        number >>= BITS;
    }
    bytes.push(number as u8);
}

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

    /// A number as [`write_number`] writes it.
    pub fn number(&mut self) -> Result<u32, Malformed> {
        let mut number = 0;
        for shift in (0..32).step_by(BITS) {
            let byte = self.u8()?;
            let bits = u32::from(byte & !MORE);
            if byte == 0 && shift > 0 || bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte & MORE == 0 {
                return Ok(number);
            }
        }
        Err(Malformed::Number)
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
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
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
