//! Calls, callbacks, and cleanup after those that trap.

use crate::common::{install, number, query, update};
use local_ic::{EntryPoint, ErrorCode, LocalIc, RejectCode};

/// `run` calls the method named by its argument, counting callbacks at 200 and cleanups at 208.
const CALLER: &str = r#"
    (memory 1)
    (table 4 funcref)
    (elem (i32.const 0) func $answer $fail $clean $pass)
    (data (i32.const 100) "ok") (data (i32.const 110) "silent")
    (func $bump (param $at i32)
        (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.const 1))))
    (func $answer (param $env i32)
        (call $bump (i32.const 200))
        (i64.store (i32.const 216) (i64.extend_i32_u (call $msg_reject_code)))
        (i64.store (i32.const 224) (i64.extend_i32_u (local.get $env)))
        (call $msg_reply_data_append (i32.const 216) (i32.const 16))
        (call $msg_reply))
    (func $fail (param i32) (call $bump (i32.const 200)) unreachable)
    (func $pass (param i32))
    (func $clean (param $env i32)
        (i64.store (i32.const 208)
            (i64.add (i64.load (i32.const 208)) (i64.extend_i32_u (local.get $env)))))
    (func $call (param $callback i32)
        (local $size i32)
        (local.set $size (call $msg_arg_data_size))
        (call $msg_arg_data_copy (i32.const 32) (i32.const 0) (local.get $size))
        (call $canister_self_copy (i32.const 0) (i32.const 0) (i32.const 10))
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 32) (local.get $size)
            (local.get $callback) (i32.const 7) (local.get $callback) (i32.const 8))
        (call $call_on_cleanup (i32.const 2) (i32.const 5))
        (if (call $call_perform) (then unreachable)))
    (func (export "canister_update run") (call $call (i32.const 0)))
    (func (export "canister_update run and fail") (call $call (i32.const 1)))
    (func (export "canister_update run in silence") (call $call (i32.const 3)))
    (func (export "canister_update run nowhere") (call $call (i32.const 99)))
    (func (export "canister_update ok") (call $msg_reply))
    (func (export "canister_update trap") (call $bump (i32.const 232)) unreachable)
    (func (export "canister_update silent"))
    (func (export "canister_query counts")
        (call $msg_reply_data_append (i32.const 200) (i32.const 40)) (call $msg_reply))
    (func (export "canister_update twice") (call $msg_reply) (call $msg_reply))
"#;

fn run(ic: &LocalIc, id: candid::Principal, how: &str, callee: &str) -> Result<Vec<u8>, local_ic::RejectResponse> {
    ic.update_call(id, candid::Principal::anonymous(), how, callee.as_bytes().to_vec())
}

/// Callbacks, cleanups, and increments by the method that traps.
fn counts(ic: &LocalIc, id: candid::Principal) -> (u64, u64, u64) {
    let counts = query(ic, id, "counts").unwrap();
    (number(&counts), number(&counts[8..]), number(&counts[32..]))
}

#[test]
fn a_reply_runs_the_reply_callback_with_its_environment() {
    let ic = LocalIc::new();
    let id = install(&ic, CALLER);
    let reply = run(&ic, id, "run", "ok").unwrap();
    assert_eq!((number(&reply), number(&reply[8..])), (0, 7));
    assert_eq!(counts(&ic, id), (1, 0, 0));
    let state = ic.canister_state(id);
    assert_eq!((state.open_calls, state.awaited_calls), (0, 0));
}

#[test]
fn a_callee_that_traps_is_taken_back_and_rejected() {
    let ic = LocalIc::new();
    let id = install(&ic, CALLER);
    let reply = run(&ic, id, "run", "trap").unwrap();
    assert_eq!((number(&reply), number(&reply[8..])), (RejectCode::CanisterError as u64, 8));
    assert_eq!(counts(&ic, id), (1, 0, 0));
    let reply = run(&ic, id, "run", "silent").unwrap();
    assert_eq!(number(&reply), RejectCode::CanisterError as u64);
    let reply = run(&ic, id, "run", "unknown").unwrap();
    assert_eq!(number(&reply), RejectCode::CanisterError as u64);
    assert_eq!(counts(&ic, id), (3, 0, 0));
}

#[test]
fn a_callback_that_traps_is_taken_back_and_cleaned_up_after() {
    let ic = LocalIc::new();
    let id = install(&ic, CALLER);
    let reject = run(&ic, id, "run and fail", "ok").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterTrapped);
    assert_eq!(counts(&ic, id), (0, 5, 0));
    let entries: Vec<EntryPoint> = ic.executions(id).iter().map(|e| e.entry).collect();
    use EntryPoint::*;
    assert_eq!(entries[..4], [Update, Update, ReplyCallback, Cleanup]);
    let reject = run(&ic, id, "run nowhere", "ok").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterFunctionNotFound);
    assert_eq!(counts(&ic, id), (0, 10, 0));
}

#[test]
fn a_call_that_ends_without_a_response_is_rejected() {
    let ic = LocalIc::new();
    let id = install(&ic, CALLER);
    for reject in [update(&ic, id, "silent"), run(&ic, id, "run in silence", "ok")] {
        assert_eq!(reject.unwrap_err().error_code, ErrorCode::CanisterDidNotReply);
    }
    let reject = update(&ic, id, "twice").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterContractViolation);
}

#[test]
fn the_usage_of_a_call_includes_its_callbacks() {
    let ic = LocalIc::new();
    let id = install(&ic, CALLER);
    run(&ic, id, "run", "ok").unwrap();
    let executions = ic.executions(id);
    assert_eq!(executions.len(), 3);
    assert!(executions.iter().all(|execution| execution.root == executions[0].root));
    let total = executions.iter().map(|execution| execution.usage.instructions).sum::<u64>();
    assert_eq!(ic.last_call_usage(id).unwrap().instructions, total);
}

#[test]
fn a_canister_stops_once_its_calls_are_answered() {
    let ic = LocalIc::new();
    let id = install(&ic, CALLER);
    let anonymous = candid::Principal::anonymous();
    let message = ic.submit_call(id, anonymous, "ok", vec![]).unwrap();
    ic.stop_canister(id, None).unwrap();
    // The message came too late.
    assert_eq!(ic.await_call(message).unwrap_err().error_code, ErrorCode::CanisterStopped);
}
