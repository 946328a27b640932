//! Tests of repeated calls: which calls, how often, and after which pauses.

use std::time::Duration;

use client::api::*;
use client::{CallError, Failure, RejectCode, Retry};
use test_support::now;

use crate::script::{Script, rejected};

const STORED: Result<Added, AddError> = Ok(Added { id: 7, duplicate: true });
const REBUILDING: Progress = Progress { done: 1, total: 2 };

#[test]
fn an_add_is_repeated_with_the_same_bytes_while_its_failure_passes() {
    let script = Script::default()
        .then(Err(Failure::Unanswered("the connection broke".into())))
        .then(Err(rejected(RejectCode::SysTransient, 201)))
        .then(Err(rejected(RejectCode::SysUnknown, 202)))
        .then(Err(rejected(RejectCode::CanisterError, 508)))
        .reply(Err::<Added, _>(AddError::Unavailable(REBUILDING)))
        .reply(STORED);
    let added = now(script.client().add_message(b"key", b"sealed")).expect("the sixth attempt succeeds");
    assert_eq!(added, Added { id: 7, duplicate: true });
    let calls = script.calls.lock().unwrap();
    assert_eq!(calls.len(), 6);
    assert!(calls.iter().all(|call| *call == calls[0]), "the same call each time");
    let pauses: Vec<_> = script.pauses.lock().unwrap().iter().map(Duration::as_millis).collect();
    assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000]);
}

#[test]
fn a_store_that_is_sealed_for_a_snapshot_is_asked_again() {
    let script = Script::default().reply(Err::<Added, _>(AddError::Sealed)).reply(STORED);
    assert!(now(script.client().add_message(b"key", b"sealed")).is_ok());
    let script =
        Script::default()
            .reply(Err::<Vec<Result<Added, AddError>>, _>(BatchError::Sealed))
            .reply(Ok::<_, BatchError>(vec![STORED]));
    assert!(now(script.client().add_messages(&[])).is_ok());
}

#[test]
fn the_last_failure_is_returned_and_pauses_are_bounded() {
    let script = (0..9).fold(Script::default(), |script, _| script.then(Err(Failure::Unanswered("lost".into()))));
    let retry = Retry { attempts: 9, pause: Duration::from_secs(1), max_pause: Duration::from_secs(5) };
    let error = now(script.client().with_retry(retry).get_status()).expect_err("no attempt succeeds");
    assert!(matches!(error, CallError::Failed(Failure::Unanswered(_))), "{error}");
    let pauses: Vec<_> = script.pauses.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(pauses, [1, 2, 4, 5, 5, 5, 5, 5]);
}

#[test]
fn lasting_errors_are_not_repeated() {
    for failure in [
        rejected(RejectCode::SysFatal, 101),
        rejected(RejectCode::DestinationInvalid, 301),
        rejected(RejectCode::CanisterReject, 406),
        rejected(RejectCode::CanisterError, 503),
        rejected(RejectCode::CanisterError, 207),
        Failure::Unverified("forged".into()),
        Failure::Unsendable("no such address".into()),
    ] {
        let script = Script::default().then(Err(failure));
        let error = now(script.client().add_message(b"key", b"sealed")).expect_err("it failed");
        assert_eq!(script.count(), 1, "{error}");
    }
    for refusal in [
        AddError::StorageFull,
        AddError::CiphertextEmpty,
        AddError::IdsExhausted { last: 9 },
        // Seconds to wait are for the application.
        AddError::Limited(Limited::rate { retry_after: 1 }),
        AddError::Limited(Limited::budget { retry_after: 1 }),
        AddError::StoreFull { retry_after: 1 },
        AddError::KeyFull { since: 1 },
    ] {
        let script = Script::default().reply(Err::<Added, _>(refusal.clone()));
        let error = now(script.client().add_message(b"key", b"sealed")).expect_err("it was refused");
        assert!(matches!(&error, CallError::Refused(it) if *it == refusal), "{error}");
    }
    let script = Script::default().then(Ok(b"no candid".to_vec()));
    let error = now(script.client().add_message(b"key", b"sealed")).expect_err("the reply is malformed");
    assert!(matches!(&error, CallError::Malformed { method: "add_message", .. }) && error.may_have_run(), "{error}");
}

#[test]
fn settings_are_repeated_only_if_they_were_not_set() {
    let script = Script::default().then(Err(Failure::Unanswered("lost".into())));
    let error = now(script.client().set_settings(4, &[])).expect_err("its outcome is unknown");
    assert!(error.may_have_run());
    let script = Script::default()
        .then(Err(rejected(RejectCode::SysTransient, 201)))
        .then(Err(rejected(RejectCode::CanisterError, 509)))
        .reply(Ok::<u32, SettingsError>(5));
    now(script.client().set_settings(4, &[])).expect("the third attempt succeeds");
    assert_eq!(script.count(), 3);
}

#[test]
fn a_client_told_never_to_repeat_sends_once() {
    let script = Script::default().then(Err(Failure::Unanswered("lost".into())));
    now(script.client().with_retry(Retry::NEVER).get_status()).expect_err("it failed");
    assert_eq!((script.count(), script.pauses.lock().unwrap().len()), (1, 0));
}

#[test]
fn a_failed_item_of_a_batch_is_a_result_and_no_failure() {
    let results = vec![STORED, Err(AddError::StorageFull)];
    let script = Script::default().reply(Ok::<_, BatchError>(results.clone()));
    assert_eq!(now(script.client().add_messages(&[])).expect("the batch was taken"), results);
}
