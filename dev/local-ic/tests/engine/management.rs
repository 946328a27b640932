//! The management canister, inspection of ingress messages, and best-effort calls.

use std::time::Duration;

use crate::common::{SPIN, install, module, number, query, update};
use candid::{Principal, decode_one, encode_one};
use ic_management_canister_types::{
    CanisterIdRecord, CanisterInstallMode, CanisterStatusResult, CanisterStatusType, InstallCodeArgs,
};
use local_ic::limits::{MAX_METHOD_NAME, MAX_REJECT_MESSAGE};
use local_ic::{ErrorCode, LocalIc, RejectCode};

/// `call` sends its argument, but for the name that ends at the first zero byte, to that management method, and
/// forwards the reply, or replies with the reject code.
const FORWARD: &str = r#"
    (memory 1) (table 2 funcref) (elem (i32.const 0) func $forward $code)
    (func $forward (param i32)
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
        (call $msg_reply_data_append (i32.const 0) (call $msg_arg_data_size)) (call $msg_reply))
    (func $code (param i32)
        (i32.store (i32.const 0) (call $msg_reject_code))
        (call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))
    (func (export "canister_update call") (local $name i32)
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
        (loop
            (local.set $name (i32.add (local.get $name) (i32.const 1)))
            (br_if 0 (i32.load8_u (local.get $name))))
        (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (local.get $name)
            (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
        (call $call_data_append (i32.add (local.get $name) (i32.const 1))
            (i32.sub (i32.sub (call $msg_arg_data_size) (local.get $name)) (i32.const 1)))
        (if (call $call_perform) (then unreachable)))
"#;

fn forward(ic: &LocalIc, id: Principal, method: &str, argument: Vec<u8>) -> Vec<u8> {
    let payload = [method.as_bytes(), b"\0", &argument].concat();
    ic.update_call(id, Principal::anonymous(), "call", payload).unwrap()
}

#[test]
fn raw_rand_is_different_each_time_and_the_same_in_each_engine() {
    let draw = || {
        let ic = LocalIc::new();
        let id = install(&ic, FORWARD);
        [0, 1].map(|_| {
            let reply = forward(&ic, id, "raw_rand", encode_one(()).unwrap());
            decode_one::<Vec<u8>>(&reply).unwrap()
        })
    };
    let [first, second] = draw();
    assert_eq!((first.len(), second.len()), (32, 32));
    assert_ne!(first, second);
    assert_eq!(draw(), [first, second]);
}

#[test]
fn raw_rand_follows_from_the_seed() {
    let draw = |ic: LocalIc| {
        let id = install(&ic, FORWARD);
        forward(&ic, id, "raw_rand", encode_one(()).unwrap())
    };
    let seeded = |seed| draw(LocalIc::with_random_seed([seed; 32]));
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    assert_ne!(seeded(0), draw(LocalIc::new()));
}

/// `wait` is never answered: it calls `nop` of its own canister again and again, whatever that is answered with.
const WAITING: &str = r#"
    (memory 1) (data (i32.const 64) "nop") (table funcref (elem $again))
    (func $again (param i32)
        (call $canister_self_copy (i32.const 0) (i32.const 0) (call $canister_self_size))
        (call $call_new (i32.const 0) (call $canister_self_size) (i32.const 64) (i32.const 3)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (drop (call $call_perform)))
    (func (export "canister_update wait") (call $again (i32.const 0)))
    (func (export "canister_update nop") (call $msg_reply))
"#;

#[test]
fn stopping_a_canister_that_does_not_stop_is_given_up_after_five_minutes() {
    let ic = LocalIc::new();
    let id = install(&ic, WAITING);
    ic.submit_call(id, Principal::anonymous(), "wait", vec![]).unwrap();
    ic.tick();
    let argument = encode_one(CanisterIdRecord { canister_id: id }).unwrap();
    let management = Principal::management_canister();
    let stop = ic.submit_call(management, Principal::anonymous(), "stop_canister", argument).unwrap();
    ic.tick();
    ic.advance_time(Duration::from_secs(299));
    ic.tick();
    assert_eq!(ic.take_response(stop), None);
    ic.advance_time(Duration::from_secs(1));
    ic.tick();
    let error = ic.take_response(stop).expect("it is answered").unwrap_err();
    assert_eq!(
        (error.error_code, error.reject_code),
        (ErrorCode::StopCanisterRequestTimeout, RejectCode::SysTransient)
    );
    assert_eq!(ic.canister_status(id, None).unwrap().status, CanisterStatusType::Stopping);
}

/// Its callbacks are places in the module's table: no other module may be there when the randomness comes.
#[test]
fn a_canister_does_not_stop_while_its_raw_rand_call_is_open() {
    let ic = LocalIc::new();
    let (id, busy) = (install(&ic, FORWARD), install(&ic, &format!("(memory 2) {SPIN}")));
    let submit = |callee, method, argument: &[u8]| {
        ic.submit_call(callee, Principal::anonymous(), method, argument.to_vec()).unwrap()
    };
    // The spin ends the round in which the call is made and the stop is asked for.
    let call = submit(id, "call", b"raw_rand\0DIDL\0\0");
    let argument = encode_one(CanisterIdRecord { canister_id: id }).unwrap();
    let stop = submit(Principal::management_canister(), "stop_canister", &argument);
    submit(busy, "spin", b"");
    ic.tick();
    let state = || {
        let (status, state) = (ic.canister_status(id, None).unwrap().status, ic.canister_state(id));
        (status, state.open_calls, state.awaited_calls)
    };
    assert_eq!(state(), (CanisterStatusType::Stopping, 1, 1));
    assert_eq!(ic.take_response(stop), None);
    let reply = ic.await_call(call).expect("the callback runs while the canister stops");
    assert_eq!(reply.len(), b"DIDL".len() + 6 + 32, "a blob of 32 bytes");
    ic.await_call(stop).expect("it has stopped");
    assert_eq!(state(), (CanisterStatusType::Stopped, 0, 0));
}

#[test]
fn calls_that_have_not_begun_can_be_timed_out() {
    let ic = LocalIc::new();
    let id = install(&ic, WAITING);
    let submit = |method| ic.submit_call(id, Principal::anonymous(), method, vec![]).unwrap();
    let (first, second, third) = (submit("nop"), submit("nop"), submit("nop"));
    assert_eq!(ic.queued_calls(), 3);
    ic.time_out_calls(|message| message == second);
    assert_eq!(ic.queued_calls(), 2);
    let error = ic.take_response(second).expect("it is answered").unwrap_err();
    assert_eq!((error.error_code, error.certified), (ErrorCode::IngressMessageTimeout, true));
    assert_eq!([first, third].map(|message| ic.await_call(message)), [Ok(vec![]), Ok(vec![])]);
    // A call that has begun continues.
    let wait = submit("wait");
    ic.tick();
    ic.time_out_calls(|_| true);
    assert_eq!((ic.queued_calls(), ic.take_response(wait)), (0, None));
}

#[test]
fn a_canister_sees_its_own_status() {
    let ic = LocalIc::new();
    let (id, other) = (install(&ic, FORWARD), install(&ic, FORWARD));
    let argument = |canister_id| encode_one(CanisterIdRecord { canister_id }).unwrap();
    let reply = forward(&ic, id, "canister_status", argument(id));
    let status: CanisterStatusResult = decode_one(&reply).unwrap();
    assert_eq!(status.status, CanisterStatusType::Running);
    assert_eq!(status.memory_metrics.wasm_memory_size, 65_536u32);
    let refused = forward(&ic, id, "canister_status", argument(other));
    assert_eq!(refused, (RejectCode::CanisterError as u32).to_le_bytes());
}

#[test]
fn other_management_methods_are_rejected() {
    let ic = LocalIc::new();
    let id = install(&ic, FORWARD);
    let reply = forward(&ic, id, "bitcoin_get_balance", vec![]);
    assert_eq!(reply, (RejectCode::CanisterReject as u32).to_le_bytes());
    let management = Principal::management_canister();
    let reject = update(&ic, management, "bitcoin_get_balance").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterRejectedMessage);
}

#[test]
fn inspect_message_turns_ingress_away_but_not_calls() {
    let body = r#"
        (memory 1)
        (func (export "canister_inspect_message")
            (i32.store (i32.const 0) (i32.const 1))
            (if (call $msg_arg_data_size) (then (call $accept_message))))
        (func (export "canister_update seen")
            (call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))
    "#;
    let ic = LocalIc::new();
    let id = install(&ic, body);
    let before = ic.cycle_balance(id);
    let reject = update(&ic, id, "seen").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterRejectedMessage);
    assert!(!reject.certified);
    assert_eq!(ic.cycle_balance(id), before);
    // The inspection's writes are rolled back.
    let reply = ic.update_call(id, Principal::anonymous(), "seen", vec![1]).unwrap();
    assert_eq!(reply, [0; 4]);
}

#[test]
fn an_installation_is_the_last_message_of_its_round() {
    let ic = LocalIc::new();
    let ids = [(); 2].map(|()| ic.create_canister());
    let installations = ids.map(|canister_id| {
        let argument = InstallCodeArgs {
            mode: CanisterInstallMode::Install,
            canister_id,
            wasm_module: module(FORWARD),
            arg: vec![],
            sender_canister_version: None,
        };
        let argument = encode_one(argument).unwrap();
        ic.submit_call(Principal::management_canister(), Principal::anonymous(), "install_code", argument).unwrap()
    });
    assert_eq!((ic.queued_calls(), ic.module_hash(ids[0])), (2, None), "nothing is installed before its round");
    for (queued, message) in [1, 0].into_iter().zip(installations) {
        ic.tick();
        assert_eq!(ic.queued_calls(), queued);
        assert!(matches!(ic.take_response(message), Some(Ok(_))));
    }
    assert!(ids.iter().all(|id| ic.module_hash(*id).is_some()));
}

#[test]
fn a_method_has_a_name_of_limited_length() {
    let ic = LocalIc::new();
    let id = install(&ic, FORWARD);
    let named = |length| update(&ic, id, &"m".repeat(length)).unwrap_err();
    assert_eq!(named(MAX_METHOD_NAME).error_code, ErrorCode::CanisterMethodNotFound);
    let error = named(MAX_METHOD_NAME + 1);
    assert_eq!((error.error_code, error.certified), (ErrorCode::CanisterRejectedMessage, false));
    assert!(error.reject_message.contains("20001"), "{error}");
}

/// `ask` calls `trap` of itself, which traps with 43 MB of words, and replies how many of them it is told; `reject` rejects
/// with as many bytes as a response may have, and `reject_more` with one more.
const WORDY: &str = r#"
    (import "ic0" "msg_reject" (func $msg_reject (param i32 i32)))
    (import "ic0" "msg_reject_msg_size" (func $msg_reject_msg_size (result i32)))
    (memory 700) (table 1 funcref) (elem (i32.const 0) func $told)
    (data (i32.const 100) "trap")
    (func $told (param i32)
        (i64.store (i32.const 0) (i64.extend_i32_u (call $msg_reject_msg_size)))
        (call $msg_reply_data_append (i32.const 0) (i32.const 8)) (call $msg_reply))
    (func (export "canister_update ask")
        (call $canister_self_copy (i32.const 0) (i32.const 0) (i32.const 10))
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 100) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (if (call $call_perform) (then unreachable)))
    (func (export "canister_update trap") (call $trap (i32.const 200) (i32.const 43000000)))
    (func (export "canister_update reject") (call $msg_reject (i32.const 200) (i32.const 2097152)))
    (func (export "canister_update reject_more") (call $msg_reject (i32.const 200) (i32.const 2097153)))
"#;

#[test]
fn long_messages_of_failures_are_cut_short() {
    let ic = LocalIc::new();
    let id = install(&ic, WORDY);
    assert_eq!(number(&update(&ic, id, "ask").unwrap()), MAX_REJECT_MESSAGE as u64);
    for (method, error) in [("trap", ErrorCode::CanisterCalledTrap), ("reject", ErrorCode::CanisterRejectedMessage)] {
        let reject = update(&ic, id, method).unwrap_err();
        assert_eq!((reject.error_code, reject.reject_message.len()), (error, MAX_REJECT_MESSAGE), "{method}");
    }
    assert_eq!(update(&ic, id, "reject_more").unwrap_err().error_code, ErrorCode::CanisterContractViolation);
}

/// `ask` makes a best-effort call to itself, of a method that never answers before the deadline: it calls on.
const PATIENCE: &str = r#"
    (memory 1) (table 2 funcref) (elem (i32.const 0) func $done $late)
    (data (i32.const 100) "spin")
    (func $call (param $callback i32) (param $timeout i32)
        (call $canister_self_copy (i32.const 0) (i32.const 0) (i32.const 10))
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 100) (i32.const 4)
            (local.get $callback) (i32.const 0) (local.get $callback) (i32.const 0))
        (if (local.get $timeout) (then (call $call_with_best_effort_response (local.get $timeout))))
        (if (call $call_perform) (then unreachable)))
    (func $done (param i32)
        (i64.store (i32.const 200) (i64.extend_i32_u (call $msg_reject_code)))
        (call $msg_reply_data_append (i32.const 200) (i32.const 8)) (call $msg_reply))
    (func $late (param i32) (call $call (i32.const 1) (i32.const 0)))
    (func (export "canister_update ask") (call $call (i32.const 0) (i32.const 1)))
    (func (export "canister_update spin") (call $call (i32.const 1) (i32.const 0)))
    (func (export "canister_query code")
        (call $msg_reply_data_append (i32.const 200) (i32.const 8)) (call $msg_reply))
"#;

#[test]
fn a_best_effort_call_ends_at_its_deadline() {
    let ic = LocalIc::new();
    let id = install(&ic, PATIENCE);
    let message = ic.submit_call(id, Principal::anonymous(), "ask", vec![]).unwrap();
    ic.tick();
    assert_eq!(number(&query(&ic, id, "code").unwrap()), 0);
    ic.advance_time(std::time::Duration::from_secs(1));
    assert_eq!(number(&ic.await_call(message).unwrap()), RejectCode::SysUnknown as u64);
}
