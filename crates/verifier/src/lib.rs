//! The part of a verifier that needs no network: it replays every update of a directory by the rules, keeps what it has
//! replayed, and cosigns a log of heads only if its own log has the same root.
//!
//! - [`replay`] applies updates to a tree of its own and compares heads. It is pure.
//! - [`disk`] has the few operations on files that the rest may use, so that tests can lose what was not synced.
//! - [`journal`] appends what was replayed. The tree is made from it at each start.
//! - [`signer`] never signs two roots for one size, nor a smaller size: what it signs is on the disk before it is handed out.
//! - [`verifier`] puts these together. A violation halts it for good.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod disk;
pub mod journal;
pub mod replay;
pub mod signer;
pub mod verifier;
