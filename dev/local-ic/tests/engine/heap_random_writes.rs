//! Writes all over a large heap: each page may be a mapping of its own, of which the kernel has a limited number.

use crate::common::{install, number, query, update};
use local_ic::LocalIc;

/// A heap of 1 GiB, of which every other page is written, in an order that never touches two neighbours.
const SCATTER: &str = r#"
    (memory 16384)
    (func (export "canister_update scatter") (local $i i32)
        (loop
            (i64.store
                (i32.mul (i32.rem_u (i32.mul (local.get $i) (i32.const 40503)) (i32.const 131072))
                    (i32.const 8192))
                (i64.const 77))
            (br_if 0 (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (i32.const 131072))))
        (if (i32.eqz (call $msg_arg_data_size)) (then unreachable))
        (call $msg_reply))
    (func (export "canister_query written") (local $i i32)
        (loop
            (i64.store (i32.const 8)
                (i64.add (i64.load (i32.const 8)) (i64.load (i32.mul (local.get $i) (i32.const 8192)))))
            (br_if 0 (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (i32.const 131072))))
        (call $msg_reply_data_append (i32.const 8) (i32.const 8))
        (call $msg_reply))
"#;

#[test]
fn scattered_writes_are_committed_and_taken_back() {
    let ic = LocalIc::new();
    let id = install(&ic, SCATTER);
    let anonymous = candid::Principal::anonymous();
    let written = || number(&query(&ic, id, "written").unwrap());
    update(&ic, id, "scatter").expect_err("it traps at its end");
    assert_eq!(written(), 0);
    ic.update_call(id, anonymous, "scatter", vec![1]).unwrap();
    assert_eq!(written(), 77 * 131_072);
}
