//! The network, seen from outside through requests. This is one program, because each program that links the compiler
//! takes long to link and much disk space.

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
