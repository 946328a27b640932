//! A canister that makes any call for its caller, with cycles, and replies with the response and what came back.

use candid::Principal;
use local_ic::{LocalIc, RejectResponse};

/// `call` takes the cycles, 8 bytes; the lengths of the callee's id and of the method's name, a byte each; these two, and
/// the argument. It replies with the reject code or 0, 8 bytes; the cycles that came back, 16 bytes; and the reply.
/// `call_for_a_second` does the same with a best-effort call.
pub const FORWARDER: &str = r#"
    (memory 40) (table 1 funcref) (elem (i32.const 0) func $answer)
    (func $answer (param i32)
        (local $code i32)
        (local.set $code (call $msg_reject_code))
        (i64.store (i32.const 0) (i64.extend_i32_u (local.get $code)))
        (call $msg_cycles_refunded128 (i32.const 8))
        (call $msg_reply_data_append (i32.const 0) (i32.const 24))
        (if (i32.eqz (local.get $code)) (then
            (call $msg_arg_data_copy (i32.const 64) (i32.const 0) (call $msg_arg_data_size))
            (call $msg_reply_data_append (i32.const 64) (call $msg_arg_data_size))))
        (call $msg_reply))
    (func $begin (local $callee i32) (local $name i32) (local $argument i32)
        (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
        (local.set $callee (i32.load8_u (i32.const 8)))
        (local.set $name (i32.load8_u (i32.const 9)))
        (local.set $argument (i32.add (i32.const 10) (i32.add (local.get $callee) (local.get $name))))
        (call $call_new (i32.const 10) (local.get $callee)
            (i32.add (i32.const 10) (local.get $callee)) (local.get $name)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (call $call_data_append (local.get $argument) (i32.sub (call $msg_arg_data_size) (local.get $argument)))
        (call $call_cycles_add128 (i64.const 0) (i64.load (i32.const 0))))
    (func (export "canister_update call") (call $begin) (if (call $call_perform) (then unreachable)))
    (func (export "canister_update call_for_a_second")
        (call $begin) (call $call_with_best_effort_response (i32.const 1)) (if (call $call_perform) (then unreachable)))
"#;

/// The result of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The reject code, or 0.
    pub code: u64,
    /// The cycles that came back.
    pub refunded: u128,
    /// The reply.
    pub reply: Vec<u8>,
}

/// The argument of `call`.
pub fn argument(cycles: u64, callee: &[u8], method: &str, argument: &[u8]) -> Vec<u8> {
    let lengths = [callee.len() as u8, method.len() as u8];
    [&cycles.to_le_bytes()[..], &lengths, callee, method.as_bytes(), argument].concat()
}

/// The reply of `call`.
pub fn forwarded(reply: &[u8]) -> Forwarded {
    let (code, rest) = reply.split_first_chunk().expect("there is a code");
    let (refunded, reply) = rest.split_first_chunk().expect("there is a refund");
    let (code, refunded) = (u64::from_le_bytes(*code), u128::from_le_bytes(*refunded));
    Forwarded { code, refunded, reply: reply.to_vec() }
}

/// Has the canister `id` make a call.
pub fn forward(
    ic: &LocalIc,
    id: Principal,
    cycles: u64,
    callee: Principal,
    method: &str,
    sent: &[u8],
) -> Result<Forwarded, RejectResponse> {
    let payload = argument(cycles, callee.as_slice(), method, sent);
    ic.update_call(id, Principal::anonymous(), "call", payload).map(|reply| forwarded(&reply))
}
