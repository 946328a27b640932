//! The root key of a passphrase file in the kernel's keyring of the user, for a time.
//!
//! The kernel keeps it in memory that is never swapped, gives it to processes of the same user alone, and deletes it when its
//! time is over, at the latest when the machine stops.
//!
//! ```text
//! keyring      the user's (@u)
//! type         user
//! description  "key-cache:" and the salt of the passphrase file in hexadecimal
//! payload      root key, 32 bytes
//! ```
//!
//! So a file of another passphrase, which has another salt, finds nothing. The entry of a file that is replaced is deleted, because
//! the root key stays the same.

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::RootKey;
use super::claim::Claim;
use super::file::{FileError, read_private};
use super::passphrase::{MAGIC, PASSPHRASE_LENGTH, SALT};
use crate::{KEY_LENGTH, Secret};
use linux_keyutils::{KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use std::fmt;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

impl RootKey {
    /// Puts this root key of a passphrase file into the keyring, from which [`open_unlocked`](Self::open_unlocked) has it.
    /// `time` counts in whole seconds, at least one.
    ///
    /// Errors: [`KeyringError`].
    pub fn keep_unlocked(&self, path: &Path, time: Duration) -> Result<(), KeyringError> {
        // The file is not replaced meanwhile: a replacement deletes the entry that it finds.
        let _claim = Claim::of(path)?;
        let name = name(path)?;
        let seconds = usize::try_from(time.as_secs().max(1)).unwrap_or(usize::MAX);
        // The key has its time limit before it is in the user's keyring. If the process is killed first, the kernel deletes the
        // thread's keyring, and the key with it.
        let own = KeyRing::from_special_id(KeyRingIdentifier::Thread, true)?;
        let key = own.add_key(&name, &self.secret().expose()[..])?;
        let linked = key.set_timeout(seconds).and_then(|()| {
            // This also works for processes whose session does not include the user's keyring.
            let all =
                Permission::VIEW | Permission::READ | Permission::SEARCH | Permission::SETATTR | Permission::WRITE;
            key.set_perms(KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(all).build())?;
            users()?.link_key(key)
        });
        let unlinked = own.unlink_key(key);
        Ok(linked.and(unlinked)?)
    }

    /// The root key of a passphrase file, if it is in the keyring.
    ///
    /// Errors: [`KeyringError`].
    pub fn open_unlocked(path: &Path) -> Result<Option<Self>, KeyringError> {
        let Some(key) = find(&name(path)?)? else { return Ok(None) };
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        match key.read(&mut *bytes) {
            Ok(KEY_LENGTH) => {}
            Ok(_) => return Ok(None),
            Err(error) if is_absent(error) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let secret = Secret::fill(|key| {
            key.copy_from_slice(&bytes[..]);
            Ok::<_, KeyringError>(())
        });
        secret.map(Self::new).map(Some)
    }

    /// Deletes the root key of a passphrase file from the keyring. Returns whether it was there.
    ///
    /// Errors: [`KeyringError`].
    pub fn lock(path: &Path) -> Result<bool, KeyringError> {
        match find(&name(path)?)? {
            Some(key) => Ok(key.invalidate().map(|()| true)?),
            None => Ok(false),
        }
    }
}

fn users() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false)
}

fn find(name: &str) -> Result<Option<linux_keyutils::Key>, KeyringError> {
    match users().and_then(|ring| ring.search(name)) {
        Ok(key) => Ok(Some(key)),
        Err(error) if is_absent(error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_absent(error: KeyError) -> bool {
    matches!(error, KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked)
}

fn name(path: &Path) -> Result<String, FileError> {
    let bytes = read_private::<PASSPHRASE_LENGTH>(path)?;
    if bytes[..MAGIC.len()] != MAGIC[..] {
        return Err(FileError::Format { path: path.into() });
    }
    let salt: String = bytes[SALT].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("key-cache:{salt}"))
}

/// The reason why the keyring was not used.
#[derive(Debug)]
pub enum KeyringError {
    /// The passphrase file.
    File(FileError),
    /// The kernel's error: it has no keyrings, or does not let this process use them.
    Kernel(KeyError),
}

impl From<FileError> for KeyringError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<KeyError> for KeyringError {
    fn from(error: KeyError) -> Self {
        Self::Kernel(error)
    }
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Kernel(error) => write!(f, "the kernel's keyring cannot be used: {error}"),
        }
    }
}

impl std::error::Error for KeyringError {}
