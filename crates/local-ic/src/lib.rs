//! An in-process host for canister Wasm.
