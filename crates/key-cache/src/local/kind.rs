//! The kinds of files that have a root key.

use super::file::{self, FileError};
use super::passphrase;
use std::fs::File;
use std::io::Read;
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
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.map_err(|error| FileError::io(path, error))?;
        match &magic {
            file::MAGIC => Ok(Self::Key),
            passphrase::MAGIC => Ok(Self::Passphrase),
            _ => Err(FileError::Format { path: path.into() }),
        }
    }
}
