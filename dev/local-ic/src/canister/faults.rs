//! Faults that a test injects.

use std::collections::HashMap;

use crate::system_api::EntryPoint;

/// The faults that a test injects into a canister.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Size that stable memory cannot exceed, in 64-KiB pages.
    pub stable_memory_limit: Option<u64>,
    /// The system call of the next message that traps, counted from 1.
    pub trap_at: Option<u64>,
    /// Limit of instructions by entry point, and for all others.
    instructions: (HashMap<EntryPoint, u64>, Option<u64>),
}

impl Faults {
    /// The limit that `entry` has instead of the platform's.
    pub fn instruction_limit(&self, entry: EntryPoint) -> Option<u64> {
        let (by_entry, others) = &self.instructions;
        by_entry.get(&entry).copied().or(*others)
    }

    /// Limits the instructions of `entry`, or of every entry point without its own limit. `None` removes the
    /// limit.
    pub fn limit_instructions(&mut self, entry: Option<EntryPoint>, limit: Option<u64>) {
        let (by_entry, others) = &mut self.instructions;
        match (entry, limit) {
            (None, limit) => *others = limit,
            (Some(entry), Some(limit)) => {
                by_entry.insert(entry, limit);
            }
            (Some(entry), None) => {
                by_entry.remove(&entry);
            }
        }
    }
}
