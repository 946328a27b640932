//! The integration tests: the built canister on PocketIC or on the embedded engine, and the store against its model.
//!
//! One binary, because linking both engines takes long; one scenario a module. `support` chooses the engine and finds
//! the Wasm.

mod acknowledge;
mod bad_input;
mod batches;
mod bombs;
mod budgets;
mod certification;
mod controllers;
mod costs;
mod damage;
mod denial;
mod fuzz;
mod http;
mod instruction_limit;
mod interface;
mod key_lists;
mod logs;
mod low_memory;
mod malformed;
mod metrics;
mod model;
mod motoko_faults;
mod owners;
mod pages;
mod production;
mod properties;
mod rebuild;
mod retention;
mod round_trip;
mod rules;
mod seal;
mod seed;
mod settings;
mod status;
mod storage_full;
mod subtypes;
mod support;
mod time_search;
mod traps;
mod upgrades;
