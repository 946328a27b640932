//! The state of an instance does not outlive a message: its tables and its dropped segments.

use crate::common::{install, update};
use local_ic::LocalIc;

#[test]
fn tables_are_as_the_module_defines_them_in_every_message() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1) (table 2 funcref) (elem (i32.const 0) func $a)
           (global $kept (mut i32) (i32.const 0))
           (func $a)
           (func (export "canister_update change")
             (i32.store (i32.const 0) (ref.is_null (table.get (i32.const 0))))
             (i32.store (i32.const 4) (table.size))
             (global.set $kept (i32.add (global.get $kept) (i32.const 1)))
             (i32.store (i32.const 8) (global.get $kept))
             (table.set (i32.const 0) (ref.null func))
             (drop (table.grow (ref.null func) (i32.const 3)))
             (call $msg_reply_data_append (i32.const 0) (i32.const 12)) (call $msg_reply))"#,
    );
    for count in 1..=3 {
        assert_eq!(update(&ic, id, "change").unwrap(), [0, 0, 0, 0, 2, 0, 0, 0, count, 0, 0, 0]);
    }
}

#[test]
fn a_dropped_segment_is_there_again_in_the_next_message() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1) (data $text "text")
           (func (export "canister_update copy")
             (memory.init $text (i32.const 0) (i32.const 0) (i32.const 4))
             (data.drop $text)
             (call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))"#,
    );
    for _ in 0..3 {
        assert_eq!(update(&ic, id, "copy").unwrap(), b"text");
    }
}

#[test]
fn active_data_is_written_once() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1) (table 1 funcref) (data (i32.const 0) "1")
           (func (export "canister_update next")
             (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
             (table.set (i32.const 0) (ref.null func))
             (call $msg_reply_data_append (i32.const 0) (i32.const 1)) (call $msg_reply))"#,
    );
    assert_eq!(update(&ic, id, "next").unwrap(), b"2");
    assert_eq!(update(&ic, id, "next").unwrap(), b"3");
}

#[test]
fn the_start_function_runs_once_and_is_paid() {
    let ic = LocalIc::new();
    let id = install(
        &ic,
        r#"(memory 1) (table 1 funcref)
           (func $start (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1))))
           (start $start)
           (func (export "canister_update starts")
             (table.set (i32.const 0) (ref.null func))
             (call $msg_reply_data_append (i32.const 0) (i32.const 1)) (call $msg_reply))"#,
    );
    assert_eq!(ic.executions(id)[0].usage.instructions, 1 + 6);
    for _ in 0..2 {
        assert_eq!(update(&ic, id, "starts").unwrap(), [1]);
    }
}
