//! The parts of the message canister that run only inside a canister.

pub mod endpoints;
pub mod runtime;
