//! Engines in several threads do not disturb each other.

use crate::common::{install, number, update};
use local_ic::LocalIc;

/// Adds to each of 512 pages of the heap, and to stable memory.
const COUNTER: &str = r#"
    (memory 32)
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
    (func (export "canister_update count") (local $at i32)
        (loop
            (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.const 1)))
            (local.set $at (i32.add (local.get $at) (i32.const 4096)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 2097152))))
        (call $stable64_write (i64.const 0) (i32.const 0) (i64.extend_i32_u) (i64.const 8))
        (call $msg_reply_data_append (i32.const 2093056) (i32.const 8))
        (call $msg_reply))
"#;

#[test]
fn two_canisters_in_each_of_four_threads() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let ic = LocalIc::new();
                let canisters = [install(&ic, COUNTER), install(&ic, COUNTER)];
                for round in 1..=50 {
                    for id in canisters {
                        assert_eq!(number(&update(&ic, id, "count").unwrap()), round);
                    }
                }
                for id in canisters {
                    assert_eq!(number(&ic.get_stable_memory(id)), 50);
                }
            });
        }
    });
}

#[test]
fn one_engine_is_shared_by_threads() {
    let ic = LocalIc::new();
    let id = install(&ic, COUNTER);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| drop(update(&ic, id, "count").unwrap())));
        }
    });
    assert_eq!(number(&update(&ic, id, "count").unwrap()), 101);
}
