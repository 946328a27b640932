//! The demo's errors, and their exit codes.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::files::FilesError;

/// The reason why the demo stopped before its end.
#[derive(Debug)]
pub enum Error {
    /// The command line is wrong.
    Usage(String),
    /// The canister's Wasm cannot be read.
    Wasm(PathBuf, std::io::Error),
    /// There is nothing to send.
    Files(FilesError),
    /// A call has no result.
    Call {
        /// The method that was called.
        method: &'static str,
        /// The client's words, or the engine's.
        reason: String,
    },
    /// An answer is wrong: the canister, the engine or the demo has a fault.
    Wrong(String),
}

impl Error {
    /// 2 if the user can fix it, 1 if the project must.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Error::Usage(_) | Error::Wasm(..) | Error::Files(_) => ExitCode::from(2),
            Error::Call { .. } | Error::Wrong(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(what) => write!(f, "{what}; --help says more"),
            Error::Wasm(path, error) => write!(f, "the canister's Wasm {}: {error}", path.display()),
            Error::Files(error) => write!(f, "{error}"),
            Error::Call { method, reason } => write!(f, "{method}: {reason}"),
            Error::Wrong(what) => write!(f, "{what}"),
        }
    }
}

impl From<FilesError> for Error {
    fn from(error: FilesError) -> Self {
        Error::Files(error)
    }
}

/// `Ok` where `holds`, else what is wrong.
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Wrong(what())) }
}
