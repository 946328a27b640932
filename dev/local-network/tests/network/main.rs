//! The network, seen from outside, by requests. One program, because each that links the compiler takes long to link and
//! much room.

mod common;

mod agent;
mod backlog;
mod calls;
mod certified_data;
mod connections;
mod delegations;
mod gateway;
mod malformed;
mod management;
mod mutations;
mod names;
mod open_files;
mod read_state;
mod restart;
mod routes;
mod senders;
mod stopping;
