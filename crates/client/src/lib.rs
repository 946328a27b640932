//! Typed clients of the message canister and of the key directory ([`directory`]).
//!
//! [`Client`] has a method for each method of `canister.did`. It sends calls over a [`Transport`]. The feature `agent`
//! has one for ic-agent. Any other transport that can carry an update and a query works too.
//!
//! ```text
//! Client ──▶ Request: method, arguments, decoder ──▶ Transport ──▶ canister
//!   │                                                    │
//! Retry ◀── CallError: refused, rejected, unanswered … ◀─┘
//! ```
//!
//! - A call fails with a [`CallError`], which carries the canister's own typed error where the canister answered.
//! - The client repeats a call whose failure will pass, as [`Retry`] says. That is safe: adds are idempotent.
//! - [`Pages`] and [`Messages`] read a key, a range of ids or a span of time to its end, and report dropped messages.
//! - [`Request`] is a call before it is sent, for programs that sign by themselves, or [`send()`] it over a transport.
//!
//! - A [`Read`] says whether it was verified, and as of when. Where the transport has [`Certificates`], pages of a key,
//!   [`Client::read_key_heads`] and [`Client::read_message`] are verified, and a reply that does not verify is a [`Lie`].
//!
//! Queries are answered by one replica. ic-agent checks that replica's signature, and a certificate over each reply to an
//! update. Reads without proof, and all reads of a transport without certificates, rest on one replica's word.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

#[cfg(feature = "agent")]
pub mod agent;
mod batches;
mod client;
pub mod directory;
mod error;
mod pages;
pub mod plain;
mod read;
pub mod request;
mod retry;
mod send;
mod transport;
mod verify;

pub use batches::{MAX_BATCH_BYTES, batches};
pub use client::Client;
pub use error::{CallError, Refusal};
pub use message_canister::api;
pub use pages::{Item, Messages, Pages};
pub use proofs;
pub use read::{Lie, Read, Trust, Unverified};
pub use request::Request;
pub use retry::Retry;
pub use send::send;
pub use transport::{Certificates, Certified, Failure, Reject, RejectCode, Transport};
