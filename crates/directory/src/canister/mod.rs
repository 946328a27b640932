//! The parts of the directory that run only inside a canister.

pub mod admission;
pub mod endpoints;
pub mod log;
pub mod runtime;
