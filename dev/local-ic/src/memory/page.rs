//! The pages that undo logs, changes and views are made of.

use crate::limits::OS_PAGE;

/// A 4-KiB page in bytes.
pub const PAGE: usize = OS_PAGE as usize;
/// A page's contents.
pub type Page = [u8; PAGE];
