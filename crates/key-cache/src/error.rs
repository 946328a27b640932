//! The reason why there is no key.

use crate::{Generation, KeyName};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The reason why a caller has no key. All callers that waited for one unwrapping get the same error. Later callers
/// do not.
#[derive(Debug)]
pub enum KeyError<E> {
    /// The manager's error, shared by all waiting callers.
    Manager(Arc<E>),
    /// The manager had not answered after this time, [`Limits::deadline`](crate::Limits::deadline).
    Timeout {
        /// The deadline.
        after: Duration,
    },
    /// The manager's call panicked or its task was dropped, this many times in a row.
    LeaderLost {
        /// Tasks that were tried.
        attempts: u32,
    },
    /// This many keys are being unwrapped already, see [`Limits::flights`](crate::Limits::flights). Ask again later.
    Busy {
        /// The limit.
        limit: usize,
    },
    /// The generation was [retired](crate::KeyCache::retire).
    Retired {
        /// The key that was asked for.
        name: KeyName,
        /// The lowest generation that is not retired.
        below: Generation,
    },
    /// A key of this name is in the cache, so none was generated.
    Exists {
        /// The name.
        name: KeyName,
    },
    /// The wrapping holds another key than the one in the cache under the same name. The cache keeps its key.
    Conflict {
        /// The name.
        name: KeyName,
    },
    /// The cache was dropped.
    Closed,
}

impl<E> Clone for KeyError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Manager(error) => Self::Manager(error.clone()),
            Self::Timeout { after } => Self::Timeout { after: *after },
            Self::LeaderLost { attempts } => Self::LeaderLost { attempts: *attempts },
            Self::Busy { limit } => Self::Busy { limit: *limit },
            Self::Retired { name, below } => Self::Retired { name: *name, below: *below },
            Self::Exists { name } => Self::Exists { name: *name },
            Self::Conflict { name } => Self::Conflict { name: *name },
            Self::Closed => Self::Closed,
        }
    }
}

impl<E: fmt::Display> fmt::Display for KeyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manager(error) => write!(f, "the key manager: {error}"),
            Self::Timeout { after } => write!(f, "the key manager did not answer within {after:?}"),
            Self::LeaderLost { attempts } => write!(f, "{attempts} calls of the key manager panicked or were dropped"),
            Self::Busy { limit } => write!(f, "{limit} keys are being unwrapped already"),
            Self::Retired { name, below } => write!(f, "key {name} is retired: generations below {below} are"),
            Self::Exists { name } => write!(f, "key {name} exists"),
            Self::Conflict { name } => write!(f, "two wrappings of key {name} hold different keys"),
            Self::Closed => f.write_str("the key cache was dropped"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for KeyError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Manager(error) => Some(&**error),
            _ => None,
        }
    }
}

/// The key has ended: its age is over, its uses are used up, or it was invalidated. Its bytes are wiped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The key.
    pub name: KeyName,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} has ended", self.name)
    }
}

impl std::error::Error for Gone {}
