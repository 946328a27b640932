//! Verifiers as processes of their own, over the served network with the built directory.
//!
//! `scripts/build` makes the canister that these tests install.

mod faults;
mod forged;
mod honest;
mod kills;
mod network;
mod processes;
mod story;
