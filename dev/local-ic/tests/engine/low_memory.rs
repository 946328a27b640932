//! `canister_on_low_wasm_memory` runs once for each time that the heap comes close to its limit.

use crate::common::{install, module, number, query, update};
use candid::Nat;
use ic_management_canister_types::CanisterSettings;
use local_ic::{EntryPoint, LocalIc};

const PAGE: u64 = 65_536;

/// `grow` takes one page; the hook counts in stable memory, which upgrades keep, and calls `noted` of its own canister.
const GROWING: &str = r#"
    (memory 1) (data (i32.const 64) "noted") (table funcref (elem $ignore))
    (func $ignore (param i32))
    (func $bump (param $at i64)
        (call $stable64_read (i64.const 0) (local.get $at) (i64.const 8))
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
        (call $stable64_write (local.get $at) (i64.const 0) (i64.const 8)))
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
    (func (export "canister_update grow")
        (if (i32.lt_s (memory.grow (i32.const 1)) (i32.const 0)) (then unreachable))
        (call $msg_reply))
    (func (export "canister_update grow and trap") (drop (memory.grow (i32.const 8))) unreachable)
    (func (export "canister_on_low_wasm_memory")
        (call $bump (i64.const 0))
        (call $canister_self_copy (i32.const 0) (i32.const 0) (call $canister_self_size))
        (call $call_new (i32.const 0) (call $canister_self_size) (i32.const 64) (i32.const 5)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (if (call $call_perform) (then unreachable)))
    (func (export "canister_update noted") (call $bump (i64.const 8)) (call $msg_reply))
    (func (export "canister_query counts")
        (call $stable64_read (i64.const 0) (i64.const 0) (i64.const 16))
        (call $msg_reply_data_append (i32.const 0) (i32.const 16)) (call $msg_reply))
"#;

/// Times that the hook ran, and that its call was executed.
fn counts(ic: &LocalIc, id: candid::Principal) -> (u64, u64) {
    let counts = query(ic, id, "counts").unwrap();
    (number(&counts), number(&counts[8..]))
}

fn limited(limit: u64, threshold: u64) -> CanisterSettings {
    CanisterSettings {
        wasm_memory_limit: Some(Nat::from(limit * PAGE)),
        wasm_memory_threshold: Some(Nat::from(threshold * PAGE)),
        ..CanisterSettings::default()
    }
}

#[test]
fn the_hook_runs_once_each_time_that_memory_gets_low() {
    let ic = LocalIc::new();
    let id = install(&ic, GROWING);
    ic.update_canister_settings(id, None, limited(6, 3)).unwrap();
    let settings = ic.canister_status(id, None).unwrap().settings;
    assert_eq!(settings.wasm_memory_threshold, Nat::from(3 * PAGE));
    // With three pages of six there are three left: as many as the threshold.
    for _ in 0..2 {
        update(&ic, id, "grow").unwrap();
    }
    ic.tick();
    assert_eq!(counts(&ic, id), (0, 0));
    // Rolled back growth does not count.
    update(&ic, id, "grow and trap").unwrap_err();
    ic.tick();
    assert_eq!(counts(&ic, id), (0, 0));
    update(&ic, id, "grow").unwrap();
    assert_eq!(counts(&ic, id), (1, 1), "it runs in the same round, and so does its call");
    assert!(ic.executions(id).iter().any(|execution| execution.entry == EntryPoint::OnLowWasmMemory));
    update(&ic, id, "grow").unwrap();
    ic.tick();
    assert_eq!(counts(&ic, id), (1, 1), "memory is still low");
    // An upgrade frees the heap, and it may get low anew.
    ic.upgrade_canister(id, module(GROWING), vec![], None).unwrap();
    for _ in 0..3 {
        update(&ic, id, "grow").unwrap();
    }
    assert_eq!(counts(&ic, id), (2, 2));
}

#[test]
fn settings_can_make_memory_low() {
    let ic = LocalIc::new();
    let id = install(&ic, GROWING);
    ic.update_canister_settings(id, None, limited(10, 10)).unwrap();
    assert_eq!(counts(&ic, id), (0, 0), "nothing runs outside of a round");
    ic.tick();
    assert_eq!(counts(&ic, id), (1, 1));
    ic.update_canister_settings(id, None, limited(10, 1)).unwrap();
    ic.update_canister_settings(id, None, limited(10, 10)).unwrap();
    ic.tick();
    assert_eq!(counts(&ic, id), (2, 2));
}

#[test]
fn a_stopped_canister_runs_it_once_it_is_started() {
    let ic = LocalIc::new();
    let id = install(&ic, GROWING);
    ic.stop_canister(id, None).unwrap();
    ic.update_canister_settings(id, None, limited(10, 10)).unwrap();
    let executions = ic.executions(id).len();
    ic.tick();
    assert_eq!(ic.executions(id).len(), executions);
    ic.start_canister(id, None).unwrap();
    ic.tick();
    assert_eq!(counts(&ic, id), (1, 1));
}
