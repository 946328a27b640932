//! Helpers for tests that write their canisters as WebAssembly text.
#![allow(dead_code, reason = "each test uses some of them")]

pub mod forwarder;
pub mod memory_canister;
pub mod pausing_reader;

use candid::Principal;
use local_ic::{LocalIc, RejectResponse};

/// Imports that most canisters here use, under their own names.
pub const IMPORTS: &str = r#"
    (import "ic0" "msg_arg_data_size" (func $msg_arg_data_size (result i32)))
    (import "ic0" "msg_arg_data_copy" (func $msg_arg_data_copy (param i32 i32 i32)))
    (import "ic0" "msg_reply_data_append" (func $msg_reply_data_append (param i32 i32)))
    (import "ic0" "msg_reply" (func $msg_reply))
    (import "ic0" "msg_reject_code" (func $msg_reject_code (result i32)))
    (import "ic0" "canister_self_size" (func $canister_self_size (result i32)))
    (import "ic0" "canister_self_copy" (func $canister_self_copy (param i32 i32 i32)))
    (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "ic0" "call_on_cleanup" (func $call_on_cleanup (param i32 i32)))
    (import "ic0" "call_data_append" (func $call_data_append (param i32 i32)))
    (import "ic0" "call_cycles_add128" (func $call_cycles_add128 (param i64 i64)))
    (import "ic0" "call_with_best_effort_response"
        (func $call_with_best_effort_response (param i32)))
    (import "ic0" "call_perform" (func $call_perform (result i32)))
    (import "ic0" "stable64_size" (func $stable64_size (result i64)))
    (import "ic0" "stable64_grow" (func $stable64_grow (param i64) (result i64)))
    (import "ic0" "stable64_write" (func $stable64_write (param i64 i64 i64)))
    (import "ic0" "stable64_read" (func $stable64_read (param i64 i64 i64)))
    (import "ic0" "certified_data_set" (func $certified_data_set (param i32 i32)))
    (import "ic0" "time" (func $time (result i64)))
    (import "ic0" "global_timer_set" (func $global_timer_set (param i64) (result i64)))
    (import "ic0" "performance_counter" (func $performance_counter (param i32) (result i64)))
    (import "ic0" "accept_message" (func $accept_message))
    (import "ic0" "debug_print" (func $debug_print (param i32 i32)))
    (import "ic0" "trap" (func $trap (param i32 i32)))
    (import "ic0" "msg_cycles_available128" (func $msg_cycles_available128 (param i32)))
    (import "ic0" "msg_cycles_accept128" (func $msg_cycles_accept128 (param i64 i64 i32)))
    (import "ic0" "msg_cycles_refunded128" (func $msg_cycles_refunded128 (param i32)))
"#;

/// A module that has the imports above and `body`.
pub fn module(body: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {IMPORTS} {body})")).expect("the text is WebAssembly")
}

/// A new canister with such a module.
pub fn install(ic: &LocalIc, body: &str) -> Principal {
    let id = ic.create_canister();
    ic.install_canister(id, module(body), vec![], None);
    id
}

/// An update method `spin` that uses up the instructions of a round. It writes to the second page of memory: each byte counts
/// as an instruction, and takes much less time.
pub const SPIN: &str = r#"(func (export "canister_update spin") (local $i i32)
    (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (memory.fill (i32.const 65536) (i32.const 0) (i32.const 65536))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 110_000))))
    (call $msg_reply))"#;

/// An update call from the anonymous principal.
pub fn update(ic: &LocalIc, id: Principal, method: &str) -> Result<Vec<u8>, RejectResponse> {
    ic.update_call(id, Principal::anonymous(), method, vec![])
}

/// A query call from the anonymous principal.
pub fn query(ic: &LocalIc, id: Principal, method: &str) -> Result<Vec<u8>, RejectResponse> {
    ic.query_call(id, Principal::anonymous(), method, vec![])
}

/// The first eight bytes of a reply, as a number.
pub fn number(reply: &[u8]) -> u64 {
    u64::from_le_bytes(reply[..8].try_into().expect("the reply has eight bytes"))
}
