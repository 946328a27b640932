//! The bounds of a cache.

use std::fmt;
use std::time::Duration;

/// The bounds of a cache. Every one holds at all times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Keys in the cache. One more removes the least recently used. 10,000.
    pub entries: usize,
    /// Age at which a key ends, used or not, from its unwrapping, by boot time. 30 minutes.
    pub max_age: Duration,
    /// Uses after which a key ends. None: no limit.
    pub max_uses: Option<u64>,
    /// Keys being unwrapped or waiting for it, and tasks doing so. More are refused with
    /// [`KeyError::Busy`](crate::KeyError::Busy). 256.
    pub flights: usize,
    /// Time that callers wait for an unwrapping, from the first one's call. 30 seconds.
    pub deadline: Duration,
    /// Time after a failed unwrapping until the next one of the same key begins; callers wait. Below the deadline. 200 milliseconds.
    pub back_off: Duration,
    /// Ids that [`retire`](crate::KeyCache::retire) remembers. 100,000.
    pub retired: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 10_000,
            max_age: Duration::from_secs(30 * 60),
            max_uses: None,
            flights: 256,
            deadline: Duration::from_secs(30),
            back_off: Duration::from_millis(200),
            retired: 100_000,
        }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<(), LimitsError> {
        let bad = |of| Err(LimitsError { of });
        match self {
            Self { entries: 0, .. } => bad("entries"),
            Self { max_age: Duration::ZERO, .. } => bad("max_age"),
            Self { max_uses: Some(0), .. } => bad("max_uses"),
            Self { flights: 0, .. } => bad("flights"),
            Self { deadline: Duration::ZERO, .. } => bad("deadline"),
            Self { back_off, deadline, .. } if back_off >= deadline => bad("back_off"),
            _ => Ok(()),
        }
    }
}

/// A limit with which the cache could do nothing: zero, or a back-off that is not below the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsError {
    /// The name of the limit.
    pub of: &'static str,
}

impl fmt::Display for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit {} is zero, or a back-off not below the deadline", self.of)
    }
}

impl std::error::Error for LimitsError {}

impl From<LimitsError> for std::io::Error {
    fn from(error: LimitsError) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}
