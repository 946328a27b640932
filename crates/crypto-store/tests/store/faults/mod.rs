//! A file layer between SQLite and the disk. It records writes, drops unsynced ones, and fails.
//!
//! Killing a process does not test durability, because the kernel still has its writes. A power cut loses these
//! too.

mod disk;
mod errors;
mod migration;
mod power_cut;
mod vfs;
