//! Runs the message canister for tests and measurements.
//!
//! - [`bytes`], [`Random`]: pseudo-random bytes and numbers from a seed;
//! - [`artifact`]: the built modules;
//! - [`grouped`]: numbers as people read them;
//! - [`now()`]: the result of a call that is answered at once, without a runtime;
//! - [`scale()`]: the amount of work of random tests.
//!
//! With the feature `memory`, `SparseMemory`: stable memory that takes room only for what was written.
//!
//! With the feature `platforms`:
//! - `Platform`: the operations that the embedded engine and PocketIC have in common;
//! - `OnPlatform`: the client's transport over a platform.
//!
//! With the feature `envelopes`, `envelope`: requests to a network, and the envelope around them.
//!
//! With the feature `management`, `management`: calls of the management canister about a canister.
//!
//! With the feature `network`, `network`: the local network, served from this process.
//!
//! With the feature `proxy`:
//! - `proxy`: an HTTP proxy in front of a network, which can change requests and responses;
//! - `liar`: a node that lies, and signs its lies.
//!
//! With the feature `process`, `process`: the local network as a process of its own.

pub mod artifact;
#[cfg(feature = "pocket-ic")]
pub mod chosen;
#[cfg(feature = "platforms")]
mod embedded;
#[cfg(feature = "envelopes")]
pub mod envelope;
#[cfg(feature = "proxy")]
pub mod liar;
#[cfg(feature = "management")]
pub mod management;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "network")]
pub mod network;
mod now;
mod numbers;
#[cfg(feature = "platforms")]
mod platform;
#[cfg(feature = "pocket-ic")]
pub mod pocket;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "proxy")]
pub mod proxy;
mod random;
mod scale;
#[cfg(feature = "platforms")]
mod transport;

#[cfg(feature = "memory")]
pub use memory::SparseMemory;
pub use now::now;
pub use numbers::grouped;
#[cfg(feature = "platforms")]
pub use platform::{Platform, SECOND, controller};
pub use random::{Random, bytes};
pub use scale::scale;
#[cfg(feature = "platforms")]
pub use transport::OnPlatform;
