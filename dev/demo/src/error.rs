//! The demo's errors, and their exit codes.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use crate::files::FilesError;

/// The reason why the demo stopped before its end.
#[derive(Debug)]
pub enum Error {
    /// The command line is wrong.
    Usage(String),
    /// No file can be sent.
    Files(FilesError),
    /// A program, a folder or a port is missing, or the system refuses its use.
    System(String),
    /// A command or an answer has an unexpected result.
    Wrong(String),
    /// A signal came.
    Stopped(Stopped),
}

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// SIGINT, as Ctrl-C sends it.
    Interrupt = 2,
    /// SIGTERM.
    Terminate = 15,
}

impl Stopped {
    /// The exit code that shells give a program that ended so.
    pub fn exit_code(self) -> u8 {
        128 + self as u8
    }

    /// The signal's name.
    pub fn name(self) -> &'static str {
        match self {
            Stopped::Interrupt => "SIGINT",
            Stopped::Terminate => "SIGTERM",
        }
    }
}

impl Error {
    /// 2 if the user can correct the cause, 1 if it is a fault of the project, and the shells' code for a signal.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Error::Usage(_) | Error::Files(_) => ExitCode::from(2),
            Error::System(_) | Error::Wrong(_) => ExitCode::from(1),
            Error::Stopped(stopped) => ExitCode::from(stopped.exit_code()),
        }
    }

    /// An error of the system at a path.
    pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Error::System(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(what) => write!(f, "{what}; see --help"),
            Error::Files(error) => write!(f, "{error}"),
            Error::System(what) | Error::Wrong(what) => write!(f, "{what}"),
            Error::Stopped(stopped) => write!(f, "stopped by {}", stopped.name()),
        }
    }
}

impl From<FilesError> for Error {
    fn from(error: FilesError) -> Self {
        Error::Files(error)
    }
}

/// `Ok` if `holds`, else [`Error::Wrong`].
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Wrong(what())) }
}
