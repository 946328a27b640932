//! What both canisters need besides stable memory (`crates/stable`).
//!
//! | module | its job |
//! |---|---|
//! | [`mod@methods`] | exports a table of methods, and writes it as candid text |
//! | [`call`] | the argument and the reply of the current call; runs inside a canister only |
//! | [`general`] | the candid library under limits |
//! | [`gateway`] | answers that HTTP gateways pass on the normal domain |
//! | [`table`] | a table on the heap that grows a shard at a time |

pub mod call;
pub mod gateway;
pub mod general;
pub mod methods;
pub mod table;
