//! Sealing: text and files encrypted under a passphrase or a key file, for a message canister.
//!
//! It is the format of the message canister's page. `docs/sealing.md` defines it. The vectors in `vectors/` hold both
//! implementations to it.
//!
//! ```
//! use sealing::{Content, Key, open, seal};
//!
//! let canister = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]; // the principal's bytes
//! let key = Key::from_file(&[7; 32], &canister)?;
//! let sealed = seal(&Content::Text("hello".into()), &key, 2_000_000)?;
//! // Store `sealed` under `key.id()`. To try again, send the same bytes again.
//! assert_eq!(open(&sealed, key.id(), &key)?, Content::Text("hello".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The canister and its readers see the key id, the time of a message, and its length: that of the text, or of the file
//! and its name, plus a constant. They see neither the content nor a file's name. They cannot alter a message or move
//! it to another key id unnoticed. They can withhold it or store it again.
//!
//! Everybody with the key can open all messages under it and seal new ones. So there is no forward secrecy, and a message
//! does not prove its sender.

#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod content;
mod format;
mod keys;
mod seal;
#[cfg(test)]
mod tests;

pub use content::{Content, ContentError, MAX_NAME_BYTES};
pub use format::{HEADER_BYTES, OVERHEAD_BYTES, SALT_BYTES, TAG_BYTES, VERSION, looks_sealed, salt_of};
pub use keys::{FILE_MIN_BYTES, KEY_ID_BYTES, Key, KeyError, MASTER_KEY_BYTES, PBKDF2_ROUNDS};
pub use seal::{OpenError, SealError, open, seal};
