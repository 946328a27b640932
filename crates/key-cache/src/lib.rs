//! A cache of unwrapped keys. Any number of callers share one unwrapping, and each key is wiped when its time is over.
//!
//! [`KeyCache`] stands between a program and a [`KeyManager`]. A program stores wrapped keys ([`WrappedKey`]). The
//! manager unwraps them. The cache holds the unwrapped keys ([`Key`]) until they end. Values are sealed by a key for a
//! [`Place`].
//!
//! | module | its job |
//! |---|---|
//! | `cache` | callers, unwraps, and the lifetime of cached keys |
//! | `key` | one unwrapped key: its uses, its end, its wiping |
//! | `value` | sealed values: their bytes and associated data |
//! | [`local`] | the manager that comes with the crate: root keys in files |
//! | `secret` | a key's bytes on the heap |
//! | `clock`, `runtime`, `sync` | time since boot; where tasks run; locks |
#![cfg_attr(doctest, doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod cache;
mod clock;
mod error;
#[cfg(test)]
mod interleavings;
mod key;
pub mod local;
mod manager;
mod name;
mod runtime;
mod secret;
mod sync;
mod value;

pub use cache::{CryptError, Get, KeyCache, Limits, LimitsError, Removed, Stats, TooManyRetired, UNWRAP_TIME_BOUNDS};
pub use clock::VirtualClock;
pub use error::{Gone, KeyError};
pub use key::Key;
pub use manager::{KeyManager, Unwrapped};
pub use name::{Generation, KeyId, KeyName, LengthError, WrappedKey, Wrapping};
pub use pollster::block_on;
pub use runtime::{Runtime, Task};
pub use secret::{KEY_LENGTH, Secret};
pub use value::{MAX_PLACE_PART, MAX_PLAINTEXT, OVERHEAD, Place, ValueError, generation_of};
