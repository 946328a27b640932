//! Why the canister did not take a call or a sealed message, in words.

use crate::date;
use client::api::{AcksError, AddError, BatchError, ClaimError, KeyError, Limited};
use client::{CallError, Reject};
use std::fmt;

/// A refusal of a call of the inbox's owner.
pub(crate) trait OfOwner: fmt::Debug {
    /// The budget that refuses.
    fn limited(&self) -> Option<&Limited>;
}

macro_rules! of_owner {
    ($($error:ident),*) => {
        $(impl OfOwner for $error {
            fn limited(&self) -> Option<&Limited> {
                if let Self::Limited(limited) = self { Some(limited) } else { None }
            }
        })*
    };
}

of_owner!(ClaimError, KeyError, AcksError);

/// Why a call of the inbox's owner was refused.
pub(crate) fn of_owner<E: OfOwner>(error: &CallError<E>) -> String {
    const CALLS: &str = "claims and acknowledgements";
    let limited = if let CallError::Refused(refusal) = error { refusal.limited() } else { None };
    match limited {
        Some(limited) => of_limit(limited, CALLS),
        None if is_not_admitted(error) => format!("the canister takes no {CALLS} now: their budget is used up"),
        None => error.to_string(),
    }
}

/// Whether a budget refused a call of the inbox's owner: it refills.
pub(crate) fn is_limited<E: OfOwner>(error: &CallError<E>) -> bool {
    matches!(error, CallError::Refused(refusal) if refusal.limited().is_some()) || is_not_admitted(error)
}

fn is_not_admitted<E>(error: &CallError<E>) -> bool {
    error.reject().is_some_and(Reject::is_not_admitted)
}

/// Why the canister took no message of a call.
pub(crate) fn of_call(error: &CallError<BatchError>) -> String {
    match error {
        CallError::Refused(BatchError::Limited(limited)) => of_limit(limited, STRANGERS),
        _ if is_not_admitted(error) => {
            "the canister takes no messages from strangers now: their budget is used up, or only members write".into()
        }
        error => error.to_string(),
    }
}

/// Why the canister did not take a message.
pub(crate) fn of_message(error: &AddError) -> String {
    match error {
        AddError::Limited(limited) => of_limit(limited, STRANGERS),
        AddError::NotAllowed => "the canister takes messages only from members".into(),
        AddError::KeyFull { since: 0 } => "the message is too large for the room that is left in the inbox".into(),
        AddError::KeyFull { since } => {
            let since = date((*since).into());
            format!("the inbox is full and has refused strangers since {since}: its owner has not read it")
        }
        AddError::StoreFull { retry_after } => format!("the canister's store is full for {retry_after} s more"),
        AddError::Sealed => "the canister's operator has sealed the store for a snapshot".into(),
        error => format!("the canister answered {error:?}"),
    }
}

const STRANGERS: &str = "messages from strangers";

/// `calls`: those that share the budget.
fn of_limit(limited: &Limited, calls: &str) -> String {
    match limited {
        Limited::budget { retry_after } => {
            format!("the canister takes no {calls} now: their budget is used up for {retry_after} s more")
        }
        Limited::rate { retry_after } => format!("this mailbox has used up its own rate for {retry_after} s more"),
        Limited::low_cycles => "the canister keeps its last cycles for readers".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::{Failure, RejectCode};

    fn reject(error_code: u32) -> Reject {
        let message = "Canister rejected the message".into();
        Reject { code: RejectCode::CanisterReject, error_code: Some(error_code), message }
    }

    fn rejected(error_code: u32) -> CallError<BatchError> {
        CallError::Failed(Failure::Rejected(reject(error_code)))
    }

    #[test]
    fn a_budget_of_owners_is_told_in_words_and_passes() {
        let limited = CallError::Refused(ClaimError::Limited(Limited::budget { retry_after: 7 }));
        let told = "the canister takes no claims and acknowledgements now: their budget is used up";
        assert_eq!(of_owner(&limited), format!("{told} for 7 s more"));
        let failed = |error_code| CallError::<ClaimError>::Failed(Failure::Rejected(reject(error_code)));
        assert_eq!(of_owner(&failed(Reject::NOT_ADMITTED)), told);
        assert!(is_limited(&limited) && is_limited(&failed(Reject::NOT_ADMITTED)));
        assert!(!is_limited(&failed(Reject::STOPPED)) && !is_limited(&CallError::Refused(ClaimError::Owned)));
    }

    #[test]
    fn a_budget_that_refuses_is_told_in_words_whether_the_platform_or_the_canister_says_so() {
        let strangers = "the canister takes no messages from strangers now: their budget is used up";
        let limited = Limited::budget { retry_after: 7 };
        let told = [
            of_call(&rejected(Reject::NOT_ADMITTED)),
            of_call(&CallError::Refused(BatchError::Limited(limited))),
            of_message(&AddError::Limited(limited)),
        ];
        assert!(told.iter().all(|text| text.starts_with(strangers)), "{told:?}");
        assert!(of_call(&rejected(Reject::STOPPED)).starts_with("rejected (CanisterReject, IC0508)"));
    }
}
