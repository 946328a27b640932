//! The stable memory of a canister.
//!
//! The memory is sparse: it takes address space when it first grows, and physical memory where it is touched. Each
//! 4-KiB page has a stamp that tells whether the running transaction has accessed or dirtied it.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::changed::{Changed, PageChanges};
use super::image::Image;
use super::mapping::{Access, Mapping};
use super::page::{PAGE, Page, nonzero_pages};
use super::undo_log::UndoLog;
use crate::limits::{INSTALL_STABLE_PAGES, MAX_STABLE_MEMORY, WASM_PAGE};

const CAPACITY: usize = MAX_STABLE_MEMORY as usize;
/// The transaction number at which stamps are reset: one bit less than a stamp has.
const LAST_TRANSACTION: u32 = u32::MAX >> 1;

/// The accesses of a transaction to stable memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Distinct 4-KiB pages read or written.
    pub accessed_pages: u64,
    /// Distinct 4-KiB pages written.
    pub dirtied_pages: u64,
    /// Bytes read, counted as often as they were.
    pub bytes_read: u64,
    /// Bytes written, counted as often as they were.
    pub bytes_written: u64,
}

/// A stable memory and its undo log.
#[derive(Default)]
pub struct StableMemory {
    /// Size in 64-KiB pages.
    pages: u64,
    /// Size when the transaction began.
    old_pages: u64,
    transaction: u32,
    footprint: Footprint,
    backing: Option<Backing>,
    /// Pages that committed transactions changed.
    changed: Changed,
}

struct Backing {
    memory: Arc<Mapping>,
    /// A `u32` for each 4-KiB page: the last transaction that accessed it, doubled, plus one if that dirtied it.
    stamps: Mapping,
    /// None in a view: its image has what a rollback restores.
    log: Option<Log>,
}

/// The changes of the running transaction.
struct Log {
    undo: UndoLog,
    /// The pages that it dirtied.
    dirtied: Vec<u32>,
}

impl StableMemory {
    /// An image that a stable memory can have views of.
    pub fn image() -> Image {
        Image::new(CAPACITY)
    }

    /// A view of `image`, empty until [`StableMemory::show`].
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn view(image: &Image) -> io::Result<Self> {
        let memory = Arc::new(image.view(0, Access::ReadWrite)?);
        let backing = Backing { memory, stamps: Mapping::try_new(stamp_bytes(), Access::ReadWrite)?, log: None };
        Ok(Self { backing: Some(backing), ..Self::default() })
    }

    /// Makes a view show the image's present `pages` of 64 KiB.
    pub fn show(&mut self, pages: u64) {
        self.pages = pages;
    }

    /// Makes a view show its image's present contents, outside of any transaction.
    ///
    /// # Panics
    ///
    /// If this is no view.
    pub fn refresh(&mut self) {
        let view = self.backing.as_ref().filter(|backing| backing.log.is_none());
        view.expect("only a view has an image").memory.discard(0..CAPACITY);
    }

    /// The memory, for callers that keep a view's contents while its image changes.
    pub fn mapping(&self) -> Option<&Arc<Mapping>> {
        self.backing.as_ref().map(|backing| &backing.memory)
    }

    /// The size in 64-KiB pages.
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// The accesses of the running transaction so far.
    pub fn footprint(&self) -> Footprint {
        self.footprint
    }

    /// Begins a transaction.
    pub fn begin(&mut self) {
        self.old_pages = self.pages;
        self.footprint = Footprint::default();
        if let Some(Backing { log: Some(log), .. }) = &mut self.backing {
            log.dirtied.clear();
        }
        if self.transaction == LAST_TRANSACTION {
            self.transaction = 0;
            if let Some(backing) = &self.backing {
                backing.stamps.discard(0..stamp_bytes());
            }
        }
        self.transaction += 1;
    }

    /// Commits the changes of the transaction. The memory must not be a view.
    pub fn commit(&mut self) {
        if let Some(Backing { log: Some(log), .. }) = &mut self.backing {
            log.undo.clear();
            self.changed.add(log.dirtied.drain(..));
        }
    }

    /// Rolls back the changes of the transaction. The contents of a view remain until it is refreshed.
    pub fn rollback(&mut self) {
        if let Some(Backing { memory, log: Some(log), .. }) = &mut self.backing {
            for (&number, contents) in log.undo.numbers().iter().zip(log.undo.contents()) {
                // SAFETY: a logged page lies in the memory.
                unsafe { memory.base().cast::<Page>().add(number as usize).write(*contents) };
            }
            log.undo.clear();
            memory.discard(bytes(self.old_pages)..bytes(self.pages));
        }
        self.pages = self.old_pages;
    }

    /// Grows by `additional` 64-KiB pages, zeroed. Returns whether the capacity allows it.
    pub fn grow(&mut self, additional: u64) -> bool {
        let pages = self.pages.checked_add(additional);
        let Some(pages) = pages.filter(|&pages| pages <= MAX_STABLE_MEMORY / WASM_PAGE) else {
            return false;
        };
        if pages > 0 && self.backing.is_none() {
            self.backing = Some(Backing::new());
        }
        self.pages = pages;
        true
    }

    /// The byte range of `len` bytes from `offset` on, if it is in bounds.
    pub fn range(&self, offset: u64, len: u64) -> Option<Range<usize>> {
        let end = offset.checked_add(len).filter(|&end| end <= self.pages * WASM_PAGE)?;
        Some(offset as usize..end as usize)
    }

    /// Number of pages of `range`, which is in bounds, that the transaction has not accessed, and number that it has not
    /// dirtied.
    pub fn untouched(&self, range: &Range<usize>) -> (u64, u64) {
        let Some(backing) = &self.backing else { return (0, 0) };
        let (mut unaccessed, mut clean) = (0, 0);
        for page in pages_of(range) {
            let stamp = backing.stamp(page);
            unaccessed += u64::from(stamp >> 1 != self.transaction);
            clean += u64::from(stamp != self.dirty_stamp());
        }
        (unaccessed, clean)
    }

    /// The bytes of `range`, which is in bounds.
    pub fn read(&mut self, range: Range<usize>) -> &[u8] {
        let accessed = self.transaction << 1;
        self.footprint.bytes_read += range.len() as u64;
        let Some(backing) = &mut self.backing else { return &[] };
        for page in pages_of(&range) {
            if backing.stamp(page) >> 1 != self.transaction {
                backing.set_stamp(page, accessed);
                self.footprint.accessed_pages += 1;
            }
        }
        backing.bytes(range)
    }

    /// Overwrites the bytes from `offset` on, all of which are in bounds.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        let dirty = self.dirty_stamp();
        let old_pages = bytes_to_os_pages(self.old_pages);
        self.footprint.bytes_written += bytes.len() as u64;
        let Some(backing) = &mut self.backing else { return };
        for page in pages_of(&(offset..offset + bytes.len())) {
            let stamp = backing.stamp(page);
            if stamp == dirty {
                continue;
            }
            self.footprint.accessed_pages += u64::from(stamp >> 1 != self.transaction);
            self.footprint.dirtied_pages += 1;
            backing.set_stamp(page, dirty);
            backing.log(page, page < old_pages);
        }
        backing.overwrite(offset, bytes);
    }

    /// The whole contents, outside of any transaction.
    pub fn contents(&self) -> &[u8] {
        self.backing.as_ref().map_or(&[], |backing| backing.bytes(0..bytes(self.pages)))
    }

    /// The changes of committed transactions since the last call, outside of any transaction.
    pub fn take_changes(&mut self) -> PageChanges<'_> {
        let Self { changed, backing, pages, .. } = self;
        changed.take(backing.as_ref().map_or(&[], |backing| backing.bytes(0..bytes(*pages))))
    }

    /// Overwrites 4 KiB of a memory that is being restored, outside of any transaction. Returns whether they are in bounds.
    pub fn restore_page(&mut self, offset: u64, contents: &[u8]) -> bool {
        let range = self.range(offset, contents.len() as u64);
        let (Some(range), Some(backing)) = (range, &mut self.backing) else { return false };
        backing.overwrite(range.start, contents);
        true
    }

    /// Replaces the whole contents, outside of any transaction. The rest of the last 64-KiB page is zero.
    ///
    /// # Panics
    ///
    /// If `contents` is larger than a stable memory can be.
    pub fn replace(&mut self, contents: &[u8]) {
        *self = Self::default();
        let pages = (contents.len() as u64).div_ceil(WASM_PAGE);
        assert!(self.grow(pages), "stable memory ends at {MAX_STABLE_MEMORY} bytes");
        if let Some(backing) = &mut self.backing {
            // New memory is zero, and takes physical memory only where it is written.
            for (number, page) in nonzero_pages(contents) {
                backing.overwrite(number * PAGE, page);
            }
        }
    }

    fn dirty_stamp(&self) -> u32 {
        self.transaction << 1 | 1
    }
}

impl Backing {
    fn new() -> Self {
        Self {
            memory: Arc::new(Mapping::new(CAPACITY, Access::ReadWrite)),
            stamps: Mapping::new(stamp_bytes(), Access::ReadWrite),
            log: Some(Log { undo: UndoLog::new(INSTALL_STABLE_PAGES as usize), dirtied: Vec::new() }),
        }
    }

    fn stamp(&self, page: usize) -> u32 {
        // SAFETY: there is a stamp for each page of the capacity.
        unsafe { self.stamps.base().cast::<u32>().add(page).read() }
    }

    fn set_stamp(&mut self, page: usize, stamp: u32) {
        // SAFETY: there is a stamp for each page of the capacity.
        unsafe { self.stamps.base().cast::<u32>().add(page).write(stamp) };
    }

    /// Notes that a page is about to be dirtied, and logs its contents if a rollback must restore it.
    fn log(&mut self, page: usize, restored: bool) {
        let Some(log) = &mut self.log else { return };
        log.dirtied.push(page as u32);
        if restored {
            // SAFETY: the page lies in the memory, and the log's is another.
            let contents = unsafe { &*self.memory.base().cast::<Page>().add(page) };
            log.undo.push(page as u32, contents);
        }
    }

    fn bytes(&self, range: Range<usize>) -> &[u8] {
        assert!(range.end <= CAPACITY);
        // SAFETY: the range lies in the memory, which is written only through `&mut self`.
        unsafe { std::slice::from_raw_parts(self.memory.base().add(range.start), range.len()) }
    }

    fn overwrite(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= CAPACITY);
        // SAFETY: the range lies in the memory, and `bytes` is memory that someone else owns.
        unsafe {
            let target = self.memory.base().add(offset);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len());
        }
    }
}

fn bytes(pages: u64) -> usize {
    (pages * WASM_PAGE) as usize
}

fn bytes_to_os_pages(pages: u64) -> usize {
    bytes(pages) / PAGE
}

fn stamp_bytes() -> usize {
    CAPACITY / PAGE * size_of::<u32>()
}

/// The 4-KiB pages that a byte range touches.
fn pages_of(range: &Range<usize>) -> Range<usize> {
    if range.is_empty() { 0..0 } else { range.start / PAGE..range.end.div_ceil(PAGE) }
}
