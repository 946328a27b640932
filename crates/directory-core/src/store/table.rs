//! A table: records of one size in a memory, numbered from 0.
//!
//! ```text
//! 0    header (crates/stable); its own fields:
//!        32  number of records 8
//!        40  two more numbers, 8 each       for the table's owner
//! 64   record 0, record 1, ...
//! ```

use super::own::{self, kind};
use crate::hash::Hash;
use crate::log::Hashes;
use ic_stable_structures::Memory;
use stable::header::HeaderError;

/// Records of `N` bytes.
#[derive(Debug)]
pub struct Table<M, const N: usize> {
    memory: M,
    length: u64,
}

impl<M: Memory, const N: usize> Table<M, N> {
    /// Makes an empty table in a memory that has a page.
    pub fn create(memory: M, magic: [u8; 4]) -> Self {
        own::create(&memory, kind(magic, N));
        Self { memory, length: 0 }
    }

    /// Opens a table.
    pub fn open(memory: M, magic: [u8; 4]) -> Result<Self, HeaderError> {
        let length = own::open(&memory, kind(magic, N))?;
        let bytes = length.checked_mul(N as u64).and_then(|bytes| bytes.checked_add(own::START));
        own::check_length(&memory, bytes.unwrap_or(u64::MAX))?;
        Ok(Self { memory, length })
    }

    /// Whether the header is unchanged.
    pub fn is_kept(&self, magic: [u8; 4]) -> bool {
        own::open(&self.memory, kind(magic, N)) == Ok(self.length)
    }

    /// Number of records.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The memory, and the bytes that it needs for `more` records.
    pub fn room(&self, more: u64) -> (&M, u64) {
        (&self.memory, Self::offset(self.length + more))
    }

    /// Reads a record that exists.
    pub fn get(&self, number: u64) -> [u8; N] {
        assert!(number < self.length, "record {number} of {}", self.length);
        let mut record = [0; N];
        self.memory.read(Self::offset(number), &mut record);
        record
    }

    /// Overwrites a record that exists.
    pub fn set(&mut self, number: u64, record: &[u8; N]) {
        assert!(number < self.length, "record {number} of {}", self.length);
        self.memory.write(Self::offset(number), record);
    }

    /// Appends a record and returns its number. The memory must have room.
    pub fn push(&mut self, record: &[u8; N]) -> u64 {
        let number = self.length;
        self.memory.write(Self::offset(number), record);
        self.length += 1;
        own::set(&self.memory, 0, self.length);
        number
    }

    /// Reads own number 1 or 2 of the header.
    pub fn own(&self, number: u64) -> u64 {
        own::get(&self.memory, number)
    }

    /// Writes own number 1 or 2 of the header.
    pub fn set_own(&mut self, number: u64, value: u64) {
        own::set(&self.memory, number, value);
    }

    fn offset(number: u64) -> u64 {
        own::START + number * N as u64
    }
}

impl<M: Memory> Hashes for Table<M, 32> {
    fn get(&self, position: u64) -> Hash {
        Table::get(self, position)
    }

    fn push(&mut self, hash: Hash) {
        Table::push(self, &hash);
    }
}
