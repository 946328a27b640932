//! A typed client of the key directory. Its look-ups are verified.
//!
//! ```text
//! DirectoryClient::lookup ──▶ directory ──▶ certificate ──▶ certified log ──▶ proof ──▶ Verified
//!     │  pins                               (transport)     (here)           (directory_core::verify)
//!     └─ memory: the log, and the state of a contact
//! ```
//!
//! - [`DirectoryClient`] has a method for each method of `directory.did`. [`DirectoryClient::lookup`],
//!   [`DirectoryClient::history`] and [`DirectoryClient::bundles`] verify; the others, named `get_…`, return what one replica
//!   says.
//! - [`Draft`] is a new entry before it is signed.
//! - [`published`] reads a directory's configuration, and [`pin`] makes its pins from it.
//! - [`request`] has the calls before they are sent.

mod bundles;
mod client;
mod draft;
mod history;
mod label;
mod lookup;
mod pins;
mod refusals;
pub mod request;

pub use client::DirectoryClient;
pub use directory::api;
pub use directory_core;
pub use draft::Draft;
pub use history::History;
pub use label::label_text;
pub use pins::{PinError, pin, published};
