//! The parts of the message canister that run only inside a canister.

pub mod admission;
pub mod endpoints;
pub mod log;
pub mod runtime;
