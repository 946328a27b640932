//! The key directory's canister: labels, their keys, and proofs that everybody is shown the same keys.
//!
//! This library has all code that runs without the platform. Only `main.rs` exports canister methods.
//!
//! ```text
//! endpoints ──▶ directory ──▶ directory-core: rules, store, proofs
//!     │             ├──▶ state (VRF key, configuration, cosignatures, settings)
//!     │             ├──▶ strangers (budgets of callers)
//!    api            └──▶ labels (index on the heap)
//! ```
//!
//! `directory.did` documents the methods, [`api`] has their types. docs/directory.md has the rules.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod api;
pub mod certified;
mod check;
pub mod codec;
pub mod directory;
mod epochs;
pub mod http;
pub mod labels;
pub mod limits;
mod lookups;
pub mod memory;
mod metrics;
mod ratification;
pub mod state;
pub mod strangers;
mod updates;
