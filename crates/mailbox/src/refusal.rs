//! Why the canister did not take sealed messages, in words.

use client::api::{AddError, BatchError, Limited};
use client::{CallError, Reject};

/// Why the canister took no message of a call.
pub(crate) fn of_call(error: &CallError<BatchError>) -> String {
    match error {
        CallError::Refused(BatchError::Limited(limited)) => of_limit(limited),
        error if error.reject().is_some_and(Reject::is_not_admitted) => {
            "the canister takes no messages from strangers now: their budget is used up, or only members write".into()
        }
        error => error.to_string(),
    }
}

/// Why the canister did not take a message.
pub(crate) fn of_message(error: &AddError) -> String {
    match error {
        AddError::Limited(limited) => of_limit(limited),
        AddError::NotAllowed => "the canister takes messages only from members".into(),
        AddError::KeyFull { since } => {
            format!("the inbox has been full since {since} s since 1970: its owner has not read it")
        }
        AddError::StoreFull { retry_after } => format!("the canister's store is full for {retry_after} s more"),
        AddError::Sealed => "the canister's operator has sealed the store for a snapshot".into(),
        error => format!("the canister answered {error:?}"),
    }
}

fn of_limit(limited: &Limited) -> String {
    match limited {
        Limited::budget { retry_after } => {
            format!(
                "the canister takes no messages from strangers now: their budget is used up for {retry_after} s more"
            )
        }
        Limited::rate { retry_after } => format!("this mailbox has used up its own rate for {retry_after} s more"),
        Limited::low_cycles => "the canister keeps its last cycles for readers".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::{Failure, RejectCode};

    fn rejected(error_code: u32) -> CallError<BatchError> {
        let message = "Canister rejected the message".into();
        CallError::Failed(Failure::Rejected(Reject {
            code: RejectCode::CanisterReject,
            error_code: Some(error_code),
            message,
        }))
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
