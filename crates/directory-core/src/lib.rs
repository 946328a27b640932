//! The key directory's rules, trees and proofs, without platform and network. The directory's canister, its verifiers and its
//! clients run the same code. docs/directory.md has all byte maps.
//!
//! - Rules: [`entry`], [`policy`], [`signatures`] and [`change`] decide who may change the entry of a label.
//! - Outside the log: entries commit to [`profile`]s, which can be erased. Devices sign [`bundle`]s, which are overwritten.
//! - Trees: [`map`] is the prefix tree over indexes, [`log`] the RFC 6962 log of [`head`]s.
//! - Stable memory: [`store`] keeps labels, updates, trees and bundles, and makes the proofs.
//! - Names: [`label`] and [`vrf`] turn a label into an index.
//! - Registrar: [`registration`] has the request to a registrar.
//! - Trust: verifiers sign a [`checkpoint`]. [`proof`] has the bytes of a look-up. [`verify`] has a client's checks.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

pub mod bundle;
pub mod bytes;
pub mod change;
pub mod checkpoint;
pub mod commitment;
pub mod configuration;
pub mod entry;
pub mod hash;
pub mod head;
pub mod label;
pub mod log;
pub mod map;
pub mod policy;
pub mod profile;
pub mod proof;
pub mod registration;
pub mod signatures;
pub mod store;
pub mod update;
pub mod verify;
pub mod vrf;
