//! An upgrade that fails leaves the old canister as it was, wherever it fails.

use crate::common::{install, module, number, query, update};
use local_ic::{EntryPoint, ErrorCode, LocalIc};

/// Both hooks change what they can, by six and seven system calls, and so does the start function.
const OLD: &str = r#"
    (memory 2)
    (global $g (mut i64) (i64.const 1))
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
    (func (export "canister_update set")
        (i64.store (i32.const 0) (i64.const 42))
        (global.set $g (i64.const 42))
        (call $stable64_write (i64.const 0) (i64.const 0) (i64.const 8))
        (call $certified_data_set (i32.const 0) (i32.const 8))
        (drop (call $global_timer_set (i64.const 0x7000000000000000)))
        (call $msg_reply))
    (func (export "canister_query get")
        (call $msg_reply_data_append (i32.const 0) (i32.const 8))
        (call $msg_reply))
    (func (export "canister_pre_upgrade")
        (i64.store (i32.const 0) (i64.const 1))
        (global.set $g (i64.const 2))
        (drop (memory.grow (i32.const 2)))
        (call $canister_self_copy (i32.const 200000) (i32.const 0) (i32.const 10))
        (drop (call $stable64_grow (i64.const 1)))
        (call $stable64_write (i64.const 0) (i64.const 200000) (i64.const 8))
        (call $stable64_write (i64.const 70000) (i64.const 200000) (i64.const 8))
        (call $certified_data_set (i32.const 0) (i32.const 1))
        (drop (call $global_timer_set (i64.const 5))))
"#;
const NEW: &str = r#"
    (memory 3)
    (func $start (drop (call $stable64_grow (i64.const 1))))
    (start $start)
    (func (export "canister_post_upgrade")
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
        (call $stable64_write (i64.const 16) (i64.const 0) (i64.const 8))
        (call $stable64_write (i64.const 140000) (i64.const 0) (i64.const 8))
        (call $certified_data_set (i32.const 0) (i32.const 2))
        (drop (call $global_timer_set (i64.const 0x7000000000000007))))
    (func (export "canister_query get")
        (call $msg_reply_data_append (i32.const 0) (i32.const 8))
        (call $msg_reply))
"#;

#[test]
fn a_trap_at_any_system_call_of_an_upgrade_leaves_no_trace_but_the_fee() {
    let ic = LocalIc::new();
    let id = install(&ic, OLD);
    update(&ic, id, "set").unwrap();
    let mut before = ic.canister_state(id);
    let argument = 7u64.to_le_bytes().to_vec();
    let calls = 6 + 1 + 6;
    for call in 1..=calls {
        ic.trap_at_system_call(id, Some(call));
        let reject = ic.upgrade_canister(id, module(NEW), argument.clone(), None).unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::CanisterTrapped, "{reject}");
        let after = ic.canister_state(id);
        assert!(after.cycles < before.cycles);
        before.cycles = after.cycles;
        assert_eq!(after, before, "trap at system call {call}");
        assert_eq!(number(&query(&ic, id, "get").unwrap()), 42);
    }
    // One call further there is nothing to trap at.
    ic.trap_at_system_call(id, Some(calls + 1));
    ic.upgrade_canister(id, module(NEW), argument, None).unwrap();
    let after = ic.canister_state(id);
    assert_eq!((after.heap_pages, after.stable_pages), (3, 3));
    assert_eq!(after.certified_data, [7, 0]);
    assert_eq!(after.global_timer, 0x7000_0000_0000_0007);
    assert_eq!(number(&query(&ic, id, "get").unwrap()), 7);
    let stable = ic.get_stable_memory(id);
    assert_eq!(number(&stable[16..]), 7);
    assert_eq!(number(&stable[140_000..]), 7);
    let entries: Vec<EntryPoint> = ic.executions(id).iter().map(|e| e.entry).collect();
    assert_eq!(
        entries[entries.len() - 4..entries.len() - 1],
        [EntryPoint::PreUpgrade, EntryPoint::Start, EntryPoint::PostUpgrade]
    );
}

#[test]
fn a_module_that_is_refused_leaves_the_old_one() {
    let ic = LocalIc::new();
    let id = install(&ic, OLD);
    update(&ic, id, "set").unwrap();
    let before = ic.canister_state(id);
    let reject = ic.upgrade_canister(id, b"no module".to_vec(), vec![], None).unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterInvalidWasm);
    assert_eq!(ic.canister_state(id), before);
    // Data out of bounds is found when the module is instantiated, after the old one's pre-upgrade hook.
    let wasm = module(r#"(memory 1) (data (i32.const 65530) "too long")"#);
    let reject = ic.upgrade_canister(id, wasm, vec![], None).unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterInvalidWasm);
    let mut after = ic.canister_state(id);
    after.cycles = before.cycles;
    assert_eq!(after, before);
}

#[test]
fn the_hooks_of_an_upgrade_share_one_limit_of_instructions() {
    let ic = LocalIc::new();
    let id = install(&ic, OLD);
    ic.upgrade_canister(id, module(OLD), vec![], None).unwrap();
    let hook = ic.last_execution(id).unwrap();
    assert_eq!(hook.entry, EntryPoint::PreUpgrade);
    let exact = hook.usage.instructions;
    ic.set_instruction_limit(id, Some(EntryPoint::Init), Some(exact));
    ic.upgrade_canister(id, module(OLD), vec![], None).unwrap();
    // The new module's start function finds nothing left.
    let before = ic.module_hash(id);
    let reject = ic.upgrade_canister(id, module(NEW), vec![0; 8], None).unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterInstructionLimitExceeded);
    assert_eq!(ic.module_hash(id), before);
}

#[test]
fn an_installation_that_fails_leaves_the_canister_empty() {
    let ic = LocalIc::new();
    let id = ic.create_canister();
    let failing = module(r#"(func (export "canister_init") unreachable)"#);
    let reject = ic.try_install_canister(id, failing.clone(), vec![], None).unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterTrapped);
    assert_eq!(ic.module_hash(id), None);
    ic.install_canister(id, module(OLD), vec![], None);
    update(&ic, id, "set").unwrap();
    let before = ic.canister_state(id);
    ic.reinstall_canister(id, failing, vec![], None).unwrap_err();
    let mut after = ic.canister_state(id);
    after.cycles = before.cycles;
    assert_eq!(after, before);
}
