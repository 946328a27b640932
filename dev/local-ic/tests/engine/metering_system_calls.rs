//! The price of system calls, counted by hand.

use crate::common::{install, number, update};
use local_ic::{LocalIc, Usage};

/// The resources that an update with this body uses, besides the 1 instruction of its entry.
fn usage(body: &str) -> Usage {
    let ic = LocalIc::new();
    let module = format!(
        r#"(memory 1) (data (i32.const 100) "nobody") (table 1 funcref) (func $callback (param i32))
           (elem (i32.const 0) func $callback)
           (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
           (func (export "canister_update run") {body})"#
    );
    let id = install(&ic, &module);
    let _ = update(&ic, id, "run");
    let executions = ic.executions(id);
    let run = executions.iter().find(|execution| execution.method == "run").expect("it ran");
    assert_eq!(run.error, None, "{body}");
    Usage { instructions: run.usage.instructions - 1, ..run.usage }
}

#[test]
fn each_call_costs_its_overhead_and_its_bytes() {
    // The call operator costs 5, a constant or drop 1; then the overhead, then the bytes.
    let cases = [
        ("(drop (call $msg_arg_data_size))", 6 + 500),
        ("(drop (call $canister_self_size))", 6 + 500),
        ("(call $canister_self_copy (i32.const 0) (i32.const 0) (i32.const 10))", 8 + 500 + 10),
        ("(drop (call $time))", 6 + 500),
        ("(drop (call $global_timer_set (i64.const 0)))", 7 + 500),
        ("(drop (call $performance_counter (i32.const 0)))", 7 + 200),
        ("(call $certified_data_set (i32.const 0) (i32.const 32))", 7 + 500 + 32),
        ("(call $msg_reply_data_append (i32.const 0) (i32.const 7))", 7 + 500 + 50 * 7),
        ("(call $msg_reply)", 5 + 500),
        // Each printed byte is moved twice and transmitted once.
        ("(call $debug_print (i32.const 0) (i32.const 9))", 7 + 100 + 52 * 9),
        ("(drop (call $stable64_size))", 6 + 20),
        ("(drop (call $stable64_grow (i64.const 2)))", 7 + 100),
        ("(call $stable64_read (i64.const 0) (i64.const 5) (i64.const 9))", 8 + 20 + 9),
        // One page is dirtied, then two, then none that is not dirty already.
        ("(call $stable64_write (i64.const 0) (i64.const 0) (i64.const 9))", 8 + 20 + 9 + 1000),
        ("(call $stable64_write (i64.const 4090) (i64.const 0) (i64.const 9))", 8 + 20 + 9 + 2000),
        (
            "(call $stable64_write (i64.const 0) (i64.const 0) (i64.const 9)) \
             (call $stable64_write (i64.const 7) (i64.const 0) (i64.const 9))",
            2 * (8 + 20 + 9) + 1000,
        ),
        (
            "(call $call_new (i32.const 0) (i32.const 4) (i32.const 100) (i32.const 6) \
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) \
             (call $call_on_cleanup (i32.const 0) (i32.const 0)) \
             (call $call_data_append (i32.const 0) (i32.const 3)) \
             (call $call_cycles_add128 (i64.const 0) (i64.const 0)) \
             (drop (call $call_perform))",
            (13 + 1500 + 10) + (7 + 500) + (7 + 500 + 50 * 3) + (7 + 500) + (6 + 5000),
        ),
    ];
    for (body, cost) in cases {
        assert_eq!(usage(body).instructions, cost, "{body}");
    }
}

#[test]
fn stable_memory_is_counted_in_distinct_pages_and_in_bytes() {
    let usage = usage(
        "(call $stable64_read (i64.const 0) (i64.const 0) (i64.const 4097))
         (call $stable64_read (i64.const 0) (i64.const 4000) (i64.const 10))
         (call $stable64_write (i64.const 4096) (i64.const 0) (i64.const 1))
         (call $stable64_write (i64.const 20000) (i64.const 0) (i64.const 2))
         (call $stable64_read (i64.const 0) (i64.const 20000) (i64.const 0))",
    );
    assert_eq!(usage.system_calls, 5);
    assert_eq!((usage.stable_pages_accessed, usage.stable_pages_dirtied), (3, 2));
    assert_eq!((usage.stable_bytes_read, usage.stable_bytes_written), (4107, 3));
}

#[test]
fn the_performance_counter_counts_what_is_charged() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1)
           (func (export "canister_update run")
             (i64.store (i32.const 0) (call $performance_counter (i32.const 0)))
             (call $msg_reply_data_append (i32.const 0) (i32.const 8))
             (call $msg_reply))"#,
    );
    let counted = number(&update(&ic, id, "run").unwrap());
    let usage = ic.last_call_usage(id).unwrap();
    // The whole block is charged when it is entered: all but the two system calls that follow.
    assert_eq!(usage.instructions - counted, 500 + 50 * 8 + 500);
    assert_eq!(counted, 1 + 8 + 7 + 5 + 200);
    assert_eq!(usage.reply_bytes, 8);
}
