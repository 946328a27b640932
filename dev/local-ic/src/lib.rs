//! An in-process host for canister Wasm.
//!
//! It runs canisters of the Internet Computer on wasmtime, inside a test, a benchmark or a demo, where PocketIC's
//! server is not available. [`LocalIc`] has the calls of PocketIC's blocking client, so a test reads the same on both.
//! Abilities that only this engine has are in [`testing`].
//!
//! The folders, from the outside in:
//! - `client`, `host` and [`testing`]: the public face;
//! - `reader`: a copy of the state, for queries beside updates;
//! - `engine`: the replicated state machine, with its messages, calls and rounds;
//! - `canister`: the state of one canister;
//! - `snapshot`: the state of a canister at one moment;
//! - `sandbox`, `system_api`, `wasm`: the execution of one entry point; the functions of `ic0` that it may call; the
//!   decompression, validation, instrumentation and compilation of modules for it. They know each other;
//! - `memory`: heap and stable memory with their undo logs, and all unsafe code except the hook in `sandbox` that
//!   passes page faults to the heap.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!(
    "local-ic runs on 64-bit Linux only: the engine handles page faults and copies pages as that system has them"
);

mod canister;
mod client;
mod engine;
mod fees;
mod host;
pub mod limits;
mod memory;
mod metrics;
mod reader;
mod reject;
mod sandbox;
mod snapshot;
mod system_api;
pub mod testing;
mod time;
mod wasm;

pub use client::{LocalIc, MessageId};
pub use engine::{CANISTER_ID_RANGE, Changes, Restore, RestoreError, Storage};
pub use metrics::{ExecutionRecord, QueryStatistics, Usage};
pub use reader::{CanisterInfo, MetadataSection, StateReader};
pub use reject::{ErrorCode, RejectCode, RejectResponse};
pub use sandbox::Certifier;
pub use system_api::EntryPoint;
pub use time::Time;
