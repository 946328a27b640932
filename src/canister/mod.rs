//! The platform's side of the message canister: everything that only runs inside a canister.

pub mod call;
pub mod endpoints;
pub mod methods;
pub mod runtime;
