//! Anonymous virtual memory, reserved without committing physical memory to it.

use std::io;
use std::ops::Range;
use std::ptr::NonNull;

/// What a part of a mapping may be used for.
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

/// A private anonymous mapping. It reads as zero until it is written, and takes physical memory only where it
/// was touched.
pub struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is plain memory owned by this value. Those who dereference `base` see to exclusion.
unsafe impl Send for Mapping {}
// SAFETY: as above; the methods of `&Mapping` are system calls that the kernel serialises.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes of address space, a multiple of the page size.
    ///
    /// # Panics
    ///
    /// If the system refuses: the address space of the process is limited or exhausted.
    pub fn new(len: usize, access: Access) -> Self {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address that the kernel chooses touches no existing memory.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), len, access.flags(), flags, -1, 0) };
        assert!(
            base != libc::MAP_FAILED,
            "cannot reserve {len} bytes of address space: {}",
            io::Error::last_os_error(),
        );
        let base = NonNull::new(base.cast()).expect("mmap chooses no null address");
        Self { base, len }
    }

    /// The first byte.
    pub fn base(&self) -> *mut u8 {
        self.base.as_ptr()
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

    /// Gives the physical memory of `range` back: it reads as zero again. The ends are multiples of the page size.
    pub fn discard(&self, range: Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.len);
        if range.is_empty() {
            return;
        }
        // SAFETY: the range lies in this mapping, which is private and anonymous.
        let result = unsafe {
            let start = self.base().add(range.start).cast();
            libc::madvise(start, range.end - range.start, libc::MADV_DONTNEED)
        };
        assert_eq!(result, 0, "cannot discard memory: {}", io::Error::last_os_error());
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nothing borrows the mapping any more, and it is unmapped once.
        unsafe { libc::munmap(self.base().cast(), self.len) };
    }
}
