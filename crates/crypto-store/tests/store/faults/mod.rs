//! A file layer between SQLite and the disk that records, drops what was not synced, and fails.
//!
//! A process that is killed proves no durability: the kernel still has what it wrote. A power cut takes that too.

mod disk;
mod errors;
mod migration;
mod power_cut;
mod vfs;
