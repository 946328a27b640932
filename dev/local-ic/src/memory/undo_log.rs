//! The former contents of pages that a transaction changed.

use super::mapping::{Access, Mapping};
use super::page::{PAGE, Page};

/// Entries whose memory is kept for the next transaction: 16 MiB.
const KEPT_ENTRIES: usize = 4096;

/// A log of page numbers and contents. Its memory is reserved beforehand, so that a signal handler can append.
pub struct UndoLog {
    /// Page numbers, `u32` each.
    numbers: Mapping,
    /// Page contents, in the same order.
    contents: Mapping,
    len: usize,
    capacity: usize,
}

impl UndoLog {
    /// An empty log for at most `capacity` pages.
    pub fn new(capacity: usize) -> Self {
        let numbers = (capacity * size_of::<u32>()).next_multiple_of(PAGE);
        Self {
            numbers: Mapping::new(numbers, Access::ReadWrite),
            contents: Mapping::new(capacity * PAGE, Access::ReadWrite),
            len: 0,
            capacity,
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Appends the contents that page `number` had. Async-signal-safe.
    pub fn push(&mut self, number: u32, contents: &Page) {
        assert!(self.len < self.capacity, "the undo log is full");
        // SAFETY: `len` is below the capacity that both mappings were made for.
        unsafe {
            self.numbers.base().cast::<u32>().add(self.len).write(number);
            self.contents.base().cast::<Page>().add(self.len).write(*contents);
        }
        self.len += 1;
    }

    /// The page numbers, in the order in which they were appended.
    pub fn numbers(&self) -> &[u32] {
        // SAFETY: the first `len` numbers were written by `push`.
        unsafe { std::slice::from_raw_parts(self.numbers.base().cast(), self.len) }
    }

    /// The page contents, in the same order.
    pub fn contents(&self) -> &[Page] {
        // SAFETY: the first `len` pages were written by `push`.
        unsafe { std::slice::from_raw_parts(self.contents.base().cast(), self.len) }
    }

    /// Empties the log.
    pub fn clear(&mut self) {
        if self.len > KEPT_ENTRIES {
            self.contents.discard(KEPT_ENTRIES * PAGE..self.len * PAGE);
        }
        self.len = 0;
    }
}
