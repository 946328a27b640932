//! The parts of the message canister that run only inside a canister.

pub mod call;
pub mod endpoints;
pub mod methods;
pub mod runtime;
