//! The header at the start of each memory. A memory with any other header is refused, never reinitialised.
//!
//! ```text
//! 0    magic 4
//! 4    layout version 4          1
//! 8    record size 4             in bytes; 1 in a stream
//! 12   0                         4 bytes
//! 16   incompatible features 8   an unknown bit is refused; none is known
//! 24   compatible features 8     unknown bits are left unchanged
//! 32   own fields 32             see the memory's module
//! ```
//!
//! Little-endian, as the message canister's headers.

use ic_stable_structures::Memory;
use std::fmt;

/// The layout that this release writes and reads.
pub const LAYOUT_VERSION: u32 = 1;
const VERSION: usize = 4;
const RECORD: usize = VERSION + 4;
const INCOMPATIBLE: usize = RECORD + 8;
const OWN: usize = INCOMPATIBLE + 16;
/// Bytes of the memory's own fields.
pub const OWN_SIZE: usize = 32;
/// Bytes of the header.
pub const SIZE: u64 = (OWN + OWN_SIZE) as u64;

/// The constants that identify a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The first four bytes.
    pub magic: [u8; 4],
    /// Bytes of a record.
    pub record: u32,
}

/// Why a memory is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderError {
    /// The memory is shorter than its header says.
    Truncated {
        /// Bytes that the memory has.
        found: u64,
        /// Bytes that it must have.
        expected: u64,
    },
    /// The magic is another one.
    Magic {
        /// The bytes that were found.
        found: [u8; 4],
        /// The bytes that were expected.
        expected: [u8; 4],
    },
    /// This release does not know the layout.
    Version(u32),
    /// The record size is another one.
    Record {
        /// The size that was found.
        found: u32,
        /// The size that was expected.
        expected: u32,
    },
    /// This release does not know these incompatible features.
    Features(u64),
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { found, expected } => write!(f, "{found} bytes, expected at least {expected}"),
            Self::Magic { found, expected } => write!(f, "magic {found:02x?}, expected {expected:02x?}"),
            Self::Version(found) => write!(f, "layout version {found}; this release knows {LAYOUT_VERSION}"),
            Self::Record { found, expected } => write!(f, "records of {found} bytes, expected {expected}"),
            Self::Features(unknown) => write!(f, "this release does not know the features {unknown:#x}"),
        }
    }
}

/// Writes the header of a new memory that has a page. Its own fields are 0.
pub fn write(memory: &impl Memory, kind: Kind) {
    let mut bytes = [0; SIZE as usize];
    bytes[..VERSION].copy_from_slice(&kind.magic);
    bytes[VERSION..RECORD].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
    bytes[RECORD..RECORD + 4].copy_from_slice(&kind.record.to_le_bytes());
    memory.write(0, &bytes);
}

/// Checks a memory's header.
pub fn check(memory: &impl Memory, kind: Kind) -> Result<(), HeaderError> {
    check_length(memory, SIZE)?;
    let mut bytes = [0; SIZE as usize];
    memory.read(0, &mut bytes);
    let magic = field(&bytes, 0);
    if magic != kind.magic {
        return Err(HeaderError::Magic { found: magic, expected: kind.magic });
    }
    let version = u32::from_le_bytes(field(&bytes, VERSION));
    if version != LAYOUT_VERSION {
        return Err(HeaderError::Version(version));
    }
    let record = u32::from_le_bytes(field(&bytes, RECORD));
    if record != kind.record {
        return Err(HeaderError::Record { found: record, expected: kind.record });
    }
    match u64::from_le_bytes(field(&bytes, INCOMPATIBLE)) {
        0 => Ok(()),
        unknown => Err(HeaderError::Features(unknown)),
    }
}

/// Checks that a memory has the bytes up to `end`.
pub fn check_length(memory: &impl Memory, end: u64) -> Result<(), HeaderError> {
    let found = memory.size() * super::PAGE;
    if end <= found { Ok(()) } else { Err(HeaderError::Truncated { found, expected: end }) }
}

/// Reads own field `number` (0 to 3), of eight bytes.
pub fn own(memory: &impl Memory, number: u64) -> u64 {
    let mut bytes = [0; 8];
    memory.read(OWN as u64 + 8 * number, &mut bytes);
    u64::from_le_bytes(bytes)
}

/// Writes own field `number` (0 to 3).
pub fn set_own(memory: &impl Memory, number: u64, value: u64) {
    memory.write(OWN as u64 + 8 * number, &value.to_le_bytes());
}

/// Copies `N` bytes from a constant offset within `bytes`.
pub fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}
