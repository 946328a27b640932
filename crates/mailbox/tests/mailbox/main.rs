//! The command on the served network: people in folders of their own, each with any number of processes.
//!
//! `scripts/build` makes the canister that these tests install.

mod adversaries;
mod conversation;
mod figures;
mod files;
mod kills;
mod network;
mod people;
mod secrets;
mod trust;
