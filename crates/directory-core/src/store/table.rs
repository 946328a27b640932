//! A table: records of one size in a memory, numbered from 0.
//!
//! ```text
//! 0    header (header.rs); own field 0: number of records
//! 64   record 0, record 1, ...
//! ```

use super::header::{self, HeaderError, Kind};
use crate::hash::Hash;
use crate::log::Hashes;
use ic_stable_structures::Memory;

/// Records of `N` bytes.
#[derive(Debug)]
pub struct Table<M, const N: usize> {
    memory: M,
    length: u64,
}

impl<M: Memory, const N: usize> Table<M, N> {
    fn kind(magic: [u8; 4]) -> Kind {
        Kind { magic, record: N as u32 }
    }

    /// Makes an empty table in a memory that has a page.
    pub fn create(memory: M, magic: [u8; 4]) -> Self {
        header::write(&memory, Self::kind(magic));
        Self { memory, length: 0 }
    }

    /// Opens a table.
    pub fn open(memory: M, magic: [u8; 4]) -> Result<Self, HeaderError> {
        header::check(&memory, Self::kind(magic))?;
        let length = header::own(&memory, 0);
        let bytes = length.checked_mul(N as u64).and_then(|bytes| bytes.checked_add(header::SIZE));
        header::check_length(&memory, bytes.unwrap_or(u64::MAX))?;
        Ok(Self { memory, length })
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

    /// Appends a record, for which the memory has room, and returns its number.
    pub fn push(&mut self, record: &[u8; N]) -> u64 {
        let number = self.length;
        self.memory.write(Self::offset(number), record);
        self.length += 1;
        header::set_own(&self.memory, 0, self.length);
        number
    }

    /// Reads own field 1 to 3 of the header.
    pub fn own(&self, number: u64) -> u64 {
        header::own(&self.memory, number)
    }

    /// Writes own field 1 to 3 of the header.
    pub fn set_own(&mut self, number: u64, value: u64) {
        header::set_own(&self.memory, number, value);
    }

    fn offset(number: u64) -> u64 {
        header::SIZE + number * N as u64
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
