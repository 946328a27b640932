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
//!
//! A heap can also be a view of an image, for queries: then the kernel keeps the originals, and there is nothing to
//! protect or log.

use std::cell::UnsafeCell;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::changed::{Changed, PageChanges};
use super::image::Image;
use super::mapping::{Access, Mapping};
use super::page::{PAGE, Page};
use super::undo_log::UndoLog;
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
    /// The size when the transaction began. Memory beyond it is new and writable.
    old_size: AtomicUsize,
    originals: Originals,
}

/// The place of the contents that a rollback restores.
enum Originals {
    /// In a log that this heap writes.
    Logged(UnsafeCell<Tracking>),
    /// In the image that this heap is a view of.
    Image,
}

struct Tracking {
    undo: UndoLog,
    /// A byte for each page: whether this transaction saved it.
    saved: Mapping,
    /// Pages that committed transactions changed.
    changed: Changed,
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

// SAFETY: a heap belongs to one canister, or one view of it, whose messages run one at a time on one thread: the
// engine's lock, or the view's owner, excludes all others. (`keep` may be called beside them: it changes no content.)
// The fault handler runs on that thread, between two instructions of WebAssembly or of a copy into the heap, never
// inside a method of `Tracking`, for those do not write to protected pages.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap.
    pub fn new() -> Self {
        let pages = CAPACITY / PAGE;
        let tracking = Tracking {
            undo: UndoLog::new(pages),
            saved: Mapping::new(pages, Access::ReadWrite),
            changed: Changed::default(),
            faults: 0,
            hot: Vec::with_capacity(HOT_PAGES),
        };
        let memory = Mapping::new(CAPACITY + GUARD, Access::None);
        Self::with(memory, Originals::Logged(UnsafeCell::new(tracking)))
    }

    /// An image that a heap can have views of.
    pub fn image() -> Image {
        Image::new(CAPACITY)
    }

    /// A view of `image`, empty until [`Heap::show`].
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn view(image: &Image) -> io::Result<Self> {
        Ok(Self::with(image.view(GUARD, Access::None)?, Originals::Image))
    }

    fn with(memory: Mapping, originals: Originals) -> Self {
        Self { memory, size: AtomicUsize::new(0), old_size: AtomicUsize::new(0), originals }
    }

    /// Makes a view show the image's present `size` bytes, at least as many as before.
    ///
    /// # Errors
    ///
    /// If the system refuses. Then nothing has changed.
    pub fn show(&self, size: usize) -> io::Result<()> {
        if !self.memory.protect(self.size()..size, Access::ReadWrite) {
            return Err(io::Error::last_os_error());
        }
        self.size.store(size, Ordering::Relaxed);
        self.old_size.store(size, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a view keep its contents of `pages`, even if the image changes.
    pub fn keep(&self, pages: Range<usize>) {
        let pages = pages.start..pages.end.min(self.old_size() / PAGE);
        if !pages.is_empty() {
            self.memory.copy_pages(pages.start * PAGE..pages.end * PAGE);
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
        self.old_size.load(Ordering::Relaxed)
    }

    /// Begins a transaction.
    pub fn begin(&self) {
        self.old_size.store(self.size(), Ordering::Relaxed);
        let Some(tracking) = self.tracking() else { return };
        debug_assert_eq!(tracking.undo.len(), 0, "transactions do not nest");
        tracking.faults = 0;
        for index in 0..tracking.hot.len() {
            let page = tracking.hot[index].number;
            tracking.save(page, self.page(page));
        }
    }

    /// Grows to `size` bytes, zeroed. Returns whether the capacity allowed it.
    pub fn grow_to(&self, size: usize) -> bool {
        let old = self.size();
        let grown = size <= CAPACITY
            && match self.originals {
                Originals::Logged(_) => self.memory.protect(old..size, Access::ReadWrite),
                Originals::Image => {
                    // The image may have grown meanwhile.
                    self.memory.replace_with_zeros(old..size);
                    true
                }
            };
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
        if let Some(tracking) = self.tracking() {
            self.unprotect(tracking, offset / PAGE..end.div_ceil(PAGE));
        }
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
        let Some(tracking) = self.tracking() else { return false };
        if offset >= self.size().min(self.old_size()) || tracking.is_saved(offset / PAGE) {
            return false;
        }
        let (_, granule) = GRANULES[GRANULES.partition_point(|&(until, _)| until <= tracking.faults)];
        let first = offset / PAGE / granule * granule;
        self.unprotect(tracking, first..first + granule);
        true
    }

    /// Commits the changes of the transaction.
    ///
    /// # Panics
    ///
    /// If this is a view.
    pub fn commit(&self) {
        let tracking = self.tracking().expect("a view keeps nothing");
        let (old_size, size) = (self.old_size(), self.size());
        if let Changed::Pages(_) = tracking.changed {
            let logged = tracking.undo.numbers().iter().zip(tracking.undo.contents());
            let written = logged.filter(|&(&number, old)| self.page(number) != old).map(|(&number, _)| number);
            let new = (old_size / PAGE..size / PAGE).map(|number| number as u32);
            let new = new.filter(|&number| *self.page(number) != [0; PAGE]);
            tracking.changed.add(written.chain(new).collect::<Vec<_>>());
        }
        self.protect_except(tracking, self.hot_pages(tracking));
        if size > old_size {
            assert!(self.memory.protect(old_size..size, Access::Read), "cannot protect the heap");
        }
    }

    /// Rolls back the changes of the transaction. Refresh a view instead.
    pub fn rollback(&self) {
        let Some(tracking) = self.tracking() else { return };
        let (old_size, size) = (self.old_size(), self.size());
        if size > old_size {
            self.memory.discard(old_size..size);
            assert!(self.memory.protect(old_size..size, Access::None), "cannot protect the heap");
            self.size.store(old_size, Ordering::Relaxed);
        }
        let hot = self.hot_pages(tracking);
        let undo = &tracking.undo;
        for (&number, contents) in undo.numbers().iter().zip(undo.contents()) {
            // SAFETY: a saved page is below the old size, and writable: `unprotect` does not return otherwise.
            unsafe { self.base().cast::<Page>().add(number as usize).write(*contents) };
        }
        self.protect_except(tracking, hot);
    }

    /// Makes a view show its image's present contents, outside of any transaction. Returns whether it can. A view that has
    /// grown is of no further use.
    ///
    /// # Panics
    ///
    /// If this is no view.
    pub fn refresh(&self) -> bool {
        assert!(self.tracking().is_none(), "only a view has an image");
        self.memory.discard(0..self.size());
        self.size() == self.old_size()
    }

    /// The changes of committed transactions since the last call.
    ///
    /// # Panics
    ///
    /// If this is a view.
    pub fn take_changes(&self) -> PageChanges<'_> {
        let contents = self.read(0..self.size()).expect("the whole heap is in bounds");
        self.tracking().expect("a view changes nothing").changed.take(contents)
    }

    /// The saved pages that are to stay writable: none if there are many.
    fn hot_pages(&self, tracking: &Tracking) -> Vec<HotPage> {
        let Tracking { undo, hot, .. } = tracking;
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
    fn protect_except(&self, tracking: &mut Tracking, hot: Vec<HotPage>) {
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

    /// Saves the pages that existed when the transaction began, and makes them writable. If the system refuses, some may be
    /// writable and others not, and writes to them could be neither tracked nor rolled back. So the process ends.
    /// Async-signal-safe.
    fn unprotect(&self, tracking: &mut Tracking, pages: Range<usize>) {
        let pages = pages.start..pages.end.min(self.old_size() / PAGE);
        let mut fresh = false;
        for page in pages.clone() {
            if !tracking.is_saved(page) {
                tracking.save(page as u32, self.page(page as u32));
                fresh = true;
            }
        }
        if !fresh {
            return;
        }
        tracking.faults += 1;
        if !self.memory.protect(pages.start * PAGE..pages.end * PAGE, Access::ReadWrite) {
            // SAFETY: it does not return.
            unsafe { libc::abort() };
        }
    }

    fn page(&self, number: u32) -> &Page {
        // SAFETY: callers name pages below the size, which are readable.
        unsafe { &*self.base().cast::<Page>().add(number as usize) }
    }

    #[allow(clippy::mut_from_ref)]
    fn tracking(&self) -> Option<&mut Tracking> {
        match &self.originals {
            // SAFETY: one thread at a time uses a heap, see `Sync`.
            Originals::Logged(tracking) => Some(unsafe { &mut *tracking.get() }),
            Originals::Image => None,
        }
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
