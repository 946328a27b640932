//! The command on the served network: people in folders of their own, each with any number of processes.
//!
//! `scripts/build` makes the canister that these tests install.

mod adversaries;
mod backup;
mod conversation;
mod directory;
mod figures;
mod files;
mod kills;
mod network;
mod passphrase;
mod people;
mod rotation;
mod secrets;
#[allow(dead_code)] // The tests of other clients need more of it.
#[path = "../../../../tests/clients/server.rs"]
mod server;
mod shared;
mod trust;
