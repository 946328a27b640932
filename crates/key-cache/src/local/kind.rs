//! The kinds of files that have a root key.

use super::file::{self, FileError};
use super::passphrase;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The kind of a root key's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A key file.
    Key,
    /// A passphrase file.
    Passphrase,
}

impl FileKind {
    /// The kind of a file, by its first bytes.
    ///
    /// Errors: [`FileError::Io`], [`FileError::Format`].
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let mut magic = [0; file::MAGIC.len()];
        match File::open(path).and_then(|mut file| file.read_exact(&mut magic)) {
            Ok(()) if &magic == file::MAGIC => Ok(Self::Key),
            Ok(()) if &magic == passphrase::MAGIC => Ok(Self::Passphrase),
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(FileError::io(path, error)),
            _ => Err(FileError::Format { path: path.into() }),
        }
    }
}
