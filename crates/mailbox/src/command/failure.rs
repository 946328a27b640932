//! The failure of a command, and its exit code.

use mailbox::Error;
use std::io::ErrorKind;

/// A failure: its message and exit code.
pub struct Failure {
    /// Empty: nobody reads the output any more, so there is nothing to tell.
    pub text: String,
    pub code: u8,
}

impl Failure {
    /// The exit code of an error.
    pub const ERROR: u8 = 1;
    /// The exit code if another process holds the store's lock.
    const BUSY: u8 = 5;

    /// An error.
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: Self::ERROR }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if let Error::Io { error, .. } = &error
            && error.kind() == ErrorKind::BrokenPipe
        {
            return Self::error("");
        }
        let is_busy = matches!(error, Error::Store(crypto_store::Error::Busy(_)));
        Self { text: error.to_string(), code: if is_busy { Self::BUSY } else { Self::ERROR } }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::error(if error.kind() == ErrorKind::BrokenPipe { String::new() } else { error.to_string() })
    }
}
