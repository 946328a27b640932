//! The numbers in the own fields of a memory's header.

use ic_stable_structures::Memory;
use stable::header::{self, HEADER_BYTES, HeaderError, Kind, OWN_BYTES, OWN_OFFSET, field};

/// The layout that this release writes and reads.
const LAYOUT: u32 = 1;
/// Where a table's records or a stream's bytes start.
pub const START: u64 = HEADER_BYTES as u64;

/// The constants that identify a memory.
pub fn kind(magic: [u8; 4], record: usize) -> Kind {
    Kind { magic, layout: LAYOUT, record_bytes: record as u32, segment_pages: 0 }
}

/// Writes the header of a new memory that has a page. Its numbers are 0.
pub fn create(memory: &impl Memory, kind: Kind) {
    header::write(memory, kind, [0; OWN_BYTES]);
}

/// Checks a memory's header and returns its first number.
pub fn open(memory: &impl Memory, kind: Kind) -> Result<u64, HeaderError> {
    Ok(u64::from_le_bytes(field(&header::read(memory, kind, 1)?, 0)))
}

/// Checks that a memory is at least `end` bytes long.
pub fn check_length(memory: &impl Memory, end: u64) -> Result<(), HeaderError> {
    let (pages, expected) = (memory.size(), end.div_ceil(super::PAGE));
    if expected <= pages { Ok(()) } else { Err(HeaderError::Truncated { pages, expected }) }
}

/// Reads a number.
pub fn get(memory: &impl Memory, number: u64) -> u64 {
    let mut bytes = [0; 8];
    memory.read(OWN_OFFSET + 8 * number, &mut bytes);
    u64::from_le_bytes(bytes)
}

/// Writes a number.
pub fn set(memory: &impl Memory, number: u64, value: u64) {
    memory.write(OWN_OFFSET + 8 * number, &value.to_le_bytes());
}
