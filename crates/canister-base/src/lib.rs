//! The parts that both canisters use, besides stable memory (`crates/stable`).
//!
//! | module | its job |
//! |---|---|
//! | [`budget`] | budgets that operators set, and whether a call is admitted |
//! | [`mod@methods`] | exports a table of methods, and writes it as candid text |
//! | [`call`] | the argument and the reply of the current call; runs inside a canister only |
//! | [`general`] | the candid library under limits |
//! | [`metrics`] | metrics as text |
//! | [`randomness`] | 32 random bytes from the platform |
//! | [`resources`] | cycles and heap that are left |
//! | [`header`], [`values`] | hand-written candid for frequent calls |
//! | [`gateway`] | answers that HTTP gateways pass on the normal domain |
//! | [`table`] | a table on the heap that grows a shard at a time |

#![warn(clippy::indexing_slicing, clippy::unwrap_used, unsafe_code)]

pub mod budget;
pub mod call;
pub mod gateway;
pub mod general;
pub mod header;
pub mod methods;
pub mod metrics;
pub mod randomness;
pub mod resources;
pub mod table;
pub mod values;
