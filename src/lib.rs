//! The message canister: a store-and-forward inbox for end-to-end-encrypted messages on the Internet Computer.
//!
//! This library holds everything that runs without the platform: types, limits, encoding and the store. It exports no
//! method of a canister, so that other canisters and clients can link it; `main.rs` exports them.
//!
//! ```text
//! codec ──▶ store ──▶ memory
//!    └──▶ api, limits ◀──┘
//! ```
//!
//! [`codec`] decodes arguments, [`store::MessageStore`] answers, [`codec`] encodes replies. `canister.did` says what each
//! method does, [`api`] has its types. [`api`] and [`limits`] depend on no other module.

pub mod api;
pub mod codec;
pub mod http;
pub mod limits;
pub mod memory;
pub mod store;
