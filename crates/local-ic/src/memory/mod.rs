//! The memories of a canister, each with its undo log.
//!
//! Every message is a transaction: what it changes is either kept or taken back exactly, at a cost in proportion
//! to what it touched and not to the size of the memory.

mod creator;
mod heap;
mod mapping;
mod stable;
mod undo_log;

pub use creator::{HeapCreator, with_heap};
pub use heap::{GUARD as HEAP_GUARD, Heap};
pub use stable::{Footprint, StableMemory};
