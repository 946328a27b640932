//! Stable memory for tests.

use ic_stable_structures::Memory;
use std::cell::RefCell;
use std::rc::Rc;

const PAGE_BYTES: usize = 65_536;

type Page = Box<[u8; PAGE_BYTES]>;

/// Memory that takes room only for the pages that were written. Clones share it.
#[derive(Clone, Default)]
pub struct SparseMemory(Rc<RefCell<Vec<Option<Page>>>>);

impl SparseMemory {
    /// A memory of its own with the same bytes.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// Calls `part` with each part of a range that lies within a page: the page, its first byte there, and the part's bytes
    /// of the range.
    fn parts(&self, offset: u64, len: usize, mut part: impl FnMut(&mut Option<Page>, usize, std::ops::Range<usize>)) {
        let mut pages = self.0.borrow_mut();
        let offset = usize::try_from(offset).expect("it is within the memory");
        assert!(offset + len <= pages.len() * PAGE_BYTES, "{offset} + {len} is beyond the memory");
        let mut done = 0;
        while done < len {
            let (page, at) = ((offset + done) / PAGE_BYTES, (offset + done) % PAGE_BYTES);
            let end = len.min(done + PAGE_BYTES - at);
            part(&mut pages[page], at, done..end);
            done = end;
        }
    }
}

impl Memory for SparseMemory {
    fn size(&self) -> u64 {
        self.0.borrow().len() as u64
    }

    fn grow(&self, pages: u64) -> i64 {
        let mut memory = self.0.borrow_mut();
        let size = memory.len();
        memory.resize(size + pages as usize, None);
        size as i64
    }

    fn read(&self, offset: u64, dst: &mut [u8]) {
        self.parts(offset, dst.len(), |page, at, range| match page {
            Some(page) => dst[range.clone()].copy_from_slice(&page[at..at + range.len()]),
            None => dst[range].fill(0),
        });
    }

    fn write(&self, offset: u64, src: &[u8]) {
        self.parts(offset, src.len(), |page, at, range| {
            let page = page.get_or_insert_with(|| Box::new([0; PAGE_BYTES]));
            page[at..at + range.len()].copy_from_slice(&src[range]);
        });
    }
}

/// Whether both have the same size and bytes.
impl PartialEq for SparseMemory {
    fn eq(&self, other: &Self) -> bool {
        static ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];
        let (own, other) = (self.0.borrow(), other.0.borrow());
        let bytes = |page| Option::as_deref(page).unwrap_or(&ZEROS);
        own.iter().map(bytes).eq(other.iter().map(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_that_were_written_and_zero_elsewhere() {
        let memory = SparseMemory::default();
        assert_eq!((memory.grow(2), memory.grow(1), memory.size()), (0, 2, 3));
        memory.write(65_534, &[1, 2, 3, 4]);
        let mut bytes = vec![9; 3 * PAGE_BYTES];
        memory.read(0, &mut bytes);
        assert_eq!(bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>(), 10);
        assert_eq!(bytes[65_533..65_539], [0, 1, 2, 3, 4, 0]);
        let copy = memory.copy();
        assert!(copy == memory);
        copy.write(3 * 65_536 - 1, &[0]);
        assert!(copy == memory, "the same bytes, though one has a page of zeros");
        copy.write(3 * 65_536 - 1, &[1]);
        assert!(copy != memory, "clones share, copies do not");
    }

    #[test]
    #[should_panic(expected = "is beyond the memory")]
    fn nothing_is_read_beyond_it() {
        let memory = SparseMemory::default();
        memory.grow(1);
        memory.read(65_535, &mut [0; 2]);
    }
}
