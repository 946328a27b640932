//! Queries leave no trace.

use crate::common::{install, number, query, update};
use local_ic::LocalIc;

const WRITER: &str = r#"
    (memory 1)
    (global $runs (mut i64) (i64.const 0))
    (func $change
        (global.set $runs (i64.add (global.get $runs) (i64.const 1)))
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
        (drop (memory.grow (i32.const 3)))
        (i64.store (i32.const 70000) (i64.const 5))
        (drop (call $stable64_grow (i64.const 2)))
        (call $stable64_write (i64.const 0) (i64.const 0) (i64.const 8))
        (i64.store (i32.const 8) (global.get $runs))
        (call $msg_reply_data_append (i32.const 0) (i32.const 16))
        (call $msg_reply))
    (func (export "canister_query change") (call $change))
    (func (export "canister_update keep") (call $change))
"#;

#[test]
fn a_query_is_taken_back_even_if_it_succeeds() {
    let ic = LocalIc::new();
    let id = install(&ic, WRITER);
    let before = ic.canister_state(id);
    for _ in 0..3 {
        assert_eq!(number(&query(&ic, id, "change").unwrap()), 1);
        assert_eq!(ic.canister_state(id), before);
    }
}

#[test]
fn a_query_called_as_an_update_is_taken_back_but_paid() {
    let ic = LocalIc::new();
    let id = install(&ic, WRITER);
    let before = ic.canister_state(id);
    assert_eq!(number(&update(&ic, id, "change").unwrap()), 1);
    let mut after = ic.canister_state(id);
    assert!(after.cycles < before.cycles);
    assert_eq!(after.version, before.version + 1);
    (after.cycles, after.version) = (before.cycles, before.version);
    assert_eq!(after, before);
}

#[test]
fn an_update_after_a_query_that_grew_the_heap_sees_the_old_size() {
    let ic = LocalIc::new();
    let id = install(&ic, WRITER);
    query(&ic, id, "change").unwrap();
    assert_eq!(number(&update(&ic, id, "keep").unwrap()), 1);
    let state = ic.canister_state(id);
    assert_eq!((state.heap_pages, state.stable_pages, state.globals), (4, 2, vec![1]));
    assert_eq!(number(&query(&ic, id, "change").unwrap()), 2);
}
