//! Files that only their owner may read, and the key file.
//!
//! ```text
//! offset  bytes  key file
//! 0       8      magic: "KCROOT" and version 1 in 2 bytes, little-endian
//! 8       32     root key
//! ```

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use super::RootKey;
use crate::{KEY_LENGTH, Secret};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(super) const MAGIC: &[u8; 8] = b"KCROOT\x01\x00";

impl RootKey {
    /// Makes a root key at random and writes it to a new file of mode 0600, which is on disk on return.
    ///
    /// Errors: [`FileError::Io`], also where the file exists; [`FileError::Random`].
    pub fn create_key_file(path: &Path) -> Result<Self, FileError> {
        let root = Self::new(Secret::random().map_err(FileError::Random)?);
        create_private(path, &root.key_file()[..])?;
        Ok(root)
    }

    /// Replaces the file of this root key, of either kind, by a key file. A crash leaves one of the two.
    ///
    /// Errors: [`FileError::Io`].
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

/// Replaces a file by a new one of mode 0600.
///
/// The new file takes the old one's name when it is on disk, so that a crash leaves one of the two. Until then it is `path`
/// with `.new` at the end; one that a crash has left is removed.
pub(super) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let next = Path::new(&next);
    match std::fs::remove_file(next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(FileError::io(next, error)),
        _ => {}
    }
    create_private(next, bytes)?;
    std::fs::rename(next, path).and_then(|()| sync_folder(path)).map_err(|error| FileError::io(path, error))
}

/// Writes a new file of mode 0600, and returns when it is on disk.
pub(super) fn create_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_folder(path)
    };
    write().map_err(|error| FileError::io(path, error))
}

/// Makes a new name in its folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads a file of exactly `N` bytes that nobody but its owner may read or write.
pub(super) fn read_private<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, FileError> {
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
