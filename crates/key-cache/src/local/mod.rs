//! A manager whose root keys are on this machine: in a [key file](RootKey::open_key_file), or under a
//! [passphrase](RootKey::open_passphrase_file), and then for a time in the [kernel's keyring](RootKey::open_unlocked).

mod claim;
mod file;
mod keyring;
mod kind;
mod passphrase;
mod root;

pub use file::FileError;
pub use keyring::KeyringError;
pub use kind::FileKind;
pub use passphrase::{Cost, CostError, PASSPHRASE_LENGTH, PassphraseError};
pub use root::{RootKey, WRAPPING_LENGTH, WrappingError};

use crate::{KeyManager, KeyName, Secret, Unwrapped, WrappedKey, Wrapping};
use std::future::{Future, ready};

/// Wraps keys under the current root key, and unwraps them under it and under those before.
///
/// A key that an earlier root key wrapped is wrapped anew when it is unwrapped.
/// [`Key::newer_wrapping`](crate::Key::newer_wrapping) returns the new wrapping to the caller of
/// [`KeyCache::get`](crate::KeyCache::get). When the caller has stored all new wrappings, the earlier root key may be
/// deleted. An unwrapping takes microseconds.
pub struct LocalManager {
    current: RootKey,
    earlier: Vec<RootKey>,
}

impl LocalManager {
    /// A manager of one root key.
    pub fn new(current: RootKey) -> Self {
        Self { current, earlier: Vec::new() }
    }

    /// Unwraps keys of this earlier root key too, and wraps them anew under the current one.
    pub fn with_earlier(mut self, earlier: RootKey) -> Self {
        self.earlier.push(earlier);
        self
    }

    fn unwrap_now(&self, wrapped: &WrappedKey) -> Result<Unwrapped, WrappingError> {
        let root = root::id_of(&wrapped.wrapping)?;
        if root == self.current.id() {
            return Ok(Unwrapped { secret: self.current.unwrap(wrapped)?, rewrapped: None });
        }
        let earlier = self.earlier.iter().find(|earlier| earlier.id() == root);
        let secret = earlier.ok_or(WrappingError::UnknownRoot { root })?.unwrap(wrapped)?;
        let rewrapped = Some(self.current.wrap(&wrapped.name, &secret));
        Ok(Unwrapped { secret, rewrapped })
    }
}

impl KeyManager for LocalManager {
    type Error = WrappingError;

    fn generate(&self, name: &KeyName) -> impl Future<Output = Result<(Secret, Wrapping), Self::Error>> + Send {
        ready(Secret::random().map_err(WrappingError::Random).map(|secret| {
            let wrapping = self.current.wrap(name, &secret);
            (secret, wrapping)
        }))
    }

    fn unwrap_key(&self, wrapped: &WrappedKey) -> impl Future<Output = Result<Unwrapped, Self::Error>> + Send {
        ready(self.unwrap_now(wrapped))
    }
}
