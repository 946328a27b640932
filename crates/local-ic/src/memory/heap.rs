//! The WebAssembly heap of a canister.
//!
//! Between messages its pages are read-only. The first write to a page in a message faults; the handler saves the
//! page in the undo log and makes it writable. So a commit costs a system call for each run of dirty pages, and a
//! rollback a copy of them.
//!
//! Two measures keep this cheap:
//! - Pages that a message wrote are likely to be written by the next: up to [`HOT_PAGES`] of them stay writable,
//!   and are saved when the next message begins instead of when it faults. One that [`IDLE_MESSAGES`] in a row
//!   leave as it was is protected again.
//! - Each isolated writable page splits the kernel's record of the mapping, and their number is limited
//!   (`vm.max_map_count`, 65,530 by default). So the more faults a message has had, the more pages the next one
//!   saves and unprotects together.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::mapping::{Access, Mapping};
use super::undo_log::{PAGE, Page, UndoLog};
use crate::limits::MAX_HEAP;

/// Bytes that the heap can grow to.
const CAPACITY: usize = MAX_HEAP as usize;
/// Unmapped bytes behind it, which let compiled code leave out most bounds checks.
pub const GUARD: usize = 32 << 20;
/// Written pages that stay writable for the next message.
const HOT_PAGES: usize = 512;
/// Messages after which a page that stayed writable, and was not changed, is protected again.
const IDLE_MESSAGES: u32 = 8;
/// Up to how many faults of a message how many pages are unprotected at a time. At most 16,384 mappings result.
const GRANULES: [(usize, usize); 3] = [(2048, 1), (4096, 16), (usize::MAX, 256)];

/// A heap, owned by a canister and lent to the instance that runs on it.
pub struct Heap {
    memory: Mapping,
    /// Accessible bytes, a multiple of the WebAssembly page.
    size: AtomicUsize,
    tracking: UnsafeCell<Tracking>,
}

struct Tracking {
    undo: UndoLog,
    /// A byte for each page: whether this transaction saved it.
    saved: Mapping,
    /// The size when the transaction began. What lies behind is new, and writable.
    old_size: usize,
    /// Times that this transaction unprotected pages.
    faults: usize,
    /// Pages left writable by the previous transaction. They are the first in this one's log.
    hot: Vec<HotPage>,
}

/// A page that stays writable between transactions.
#[derive(Clone, Copy)]
struct HotPage {
    number: u32,
    /// Transactions in a row that did not change it.
    idle: u32,
}

// SAFETY: a heap belongs to one canister, whose messages run one at a time on one thread: the engine's lock
// excludes all others. The fault handler runs on that thread, between two instructions of WebAssembly or of a
// copy into the heap, never inside a method of `Tracking`, for those do not write to protected pages.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap.
    pub fn new() -> Self {
        let pages = CAPACITY / PAGE;
        Self {
            memory: Mapping::new(CAPACITY + GUARD, Access::None),
            size: AtomicUsize::new(0),
            tracking: UnsafeCell::new(Tracking {
                undo: UndoLog::new(pages),
                saved: Mapping::new(pages, Access::ReadWrite),
                old_size: 0,
                faults: 0,
                hot: Vec::with_capacity(HOT_PAGES),
            }),
        }
    }

    /// The first byte.
    pub fn base(&self) -> *mut u8 {
        self.memory.base()
    }

    /// The size in bytes.
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// The size that a rollback would restore, in bytes.
    pub fn old_size(&self) -> usize {
        self.tracking().old_size
    }

    /// Begins a transaction.
    pub fn begin(&self) {
        let size = self.size();
        let tracking = self.tracking();
        debug_assert_eq!(tracking.undo.len(), 0, "transactions do not nest");
        tracking.old_size = size;
        tracking.faults = 0;
        for index in 0..tracking.hot.len() {
            let page = tracking.hot[index].number;
            tracking.save(page, self.page(page));
        }
    }

    /// Grows to `size` bytes, zeroed. Returns whether the capacity allowed it.
    pub fn grow_to(&self, size: usize) -> bool {
        let old = self.size();
        let grown = size <= CAPACITY && self.memory.protect(old..size, Access::ReadWrite);
        if grown {
            self.size.store(size, Ordering::Relaxed);
        }
        grown
    }

    /// The bytes at `range`, or none if they are not all in bounds. The caller lets go of them before
    /// WebAssembly runs on.
    pub fn read(&self, range: Range<usize>) -> Option<&[u8]> {
        if range.start > range.end || range.end > self.size() {
            return None;
        }
        // SAFETY: the range is accessible, and nothing writes to it while the host reads.
        Some(unsafe { std::slice::from_raw_parts(self.base().add(range.start), range.len()) })
    }

    /// Overwrites the bytes from `offset` on. Returns whether they are all in bounds; if not, none is written.
    #[must_use]
    pub fn write(&self, offset: usize, bytes: &[u8]) -> bool {
        let Some(end) = offset.checked_add(bytes.len()).filter(|&end| end <= self.size()) else {
            return false;
        };
        if bytes.is_empty() {
            return true;
        }
        assert!(self.unprotect(offset / PAGE..end.div_ceil(PAGE)), "cannot unprotect the heap");
        // SAFETY: the range is in bounds and writable, and `bytes` is the host's memory or stable memory.
        unsafe {
            let target = self.base().add(offset);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len());
        }
        true
    }

    /// Handles a fault at `address`. Returns whether the access can be tried again. Async-signal-safe.
    pub fn on_fault(&self, address: usize) -> bool {
        let offset = address.wrapping_sub(self.base().addr());
        let tracking = self.tracking();
        if offset >= self.size().min(tracking.old_size) || tracking.is_saved(offset / PAGE) {
            return false;
        }
        let (_, granule) = GRANULES[GRANULES.partition_point(|&(until, _)| until <= tracking.faults)];
        let first = offset / PAGE / granule * granule;
        self.unprotect(first..first + granule)
    }

    /// Keeps what the transaction did.
    pub fn commit(&self) {
        let (old_size, size) = (self.old_size(), self.size());
        self.protect_except(self.hot_pages());
        if size > old_size {
            assert!(self.memory.protect(old_size..size, Access::Read), "cannot protect the heap");
        }
    }

    /// Takes back what the transaction did.
    pub fn rollback(&self) {
        let (old_size, size) = (self.old_size(), self.size());
        if size > old_size {
            self.memory.discard(old_size..size);
            assert!(self.memory.protect(old_size..size, Access::None), "cannot protect the heap");
            self.size.store(old_size, Ordering::Relaxed);
        }
        let hot = self.hot_pages();
        let undo = &self.tracking().undo;
        for (&number, contents) in undo.numbers().iter().zip(undo.contents()) {
            // SAFETY: a saved page is below the old size and still writable.
            unsafe { self.base().cast::<Page>().add(number as usize).write(*contents) };
        }
        self.protect_except(hot);
    }

    /// The saved pages that are to stay writable: none if there are many.
    fn hot_pages(&self) -> Vec<HotPage> {
        let Tracking { undo, hot, .. } = self.tracking();
        if undo.len() > HOT_PAGES {
            return Vec::new();
        }
        let entries = undo.numbers().iter().zip(undo.contents()).enumerate();
        let pages = entries.map(|(index, (&number, old))| {
            let idle = match hot.get(index) {
                Some(page) if self.page(number) == old => page.idle + 1,
                _ => 0,
            };
            HotPage { number, idle }
        });
        pages.filter(|page| page.idle < IDLE_MESSAGES).collect()
    }

    /// Protects the saved pages but those in `hot`, and empties the log.
    fn protect_except(&self, hot: Vec<HotPage>) {
        let tracking = self.tracking();
        let mut pages = tracking.undo.numbers().to_vec();
        for page in &hot {
            tracking.set_saved(page.number, false);
        }
        // The hot pages are those whose mark is gone.
        pages.retain(|&page| tracking.is_saved(page as usize));
        pages.sort_unstable();
        for run in pages.chunk_by(|a, b| a + 1 == *b) {
            let range = run[0] as usize * PAGE..(run[run.len() - 1] as usize + 1) * PAGE;
            assert!(self.memory.protect(range, Access::Read), "cannot protect the heap");
        }
        for page in pages {
            tracking.set_saved(page, false);
        }
        tracking.undo.clear();
        tracking.hot = hot;
    }

    /// Saves the pages that existed when the transaction began, and makes them writable.
    fn unprotect(&self, pages: Range<usize>) -> bool {
        let tracking = self.tracking();
        let pages = pages.start..pages.end.min(tracking.old_size / PAGE);
        let mut fresh = false;
        for page in pages.clone() {
            if !tracking.is_saved(page) {
                tracking.save(page as u32, self.page(page as u32));
                fresh = true;
            }
        }
        if !fresh {
            return true;
        }
        tracking.faults += 1;
        self.memory.protect(pages.start * PAGE..pages.end * PAGE, Access::ReadWrite)
    }

    fn page(&self, number: u32) -> &Page {
        // SAFETY: callers name pages below the size, which are readable.
        unsafe { &*self.base().cast::<Page>().add(number as usize) }
    }

    #[allow(clippy::mut_from_ref)]
    fn tracking(&self) -> &mut Tracking {
        // SAFETY: one thread at a time uses a heap, see `Sync`.
        unsafe { &mut *self.tracking.get() }
    }
}

impl Tracking {
    fn is_saved(&self, page: usize) -> bool {
        // SAFETY: there is a byte for each page of the capacity.
        unsafe { self.saved.base().add(page).read() != 0 }
    }

    fn set_saved(&mut self, page: u32, saved: bool) {
        // SAFETY: there is a byte for each page of the capacity.
        unsafe { self.saved.base().add(page as usize).write(u8::from(saved)) };
    }

    fn save(&mut self, page: u32, contents: &Page) {
        self.undo.push(page, contents);
        self.set_saved(page, true);
    }
}
