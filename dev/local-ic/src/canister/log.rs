//! The log of a canister: its prints and its traps.

use std::collections::VecDeque;

use ic_management_canister_types::CanisterLogRecord;
use serde::{Deserialize, Serialize};

use crate::limits::MAX_LOG_BYTES;

/// A log. When it is full, the oldest records are dropped.
#[derive(Default, Serialize, Deserialize)]
pub struct CanisterLog {
    records: VecDeque<CanisterLogRecord>,
    bytes: usize,
    next: u64,
}

impl CanisterLog {
    /// Bytes that can be added before a record is dropped.
    pub fn remaining_bytes(&self) -> usize {
        MAX_LOG_BYTES - self.bytes
    }

    /// Adds a record, cut to the size of the log.
    pub fn push(&mut self, now: u64, mut content: Vec<u8>) {
        content.truncate(MAX_LOG_BYTES);
        self.bytes += content.len();
        self.records.push_back(CanisterLogRecord { idx: self.next, timestamp_nanos: now, content });
        self.next += 1;
        while self.bytes > MAX_LOG_BYTES {
            let oldest = self.records.pop_front();
            self.bytes -= oldest.map_or(0, |record| record.content.len());
        }
    }

    /// Adds the records of `other`.
    pub fn append(&mut self, other: CanisterLog) {
        for record in other.records {
            self.push(record.timestamp_nanos, record.content);
        }
    }

    /// The records, oldest first.
    pub fn records(&self) -> Vec<CanisterLogRecord> {
        self.records.iter().cloned().collect()
    }
}
