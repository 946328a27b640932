//! An update that traps leaves its canister as it was, wherever it traps.

use crate::common::{install, module, number, query, update};
use local_ic::{ErrorCode, LocalIc};

/// An update that changes everything there is to change, by 15 system calls.
const CHANGES: &str = r#"
    (memory 2)
    (global $g32 (mut i32) (i32.const 1))
    (global $g64 (mut i64) (i64.const 1))
    (global $f32 (mut f32) (f32.const 1))
    (global $f64 (mut f64) (f64.const 1))
    (table 1 funcref)
    (func $callback (param i32))
    (elem (i32.const 0) func $callback)
    (data (i32.const 512) "change") (data (i32.const 528) "nop")
    (func (export "canister_init")
        (drop (call $stable64_grow (i64.const 1)))
        (call $stable64_write (i64.const 0) (i64.const 512) (i64.const 6))
        (call $certified_data_set (i32.const 512) (i32.const 3))
        (drop (call $global_timer_set (i64.const 0x7000000000000000))))
    (func (export "canister_update change")
        (i64.store (i32.const 0) (i64.const -1))
        (global.set $g32 (i32.const 2))
        (call $canister_self_copy (i32.const 100000) (i32.const 0) (call $canister_self_size))
        (global.set $g64 (i64.const 2))
        (drop (memory.grow (i32.const 5)))
        (call $msg_arg_data_copy (i32.const 300000) (i32.const 0) (call $msg_arg_data_size))
        (global.set $f32 (f32.const 2))
        (drop (call $stable64_grow (i64.const 3)))
        (global.set $f64 (f64.const 2))
        (call $stable64_write (i64.const 2) (i64.const 0) (i64.const 8))
        (call $stable64_write (i64.const 100000) (i64.const 0) (i64.const 8))
        (call $stable64_read (i64.const 65536) (i64.const 0) (i64.const 4096))
        (call $certified_data_set (i32.const 512) (i32.const 6))
        (drop (call $global_timer_set (i64.const 0x7000000000000001)))
        (call $call_new (i32.const 100000) (i32.const 10) (i32.const 528) (i32.const 3)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (call $call_cycles_add128 (i64.const 0) (i64.const 1000))
        (drop (call $call_perform))
        (call $msg_reply_data_append (i32.const 0) (i32.const 8))
        (call $msg_reply))
    (func (export "canister_update nop") (call $msg_reply))
"#;

#[test]
fn a_trap_at_any_system_call_leaves_no_trace_but_the_fee() {
    let ic = LocalIc::new();
    let id = install(&ic, CHANGES);
    update(&ic, id, "nop").unwrap();
    let mut before = ic.canister_state(id);
    let calls = {
        let probe = LocalIc::new();
        let id = install(&probe, CHANGES);
        update(&probe, id, "change").unwrap();
        assert_ne!(probe.canister_state(id).heap_hash, before.heap_hash);
        let executions = probe.executions(id);
        let change = executions.iter().find(|execution| execution.method == "change");
        change.expect("the update ran").usage.system_calls
    };
    assert_eq!(calls, 15);
    for call in 1..=calls {
        ic.trap_at_system_call(id, Some(call));
        let reject = update(&ic, id, "change").unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::CanisterTrapped, "{reject}");
        let after = ic.canister_state(id);
        assert!(after.cycles < before.cycles);
        before.cycles = after.cycles;
        assert_eq!(after, before, "trap at system call {call}");
    }
    // The fault is spent, and the canister is well.
    update(&ic, id, "change").unwrap();
    let after = ic.canister_state(id);
    assert_eq!((after.heap_pages, after.stable_pages), (7, 4));
    assert_eq!(after.certified_data, b"change");
    assert_eq!(after.globals, [2, 2, 2f32.to_bits().into(), 2f64.to_bits()]);
    assert_eq!(after.global_timer, 0x7000_0000_0000_0001);
}

#[test]
fn cycles_attached_to_a_call_come_back_with_a_trap() {
    let body = r#"
        (memory 1) (table 1 funcref) (func $callback (param i32)) (elem (i32.const 0) func $callback)
        (func $attach
            (call $canister_self_copy (i32.const 0) (i32.const 0) (i32.const 10))
            (call $call_new (i32.const 0) (i32.const 10) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
            (call $call_cycles_add128 (i64.const 0) (i64.const 1_000_000_000_000)))
        (func (export "canister_update trapping") (call $attach) (drop (call $call_perform)) unreachable)
        (func (export "canister_update forgetting") (call $attach) (call $msg_reply))
    "#;
    let ic = LocalIc::new();
    for method in ["trapping", "forgetting"] {
        let id = ic.create_canister();
        ic.install_canister(id, module(body), vec![], None);
        let before = ic.cycle_balance(id);
        let _ = update(&ic, id, method);
        let spent = before - ic.cycle_balance(id);
        assert!(spent < 10_000_000, "{method} cost {spent}");
    }
}

#[test]
fn the_output_of_a_trapping_message_stays_in_the_log() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1) (data (i32.const 0) "hello")
           (func (export "canister_update fail")
             (call $debug_print (i32.const 0) (i32.const 5)) (call $trap (i32.const 0) (i32.const 4)))"#,
    );
    let reject = update(&ic, id, "fail").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterCalledTrap);
    let message = format!("Error from Canister {id}: Canister called `ic0.trap` with message: 'hell'");
    assert_eq!(reject.reject_message, message);
    let logs = ic.fetch_canister_logs(id, candid::Principal::anonymous()).unwrap();
    assert_eq!(logs.len(), 2);
    assert_eq!((logs[0].idx, logs[0].content.as_slice()), (0, &b"hello"[..]));
    assert!(logs[1].content.ends_with(b"'hell'"));
}

/// Reports a global and the size of the heap, which other methods change and then trap.
const OBSERVER: &str = r#"
    (memory 1)
    (global $g (mut i64) (i64.const 7))
    (func (export "canister_update set and trap") (global.set $g (i64.const 8)) unreachable)
    (func (export "canister_update grow and trap") (drop (memory.grow (i32.const 9))) unreachable)
    (func (export "canister_update fill")
        (memory.fill (i32.const 65536) (i32.const 1) (i32.const 4096)))
    (func (export "canister_query observe")
        (i64.store (i32.const 0) (global.get $g))
        (i64.store (i32.const 8) (i64.extend_i32_u (memory.size)))
        (call $msg_reply_data_append (i32.const 0) (i32.const 16))
        (call $msg_reply))
"#;

#[test]
fn the_next_message_sees_the_old_globals_and_the_old_size() {
    let ic = LocalIc::new();
    let id = install(&ic, OBSERVER);
    for method in ["set and trap", "grow and trap"] {
        update(&ic, id, method).unwrap_err();
        let seen = query(&ic, id, "observe").unwrap();
        assert_eq!((number(&seen), number(&seen[8..])), (7, 1), "after {method}");
        let reject = update(&ic, id, "fill").unwrap_err();
        assert!(reject.reject_message.ends_with("heap out of bounds"), "{reject}");
    }
}
