//! Proofs of reads of the message canister, and their verification: pure, without platform or network.
//!
//! ```text
//! certificate ──▶ root ──▶ trie ──▶ head of a key ──▶ chain of its messages
//! (the agents')   hash     trie     head              chain, page, verify
//! ```
//!
//! A verified page shows that each message is genuine, that none is left out between the page's ends, and why the page
//! begins and ends there ([`verify`]). [`seen::Seen`] compares it with the reader's memory: nothing was rolled
//! back or exchanged. `docs/proofs.md` has the whole argument, and its limits.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod certified;
pub mod chain;
pub mod hash;
pub mod head;
pub mod heads;
pub mod page;
pub mod seen;
pub mod trie;
pub mod verify;
pub mod wire;
