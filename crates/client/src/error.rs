//! The reasons why a call has no result, and whether repeating it may help.

use std::error::Error;
use std::fmt;

use crate::api::*;
use crate::plain::plain;
use crate::read::Lie;
use crate::transport::{Failure, Reject, RejectCode};

/// The reason why a call has no result. `E` is the canister's own error type of the method.
#[derive(Debug)]
pub enum CallError<E> {
    /// The canister answered with an error. Nothing was changed.
    Refused(E),
    /// No reply came.
    Failed(Failure),
    /// The reply does not verify: the replica, or somebody between it and the client, lies.
    Lie(Lie),
    /// The reply is not of the types of `canister.did`: it comes from another canister, or from one of another release.
    Malformed {
        /// The method.
        method: &'static str,
        /// The fault.
        reason: String,
    },
}

/// An error of the canister.
pub trait Refusal: fmt::Debug {
    /// Whether the same call is likely to succeed within seconds. A budget, a rate or a quota that refuses may need longer.
    fn is_passing(&self) -> bool;
}

macro_rules! refusals {
    ($($error:ident),*) => {
        $(impl Refusal for $error {
            fn is_passing(&self) -> bool {
                matches!(self, Self::Unavailable(_))
            }
        })*
    };
}

refusals!(GetError, LookupError, ClaimError, KeyError, CheckError);

macro_rules! refusals_of_adds {
    ($($error:ident),*) => {
        $(impl Refusal for $error {
            fn is_passing(&self) -> bool {
                matches!(self, Self::Unavailable(_) | Self::Sealed)
            }
        })*
    };
}

refusals_of_adds!(AddError, BatchError);

macro_rules! lasting_refusals {
    ($($error:ident),*) => {
        $(impl Refusal for $error {
            fn is_passing(&self) -> bool {
                false
            }
        })*
    };
}

lasting_refusals!(
    PageError,
    AcksError,
    StatusError,
    SettingsError,
    RoleError,
    RolesError,
    RetryError,
    SealError,
    ResumeError
);

/// For methods that do not answer with an error.
impl Refusal for std::convert::Infallible {
    fn is_passing(&self) -> bool {
        match *self {}
    }
}

impl<E: Refusal> CallError<E> {
    /// Whether the same call is likely to succeed within seconds. [`Retry`](crate::Retry) repeats it then. A refusal for want of budget
    /// is not one of these: the error names the seconds to wait, or comes from inspection, which names none
    /// ([`Reject::is_not_admitted`]).
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused(error) => error.is_passing(),
            Self::Failed(Failure::Unanswered(_)) => true,
            Self::Failed(Failure::Rejected(reject)) => {
                matches!(reject.code, RejectCode::SysTransient | RejectCode::SysUnknown) || reject.is_stopped()
            }
            Self::Failed(Failure::Unverified(_) | Failure::Unsendable(_)) | Self::Lie(_) | Self::Malformed { .. } => {
                false
            }
        }
    }
}

impl<E> CallError<E> {
    /// Whether the call may have been executed although it has no result. An add can be repeated in this case: if it
    /// was executed, the reply to the repetition says that it is a duplicate.
    pub fn may_have_run(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Failed(Failure::Unsendable(_)) => false,
            Self::Failed(Failure::Rejected(reject)) => reject.code == RejectCode::SysUnknown,
            Self::Failed(Failure::Unanswered(_) | Failure::Unverified(_)) | Self::Lie(_) | Self::Malformed { .. } => {
                true
            }
        }
    }

    /// The rejection, if the call was rejected.
    pub fn reject(&self) -> Option<&Reject> {
        match self {
            Self::Failed(Failure::Rejected(reject)) => Some(reject),
            _ => None,
        }
    }
}

impl<E> From<Failure> for CallError<E> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<E: fmt::Debug> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the canister answered {error:?}"),
            Self::Failed(failure) => failure.fmt(f),
            Self::Lie(lie) => write!(f, "the reply does not verify: {lie}"),
            Self::Malformed { method, reason } => {
                write!(f, "the reply of {method} is not what the interface says: {}", plain(reason))
            }
        }
    }
}

impl<E: fmt::Debug> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Lie(lie) => Some(lie),
            _ => None,
        }
    }
}
