//! The reason why a folder cannot be used.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::FORMAT;

/// The reason why a folder cannot be used.
#[derive(Debug)]
pub enum FolderError {
    /// Another process has it.
    InUse(PathBuf),
    /// It has another format.
    Format {
        /// The database.
        path: PathBuf,
        /// The format that it claims.
        actual: u32,
    },
    /// Its bytes are not the ones that were written.
    Damaged {
        /// The database.
        path: PathBuf,
        /// The fault.
        cause: String,
    },
    /// The system refuses.
    System {
        /// The path.
        path: PathBuf,
        /// The system's error.
        cause: String,
    },
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => write!(f, "{}: another process uses this state", path.display()),
            Self::Format { path, actual } => {
                write!(f, "{}: the state has format {actual}, this program knows {FORMAT}", path.display())
            }
            Self::Damaged { path, cause } => write!(
                f,
                "{}: the state is damaged ({cause}). Restore the file from a copy, or name another folder",
                path.display()
            ),
            Self::System { path, cause } => write!(f, "{}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for FolderError {}

impl From<FolderError> for String {
    fn from(error: FolderError) -> Self {
        error.to_string()
    }
}

/// The system refuses.
pub fn system(path: &Path, cause: impl fmt::Display) -> FolderError {
    FolderError::System { path: path.to_owned(), cause: cause.to_string() }
}

/// Its bytes are not the ones that were written.
pub fn damaged(path: &Path, cause: impl fmt::Display) -> FolderError {
    FolderError::Damaged { path: path.to_owned(), cause: cause.to_string() }
}

/// The reason why the database cannot be opened or read.
pub fn refused(path: &Path, error: redb::Error) -> FolderError {
    match error {
        redb::Error::DatabaseAlreadyOpen => FolderError::InUse(path.to_owned()),
        redb::Error::Io(error)
            if error.kind() != ErrorKind::InvalidData && error.kind() != ErrorKind::UnexpectedEof =>
        {
            system(path, error)
        }
        error => damaged(path, error),
    }
}
