//! Contents that several views share. Each view shows the contents at its own start.
//!
//! An image is an anonymous file. A view is a private mapping of it. Writes through the view stay in the view: the
//! kernel copies a page at its first write. Before a page of the image changes, it is copied in the same way in each
//! view in use. So a view keeps its first contents, and a change waits for no view.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

use super::mapping::{Access, Mapping};
use super::page::{PAGE, Page};

/// An image, of pages that are zero until they are written.
pub struct Image {
    file: File,
    /// The file, shared.
    memory: Mapping,
}

impl Image {
    /// An image of at most `capacity` bytes. Only written pages take physical memory.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn new(capacity: usize) -> Self {
        // SAFETY: the name is a C string, and the descriptor that the kernel returns belongs to nobody else.
        let file = unsafe {
            let descriptor = libc::memfd_create(c"local-ic image".as_ptr(), libc::MFD_CLOEXEC);
            assert!(descriptor >= 0, "cannot create an anonymous file: {}", io::Error::last_os_error());
            File::from_raw_fd(descriptor)
        };
        file.set_len(capacity as u64).expect("an anonymous file can be as large as an address space");
        let memory = Mapping::shared(&file, capacity);
        Self { file, memory }
    }

    /// Changes a page. Views in use must have their own copy of it: see [`Mapping::copy_pages`].
    pub fn write(&mut self, number: u32, contents: &Page) {
        assert!(number as usize * PAGE < self.memory.len());
        // SAFETY: the page lies in the mapping, which only this method accesses.
        unsafe { self.memory.base().cast::<Page>().add(number as usize).write(*contents) };
    }

    /// A view, with `guard` inaccessible bytes behind it.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn view(&self, guard: usize, access: Access) -> io::Result<Mapping> {
        Mapping::view(&self.file, self.memory.len() + guard, access)
    }
}
