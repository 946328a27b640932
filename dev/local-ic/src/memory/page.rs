//! The pages of undo logs, changes and views.

use crate::limits::OS_PAGE;

/// A 4-KiB page in bytes.
pub const PAGE: usize = OS_PAGE as usize;
/// A page's contents.
pub type Page = [u8; PAGE];

/// The pages of `memory` that are not all zeros, each after its number. The last page may be shorter.
pub fn nonzero_pages(memory: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    memory.chunks(PAGE).enumerate().filter(|(_, page)| *page != &[0; PAGE][..page.len()])
}
