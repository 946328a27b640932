//! Limits of instructions, memory and message sizes.

use crate::common::{install, module, query, update};
use candid::Principal;
use local_ic::{EntryPoint, ErrorCode, LocalIc};

const ENDLESS: &str = r#"
    (func $loop (loop (br 0)))
    (func $recursion (call $recursion))
    (func (export "canister_update loop") (call $loop))
    (func (export "canister_query loop in query") (call $loop))
    (func (export "canister_update recursion") (call $recursion))
    (memory 1)
    (func (export "canister_update fill")
        (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
"#;

#[test]
fn endless_executions_end_at_their_limit() {
    let ic = LocalIc::new();
    let id = install(&ic, ENDLESS);
    ic.set_instruction_limit(id, None, Some(1_000_000));
    ic.set_instruction_limit(id, Some(EntryPoint::Query), Some(2_000_000));
    let anonymous = Principal::anonymous();
    let outcomes = [
        (ic.update_call(id, anonymous, "loop", vec![]), 1_000_000),
        (ic.update_call(id, anonymous, "fill", vec![]), 1_000_000),
        (ic.query_call(id, anonymous, "loop in query", vec![]), 2_000_000),
    ];
    for (outcome, limit) in outcomes {
        let reject = outcome.unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::CanisterInstructionLimitExceeded, "{reject}");
        assert!(reject.reject_message.contains(&limit.to_string()), "{reject}");
    }
    assert_eq!(ic.last_execution(id).unwrap().usage.instructions, 2_000_000);
}

#[test]
fn a_stack_overflow_traps() {
    let ic = LocalIc::new();
    let id = install(&ic, ENDLESS);
    let reject = update(&ic, id, "recursion").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterTrapped);
    assert!(reject.reject_message.ends_with("stack overflow"), "{reject}");
}

#[test]
fn a_bulk_operation_is_charged_before_it_runs() {
    let ic = LocalIc::new();
    let id = install(&ic, ENDLESS);
    // Enough for the first operator, not for its bytes.
    ic.set_instruction_limit(id, None, Some(65_600));
    let reject = update(&ic, id, "fill").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterInstructionLimitExceeded);
}

const STABLE: &str = r#"
    (memory 1)
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 65536))))
    (func $touch (param $pages i64)
        (loop
            (local.set $pages (i64.sub (local.get $pages) (i64.const 1)))
            (call $stable64_read (i64.const 0) (i64.mul (local.get $pages) (i64.const 4096)) (i64.const 1))
            (br_if 0 (i64.gt_s (local.get $pages) (i64.const 0))))
        (call $msg_reply))
    (func (export "canister_update most") (call $touch (i64.const 524288)))
    (func (export "canister_update too many") (call $touch (i64.const 524289)))
    (func (export "canister_query most of a query") (call $touch (i64.const 262144)))
    (func (export "canister_query too many for a query") (call $touch (i64.const 262145)))
    (func (export "canister_update grow")
        (i64.store (i32.const 0) (call $stable64_grow (i64.const 10)))
        (call $msg_reply_data_append (i32.const 0) (i32.const 8))
        (call $msg_reply))
    (func (export "canister_update beyond")
        (call $stable64_read (i64.const 0) (i64.const 4294967295) (i64.const 2)))
    (func (export "canister_update outside heap")
        (call $stable64_read (i64.const 65535) (i64.const 0) (i64.const 2)))
    (func (export "canister_update nowhere")
        (call $stable64_write (i64.const -1) (i64.const 0) (i64.const 2)))
"#;

#[test]
fn a_message_may_touch_so_many_stable_pages() {
    let ic = LocalIc::new();
    let id = install(&ic, STABLE);
    update(&ic, id, "most").unwrap();
    query(&ic, id, "most of a query").unwrap();
    for reject in [update(&ic, id, "too many"), query(&ic, id, "too many for a query")] {
        let reject = reject.unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::CanisterMemoryAccessLimitExceeded);
    }
}

#[test]
fn stable_memory_out_of_bounds_traps() {
    let ic = LocalIc::new();
    let id = install(&ic, STABLE);
    for (method, cause) in [
        ("beyond", "stable memory out of bounds"),
        ("outside heap", "heap out of bounds"),
        ("nowhere", "stable memory out of bounds"),
    ] {
        let reject = update(&ic, id, method).unwrap_err();
        assert_eq!(reject.error_code, ErrorCode::CanisterTrapped);
        assert!(reject.reject_message.ends_with(cause), "{method}: {reject}");
    }
}

#[test]
fn stable_memory_fails_to_grow_beyond_its_limit() {
    let ic = LocalIc::new();
    let id = install(&ic, STABLE);
    ic.set_stable_memory_limit(id, Some(65_540));
    assert_eq!(update(&ic, id, "grow").unwrap(), (-1i64).to_le_bytes());
    ic.set_stable_memory_limit(id, Some(65_546));
    assert_eq!(update(&ic, id, "grow").unwrap(), 65_536i64.to_le_bytes());
    ic.set_stable_memory_limit(id, None);
    assert_eq!(update(&ic, id, "grow").unwrap(), 65_546i64.to_le_bytes());
}

#[test]
fn the_heap_ends_at_the_canisters_own_limit() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1)
           (func $grow (param i32)
             (i32.store (i32.const 0) (memory.grow (local.get 0)))
             (call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))
           (func (export "canister_update within") (call $grow (i32.const 49151)))
           (func (export "canister_update beyond") (call $grow (i32.const 1)))
           (func (export "canister_query beyond in query") (call $grow (i32.const 1)))
           (func (export "canister_query too far") (call $grow (i32.const 65535)))"#,
    );
    assert_eq!(update(&ic, id, "within").unwrap(), 1i32.to_le_bytes());
    let reject = update(&ic, id, "beyond").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterWasmMemoryLimitExceeded);
    assert_eq!(query(&ic, id, "beyond in query").unwrap(), 49_152i32.to_le_bytes());
    assert_eq!(query(&ic, id, "too far").unwrap(), (-1i32).to_le_bytes());
}

#[test]
fn messages_and_replies_have_their_sizes() {
    let body = r#"
        (memory 64)
        (func $reply (param i32)
            (call $msg_reply_data_append (i32.const 0) (local.get 0)) (call $msg_reply))
        (func (export "canister_update 2 MiB") (call $reply (i32.const 2097152)))
        (func (export "canister_update more than 2 MiB") (call $reply (i32.const 2097153)))
        (func (export "canister_query 3 MiB") (call $reply (i32.const 3145728)))
        (func (export "canister_query more than 3 MiB") (call $reply (i32.const 3145729)))
    "#;
    let ic = LocalIc::new();
    let id = install(&ic, body);
    assert_eq!(update(&ic, id, "2 MiB").unwrap().len(), 2 << 20);
    assert_eq!(query(&ic, id, "3 MiB").unwrap().len(), 3 << 20);
    // A query called as an update replies like an update.
    for reject in [update(&ic, id, "more than 2 MiB"), query(&ic, id, "more than 3 MiB"), update(&ic, id, "3 MiB")] {
        assert_eq!(reject.unwrap_err().error_code, ErrorCode::CanisterContractViolation);
    }
    let anonymous = Principal::anonymous();
    ic.update_call(id, anonymous, "2 MiB", vec![0; (2 << 20) - 400]).unwrap();
    let reject = ic.update_call(id, anonymous, "2 MiB", vec![0; 2 << 20]).unwrap_err();
    assert!(!reject.certified);
    assert!(reject.reject_message.contains("ingress"), "{reject}");
}

#[test]
fn certified_data_has_32_bytes() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1)
           (func (export "canister_update 32")
             (call $certified_data_set (i32.const 0) (i32.const 32)) (call $msg_reply))
           (func (export "canister_update 33")
             (call $certified_data_set (i32.const 0) (i32.const 33)) (call $msg_reply))"#,
    );
    assert_eq!(ic.certified_data(id), b"");
    update(&ic, id, "32").unwrap();
    let reject = update(&ic, id, "33").unwrap_err();
    assert_eq!(reject.error_code, ErrorCode::CanisterContractViolation);
    assert_eq!(ic.certified_data(id), [0; 32]);
    ic.upgrade_canister(id, module(""), vec![], None).unwrap();
    assert_eq!(ic.certified_data(id), [0; 32]);
    ic.reinstall_canister(id, module(""), vec![], None).unwrap();
    assert_eq!(ic.certified_data(id), b"");
}
