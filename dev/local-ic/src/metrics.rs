//! The costs of executions.

use serde::{Deserialize, Serialize};

use crate::memory::Footprint;
use crate::reject::RejectResponse;
use crate::system_api::EntryPoint;

/// The resources that one execution, or several, used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Instructions.
    pub instructions: u64,
    /// System calls.
    pub system_calls: u64,
    /// Distinct 4-KiB pages of stable memory read or written, counted for each execution.
    pub stable_pages_accessed: u64,
    /// Distinct 4-KiB pages of stable memory written, counted for each execution.
    pub stable_pages_dirtied: u64,
    /// Bytes of stable memory read.
    pub stable_bytes_read: u64,
    /// Bytes of stable memory written.
    pub stable_bytes_written: u64,
    /// Bytes of replies.
    pub reply_bytes: u64,
}

impl Usage {
    pub(crate) fn set_footprint(&mut self, before: Footprint, after: Footprint) {
        self.stable_pages_accessed = after.accessed_pages - before.accessed_pages;
        self.stable_pages_dirtied = after.dirtied_pages - before.dirtied_pages;
        self.stable_bytes_read = after.bytes_read - before.bytes_read;
        self.stable_bytes_written = after.bytes_written - before.bytes_written;
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.instructions += other.instructions;
        self.system_calls += other.system_calls;
        self.stable_pages_accessed += other.stable_pages_accessed;
        self.stable_pages_dirtied += other.stable_pages_dirtied;
        self.stable_bytes_read += other.stable_bytes_read;
        self.stable_bytes_written += other.stable_bytes_written;
        self.reply_bytes += other.reply_bytes;
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |mut total, usage| {
            total += usage;
            total
        })
    }
}

/// Queries that a canister has executed, those that other canisters or users called as updates not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryStatistics {
    /// Queries.
    pub calls: u64,
    /// Instructions that they ran.
    pub instructions: u64,
    /// Bytes of their arguments.
    pub request_bytes: u64,
    /// Bytes of their replies.
    pub response_bytes: u64,
}

impl std::ops::AddAssign for QueryStatistics {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.instructions += other.instructions;
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
    }
}

/// One execution of one entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRecord {
    /// The entry point.
    pub entry: EntryPoint,
    /// The method called, or for a callback the method that was answered. Empty otherwise.
    pub method: String,
    /// The number of the ingress message, query, installation or task that led to the execution, directly or
    /// through calls.
    pub root: u64,
    /// The resources that it used.
    pub usage: Usage,
    /// Size of the heap afterwards, in 64-KiB pages.
    pub heap_pages: u64,
    /// Size of stable memory afterwards, in 64-KiB pages.
    pub stable_pages: u64,
    /// The reason why it was rolled back, if it trapped.
    pub error: Option<RejectResponse>,
}
