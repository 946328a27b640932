//! Ratchets and keys in SQLite, shared by processes that may be killed, stopped and started at any moment.
//!
//! `docs/crypto-store.md` has the schema, the byte maps, and each promise with its test.
//!
//! ```no_run
//! use crypto_store::{Error, Options, Store, fields::Outbox};
//! use key_cache::{KeyCache, local::LocalManager};
//! use std::{path::Path, sync::Arc};
//! use vodozemac::megolm::GroupSession;
//!
//! # async fn send(folder: &Path, keys: Arc<KeyCache<LocalManager>>) -> Result<(), Error> {
//! let store = Store::open(folder, keys, Options::default())?;
//! let sealed = store.write(|tx| {
//!     let encrypt = |session: &mut GroupSession| Ok::<_, Error>(session.encrypt("hello").to_bytes());
//!     let Some(bytes) = tx.update("group", encrypt)? else { return Ok(None) };
//!     tx.put("message 1", Outbox { format: 1, bytes: bytes.clone() })?;
//!     Ok::<_, Error>(Some(bytes))
//! }).await?;
//! // The step of the ratchet and the exact bytes are on disk: the message may leave.
//! let waiting = store.read(|snapshot| snapshot.range::<Outbox>("", "", 100)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | its job |
//! |---|---|
//! | `locks` | whose turn it is to write: between threads, between processes |
//! | `open` | a connection that may be trusted with ratchets |
//! | `schema` | tables, versions and migrations |
//! | `prepare`, `place` | make a file a store, and detect a copy and a store that was set back |
//! | `keys`, `rotation` | the store's keys, and the replacement of one by another |
//! | `thread` | the threads that block, and requests that are abandoned at a deadline |
//! | `writer`, `reader` | one write transaction; one snapshot |
//! | `view` | rows as fields, through the cache |
//! | `retry` | repeats work whose rows have changed during an await |
//! | `changes` | the log of changes, and its stream |
//! | `fields` | the types that are stored, and the cache of their values |
//! | `values` | sealing through the key cache |
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod changes;
mod error;
pub mod fields;
mod keys;
mod locks;
mod open;
mod place;
mod prepare;
mod reader;
mod retry;
mod rotation;
mod schema;
mod store;
mod thread;
mod values;
mod view;
mod writer;

pub use changes::{Change, News};
pub use error::{Busy, Error};
pub use fields::{Caching, Field, Held, Row, Stats, Table, Version};
pub use locks::{Holder, HolderState};
pub use place::Moved;
pub use reader::{MAX_ROWS, Snapshot};
pub use retry::{ATTEMPTS, retry};
pub use store::{Changes, Options, Store};
pub use values::{MAX_KEY, MAX_VALUE};
pub use writer::Tx;
