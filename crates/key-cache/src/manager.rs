//! The interface of whatever wraps and unwraps keys: a key file, a passphrase, an OS keyring, a key management service.

use crate::{KeyName, Secret, WrappedKey, Wrapping};
use std::future::Future;

/// Generates keys and unwraps them again.
///
/// The cache calls it in its own tasks, one for each key at a time. A call may fail, panic or never end. The cache
/// replaces a task that panicked, and drops a call that is not done at the [deadline](crate::Limits::deadline). A call
/// that blocks its thread cannot be dropped, but its late answer is.
pub trait KeyManager: Send + Sync + 'static {
    /// The reason why a key could not be generated or unwrapped.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Makes a new key and wraps it.
    fn generate(&self, name: &KeyName) -> impl Future<Output = Result<(Secret, Wrapping), Self::Error>> + Send;

    /// Unwraps a key that [`generate`](Self::generate) made.
    fn unwrap_key(&self, wrapped: &WrappedKey) -> impl Future<Output = Result<Unwrapped, Self::Error>> + Send;
}

/// The answer to an unwrapping.
#[derive(Debug)]
pub struct Unwrapped {
    /// The key.
    pub secret: Secret,
    /// A newer wrapping of the same key, if the old one should be replaced, for instance because its root key was
    /// rotated.
    pub rewrapped: Option<Wrapping>,
}
