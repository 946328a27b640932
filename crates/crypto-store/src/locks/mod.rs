//! The order of the writers. A writer that holds all locks has the *turn*.
//!
//! | module | its job |
//! |---|---|
//! | `file_system` | refuses file systems of other machines, and those without lasting inode numbers |
//! | `identity` | which file a path means |
//! | `lock_file` | one `flock`, and the name of who holds it |
//! | `holder` | the holder's process, and whether it runs |
//! | `turnstile` | the order of all locks |
//!
//! There is no lease and no clock: a stopped process still has the lock, and a dead one has lost it. Both are facts of
//! the kernel, so a process that was stopped for a day wakes as the holder and may write on.

mod file_system;
mod holder;
mod identity;
mod lock_file;
mod turnstile;

pub(crate) use file_system::refuse_unfit;
pub use holder::{Holder, HolderState};
pub(crate) use identity::FileId;
pub(crate) use lock_file::Witness;
pub(crate) use turnstile::{Turn, Turnstile};
