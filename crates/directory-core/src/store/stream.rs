//! A stream: bytes appended in a memory. Others keep the positions and lengths of its pieces.
//!
//! ```text
//! 0    header (crates/stable); its own fields:
//!        32  bytes of the stream 8
//! 64   the bytes
//! ```

use super::own::{self, kind};
use ic_stable_structures::Memory;
use stable::header::HeaderError;

/// An append-only stream of bytes. Erasing overwrites some with zeros.
#[derive(Debug)]
pub struct Stream<M> {
    memory: M,
    end: u64,
}

impl<M: Memory> Stream<M> {
    /// Makes an empty stream in a memory that has a page.
    pub fn create(memory: M, magic: [u8; 4]) -> Self {
        own::create(&memory, kind(magic, 1));
        Self { memory, end: 0 }
    }

    /// Opens a stream.
    pub fn open(memory: M, magic: [u8; 4]) -> Result<Self, HeaderError> {
        let end = own::open(&memory, kind(magic, 1))?;
        own::check_length(&memory, end.saturating_add(own::START))?;
        Ok(Self { memory, end })
    }

    /// Whether the header is unchanged.
    pub fn is_kept(&self, magic: [u8; 4]) -> bool {
        own::open(&self.memory, kind(magic, 1)) == Ok(self.end)
    }

    /// The position of the next bytes.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The memory, and the bytes that it needs for `more` bytes of the stream.
    pub fn room(&self, more: u64) -> (&M, u64) {
        (&self.memory, own::START + self.end + more)
    }

    /// Appends bytes and returns their position. The memory must have room.
    pub fn append(&mut self, bytes: &[u8]) -> u64 {
        let position = self.end;
        self.memory.write(own::START + position, bytes);
        self.end += bytes.len() as u64;
        own::set(&self.memory, 0, self.end);
        position
    }

    /// The bytes between two positions. `None`: the stream does not reach so far.
    pub fn get(&self, from: u64, to: u64) -> Option<Vec<u8>> {
        (from <= to && to <= self.end).then(|| self.read(from, to))
    }

    /// Reads the bytes between two positions.
    pub fn read(&self, from: u64, to: u64) -> Vec<u8> {
        assert!(from <= to && to <= self.end, "bytes {from} to {to} of {}", self.end);
        let mut bytes = vec![0; (to - from) as usize];
        self.memory.read(own::START + from, &mut bytes);
        bytes
    }

    /// Overwrites bytes between two positions with zeros.
    pub fn erase(&mut self, from: u64, to: u64) {
        assert!(from <= to && to <= self.end, "bytes {from} to {to} of {}", self.end);
        self.memory.write(own::START + from, &vec![0; (to - from) as usize]);
    }
}
