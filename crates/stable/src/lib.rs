//! Structures in stable memory that both canisters need: pure Rust over any `Memory`, without calls to the platform.
//!
//! | module | its job |
//! |---|---|
//! | [`budget`] | budgets of callers, and their used parts |
//! | [`header`] | the first 64 bytes of a memory; a memory with any other header is refused |
//! | [`manager`] | divides a canister's stable memory, and grows its parts: all or none |
//! | [`region`] | a memory divided into segments, arranged in an endless sequence |
//! | [`slots`] | records of one size, numbered from 1, with a free list |
//! | [`trie`] | the trie of labels, its nodes in slots |
//!
//! Only the manager's memories grow. Each structure reports the Wasm pages that it needs. Its owner grows all memories
//! of a call at once, before the first write.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod budget;
pub mod header;
pub mod manager;
pub mod region;
pub mod slots;
pub mod trie;

use std::fmt;

/// Bytes of a Wasm page.
const WASM_PAGE_BYTES: u64 = 65_536;

/// Stored bytes contradict each other. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The slot whose bytes are wrong; 0: the header page.
    pub slot: u32,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slot {
            0 => write!(f, "the header page is damaged"),
            slot => write!(f, "slot {slot} is damaged"),
        }
    }
}

impl std::error::Error for Damaged {}
