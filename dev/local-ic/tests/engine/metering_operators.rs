//! The price of operators, counted by hand.

use crate::common::{install, update};
use local_ic::LocalIc;

/// Instructions of a function with this body, called as an update. It does not reply, which costs nothing.
fn instructions(body: &str) -> u64 {
    let ic = LocalIc::new();
    let module = format!(
        r#"(memory 1) (table 4 funcref) (global $g (mut i32) (i32.const 0))
           (type $nothing (func))
           (func $callee) (elem (i32.const 0) func $callee) (elem $passive func $callee $callee)
           (data $text "passive")
           (func (export "canister_update run") (local $a i32) (local $v v128) {body})"#
    );
    let id = install(&ic, &module);
    update(&ic, id, "run").expect_err("the method does not reply");
    let execution = ic.last_execution(id).expect("the method ran");
    assert_eq!(execution.error, None, "{body}");
    execution.usage.instructions
}

/// Checks bodies whose operators besides the function's entry, which costs 1, cost so much.
fn check(cases: &[(&str, u64)]) {
    for (body, cost) in cases {
        assert_eq!(instructions(body), 1 + cost, "{body}");
    }
}

#[test]
fn variables_and_constants() {
    check(&[
        ("", 0),
        ("nop", 1),
        ("(drop (i32.const 1))", 2),
        ("(drop (f64.const 1))", 2),
        ("(local.set $a (i32.const 1))", 2),
        ("(drop (local.tee $a (local.get $a)))", 3),
        ("(global.set $g (global.get $g))", 4),
        ("(drop (select (i32.const 1) (i32.const 2) (i32.const 3)))", 5),
        ("return", 1),
    ]);
}

#[test]
fn integers() {
    check(&[
        ("(drop (i32.add (i32.const 1) (i32.const 2)))", 4),
        ("(drop (i64.mul (i64.const 1) (i64.const 2)))", 4),
        ("(drop (i64.rotl (i64.const 1) (i64.const 2)))", 4),
        ("(drop (i32.popcnt (i32.const 1)))", 3),
        ("(drop (i64.le_u (i64.const 1) (i64.const 2)))", 4),
        ("(drop (i32.wrap_i64 (i64.const 1)))", 3),
        ("(drop (i32.div_s (i32.const 1) (i32.const 2)))", 13),
        ("(drop (i64.rem_u (i64.const 1) (i64.const 2)))", 13),
    ]);
}

#[test]
fn floats() {
    check(&[
        ("(drop (f32.abs (f32.const 1)))", 3),
        ("(drop (f64.neg (f64.const 1)))", 3),
        ("(drop (f32.add (f32.const 1) (f32.const 1)))", 5),
        ("(drop (f64.nearest (f64.const 1)))", 4),
        ("(drop (f32.copysign (f32.const 1) (f32.const 1)))", 5),
        ("(drop (f64.copysign (f64.const 1) (f64.const 1)))", 6),
        ("(drop (f32.div (f32.const 1) (f32.const 1)))", 6),
        ("(drop (f64.div (f64.const 1) (f64.const 1)))", 8),
        ("(drop (f32.sqrt (f32.const 1)))", 7),
        ("(drop (f64.sqrt (f64.const 1)))", 10),
        ("(drop (f64.max (f64.const 1) (f64.const 1)))", 21),
        ("(drop (f32.lt (f32.const 1) (f32.const 1)))", 6),
        ("(drop (f64.convert_i32_s (i32.const 1)))", 5),
        ("(drop (f32.convert_i64_u (i64.const 1)))", 18),
        ("(drop (i32.trunc_f64_s (f64.const 1)))", 22),
        ("(drop (i64.trunc_sat_f32_u (f32.const 1)))", 22),
        ("(drop (f64.promote_f32 (f32.const 1)))", 3),
        ("(drop (i32.reinterpret_f32 (f32.const 1)))", 3),
    ]);
}

#[test]
fn memory() {
    check(&[
        ("(drop (i32.load (i32.const 0)))", 3),
        ("(i64.store8 (i32.const 0) (i64.const 1))", 3),
        ("(drop (memory.size))", 21),
        ("(drop (memory.grow (i32.const 1)))", 302),
        ("(memory.copy (i32.const 0) (i32.const 8) (i32.const 0))", 103),
        ("(memory.copy (i32.const 0) (i32.const 8) (i32.const 1000))", 1103),
        ("(memory.fill (i32.const 0) (i32.const 8) (i32.const 65536))", 65639),
        ("(memory.init $text (i32.const 0) (i32.const 1) (i32.const 3))", 106),
        ("(data.drop $text)", 300),
    ]);
}

#[test]
fn tables_and_references() {
    check(&[
        ("(table.set (i32.const 0) (table.get (i32.const 0)))", 12),
        ("(drop (table.size))", 101),
        ("(drop (table.grow (ref.null func) (i32.const 2)))", 303),
        ("(table.fill (i32.const 0) (ref.null func) (i32.const 4))", 107),
        ("(table.copy (i32.const 0) (i32.const 1) (i32.const 2))", 105),
        ("(table.init $passive (i32.const 0) (i32.const 0) (i32.const 2))", 105),
        ("(elem.drop $passive)", 300),
        ("(drop (ref.func $callee))", 131),
        ("(drop (ref.is_null (ref.null func)))", 7),
    ]);
}

#[test]
fn vectors() {
    let unary = |name: &str| format!("(drop ({name} (local.get $v)))");
    let binary = |name: &str| format!("(drop ({name} (local.get $v) (local.get $v)))");
    let shift = |name: &str| format!("(drop ({name} (local.get $v) (i32.const 1)))");
    let lanes = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15";
    check(&[
        ("(drop (v128.const i64x2 1 2))", 2),
        ("(drop (v128.load (i32.const 0)))", 3),
        (&binary(&format!("i8x16.shuffle {lanes}")), 6),
        (&binary("i8x16.add"), 4),
        (&binary("i8x16.lt_u"), 5),
        (&binary("i32x4.gt_u"), 5),
        (&binary("i32x4.mul"), 5),
        (&binary("i64x2.mul"), 7),
        (&binary("f32x4.add"), 5),
        (&binary("f32x4.div"), 13),
        (&binary("f64x2.div"), 15),
        (&binary("f64x2.max"), 8),
        (&shift("i8x16.shl"), 6),
        (&shift("i8x16.shr_u"), 5),
        (&shift("i16x8.shr_s"), 5),
        (&shift("i64x2.shr_s"), 6),
        (&unary("i8x16.popcnt"), 5),
        (&unary("f64x2.sqrt"), 16),
        (&unary("i32x4.trunc_sat_f32x4_u"), 6),
        (&unary("i32x4.extadd_pairwise_i16x8_u"), 5),
    ]);
}

#[test]
fn control() {
    check(&[
        ("block end", 0),
        ("loop end", 0),
        // The constant, the if, and the branch taken.
        ("(if (i32.const 1) (then nop))", 4),
        ("(if (i32.const 0) (then nop))", 3),
        ("(if (i32.const 1) (then nop) (else nop nop))", 4),
        ("(if (i32.const 0) (then nop) (else nop nop))", 5),
        // Operators behind a branch that is taken are not charged.
        ("(block (br 0) nop nop)", 2),
        ("(block (br_if 0 (i32.const 1)) nop nop)", 3),
        ("(block (br_if 0 (i32.const 0)) nop nop)", 5),
        ("(block (block (br_table 0 1 (i32.const 0))) nop)", 4),
        ("(block (block (br_table 0 1 (i32.const 1))) nop)", 3),
        ("return nop nop", 1),
        // Each call adds the callee's entry.
        ("(call $callee)", 6),
        ("(call_indirect (type $nothing) (i32.const 0))", 12),
        ("(return_call $callee)", 4),
        ("(return_call_indirect (type $nothing) (i32.const 0))", 62),
        // Ten times: get, const, sub, tee, br_if.
        (
            "(local.set $a (i32.const 10)) \
          (loop (br_if 0 (local.tee $a (i32.sub (local.get $a) (i32.const 1)))))",
            62,
        ),
    ]);
}

#[test]
fn counts_are_the_same_every_time() {
    let body = "(loop (drop (memory.grow (i32.const 1))))";
    assert_eq!(instructions(body), instructions(body));
}
