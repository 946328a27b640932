//! A canister that follows the tests' instructions.

use candid::Principal;
use ic_transport_types::QueryResponse;

use super::Network;
use super::envelope::{bare, query};

/// It counts, waits, spins, and answers `http_request` with its own argument or with a given reply.
///
/// | method | |
/// |---|---|
/// | `caller`, `caller_of_query` | reply who called |
/// | `count`, `counted` | count, reply the count, 4 bytes |
/// | `echo`, `echo_of_query` | reply the argument |
/// | `trap`, `trap_of_query`, `reject` | fail |
/// | `refused_by_inspection` | is let in by nobody |
/// | `log` | prints its argument |
/// | `spin`, `spin_of_query` | take a million steps for each number of its argument, 4 bytes |
/// | `hold` | calls `wait` of the canister that its argument names, and replies when that does |
/// | `wait`, `release` | the one replies once the other was called |
/// | `set_response` | keeps its argument as the answer of `http_request`; of one byte: have it trap |
pub const PROBE: &str = r#"(module
    (import "ic0" "msg_caller_size" (func $caller_size (result i32)))
    (import "ic0" "msg_caller_copy" (func $caller_copy (param i32 i32 i32)))
    (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
    (import "ic0" "msg_arg_data_copy" (func $arg_copy (param i32 i32 i32)))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_reject" (func $reject (param i32 i32)))
    (import "ic0" "msg_method_name_size" (func $name_size (result i32)))
    (import "ic0" "accept_message" (func $accept))
    (import "ic0" "debug_print" (func $print (param i32 i32)))
    (import "ic0" "canister_self_size" (func $self_size (result i32)))
    (import "ic0" "canister_self_copy" (func $self_copy (param i32 i32 i32)))
    (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "ic0" "call_perform" (func $call_perform (result i32)))

    ;; 0: the count; 4: whether wait may reply; 8: the length of the answer of http_request;
    ;; 64: room for a principal; 128: texts and candid; 1024: the answer of http_request; 3 MiB: arguments.
    (memory 128)
    (data (i32.const 128) "waitnopno")
    ;; record { body : blob; headers : vec record { text; text }; status_code : nat16 }, up to the body
    (data (i32.const 160) "DIDL\04\6c\03\a2\f5\ed\88\04\01\c6\a4\a1\98\06\02\9a\a1\b2\f9\0c\7a\6d\7b\6d\03\6c\02\00\71\01\71\01\00")
    ;; and after it: one header, 200
    (data (i32.const 256) "\01\06x-test\0fset-by-canister\c8\00")

    (table funcref (elem $reply_nothing $wait_on))

    (func $caller
        (call $caller_copy (i32.const 64) (i32.const 0) (call $caller_size))
        (call $append (i32.const 64) (call $caller_size))
        (call $reply))
    (func $counted (call $append (i32.const 0) (i32.const 4)) (call $reply))
    (func $count
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $counted))
    (func $argument
        (call $arg_copy (i32.const 3145728) (i32.const 0) (call $arg_size)))
    (func $echo
        (call $argument)
        (call $append (i32.const 3145728) (call $arg_size))
        (call $reply))
    (func $log
        (call $argument)
        (call $print (i32.const 3145728) (call $arg_size))
        (call $reply))
    (func $spin (local $left i64)
        (call $argument)
        (local.set $left (i64.mul (i64.load32_u (i32.const 3145728)) (i64.const 1000000)))
        (loop $again
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br_if $again (i64.gt_s (local.get $left) (i64.const 0))))
        (call $reply))

    (func $reply_nothing (param i32) (call $reply))
    (func $hold
        (call $argument)
        (call $call_new (i32.const 3145728) (call $arg_size) (i32.const 128) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (drop (call $call_perform)))
    (func $wait_on (param i32)
        (if (i32.load (i32.const 4)) (then (call $reply) (return)))
        (call $self_copy (i32.const 64) (i32.const 0) (call $self_size))
        (call $call_new (i32.const 64) (call $self_size) (i32.const 132) (i32.const 3)
            (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0))
        (drop (call $call_perform)))
    (func $wait (call $wait_on (i32.const 0)))
    (func $release (i32.store (i32.const 4) (i32.const 1)) (call $reply))

    (func $set_response
        (call $arg_copy (i32.const 1024) (i32.const 0) (call $arg_size))
        (i32.store (i32.const 8) (call $arg_size))
        (call $reply))
    (func $http_request (local $left i32) (local $byte i32)
        (if (i32.eq (i32.load (i32.const 8)) (i32.const 1)) (then unreachable))
        (if (i32.load (i32.const 8)) (then
            (call $append (i32.const 1024) (i32.load (i32.const 8)))
            (call $reply)
            (return)))
        (call $argument)
        (call $append (i32.const 160) (i32.const 37))
        ;; the length of the body in LEB128
        (local.set $left (call $arg_size))
        (loop $more
            (local.set $byte (i32.and (local.get $left) (i32.const 127)))
            (local.set $left (i32.shr_u (local.get $left) (i32.const 7)))
            (if (local.get $left) (then (local.set $byte (i32.or (local.get $byte) (i32.const 128)))))
            (i32.store8 (i32.const 64) (local.get $byte))
            (call $append (i32.const 64) (i32.const 1))
            (br_if $more (local.get $left)))
        (call $append (i32.const 3145728) (call $arg_size))
        (call $append (i32.const 256) (i32.const 26))
        (call $reply))

    (func (export "canister_inspect_message")
        ;; "refused_by_inspection" is longer than any other.
        (if (i32.lt_u (call $name_size) (i32.const 21)) (then (call $accept))))

    (export "canister_update caller" (func $caller))
    (export "canister_query caller_of_query" (func $caller))
    (export "canister_update count" (func $count))
    (export "canister_query counted" (func $counted))
    (export "canister_update echo" (func $echo))
    (export "canister_query echo_of_query" (func $echo))
    (func (export "canister_update trap") unreachable)
    (func (export "canister_query trap_of_query") unreachable)
    (func (export "canister_update reject") (call $reject (i32.const 135) (i32.const 2)))
    (func (export "canister_update refused_by_inspection") (call $reply))
    (export "canister_update log" (func $log))
    (export "canister_update spin" (func $spin))
    (export "canister_query spin_of_query" (func $spin))
    (export "canister_update hold" (func $hold))
    (export "canister_update wait" (func $wait))
    (func (export "canister_update nop") (call $reply))
    (export "canister_update release" (func $release))
    (export "canister_update set_response" (func $set_response))
    (export "canister_query http_request" (func $http_request))
    (@custom "icp:public about" "for tests")
    (@custom "icp:private secret" "for controllers")
)"#;

/// Number of executions of `count`.
pub async fn counted(network: &Network) -> u32 {
    let envelope = bare(query(network.canister, Principal::anonymous(), "counted", &[]));
    let QueryResponse::Replied { reply, .. } = network.ask(&envelope).await.cbor() else { panic!("it replies") };
    u32::from_le_bytes(reply.arg.try_into().expect("a count has four bytes"))
}
