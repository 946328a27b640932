//! Files that only their owner may read, and the key file.
//!
//! ```text
//! offset  bytes  key file
//! 0       8      magic: "KCROOT" and version 1 in 2 bytes, little-endian
//! 8       32     root key
//! ```

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::RootKey;
use super::claim::{Claim, remove_leftover};
use crate::{KEY_LENGTH, Secret};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(super) const MAGIC: &[u8; 8] = b"KCROOT\x01\x00";

impl RootKey {
    /// Makes a root key at random and writes it to a new file of mode 0600, which is on disk on return.
    ///
    /// Errors: [`FileError::Io`], also where the file exists; [`FileError::Random`].
    pub fn create_key_file(path: &Path) -> Result<Self, FileError> {
        let root = Self::new(Secret::random().map_err(FileError::Random)?);
        Claim::of(path)?.create(&root.key_file()[..])?;
        Ok(root)
    }

    /// Replaces the file of this root key, of either kind, by a key file. A crash leaves one of the two. The root key is no longer
    /// in the keyring, as after [`lock`](Self::lock).
    ///
    /// If several processes replace the file at once, they do so one after the other. Errors: [`FileError::Io`].
    pub fn replace_by_key_file(&self, path: &Path) -> Result<(), FileError> {
        replace_private(path, &self.key_file()[..])
    }

    fn key_file(&self) -> Zeroizing<[u8; MAGIC.len() + KEY_LENGTH]> {
        let mut bytes = Zeroizing::new([0; MAGIC.len() + KEY_LENGTH]);
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[MAGIC.len()..].copy_from_slice(self.secret().expose());
        bytes
    }

    /// Reads a key file.
    ///
    /// Errors: every one of [`FileError`] but [`FileError::Random`].
    pub fn open_key_file(path: &Path) -> Result<Self, FileError> {
        let bytes = read_private::<{ MAGIC.len() + KEY_LENGTH }>(path)?;
        if bytes[..MAGIC.len()] != MAGIC[..] {
            return Err(FileError::Format { path: path.into() });
        }
        let filled = Secret::fill(|key| {
            key.copy_from_slice(&bytes[MAGIC.len()..]);
            Ok(())
        });
        filled.map(Self::new)
    }
}

/// Replaces the file of a root key by a new one of mode 0600, and deletes the old one's entry in the keyring.
///
/// The entry is deleted first, so a crash leaves none. Nobody adds another one while this process has the claim.
pub(super) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let claim = Claim::of(path)?;
    // If this fails, there is no entry: the old file is a key file, or the kernel has no keyring.
    let _ = RootKey::lock(path);
    claim.replace(bytes)
}

/// Reads a file of exactly `N` bytes that nobody but its owner may read or write. Removes a leftover beside it.
pub(super) fn read_private<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, FileError> {
    remove_leftover(path);
    let mut file = File::open(path).map_err(|error| FileError::io(path, error))?;
    let metadata = file.metadata().map_err(|error| FileError::io(path, error))?;
    if !metadata.is_file() || metadata.len() != N as u64 {
        return Err(FileError::Format { path: path.into() });
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777;
        if mode & 0o077 != 0 {
            return Err(FileError::Mode { path: path.into(), mode });
        }
    }
    let mut bytes = Zeroizing::new([0; N]);
    file.read_exact(&mut bytes[..]).map_err(|error| FileError::io(path, error))?;
    Ok(bytes)
}

/// The reason why a file of keys was not written or read.
#[derive(Debug)]
pub enum FileError {
    /// The system's error.
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        error: io::Error,
    },
    /// Others than the owner may read or write the file.
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file has another kind or version.
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The system's random number generator failed.
    Random(getrandom::Error),
}

impl FileError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.into(), error }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Mode { path, mode } => {
                write!(f, "{0}: others may read or write it (mode {mode:03o}): chmod 600 {0}", path.display())
            }
            Self::Format { path } => write!(f, "{}: not a file of this kind and version", path.display()),
            Self::Random(error) => write!(f, "no random numbers: {error}"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
