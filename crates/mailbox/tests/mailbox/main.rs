//! The command on the served network. People have folders of their own, and each uses any number of processes.
//!
//! `scripts/build` makes the canister that these tests install.

mod adversaries;
mod attackers;
mod backup;
mod beside;
mod conversation;
mod directory;
mod doctor;
mod files;
mod floods;
mod forgotten;
mod forks;
mod gate;
mod growth;
mod kills;
mod libolm;
mod limits;
mod network;
mod passphrase;
mod people;
mod replicas;
mod rotation;
mod secrets;
mod shared;
mod storm;
mod terminal;
mod trust;
mod waits;
