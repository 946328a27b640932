//! Cycles: fees, storage, freezing, and those that travel with calls.

use std::time::Duration;

use crate::common::{install, module, number, update};
use candid::{Nat, Principal};
use ic_management_canister_types::CanisterSettings;
use local_ic::{ErrorCode, LocalIc};

const T: u128 = 1_000_000_000_000;

/// `pay` attaches cycles to a call of `take`, which accepts some; the callback replies with the refunded cycles.
const TRADE: &str = r#"
    (memory 1) (table 1 funcref) (elem (i32.const 0) func $paid)
    (data (i32.const 100) "take")
    (func $paid (param i32)
        (call $msg_cycles_refunded128 (i32.const 0))
        (call $msg_reply_data_append (i32.const 0) (i32.const 16)) (call $msg_reply))
    (func (export "canister_update pay")
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 10))
        (call $call_new (i32.const 0) (i32.const 10) (i32.const 100) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (call $call_cycles_add128 (i64.const 0) (i64.const 5_000_000_000_000))
        (if (call $call_perform) (then unreachable)))
    (func (export "canister_update take")
        (call $msg_cycles_accept128 (i64.const 0) (i64.const 2_000_000_000_000) (i32.const 0))
        (call $msg_reply_data_append (i32.const 0) (i32.const 16)) (call $msg_reply))
    (func (export "canister_update nop") (call $msg_reply))
    (func (export "canister_update trap") unreachable)
    (func (export "canister_update grow") (drop (call $stable64_grow (i64.const 16384))) (call $msg_reply))
"#;

#[test]
fn an_update_costs_its_ingress_bytes_and_its_instructions() {
    let ic = LocalIc::new();
    let id = install(&ic, TRADE);
    for method in ["nop", "trap"] {
        let before = ic.cycle_balance(id);
        let _ = update(&ic, id, method);
        let instructions = ic.last_execution(id).unwrap().usage.instructions;
        let envelope = method.len() as u128 + 340;
        let fee = 1_200_000 + 2_000 * envelope + 5_000_000 + u128::from(instructions);
        assert_eq!(before - ic.cycle_balance(id), fee, "{method}");
    }
}

#[test]
fn accepted_cycles_move_and_the_rest_comes_back() {
    let ic = LocalIc::new();
    let (payer, taker) = (install(&ic, TRADE), install(&ic, TRADE));
    let before = (ic.cycle_balance(payer), ic.cycle_balance(taker));
    let anonymous = Principal::anonymous();
    let reply = ic.update_call(payer, anonymous, "pay", taker.as_slice().to_vec()).unwrap();
    assert_eq!(number(&reply), 3_000_000_000_000);
    let paid = before.0 - ic.cycle_balance(payer);
    let gained = ic.cycle_balance(taker) - before.1;
    // Besides the cycles there are fees: two executions and a call here, one execution there.
    assert!((2 * T..2 * T + 20_000_000).contains(&paid), "{paid}");
    assert!((2 * T - 10_000_000..2 * T).contains(&gained), "{gained}");
}

#[test]
fn storage_is_paid_as_time_passes() {
    let ic = LocalIc::new();
    let id = install(&ic, TRADE);
    update(&ic, id, "grow").unwrap();
    let before = ic.cycle_balance(id);
    let bytes = u64::try_from(ic.canister_status(id, None).unwrap().memory_size.0).unwrap();
    assert!(bytes > 1 << 30);
    ic.advance_time(Duration::from_secs(1000));
    ic.tick();
    let paid = before - ic.cycle_balance(id);
    let expected = (u128::from(bytes) * 317_500 * 1000) >> 30;
    assert!(paid.abs_diff(expected) <= 1, "paid {paid}, expected {expected}");
}

#[test]
fn a_canister_that_cannot_pay_its_storage_loses_its_code() {
    let ic = LocalIc::new();
    let id = install(&ic, TRADE);
    update(&ic, id, "grow").unwrap();
    ic.advance_time(Duration::from_secs(100 * 365 * 24 * 60 * 60));
    ic.tick();
    assert_eq!((ic.cycle_balance(id), ic.module_hash(id)), (0, None));
    assert_eq!(ic.add_cycles(id, T), T);
}

fn frozen(ic: &LocalIc) -> Principal {
    let id = install(ic, TRADE);
    update(ic, id, "grow").unwrap();
    // A year's storage of a GiB costs 10 T; this threshold asks for more than the balance.
    let settings = CanisterSettings {
        freezing_threshold: Some(Nat::from(11u64 * 365 * 24 * 60 * 60)),
        ..CanisterSettings::default()
    };
    ic.update_canister_settings(id, None, settings).unwrap();
    id
}

#[test]
fn a_frozen_canister_takes_no_messages_until_it_is_topped_up() {
    let ic = LocalIc::new();
    let id = frozen(&ic);
    for reject in [update(&ic, id, "nop"), crate::common::query(&ic, id, "nop")] {
        assert_eq!(reject.unwrap_err().error_code, ErrorCode::CanisterOutOfCycles);
    }
    let reject = ic.upgrade_canister(id, module(TRADE), vec![], None).unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterOutOfCycles);
    ic.add_cycles(id, 100 * T);
    update(&ic, id, "nop").unwrap();
}

#[test]
fn memory_that_the_balance_does_not_allow_traps() {
    let ic = LocalIc::new();
    let id = frozen(&ic);
    ic.add_cycles(id, 20 * T);
    let reject = update(&ic, id, "grow").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::InsufficientCyclesInMemoryGrow);
    assert_eq!(ic.canister_state(id).stable_pages, 16_384);
}
