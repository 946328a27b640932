//! The memories of a canister, each with its undo log.
//!
//! Every message is a transaction: what it changes is either kept or taken back exactly, at a cost in proportion
//! to what it touched and not to the size of the memory. What has changed can be asked for, page by page, and shown by
//! views to those who read beside the messages.

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
pub use page::{PAGE, Page};
pub use stable::{Footprint, StableMemory};
