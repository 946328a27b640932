//! The header at the start of each memory. A memory with any other header is refused.
//!
//! ```text
//! offset size
//!      0    4  magic                  names the memory's use
//!      4    4  layout version         of the canister
//!      8    4  record size            in bytes, 0: no records
//!     12    4  segment size           in Wasm pages, 0: no segments
//!     16    8  incompatible features  an unknown bit: refuse to open
//!     24    8  compatible features    unknown bits are left unchanged
//!     32   32  own fields             see the memory's module
//! ```
//!
//! Little-endian throughout. A memory is never silently reinitialised.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use ic_stable_structures::Memory;
use std::fmt;

const MAGIC: usize = 0;
const VERSION: usize = MAGIC + 4;
const RECORD_BYTES: usize = VERSION + 4;
const SEGMENT_PAGES: usize = RECORD_BYTES + 4;
const INCOMPATIBLE: usize = SEGMENT_PAGES + 4;
const COMPATIBLE: usize = INCOMPATIBLE + 8;
const OWN: usize = COMPATIBLE + 8;
/// Bytes of the memory's own fields.
pub const OWN_BYTES: usize = 32;
/// Bytes of the header with the memory's own fields.
pub const HEADER_BYTES: usize = OWN + OWN_BYTES;
/// Where the memory's own fields start.
pub const OWN_OFFSET: u64 = OWN as u64;

/// Incompatible feature: segments have been unmapped, and may have been mapped again elsewhere.
pub const REUSED_SEGMENTS: u64 = 1;
/// The incompatible features that this release knows.
const KNOWN_INCOMPATIBLE: u64 = REUSED_SEGMENTS;

/// The constants that identify a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The first four bytes.
    pub magic: [u8; 4],
    /// The layout version that this release writes and reads.
    pub layout: u32,
    /// Bytes of a record.
    pub record_bytes: u32,
    /// Wasm pages of a segment.
    pub segment_pages: u32,
}

/// The reason why a memory was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The memory is shorter than its header and tables.
    Truncated {
        /// Wasm pages that it has.
        pages: u64,
        /// Wasm pages that it must have at least.
        expected: u64,
    },
    /// The magic is different.
    Magic {
        /// The bytes found.
        found: [u8; 4],
        /// The bytes expected.
        expected: [u8; 4],
    },
    /// This release does not read the layout.
    Version {
        /// The version found.
        found: u32,
        /// The version expected.
        expected: u32,
    },
    /// The record size is different.
    RecordBytes {
        /// The size found.
        found: u32,
        /// The size expected.
        expected: u32,
    },
    /// The segment size is different.
    SegmentPages {
        /// The size found.
        found: u32,
        /// The size expected.
        expected: u32,
    },
    /// This release does not know some incompatible features.
    IncompatibleFeatures {
        /// The unknown bits.
        unknown: u64,
    },
    /// More segments are mapped than the memory has.
    MappedSegments {
        /// The first mapped logical segment.
        from: u64,
        /// One past the last.
        end: u64,
        /// Physical segments in the memory.
        there: u64,
    },
    /// The segment table names a physical segment that does not exist, or names one twice.
    SegmentTable {
        /// The logical segment.
        logical: u64,
        /// Its entry.
        physical: u32,
        /// Physical segments in the memory.
        there: u64,
    },
    /// The ids are not in the order `reclaimed <= first <= next`.
    LowIds {
        /// All messages below it have been dropped.
        first: u32,
        /// All messages below it have been swept.
        reclaimed: u32,
        /// One past the last record.
        next: u32,
    },
    /// The slots' end, free list and count do not fit each other or the memory.
    Slots {
        /// One past the last slot.
        end: u32,
        /// The first free slot, 0: none.
        free: u32,
        /// Slots in use.
        count: u32,
        /// Slots for which the memory has room.
        room: u64,
    },
    /// The last record's extent ends beyond the mapped segments.
    StreamEnd {
        /// The position at which it ends.
        end: u64,
        /// The position at which the mapped segments end.
        mapped: u64,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { pages, expected } => write!(f, "{pages} pages, expected at least {expected}"),
            Self::Magic { found, expected } => write!(f, "magic {found:02x?}, expected {expected:02x?}"),
            Self::Version { found, expected } => {
                write!(f, "layout {found} is not read by this release, which reads layout {expected}")
            }
            Self::RecordBytes { found, expected } => {
                write!(f, "records of {found} bytes, expected {expected}")
            }
            Self::SegmentPages { found, expected } => {
                write!(f, "segments of {found} pages, expected {expected}")
            }
            Self::IncompatibleFeatures { unknown } => {
                write!(f, "this release does not know the features {unknown:#x}")
            }
            Self::MappedSegments { from, end, there } => {
                write!(f, "segments {from} to {end} are mapped, but the memory has {there}")
            }
            Self::SegmentTable { logical, physical, there } => {
                write!(f, "segment {logical} is mapped to place {physical} of {there}, which is missing or taken")
            }
            Self::LowIds { first, reclaimed, next } => {
                write!(f, "ids out of order: reclaimed {reclaimed}, first {first}, next {next}")
            }
            Self::Slots { end, free, count, room } => {
                write!(
                    f,
                    "slots end at {end}, the first free one is {free} and {count} are in use; there is room for {room}"
                )
            }
            Self::StreamEnd { end, mapped } => write!(f, "payloads end at {end}, beyond the mapped {mapped} bytes"),
        }
    }
}

/// Writes the header of a new memory, with the own fields `own`.
///
/// Precondition: `memory` has a page.
pub fn write(memory: &impl Memory, kind: Kind, own: [u8; OWN_BYTES]) {
    let mut bytes = [0; HEADER_BYTES];
    bytes[MAGIC..VERSION].copy_from_slice(&kind.magic);
    bytes[VERSION..RECORD_BYTES].copy_from_slice(&kind.layout.to_le_bytes());
    bytes[RECORD_BYTES..SEGMENT_PAGES].copy_from_slice(&kind.record_bytes.to_le_bytes());
    bytes[SEGMENT_PAGES..INCOMPATIBLE].copy_from_slice(&kind.segment_pages.to_le_bytes());
    bytes[OWN..].copy_from_slice(&own);
    memory.write(0, &bytes);
}

/// Checks the header of a memory, which must have at least `pages` Wasm pages. Returns its own fields.
pub fn read(memory: &impl Memory, kind: Kind, pages: u64) -> Result<[u8; OWN_BYTES], HeaderError> {
    if memory.size() < pages {
        return Err(HeaderError::Truncated { pages: memory.size(), expected: pages });
    }
    let mut bytes = [0; HEADER_BYTES];
    memory.read(0, &mut bytes);
    let magic = field(&bytes, MAGIC);
    if magic != kind.magic {
        return Err(HeaderError::Magic { found: magic, expected: kind.magic });
    }
    let version = u32::from_le_bytes(field(&bytes, VERSION));
    if version != kind.layout {
        return Err(HeaderError::Version { found: version, expected: kind.layout });
    }
    let unknown = u64::from_le_bytes(field(&bytes, INCOMPATIBLE)) & !KNOWN_INCOMPATIBLE;
    if unknown != 0 {
        return Err(HeaderError::IncompatibleFeatures { unknown });
    }
    let record_bytes = u32::from_le_bytes(field(&bytes, RECORD_BYTES));
    if record_bytes != kind.record_bytes {
        return Err(HeaderError::RecordBytes { found: record_bytes, expected: kind.record_bytes });
    }
    let segment_pages = u32::from_le_bytes(field(&bytes, SEGMENT_PAGES));
    if segment_pages != kind.segment_pages {
        return Err(HeaderError::SegmentPages { found: segment_pages, expected: kind.segment_pages });
    }
    Ok(field(&bytes, OWN))
}

/// Sets incompatible features in a memory's header, so that releases without these features refuse to open it.
pub fn require(memory: &impl Memory, features: u64) {
    let mut bytes = [0; 8];
    memory.read(INCOMPATIBLE as u64, &mut bytes);
    let required = u64::from_le_bytes(bytes);
    if required & features != features {
        memory.write(INCOMPATIBLE as u64, &(required | features).to_le_bytes());
    }
}

/// Copies `N` bytes of `bytes`, starting at `at`.
///
/// Precondition: the range lies within `bytes`. Every caller uses a constant offset.
pub fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}
