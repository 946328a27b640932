//! Verifiers as processes of their own, over the served network with the built directory.
//!
//! `scripts/build directory` makes the canister that these tests install.

mod faults;
mod forged;
mod honest;
mod kills;
mod network;
mod processes;
#[allow(dead_code)] // The tests of other clients need more of it.
#[path = "../../../../tests/clients/server.rs"]
mod server;
mod story;
