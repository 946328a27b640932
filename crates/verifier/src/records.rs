//! The records of the journal and of evidence files.
//!
//! ```text
//! record    length of the body 4 (little-endian) | kind 1 | body | CRC-32 of all before 4 (little-endian)
//! kind 1    an update as in the update log: position 8 | time 8 | update
//! kind 2    a head, 133 bytes
//! ```
//!
//! An evidence file has kinds of its own beside these (`evidence.rs`).

use std::io::{self, BufReader, ErrorKind, Read};

/// The kind of an update's record.
pub const UPDATE: u8 = 1;
/// The kind of a head's record.
pub const HEAD: u8 = 2;
/// Maximum size of a body in bytes. Updates and certificates are smaller.
pub const MAX_BODY: usize = 64 * 1024;
/// Size of the length and the kind before the body.
pub const BEFORE: usize = 5;
/// Size of the checksum after the body.
pub const CHECKSUM: usize = 4;
/// Number of bytes that are read at once.
const CHUNK: usize = 1024 * 1024;

/// Appends a record.
pub fn push(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let length = (body.len() as u32).to_le_bytes();
    let mut checksum = crc32fast::Hasher::new();
    for part in [&length[..], &[kind], body] {
        checksum.update(part);
        out.extend(part);
    }
    out.extend(checksum.finalize().to_le_bytes());
}

/// The length of a body, from the bytes before it. `None`: no record is that long.
pub fn body_length(before: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*before.first_chunk()?) as usize;
    (length <= MAX_BODY).then_some(length)
}

/// The body of a record. `None`: its checksum is wrong.
pub fn checked(record: &[u8]) -> Option<&[u8]> {
    let (bytes, checksum) = record.split_last_chunk::<CHECKSUM>()?;
    if crc32fast::hash(bytes) == u32::from_le_bytes(*checksum) { bytes.get(BEFORE..) } else { None }
}

/// Reads records one after another, in large pieces.
pub struct Records<R> {
    from: BufReader<R>,
    end: u64,
}

impl<R: Read> Records<R> {
    /// Begins at the first record.
    pub fn new(from: R) -> Self {
        Self { from: BufReader::with_capacity(CHUNK, from), end: 0 }
    }

    /// Where the last complete record ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The next record's kind and body. `None`: no complete record follows.
    pub fn read(&mut self) -> io::Result<Option<(u8, Vec<u8>)>> {
        let mut before = [0; BEFORE];
        if !self.fill(&mut before)? {
            return Ok(None);
        }
        let Some(length) = body_length(&before) else { return Ok(None) };
        let mut rest = vec![0; length + CHECKSUM];
        if !self.fill(&mut rest)? {
            return Ok(None);
        }
        let record = [&before[..], &rest].concat();
        let [.., kind] = before;
        let found = checked(&record).map(|body| (kind, body.to_vec()));
        if found.is_some() {
            self.end += record.len() as u64;
        }
        Ok(found)
    }

    /// Fills `into`. Returns whether there were enough bytes.
    fn fill(&mut self, into: &mut [u8]) -> io::Result<bool> {
        match self.from.read_exact(into) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}
