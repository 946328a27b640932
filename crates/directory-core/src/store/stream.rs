//! A stream: bytes in a memory that are appended. Their lengths stand elsewhere.
//!
//! ```text
//! 0    header (header.rs); own field 0: bytes of the stream
//! 64   the bytes
//! ```

use super::header::{self, HeaderError, Kind};
use ic_stable_structures::Memory;

/// Bytes that are appended. Erasing overwrites some with zeros.
#[derive(Debug)]
pub struct Stream<M> {
    memory: M,
    end: u64,
}

impl<M: Memory> Stream<M> {
    fn kind(magic: [u8; 4]) -> Kind {
        Kind { magic, record: 1 }
    }

    /// Makes an empty stream in a memory that has a page.
    pub fn create(memory: M, magic: [u8; 4]) -> Self {
        header::write(&memory, Self::kind(magic));
        Self { memory, end: 0 }
    }

    /// Opens a stream.
    pub fn open(memory: M, magic: [u8; 4]) -> Result<Self, HeaderError> {
        header::check(&memory, Self::kind(magic))?;
        let end = header::own(&memory, 0);
        header::check_length(&memory, end.saturating_add(header::SIZE))?;
        Ok(Self { memory, end })
    }

    /// The position that the next bytes get.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The memory, and the bytes that it needs for `more` bytes of the stream.
    pub fn room(&self, more: u64) -> (&M, u64) {
        (&self.memory, header::SIZE + self.end + more)
    }

    /// Appends bytes, for which the memory has room, and returns their position.
    pub fn append(&mut self, bytes: &[u8]) -> u64 {
        let position = self.end;
        self.memory.write(header::SIZE + position, bytes);
        self.end += bytes.len() as u64;
        header::set_own(&self.memory, 0, self.end);
        position
    }

    /// Reads the bytes between two positions.
    pub fn read(&self, from: u64, to: u64) -> Vec<u8> {
        assert!(from <= to && to <= self.end, "bytes {from} to {to} of {}", self.end);
        let mut bytes = vec![0; (to - from) as usize];
        self.memory.read(header::SIZE + from, &mut bytes);
        bytes
    }

    /// Overwrites bytes between two positions with zeros.
    pub fn erase(&mut self, from: u64, to: u64) {
        assert!(from <= to && to <= self.end, "bytes {from} to {to} of {}", self.end);
        self.memory.write(header::SIZE + from, &vec![0; (to - from) as usize]);
    }
}
