//! The parts of the message canister that run only inside a canister.

pub mod admission;
mod cycles;
pub mod endpoints;
pub mod log;
pub mod runtime;
