//! The root key of a mailbox. It is in a key file or under a passphrase. `unlock` also puts it into the kernel's keyring for a
//! time.
//!
//! A passphrase protects only the root key, so changing it seals nothing again. A key file that was once on the disk may still
//! be found there. So set a passphrase when you make the mailbox.

use crate::Error;
use key_cache::local::{Cost, FileKind, RootKey};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "root.key";

/// Makes the folder and its root key. If an earlier creation was killed, opens the root key that it made.
pub(crate) fn create(folder: &Path, passphrase: Option<&str>) -> Result<RootKey, Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Error::Io { path: folder.into(), error })?;
    let file = folder.join(FILE);
    match (file.exists(), passphrase) {
        (true, None) => open(folder),
        (true, Some(passphrase)) => open_with_passphrase(folder, passphrase),
        (false, None) => RootKey::create_key_file(&file).map_err(Error::KeyFile),
        (false, Some(passphrase)) => {
            let created = RootKey::create_passphrase_file(&file, passphrase.as_bytes(), Cost::DEFAULT);
            created.map_err(Error::Passphrase)
        }
    }
}

/// The root key, if no passphrase is needed.
pub(crate) fn open(folder: &Path) -> Result<RootKey, Error> {
    let file = file_of(folder)?;
    match FileKind::of(&file).map_err(Error::KeyFile)? {
        FileKind::Key => RootKey::open_key_file(&file).map_err(Error::KeyFile),
        // If the kernel has no keyring, nothing is unlocked.
        FileKind::Passphrase => {
            RootKey::open_unlocked(&file).ok().flatten().ok_or_else(|| Error::Locked(folder.into()))
        }
    }
}

pub(crate) fn open_with_passphrase(folder: &Path, passphrase: &str) -> Result<RootKey, Error> {
    RootKey::open_passphrase_file(&file_of(folder)?, passphrase.as_bytes()).map_err(Error::Passphrase)
}

/// Whether a passphrase protects a mailbox.
///
/// # Errors
///
/// [`Error::NoMailbox`], [`Error::KeyFile`].
pub fn has_passphrase(folder: &Path) -> Result<bool, Error> {
    Ok(FileKind::of(&file_of(folder)?).map_err(Error::KeyFile)? == FileKind::Passphrase)
}

/// Sets, changes or removes a mailbox's passphrase. `new` is `None`: back to a key file. `old` is the present
/// passphrase; it is ignored if the mailbox has none. Undoes [`unlock`].
///
/// # Errors
///
/// [`Error::NoMailbox`], [`Error::KeyFile`], [`Error::Passphrase`]. The old file then stays in place.
pub fn set_passphrase(folder: &Path, old: Option<&str>, new: Option<&str>) -> Result<(), Error> {
    let file = file_of(folder)?;
    let root = match old {
        Some(old) => open_with_passphrase(folder, old)?,
        None => open(folder)?,
    };
    match new {
        Some(new) => root.replace_by_passphrase_file(&file, new.as_bytes(), Cost::DEFAULT).map_err(Error::Passphrase),
        None => root.replace_by_key_file(&file).map_err(Error::KeyFile),
    }
}

/// Lets all processes of the user open a mailbox for a time without its passphrase.
///
/// # Errors
///
/// [`Error::NoMailbox`], [`Error::Passphrase`], [`Error::Keyring`].
pub fn unlock(folder: &Path, passphrase: &str, time: Duration) -> Result<(), Error> {
    let root = open_with_passphrase(folder, passphrase)?;
    root.keep_unlocked(&file_of(folder)?, time).map_err(Error::Keyring)
}

/// Undoes [`unlock`]. Returns whether the mailbox was unlocked.
///
/// # Errors
///
/// [`Error::NoMailbox`], [`Error::Keyring`].
pub fn lock(folder: &Path) -> Result<bool, Error> {
    RootKey::lock(&file_of(folder)?).map_err(Error::Keyring)
}

fn file_of(folder: &Path) -> Result<PathBuf, Error> {
    let file = folder.join(FILE);
    if file.exists() { Ok(file) } else { Err(Error::NoMailbox(folder.into())) }
}
