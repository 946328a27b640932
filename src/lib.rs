//! The message canister.
