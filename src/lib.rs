//! The message canister: a store-and-forward inbox for end-to-end-encrypted messages on the Internet Computer.
//!
//! This library holds everything that runs without the platform: types, limits, encoding and the store. Only `main.rs`
//! exports canister methods, so other canisters and clients can link the library.
//!
//! ```text
//! codec ──▶ store ──▶ memory
//!    └──▶ api, limits ◀──┘
//! ```
//!
//! [`codec`] decodes a call's argument, [`store::MessageStore`] executes the call, and [`codec`] encodes the reply.
//! `canister.did` documents the methods, [`api`] holds their types. [`api`] and [`limits`] depend on no other module.

#![warn(clippy::indexing_slicing, clippy::unwrap_used, unsafe_code)]

pub mod access;
pub mod api;
pub mod codec;
pub mod http;
pub mod limits;
pub mod memory;
pub mod metrics;
pub mod settings;
pub mod store;
