//! The global timer and heartbeats.

use std::time::Duration;

use crate::common::{install, module, number, query, update};
use local_ic::{EntryPoint, LocalIc};

/// Counts timer executions at 0; a heartbeat would count at 8.
const TIMER: &str = r#"
    (memory 1)
    (func $arm (param $delay i64)
        (drop (call $global_timer_set (i64.add (call $time) (local.get $delay)))))
    (func (export "canister_update arm")
        (call $msg_arg_data_copy (i32.const 16) (i32.const 0) (i32.const 8))
        (call $arm (i64.load (i32.const 16))) (call $msg_reply))
    (func (export "canister_update disarm")
        (drop (call $global_timer_set (i64.const 0))) (call $msg_reply))
    (func (export "canister_global_timer")
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1))))
    (func (export "canister_query runs")
        (call $msg_reply_data_append (i32.const 0) (i32.const 8)) (call $msg_reply))
"#;

const SECOND: u64 = 1_000_000_000;

fn armed(delay: u64) -> (LocalIc, candid::Principal) {
    let ic = LocalIc::new();
    let id = install(&ic, TIMER);
    let delay = delay.to_le_bytes().to_vec();
    ic.update_call(id, candid::Principal::anonymous(), "arm", delay).unwrap();
    (ic, id)
}

fn runs(ic: &LocalIc, id: candid::Principal) -> u64 {
    number(&query(ic, id, "runs").unwrap())
}

#[test]
fn a_timer_runs_once_it_is_due_and_only_once() {
    let (ic, id) = armed(60 * SECOND);
    ic.tick();
    ic.advance_time(Duration::from_secs(59));
    ic.tick();
    assert_eq!(runs(&ic, id), 0);
    ic.advance_time(Duration::from_secs(1));
    ic.tick();
    assert_eq!(runs(&ic, id), 1);
    ic.advance_time(Duration::from_secs(600));
    ic.tick();
    assert_eq!(runs(&ic, id), 1);
    assert_eq!(ic.canister_state(id).global_timer, 0);
}

#[test]
fn a_timer_can_be_taken_back() {
    let (ic, id) = armed(SECOND);
    update(&ic, id, "disarm").unwrap();
    ic.advance_time(Duration::from_secs(5));
    ic.tick();
    assert_eq!(runs(&ic, id), 0);
}

#[test]
fn an_upgrade_deactivates_the_timer() {
    let (ic, id) = armed(SECOND);
    ic.upgrade_canister(id, module(TIMER), vec![], None).unwrap();
    ic.advance_time(Duration::from_secs(5));
    ic.tick();
    assert_eq!(runs(&ic, id), 0);
}

#[test]
fn a_round_takes_a_nanosecond() {
    let ic = LocalIc::new();
    let before = ic.get_time();
    ic.tick();
    assert_eq!(ic.get_time(), before + Duration::from_nanos(1));
}

#[test]
fn a_heartbeat_runs_in_every_round() {
    let ic = LocalIc::new();
    let id = install(&ic, r#"(func (export "canister_heartbeat"))"#);
    for _ in 0..3 {
        ic.tick();
    }
    let entries: Vec<EntryPoint> = ic.executions(id).iter().map(|e| e.entry).collect();
    assert_eq!(entries, [EntryPoint::Heartbeat; 3]);
}
