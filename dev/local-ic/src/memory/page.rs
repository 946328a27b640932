//! The pages of undo logs, changes and views.

use crate::limits::OS_PAGE;

/// A 4-KiB page in bytes.
pub const PAGE: usize = OS_PAGE as usize;
/// A page's contents.
pub type Page = [u8; PAGE];
