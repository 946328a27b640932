//! A cache of unwrapped keys: one unwrap for any number of callers, and a key that is gone when it should be.
//!
#![forbid(unsafe_code)]

mod cache;
mod clock;
mod error;
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
