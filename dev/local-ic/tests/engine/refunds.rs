//! No cycles are lost: attached cycles that are not accepted come back, whoever is called and whatever happens to the
//! caller.

use std::time::Duration;

use crate::common::forwarder::{FORWARDER, argument, forward};
use crate::common::{install, module, update};
use candid::{Principal, encode_one};
use ic_management_canister_types::CanisterIdRecord;
use local_ic::{ErrorCode, LocalIc, RejectCode};

const T: u64 = 1_000_000_000_000;
/// More than the fees of a few calls.
const FEES: u128 = 100_000_000;

/// `hold` calls `held` of itself ten times, one after the other, and then accepts 1 T of the attached cycles. A round
/// has room for two of them.
const HOLDER: &str = r#"
    (memory 65) (data (i32.const 64) "held") (table funcref (elem $again))
    (global $left (mut i32) (i32.const 10))
    (func $again (param i32)
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (if (global.get $left)
            (then (call $next))
            (else
                (call $msg_cycles_accept128 (i64.const 0) (i64.const 1_000_000_000_000) (i32.const 0))
                (call $msg_reply))))
    (func $next
        (call $canister_self_copy (i32.const 0) (i32.const 0) (call $canister_self_size))
        (call $call_new (i32.const 0) (call $canister_self_size) (i32.const 64) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (drop (call $call_perform)))
    (func (export "canister_update hold") (call $next))
    (func (export "canister_update held") (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (memory.fill (i32.const 65536) (local.get $i) (i32.const 4_000_000))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 900))))
        (call $msg_reply))
"#;

#[test]
fn calls_of_the_management_canister_send_cycles_back() {
    let ic = LocalIc::new();
    let id = install(&ic, FORWARDER);
    let before = ic.cycle_balance(id);
    let own = encode_one(CanisterIdRecord { canister_id: id }).unwrap();
    let management = Principal::management_canister();
    let cases = [
        ("canister_status", &own[..]),
        ("raw_rand", b"DIDL\0\0"),
        ("no_such_method", &own),
        ("create_canister", b"junk"),
    ];
    for (method, sent) in cases {
        let call = forward(&ic, id, 7 * T, management, method, sent).unwrap();
        assert_eq!(call.refunded, u128::from(7 * T), "{method}: {call:?}");
    }
    // One that waits for its canister, and then for it in vain.
    let holder = install(&ic, HOLDER);
    ic.set_controllers(holder, None, vec![id, Principal::anonymous()]).unwrap();
    ic.submit_call(holder, Principal::anonymous(), "hold", vec![]).unwrap();
    ic.tick();
    let held = encode_one(CanisterIdRecord { canister_id: holder }).unwrap();
    let stop = argument(7 * T, management.as_slice(), "stop_canister", &held);
    let stop = ic.submit_call(id, Principal::anonymous(), "call", stop).unwrap();
    ic.tick();
    assert_eq!(ic.take_response(stop), None, "the canister has an open call");
    ic.start_canister(holder, None).unwrap();
    let reply = ic.await_call(stop).unwrap();
    assert_eq!(crate::common::forwarder::forwarded(&reply).refunded, u128::from(7 * T));
    assert!(before - ic.cycle_balance(id) < FEES);
}

#[test]
fn a_callee_that_is_no_principal_sends_cycles_back() {
    let ic = LocalIc::new();
    let id = install(&ic, FORWARDER);
    let call = argument(7 * T, &[1; 30], "hold", &[]);
    let reply = ic.update_call(id, Principal::anonymous(), "call", call).unwrap();
    let call = crate::common::forwarder::forwarded(&reply);
    assert_eq!((call.code, call.refunded), (RejectCode::DestinationInvalid as u64, u128::from(7 * T)));
}

/// A payer in the middle of a call of `hold`, with 7 T on their way.
fn under_way(ic: &LocalIc, method: &str) -> (Principal, Principal, u128) {
    let (payer, holder) = (install(ic, FORWARDER), install(ic, HOLDER));
    let before = ic.cycle_balance(payer);
    let call = argument(7 * T, holder.as_slice(), "hold", &[]);
    ic.submit_call(payer, Principal::anonymous(), method, call).unwrap();
    ic.tick();
    assert!(before - ic.cycle_balance(payer) > u128::from(7 * T), "they are on their way");
    (payer, holder, before)
}

#[test]
fn refunds_reach_a_canister_whose_code_is_gone_or_another() {
    for reinstalled in [false, true] {
        let ic = LocalIc::new();
        let (payer, holder, before) = under_way(&ic, "call");
        ic.uninstall_canister(payer, None).unwrap();
        if reinstalled {
            ic.install_canister(payer, module(HOLDER), vec![], None);
        }
        // The call is still open for it: it does not stop, and cannot be deleted, before its cycles are back.
        let stopped = {
            let stop = encode_one(CanisterIdRecord { canister_id: payer }).unwrap();
            ic.submit_call(Principal::management_canister(), Principal::anonymous(), "stop_canister", stop).unwrap()
        };
        ic.tick();
        assert_eq!(ic.take_response(stopped), None);
        ic.await_call(stopped).unwrap();
        let lost = before - ic.cycle_balance(payer);
        assert!((u128::from(T)..u128::from(T) + 1000 * FEES).contains(&lost), "{lost} {reinstalled}");
        assert!(ic.cycle_balance(holder) > 100 * u128::from(T), "it has accepted 1 T");
    }
}

#[test]
fn a_callee_that_is_emptied_sends_back_what_it_has_not_accepted() {
    let ic = LocalIc::new();
    let (payer, holder, before) = under_way(&ic, "call");
    ic.uninstall_canister(holder, None).unwrap();
    for _ in 0..30 {
        ic.tick();
    }
    assert!(before - ic.cycle_balance(payer) < FEES);
}

#[test]
fn a_refund_that_comes_after_the_deadline_is_the_canisters() {
    let ic = LocalIc::new();
    let (payer, _, before) = under_way(&ic, "call_for_a_second");
    ic.advance_time(Duration::from_secs(2));
    ic.tick();
    assert!(before - ic.cycle_balance(payer) > u128::from(7 * T), "the call is over, its cycles are on their way");
    for _ in 0..30 {
        ic.tick();
    }
    let lost = before - ic.cycle_balance(payer);
    assert!((u128::from(T)..u128::from(T) + FEES).contains(&lost), "{lost}");
}

#[test]
fn creating_and_depositing_take_the_cycles() {
    let ic = LocalIc::new();
    let (id, stranger) = (install(&ic, FORWARDER), install(&ic, FORWARDER));
    let management = Principal::management_canister();
    let create = candid::encode_one(ic_management_canister_types::CreateCanisterArgs::default()).unwrap();
    let poor = forward(&ic, id, T / 2 - 1, management, "create_canister", &create).unwrap();
    assert_eq!((poor.code, poor.refunded), (RejectCode::CanisterReject as u64, u128::from(T / 2 - 1)));
    let created = forward(&ic, id, 3 * T, management, "create_canister", &create).unwrap();
    assert_eq!((created.code, created.refunded), (0, 0));
    let CanisterIdRecord { canister_id } = candid::decode_one(&created.reply).unwrap();
    assert_eq!(ic.cycle_balance(canister_id), u128::from(3 * T - T / 2));
    assert_eq!(ic.get_controllers(canister_id), [id]);
    // Anybody may give.
    let target = encode_one(CanisterIdRecord { canister_id }).unwrap();
    let given = forward(&ic, stranger, 2 * T, management, "deposit_cycles", &target).unwrap();
    assert_eq!((given.code, given.refunded), (0, 0));
    assert_eq!(ic.cycle_balance(canister_id), u128::from(5 * T - T / 2));
    let absent = encode_one(CanisterIdRecord { canister_id: Principal::from_slice(&[9]) }).unwrap();
    let kept = forward(&ic, stranger, 2 * T, management, "deposit_cycles", &absent).unwrap();
    assert_eq!((kept.code, kept.refunded), (RejectCode::DestinationInvalid as u64, u128::from(2 * T)));
    // Users have no cycles to give.
    for method in ["create_canister", "deposit_cycles", "raw_rand", "canister_info"] {
        let reject = ic.update_call(management, Principal::anonymous(), method, target.clone()).unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::CanisterRejectedMessage, "{method}");
    }
    assert!(update(&ic, canister_id, "call").is_err(), "it has no code");
}
