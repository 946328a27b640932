//! A violation: an event that must not happen.

use std::fmt;

/// The description of an event that must not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

/// A result, or the violation that happened.
pub type Verdict<T> = Result<T, Violation>;

/// Returns a violation unless `holds`. `message` describes it.
pub fn ensure(holds: bool, message: impl FnOnce() -> String) -> Verdict<()> {
    if holds { Ok(()) } else { Err(Violation(message())) }
}
