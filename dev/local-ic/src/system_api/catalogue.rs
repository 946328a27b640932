//! The System API: every function that a canister may import from `ic0`, with its signature, its price, and the
//! entry points that may call it.
//!
//! The comments' letters are those of the interface specification.

use super::entry_point::EntryPoint::*;
use super::entry_point::EntryPoints;

/// A function of the System API.
#[derive(Debug)]
pub struct SystemCall {
    /// Its name in `ic0`.
    pub name: &'static str,
    /// Its parameters, an arrow, and its result if there is one.
    pub signature: &'static str,
    /// Instructions for each call, before those for the bytes that it copies.
    pub overhead: u64,
    /// The entry points that may call it.
    pub from: EntryPoints,
}

/// Instructions for each byte that crosses into a reply, a reject message, a call's argument or the log.
pub const TRANSMITTED_BYTE: u64 = 50;

/// `T`
const TASK: EntryPoints = EntryPoints::of(&[Heartbeat, GlobalTimer, OnLowWasmMemory]);
/// `Ry Rt`
const CALLBACK: EntryPoints = EntryPoints::of(&[ReplyCallback, RejectCallback]);
/// `I`
const INSTALL: EntryPoints = EntryPoints::of(&[Init, PostUpgrade]);
/// `RQ NRQ CQ`
const QUERY: EntryPoints = EntryPoints::of(&[ReplicatedQuery, Query, CompositeQuery]);
/// `*`
const ALL: EntryPoints =
    INSTALL.and(QUERY).and(CALLBACK).and(TASK).and(EntryPoints::of(&[PreUpgrade, Update, Cleanup, InspectMessage]));
/// `* s`
const EVERYWHERE: EntryPoints = ALL.and(EntryPoints::of(&[Start]));
/// `I U RQ NRQ CQ Ry F`
const ARGUMENT: EntryPoints = INSTALL.and(QUERY).and(EntryPoints::of(&[Update, ReplyCallback, InspectMessage]));
/// `U RQ NRQ CQ Ry Rt C F`
const CALLER_INFO: EntryPoints = QUERY.and(CALLBACK).and(EntryPoints::of(&[Update, Cleanup, InspectMessage]));
/// `Ry Rt C`
const REJECT_CODE: EntryPoints = CALLBACK.and(EntryPoints::of(&[Cleanup]));
/// `Rt`
const REJECT_MESSAGE: EntryPoints = EntryPoints::of(&[RejectCallback]);
/// `U Q CQ Ry Rt`
const RESPOND: EntryPoints = QUERY.and(CALLBACK).and(EntryPoints::of(&[Update]));
/// `U RQ Ry Rt`
const CYCLES_IN: EntryPoints = CALLBACK.and(EntryPoints::of(&[Update, ReplicatedQuery]));
/// `I G U RQ Ry Rt C T`
const REPLICATED: EntryPoints =
    INSTALL.and(CALLBACK).and(TASK).and(EntryPoints::of(&[PreUpgrade, Update, ReplicatedQuery, Cleanup]));
/// `F`
const INSPECT: EntryPoints = EntryPoints::of(&[InspectMessage]);
/// `U CQ Ry Rt T`
const CALL: EntryPoints = CALLBACK.and(TASK).and(EntryPoints::of(&[Update, CompositeQuery]));
/// `U Ry Rt T`
const CYCLES_OUT: EntryPoints = CALLBACK.and(TASK).and(EntryPoints::of(&[Update]));
/// `I G U Ry Rt T`
const CERTIFY: EntryPoints = INSTALL.and(CALLBACK).and(TASK).and(EntryPoints::of(&[PreUpgrade, Update]));
/// `NRQ CQ`
const CERTIFICATE: EntryPoints = EntryPoints::of(&[Query, CompositeQuery]);
/// `I G U Ry Rt C T`
const TIMER: EntryPoints = INSTALL.and(CALLBACK).and(TASK).and(EntryPoints::of(&[PreUpgrade, Update, Cleanup]));

const fn call(name: &'static str, signature: &'static str, overhead: u64, from: EntryPoints) -> SystemCall {
    SystemCall { name, signature, overhead, from }
}

const CATALOGUE: &[SystemCall] = &[
    call("msg_arg_data_size", "-> i32", 500, ARGUMENT),
    call("msg_arg_data_copy", "i32 i32 i32 ->", 500, ARGUMENT),
    call("msg_caller_size", "-> i32", 500, ALL),
    call("msg_caller_copy", "i32 i32 i32 ->", 500, ALL),
    call("msg_caller_info_data_size", "-> i32", 500, CALLER_INFO),
    call("msg_caller_info_data_copy", "i32 i32 i32 ->", 500, CALLER_INFO),
    call("msg_caller_info_signer_size", "-> i32", 500, CALLER_INFO),
    call("msg_caller_info_signer_copy", "i32 i32 i32 ->", 500, CALLER_INFO),
    call("msg_reject_code", "-> i32", 500, REJECT_CODE),
    call("msg_reject_msg_size", "-> i32", 500, REJECT_MESSAGE),
    call("msg_reject_msg_copy", "i32 i32 i32 ->", 500, REJECT_MESSAGE),
    call("msg_deadline", "-> i64", 500, RESPOND),
    call("msg_reply_data_append", "i32 i32 ->", 500, RESPOND),
    call("msg_reply", "->", 500, RESPOND),
    call("msg_reject", "i32 i32 ->", 500, RESPOND),
    call("msg_cycles_available", "-> i64", 500, CYCLES_IN),
    call("msg_cycles_available128", "i32 ->", 500, CYCLES_IN),
    call("msg_cycles_refunded", "-> i64", 500, CALLBACK),
    call("msg_cycles_refunded128", "i32 ->", 500, CALLBACK),
    call("msg_cycles_accept", "i64 -> i64", 500, CYCLES_IN),
    call("msg_cycles_accept128", "i64 i64 i32 ->", 500, CYCLES_IN),
    call("cycles_burn128", "i64 i64 i32 ->", 500, REPLICATED),
    call("canister_self_size", "-> i32", 500, ALL),
    call("canister_self_copy", "i32 i32 i32 ->", 500, ALL),
    call("canister_cycle_balance", "-> i64", 500, ALL),
    call("canister_cycle_balance128", "i32 ->", 500, ALL),
    call("canister_liquid_cycle_balance128", "i32 ->", 500, ALL),
    call("canister_status", "-> i32", 500, ALL),
    call("canister_version", "-> i64", 500, ALL),
    call("subnet_self_size", "-> i32", 500, ALL),
    call("subnet_self_copy", "i32 i32 i32 ->", 500, ALL),
    call("msg_method_name_size", "-> i32", 500, INSPECT),
    call("msg_method_name_copy", "i32 i32 i32 ->", 500, INSPECT),
    call("accept_message", "->", 500, INSPECT),
    call("call_new", "i32 i32 i32 i32 i32 i32 i32 i32 ->", 1_500, CALL),
    call("call_on_cleanup", "i32 i32 ->", 500, CALL),
    call("call_data_append", "i32 i32 ->", 500, CALL),
    call("call_with_best_effort_response", "i32 ->", 500, CALL),
    call("call_cycles_add", "i64 ->", 500, CYCLES_OUT),
    call("call_cycles_add128", "i64 i64 ->", 500, CYCLES_OUT),
    call("call_perform", "-> i32", 5_000, CALL),
    call("stable_size", "-> i32", 20, EVERYWHERE),
    call("stable_grow", "i32 -> i32", 100, EVERYWHERE),
    call("stable_write", "i32 i32 i32 ->", 20, EVERYWHERE),
    call("stable_read", "i32 i32 i32 ->", 20, EVERYWHERE),
    call("stable64_size", "-> i64", 20, EVERYWHERE),
    call("stable64_grow", "i64 -> i64", 100, EVERYWHERE),
    call("stable64_write", "i64 i64 i64 ->", 20, EVERYWHERE),
    call("stable64_read", "i64 i64 i64 ->", 20, EVERYWHERE),
    call("root_key_size", "-> i32", 500, REPLICATED),
    call("root_key_copy", "i32 i32 i32 ->", 500, REPLICATED),
    call("certified_data_set", "i32 i32 ->", 500, CERTIFY),
    call("data_certificate_present", "-> i32", 500, ALL),
    call("data_certificate_size", "-> i32", 500, CERTIFICATE),
    call("data_certificate_copy", "i32 i32 i32 ->", 500, CERTIFICATE),
    call("time", "-> i64", 500, ALL),
    call("global_timer_set", "i64 -> i64", 500, TIMER),
    call("performance_counter", "i32 -> i64", 200, EVERYWHERE),
    call("is_controller", "i32 i32 -> i32", 1_000, EVERYWHERE),
    call("in_replicated_execution", "-> i32", 500, EVERYWHERE),
    call("cost_call", "i64 i64 i32 ->", 500, EVERYWHERE),
    call("cost_create_canister", "i32 ->", 500, EVERYWHERE),
    call("cost_http_request", "i64 i64 i32 ->", 500, EVERYWHERE),
    call("cost_http_request_v2", "i32 i32 i32 ->", 500, EVERYWHERE),
    call("cost_sign_with_ecdsa", "i32 i32 i32 i32 -> i32", 500, EVERYWHERE),
    call("cost_sign_with_schnorr", "i32 i32 i32 i32 -> i32", 500, EVERYWHERE),
    call("cost_vetkd_derive_key", "i32 i32 i32 i32 -> i32", 500, EVERYWHERE),
    call("env_var_count", "-> i32", 500, ALL),
    call("env_var_name_size", "i32 -> i32", 500, ALL),
    call("env_var_name_copy", "i32 i32 i32 i32 ->", 500, ALL),
    call("env_var_name_exists", "i32 i32 -> i32", 500, ALL),
    call("env_var_value_size", "i32 i32 -> i32", 500, ALL),
    call("env_var_value_copy", "i32 i32 i32 i32 i32 ->", 500, ALL),
    call("debug_print", "i32 i32 ->", 100, EVERYWHERE),
    call("trap", "i32 i32 ->", 500, EVERYWHERE),
];

/// The function with this name, if the System API has one.
pub fn find(name: &str) -> Option<&'static SystemCall> {
    CATALOGUE.iter().find(|call| call.name == name)
}
