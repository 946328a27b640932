//! The errors of the directory that are temporary.

use directory::api::*;

use crate::error::Refusal;

impl Refusal for LookupError {
    /// A replica that is behind does not know the log of another one yet.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable | Self::NoEpoch | Self::UnknownLog { .. })
    }
}

macro_rules! refusals {
    ($($error:ident),*) => {
        $(impl Refusal for $error {
            fn is_passing(&self) -> bool {
                matches!(self, Self::Unavailable)
            }
        })*
    };
}

refusals!(UpdateError, EvidenceError, RatifyError, BundleError, StatusError);
