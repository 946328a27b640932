//! Virtual memory, reserved without committing physical memory to it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use super::page::PAGE;

/// The permissions of a part of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Any access faults.
    None,
    /// Writes fault.
    Read,
    /// Nothing faults.
    ReadWrite,
}

impl Access {
    fn flags(self) -> libc::c_int {
        match self {
            Access::None => libc::PROT_NONE,
            Access::Read => libc::PROT_READ,
            Access::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
        }
    }
}

/// A mapping: anonymous, or of an anonymous file. It reads as zero or as the file until it is written, and takes physical
/// memory only where it was touched.
pub struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is plain memory owned by this value. Callers that dereference `base` ensure exclusive access.
unsafe impl Send for Mapping {}
// SAFETY: as above; the methods of `&Mapping` are system calls that the kernel serialises.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes of address space, a multiple of the page size, for memory that nobody else sees.
    ///
    /// # Panics
    ///
    /// If the system refuses: the address space of the process is limited or exhausted.
    pub fn new(len: usize, access: Access) -> Self {
        Self::try_new(len, access).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`Mapping::new`], but returns the error.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn try_new(len: usize, access: Access) -> io::Result<Self> {
        Self::map(len, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)
    }

    /// Maps the first `len` bytes of `file`. Writes go to the file.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn shared(file: &File, len: usize) -> Self {
        let mapping = Self::map(len, Access::ReadWrite, libc::MAP_SHARED, file.as_raw_fd());
        mapping.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Maps the first `len` bytes of `file`. A page is copied before it is written, so the file is not changed. Memory beyond
    /// the file's end must not be accessible.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn view(file: &File, len: usize, access: Access) -> io::Result<Self> {
        Self::map(len, access, libc::MAP_PRIVATE, file.as_raw_fd())
    }

    fn map(len: usize, access: Access, kind: libc::c_int, file: libc::c_int) -> io::Result<Self> {
        let flags = kind | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address that the kernel chooses touches no existing memory.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), len, access.flags(), flags, file, 0) };
        if base == libc::MAP_FAILED {
            let error = io::Error::last_os_error();
            return Err(io::Error::new(error.kind(), format!("cannot reserve {len} bytes of address space: {error}")));
        }
        let base = NonNull::new(base.cast()).expect("mmap chooses no null address");
        Ok(Self { base, len })
    }

    /// The first byte.
    pub fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Changes the access to `range`, whose ends are multiples of the page size. Returns whether the system did
    /// so. Async-signal-safe.
    #[must_use]
    pub fn protect(&self, range: Range<usize>, access: Access) -> bool {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: the range lies in this mapping.
        unsafe {
            let start = self.base().add(range.start).cast();
            libc::mprotect(start, range.end - range.start, access.flags()) == 0
        }
    }

    /// Gives the physical memory of `range` back: it reads as zero again, or as the file that this is a view of. The ends
    /// are multiples of the page size.
    pub fn discard(&self, range: Range<usize>) {
        let discarded = self.advise(range, libc::MADV_DONTNEED);
        discarded.unwrap_or_else(|error| panic!("cannot discard memory: {error}"));
    }

    /// Whether the system can copy pages: see [`Mapping::copy_pages`].
    ///
    /// # Errors
    ///
    /// If it cannot.
    pub fn check_copy_pages() -> io::Result<()> {
        let page = Self::try_new(PAGE, Access::ReadWrite)?;
        page.advise(0..PAGE, libc::MADV_POPULATE_WRITE).map_err(|error| {
            let message = format!("queries beside updates need Linux 5.14 or later (MADV_POPULATE_WRITE: {error})");
            io::Error::new(io::ErrorKind::Unsupported, message)
        })
    }

    /// Gives a view its own copy of `range`, as if each page were written with its own contents. The range is writable, and
    /// its ends are multiples of the page size. Concurrent users of the memory notice nothing.
    pub fn copy_pages(&self, range: Range<usize>) {
        // Since Linux 5.14.
        let copied = self.advise(range, libc::MADV_POPULATE_WRITE);
        copied.unwrap_or_else(|error| panic!("cannot copy memory: {error}"));
    }

    /// Replaces `range` by zeroed memory that is no view of anything, readable and writable.
    pub fn replace_with_zeros(&self, range: Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.len);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
        // SAFETY: the range lies in this mapping, and callers let nobody use it who expects other contents.
        let mapped = unsafe {
            let start = self.base().add(range.start).cast();
            libc::mmap(start, range.end - range.start, Access::ReadWrite.flags(), flags, -1, 0)
        };
        assert!(mapped != libc::MAP_FAILED, "cannot map memory: {}", io::Error::last_os_error());
    }

    fn advise(&self, range: Range<usize>, advice: libc::c_int) -> io::Result<()> {
        assert!(range.start <= range.end && range.end <= self.len);
        if range.is_empty() {
            return Ok(());
        }
        // SAFETY: the range lies in this mapping, and all of these are safe on memory that the process owns: they change
        // which physical memory is behind it, and its contents as the callers document.
        let result = unsafe {
            let start = self.base().add(range.start).cast();
            libc::madvise(start, range.end - range.start, advice)
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nothing borrows the mapping any more, and it is unmapped once.
        unsafe { libc::munmap(self.base().cast(), self.len) };
    }
}
