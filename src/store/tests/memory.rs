//! A memory for tests. It is sparse, can be compared and can refuse to grow.

use ic_stable_structures::Memory;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const PAGE: u64 = 4_096;
const WASM_PAGE: u64 = 65_536;

/// Stable memory that stores only the pages that were written. A clone is another handle of the same memory.
#[derive(Clone, Default)]
pub struct SparseMemory {
    pages: Rc<RefCell<Pages>>,
    read: Rc<RefCell<BTreeSet<u64>>>,
    accesses: Rc<Cell<u64>>,
}

#[derive(Clone, Default, PartialEq, Debug)]
pub struct Pages {
    size: u64,
    limit: Option<u64>,
    bytes: BTreeMap<u64, Vec<u8>>,
}

impl SparseMemory {
    /// Sets the number of Wasm pages beyond which the memory refuses to grow; `None`: it never refuses.
    pub fn set_limit(&self, limit: Option<u64>) {
        self.pages.borrow_mut().limit = limit;
    }

    /// A copy of size and contents, for comparison.
    pub fn snapshot(&self) -> Pages {
        Pages { limit: None, ..self.pages.borrow().clone() }
    }

    /// Resets the count of 4 KiB pages that are read.
    pub fn count_reads(&self) {
        self.read.borrow_mut().clear();
    }

    /// Number of different pages read since [`Self::count_reads`].
    pub fn pages_read(&self) -> u64 {
        self.read.borrow().len() as u64
    }

    /// Number of reads and writes so far.
    pub fn accesses(&self) -> u64 {
        self.accesses.get()
    }

    /// The size in Wasm pages, then the number and bytes of each page that is not all zeros. Numbers are little-endian.
    pub fn to_image(&self) -> Vec<u8> {
        let pages = self.pages.borrow();
        let mut image = pages.size.to_le_bytes().to_vec();
        for (number, bytes) in pages.bytes.iter().filter(|(_, bytes)| bytes.iter().any(|&byte| byte != 0)) {
            image.extend_from_slice(&number.to_le_bytes());
            image.extend_from_slice(bytes);
        }
        image
    }

    /// The memory of an image.
    pub fn from_image(image: &[u8]) -> Self {
        let number = |bytes: &[u8]| u64::from_le_bytes(bytes[..8].try_into().unwrap());
        let bytes = image[8..].chunks_exact(8 + PAGE as usize).map(|page| (number(page), page[8..].to_vec())).collect();
        let pages = Rc::new(RefCell::new(Pages { size: number(image), limit: None, bytes }));
        Self { pages, ..Self::default() }
    }
}

impl Memory for SparseMemory {
    fn size(&self) -> u64 {
        self.pages.borrow().size
    }

    fn grow(&self, pages: u64) -> i64 {
        let mut memory = self.pages.borrow_mut();
        let old = memory.size;
        if memory.limit.is_some_and(|limit| old + pages > limit) {
            return -1;
        }
        memory.size += pages;
        old as i64
    }

    fn read(&self, offset: u64, dst: &mut [u8]) {
        self.accesses.set(self.accesses.get() + 1);
        let memory = self.pages.borrow();
        assert!(offset + dst.len() as u64 <= memory.size * WASM_PAGE, "read out of bounds");
        self.read.borrow_mut().extend(offset / PAGE..(offset + dst.len() as u64).div_ceil(PAGE));
        let mut at = offset;
        let mut rest = dst;
        while !rest.is_empty() {
            let within = (at % PAGE) as usize;
            let (now, later) = rest.split_at_mut((PAGE as usize - within).min(rest.len()));
            match memory.bytes.get(&(at / PAGE)) {
                Some(page) => now.copy_from_slice(&page[within..within + now.len()]),
                None => now.fill(0),
            }
            at += now.len() as u64;
            rest = later;
        }
    }

    fn write(&self, offset: u64, src: &[u8]) {
        self.accesses.set(self.accesses.get() + 1);
        let mut memory = self.pages.borrow_mut();
        assert!(offset + src.len() as u64 <= memory.size * WASM_PAGE, "write out of bounds");
        let mut at = offset;
        let mut rest = src;
        while !rest.is_empty() {
            let within = (at % PAGE) as usize;
            let (now, later) = rest.split_at((PAGE as usize - within).min(rest.len()));
            let page = memory.bytes.entry(at / PAGE).or_insert_with(|| vec![0; PAGE as usize]);
            page[within..within + now.len()].copy_from_slice(now);
            at += now.len() as u64;
            rest = later;
        }
    }
}
