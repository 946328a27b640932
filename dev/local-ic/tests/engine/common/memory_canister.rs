//! A canister that writes and reads single words of its memories, and one global, as it is told.

use candid::Principal;
use local_ic::{LocalIc, RejectResponse};

/// Bytes 0 to 64 KiB of the heap are the canister's own, the rest is for tests.
pub const FIRST_OFFSET: u32 = 1 << 16;
/// Bytes that both memories have at first.
pub const SIZE: u32 = 16 << 16;

const BODY: &str = r#"
    (import "ic0" "data_certificate_size" (func $data_certificate_size (result i32)))
    (memory (export "memory") 16)
    (global $counter (mut i64) (i64.const 0))
    (func $arguments
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size)))
    (func $first (result i32) (i32.load (i32.const 0)))
    (func $second (result i32) (i32.load (i32.const 4)))
    (func $reply (param $length i32)
        (call $msg_reply_data_append (i32.const 32) (local.get $length))
        (call $msg_reply))
    (func $read (param $to i32)
        (i32.store (local.get $to) (i32.load (call $first)))
        (call $stable64_read
            (i64.extend_i32_u (i32.add (local.get $to) (i32.const 4)))
            (i64.extend_i32_u (call $first)) (i64.const 4)))
    (func $spin (param $times i32)
        (loop $again
            (local.set $times (i32.sub (local.get $times) (i32.const 1)))
            (br_if $again (i32.gt_s (local.get $times) (i32.const 0)))))
    (func $write
        (global.set $counter (i64.add (global.get $counter) (i64.const 1)))
        (i32.store (call $first) (call $second))
        (call $stable64_write (i64.extend_i32_u (call $first)) (i64.const 4) (i64.const 4)))
    (func $grow
        (drop (memory.grow (i32.const 1)))
        (drop (call $stable64_grow (i64.const 1))))

    (func (export "canister_init") (drop (call $stable64_grow (i64.const 16))))
    ;; (offset, value): puts the value at the offset of both memories, and counts.
    (func (export "canister_update write") (call $arguments) (call $write) (call $reply (i32.const 0)))
    ;; The same, then traps.
    (func (export "canister_update write_and_trap") (call $arguments) (call $write) unreachable)
    ;; (spins): takes its time before it puts 1 at the first offset.
    (func (export "canister_update slow")
        (call $arguments) (call $spin (call $first))
        (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 1))
        (call $write) (call $reply (i32.const 0)))
    (func (export "canister_update grow") (call $grow) (call $reply (i32.const 0)))
    ;; (offset): what both memories have there.
    (func (export "canister_query read") (call $arguments) (call $read (i32.const 32)) (call $reply (i32.const 8)))
    ;; (offset, spins): the same, before and after taking its time.
    (func (export "canister_query read_twice")
        (call $arguments)
        (call $read (i32.const 32)) (call $spin (call $second)) (call $read (i32.const 40))
        (call $reply (i32.const 16)))
    ;; (offset): the same, before and after asking for a certificate: see `PausingReader`.
    (func (export "canister_query read_around")
        (call $arguments)
        (call $read (i32.const 32)) (drop (call $data_certificate_size)) (call $read (i32.const 40))
        (call $reply (i32.const 16)))
    ;; (offset): asks for a certificate, grows both memories, and tells what they have at the offset: see above.
    (func (export "canister_query grow_after")
        (call $arguments) (drop (call $data_certificate_size))
        (call $grow) (call $read (i32.const 32)) (call $reply (i32.const 8)))
    ;; (offset, value): grows both memories, puts the value at the offset of both if it is not 0, asks for a certificate,
    ;; and tells what they have there.
    (func (export "canister_query grow_before")
        (call $arguments)
        (call $grow) (if (call $second) (then (call $write))) (drop (call $data_certificate_size))
        (call $read (i32.const 32)) (call $reply (i32.const 8)))
    ;; (offset, value): puts the value at the offset of both memories and grows them, which a query cannot keep, and
    ;; tells what they have behind their old ends.
    (func (export "canister_query scribble")
        (call $arguments) (call $write) (call $grow)
        (i32.store (i32.const 0) (i32.shl (i32.sub (memory.size) (i32.const 1)) (i32.const 16)))
        (call $read (i32.const 32)) (call $reply (i32.const 8)))
    ;; Puts the time at the first offset of the heap.
    (func (export "canister_update stamp")
        (i64.store (i32.const 65536) (call $time)) (call $reply (i32.const 0)))
    ;; The time, and the one that was put there, which take two words each.
    (func (export "canister_query times")
        (i64.store (i32.const 32) (call $time)) (i64.store (i32.const 40) (i64.load (i32.const 65536)))
        (call $reply (i32.const 16)))
    (func (export "canister_query counted")
        (i64.store (i32.const 32) (global.get $counter)) (call $reply (i32.const 8)))
"#;

/// The module.
pub fn module() -> Vec<u8> {
    super::module(BODY)
}

/// The module with further functions.
pub fn module_with(functions: &str) -> Vec<u8> {
    super::module(&format!("{BODY}{functions}"))
}

/// A new such canister.
pub fn install(ic: &LocalIc) -> Principal {
    super::install(ic, BODY)
}

/// An argument of words.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The words of a reply.
pub fn replied(reply: Result<Vec<u8>, RejectResponse>) -> Vec<u32> {
    let reply = reply.expect("the method replies");
    reply.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("there are four bytes"))).collect()
}

/// An update of words.
pub fn update(ic: &LocalIc, id: Principal, method: &str, arguments: &[u32]) -> Result<Vec<u8>, RejectResponse> {
    ic.update_call(id, Principal::anonymous(), method, words(arguments))
}
