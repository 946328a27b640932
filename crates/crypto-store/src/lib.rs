//! Ratchets and keys in SQLite, shared by processes that may be killed, stopped and started at any moment.
//!
//! `docs/crypto-store.md` has the schema, the byte maps, and each promise with its test.
//!
//! | module | its job |
//! |---|---|
//! | `locks` | whose turn it is to write: between threads, between processes |
//! | `open` | a connection that may be trusted with ratchets |
//! | `schema` | tables, versions and migrations |
//! | `thread` | the threads that block, and requests that are abandoned at a deadline |
//! | `writer`, `reader` | one write transaction; one snapshot |
//! | `view` | rows as fields, through the cache |
//! | `changes` | the log of changes, and its stream |
//! | `fields` | the types that are stored, and the cache of their values |
//! | `values` | sealing through the key cache |
#![forbid(unsafe_code)]

mod changes;
mod error;
pub mod fields;
mod locks;
mod open;
mod reader;
mod schema;
mod store;
mod thread;
mod values;
mod view;
mod writer;

pub use changes::{Change, Changes, News};
pub use error::{Busy, Error};
pub use fields::{Caching, Field, Held, Row, Stats, Table, Version};
pub use locks::{Holder, HolderState};
pub use reader::{MAX_ROWS, Snapshot};
pub use store::{Options, Store};
pub use values::{MAX_KEY, MAX_VALUE};
pub use writer::Tx;
