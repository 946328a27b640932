//! A verifier of a key directory. It replays every update by the rules, stores the replayed epochs, and cosigns a log of heads
//! only if its own log has the same root.
//!
//! ```text
//! follow ──▶ network (the directory)      certificate, pinned: the certified data, and the pinned directory
//!   │
//!   ├─────▶ verifier ──▶ replay (rules), journal, signer ──▶ disk
//!   └─────▶ evidence: files that prove a lie to others
//! ```
//!
//! - [`replay`] applies updates to a tree of its own and compares heads. It is pure.
//! - [`disk`] has the few file operations that the other modules may use, so that tests can lose bytes that were not synced.
//! - [`journal`] appends replayed epochs as [`records`]. At each start the tree is rebuilt from it.
//! - [`signer`] never signs two roots for one size, nor a smaller size: a statement is on the disk before it is returned.
//! - [`verifier`] combines these. A violation halts it for good.
//! - [`follow`] asks the directory over a [`network`], and believes only the data that the platform's [`certificate`] proves.
//! - [`evidence`] can be checked by anybody, without network.
//! - [`settings`] is the operator's configuration, and [`progress`] is shown to the operator.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod certificate;
pub mod disk;
pub mod evidence;
pub mod follow;
pub mod journal;
pub mod network;
pub mod pinned;
pub mod progress;
pub mod records;
pub mod replay;
pub mod settings;
pub mod signer;
pub mod verifier;
