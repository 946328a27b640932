//! Runs the message canister for tests and measurements.
//!
//! - [`Platform`]: the operations that the embedded engine and PocketIC have in common;
//! - [`OnPlatform`]: the client's transport over a platform, and [`now`], which runs its calls without a runtime;
//! - [`artifact`]: the built module;
//! - [`bytes`], [`Random`]: bytes and numbers that follow from a seed.

pub mod artifact;
#[cfg(feature = "pocket-ic")]
pub mod chosen;
mod embedded;
mod platform;
#[cfg(feature = "pocket-ic")]
pub mod pocket;
mod random;
mod transport;

pub use platform::{Platform, SECOND, controller};
pub use random::{Random, bytes};
pub use transport::{OnPlatform, now};
