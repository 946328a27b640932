//! The memories of a canister, each with its undo log.
//!
//! Every message is a transaction: its changes are either kept or undone exactly. The cost is proportional to the pages
//! that it touched, not to the size of the memory. Changes can be listed page by page, and views show them to readers
//! beside the messages.

mod changed;
mod creator;
mod heap;
mod image;
mod mapping;
mod page;
mod stable;
mod undo_log;

pub use changed::PageChanges;
pub use creator::{HeapCreator, with_heap};
pub use heap::{GUARD as HEAP_GUARD, Heap};
pub use image::Image;
pub use mapping::Mapping;
pub use page::{PAGE, Page, nonzero_pages};
pub use stable::{Footprint, StableMemory};
