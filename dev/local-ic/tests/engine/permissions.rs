//! The system calls that each entry point may make, according to the interface specification's
//! overview.

use std::fmt::Write;

use candid::Principal;
use ic_management_canister_types::CanisterSettings;
use local_ic::{EntryPoint, LocalIc};

/// Name, number of parameters by type, whether there is a result, and the letters of the specification.
const OVERVIEW: &[(&str, &str, bool, &str)] = &[
    ("msg_arg_data_size", "", true, "I U RQ NRQ CQ Ry F"),
    ("msg_arg_data_copy", "i32 i32 i32", false, "I U RQ NRQ CQ Ry F"),
    ("msg_caller_size", "", true, "*"),
    ("msg_caller_copy", "i32 i32 i32", false, "*"),
    ("msg_caller_info_data_size", "", true, "U RQ NRQ CQ Ry Rt C F"),
    ("msg_caller_info_data_copy", "i32 i32 i32", false, "U RQ NRQ CQ Ry Rt C F"),
    ("msg_caller_info_signer_size", "", true, "U RQ NRQ CQ Ry Rt C F"),
    ("msg_caller_info_signer_copy", "i32 i32 i32", false, "U RQ NRQ CQ Ry Rt C F"),
    ("msg_reject_code", "", true, "Ry Rt C"),
    ("msg_reject_msg_size", "", true, "Rt"),
    ("msg_reject_msg_copy", "i32 i32 i32", false, "Rt"),
    ("msg_deadline", "", true, "U RQ NRQ CQ Ry Rt"),
    ("msg_reply_data_append", "i32 i32", false, "U RQ NRQ CQ Ry Rt"),
    ("msg_reply", "", false, "U RQ NRQ CQ Ry Rt"),
    ("msg_reject", "i32 i32", false, "U RQ NRQ CQ Ry Rt"),
    ("msg_cycles_available", "", true, "U RQ Rt Ry"),
    ("msg_cycles_available128", "i32", false, "U RQ Rt Ry"),
    ("msg_cycles_refunded", "", true, "Rt Ry"),
    ("msg_cycles_refunded128", "i32", false, "Rt Ry"),
    ("msg_cycles_accept", "i64", true, "U RQ Rt Ry"),
    ("msg_cycles_accept128", "i64 i64 i32", false, "U RQ Rt Ry"),
    ("cycles_burn128", "i64 i64 i32", false, "I G U RQ Ry Rt C T"),
    ("canister_self_size", "", true, "*"),
    ("canister_self_copy", "i32 i32 i32", false, "*"),
    ("canister_cycle_balance", "", true, "*"),
    ("canister_cycle_balance128", "i32", false, "*"),
    ("canister_liquid_cycle_balance128", "i32", false, "*"),
    ("canister_status", "", true, "*"),
    ("canister_version", "", true, "*"),
    ("subnet_self_size", "", true, "*"),
    ("subnet_self_copy", "i32 i32 i32", false, "*"),
    ("msg_method_name_size", "", true, "F"),
    ("msg_method_name_copy", "i32 i32 i32", false, "F"),
    ("accept_message", "", false, "F"),
    ("call_new", "i32 i32 i32 i32 i32 i32 i32 i32", false, "U CQ Ry Rt T"),
    ("call_on_cleanup", "i32 i32", false, "U CQ Ry Rt T"),
    ("call_data_append", "i32 i32", false, "U CQ Ry Rt T"),
    ("call_with_best_effort_response", "i32", false, "U CQ Ry Rt T"),
    ("call_cycles_add", "i64", false, "U Ry Rt T"),
    ("call_cycles_add128", "i64 i64", false, "U Ry Rt T"),
    ("call_perform", "", true, "U CQ Ry Rt T"),
    ("stable_size", "", true, "* s"),
    ("stable_grow", "i32", true, "* s"),
    ("stable_write", "i32 i32 i32", false, "* s"),
    ("stable_read", "i32 i32 i32", false, "* s"),
    ("stable64_size", "", true, "* s"),
    ("stable64_grow", "i64", true, "* s"),
    ("stable64_write", "i64 i64 i64", false, "* s"),
    ("stable64_read", "i64 i64 i64", false, "* s"),
    ("root_key_size", "", true, "I G U RQ Ry Rt C T"),
    ("root_key_copy", "i32 i32 i32", false, "I G U RQ Ry Rt C T"),
    ("certified_data_set", "i32 i32", false, "I G U Ry Rt T"),
    ("data_certificate_present", "", true, "*"),
    ("data_certificate_size", "", true, "NRQ CQ"),
    ("data_certificate_copy", "i32 i32 i32", false, "NRQ CQ"),
    ("time", "", true, "*"),
    ("global_timer_set", "i64", true, "I G U Ry Rt C T"),
    ("performance_counter", "i32", true, "* s"),
    ("is_controller", "i32 i32", true, "* s"),
    ("in_replicated_execution", "", true, "* s"),
    ("cost_call", "i64 i64 i32", false, "* s"),
    ("cost_create_canister", "i32", false, "* s"),
    ("cost_http_request", "i64 i64 i32", false, "* s"),
    ("cost_sign_with_ecdsa", "i32 i32 i32 i32", true, "* s"),
    ("cost_sign_with_schnorr", "i32 i32 i32 i32", true, "* s"),
    ("cost_vetkd_derive_key", "i32 i32 i32 i32", true, "* s"),
    ("env_var_count", "", true, "*"),
    ("env_var_name_size", "i32", true, "*"),
    ("env_var_name_copy", "i32 i32 i32 i32", false, "*"),
    ("env_var_name_exists", "i32 i32", true, "*"),
    ("env_var_value_size", "i32 i32", true, "*"),
    ("env_var_value_copy", "i32 i32 i32 i32 i32", false, "*"),
    ("debug_print", "i32 i32", false, "* s"),
    ("trap", "i32 i32", false, "* s"),
];

/// Functions whose result is 64 bits wide.
const WIDE: &[&str] = &[
    "msg_deadline",
    "msg_cycles_available",
    "msg_cycles_refunded",
    "msg_cycles_accept",
    "canister_cycle_balance",
    "canister_version",
    "stable64_size",
    "stable64_grow",
    "time",
    "global_timer_set",
    "performance_counter",
];

const ENTRY_POINTS: &[(EntryPoint, &str)] = &[
    (EntryPoint::Start, "s"),
    (EntryPoint::Init, "I"),
    (EntryPoint::PreUpgrade, "G"),
    (EntryPoint::PostUpgrade, "I"),
    (EntryPoint::Update, "U"),
    (EntryPoint::ReplicatedQuery, "RQ"),
    (EntryPoint::Query, "NRQ"),
    (EntryPoint::CompositeQuery, "CQ"),
    (EntryPoint::ReplyCallback, "Ry"),
    (EntryPoint::RejectCallback, "Rt"),
    (EntryPoint::Cleanup, "C"),
    (EntryPoint::Heartbeat, "T"),
    (EntryPoint::GlobalTimer, "T"),
    (EntryPoint::OnLowWasmMemory, "T"),
    (EntryPoint::InspectMessage, "F"),
];

/// A module in which `entry` calls the function under test, and which has nothing else that takes time to compile.
fn module(name: &str, params: &str, result: bool, entry: EntryPoint) -> Vec<u8> {
    let mut call = String::new();
    for ty in params.split_whitespace() {
        write!(call, "({ty}.const 0) ").unwrap();
    }
    write!(call, "(call $tested) {}", if result { "drop" } else { "" }).unwrap();
    let result = match result {
        true if WIDE.contains(&name) => "(result i64)",
        true => "(result i32)",
        false => "",
    };
    let exported = |export: &str| format!(r#"(func (export "{export}") {call})"#);
    use EntryPoint::*;
    let functions = match entry {
        Start => format!("(func $start {call}) (start $start)"),
        Init => exported("canister_init"),
        PreUpgrade => exported("canister_pre_upgrade"),
        PostUpgrade => exported("canister_post_upgrade"),
        Update => exported("canister_update run"),
        InspectMessage => exported("canister_inspect_message") + r#"(func (export "canister_update run"))"#,
        ReplicatedQuery | Query => exported("canister_query ask"),
        CompositeQuery => exported("canister_composite_query compose"),
        Heartbeat => exported("canister_heartbeat"),
        OnLowWasmMemory => exported("canister_on_low_wasm_memory"),
        GlobalTimer => exported("canister_global_timer") + ARM,
        ReplyCallback => calls(&call, "nop", 100),
        RejectCallback => calls(&call, "nop", 110),
        Cleanup => calls("unreachable", &call, 100),
    };
    let text = format!(
        r#"(module
        (import "ic0" "{name}" (func $tested (param {params}) {result}))
        (import "ic0" "call_new" (func $new (param i32 i32 i32 i32 i32 i32 i32 i32)))
        (import "ic0" "call_on_cleanup" (func $on_cleanup (param i32 i32)))
        (import "ic0" "call_perform" (func $perform (result i32)))
        (import "ic0" "canister_self_copy" (func $self (param i32 i32 i32)))
        (import "ic0" "global_timer_set" (func $timer (param i64) (result i64)))
        (import "ic0" "msg_reply" (func $reply))
        (memory 1)
        {functions})"#
    );
    wat::parse_str(text).expect("the text is WebAssembly")
}

/// Arms the global timer.
const ARM: &str = r#"(func (export "canister_update arm") (drop (call $timer (i64.const 1))) (call $reply))"#;

/// `run` calls the method whose name is at `method`: `answer` at 100, which replies, or `nobody` at 110, which does not exist.
fn calls(callback: &str, cleanup: &str, method: u32) -> String {
    format!(
        r#"(data (i32.const 100) "answer") (data (i32.const 110) "nobody")
        (table 2 funcref) (elem (i32.const 0) func $callback $cleanup)
        (func $callback (param i32) {callback})
        (func $cleanup (param i32) {cleanup})
        (func (export "canister_update answer") (call $reply))
        (func (export "canister_update run")
            (call $self (i32.const 0) (i32.const 0) (i32.const 10))
            (call $new (i32.const 0) (i32.const 10) (i32.const {method}) (i32.const 6)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
            (call $on_cleanup (i32.const 1) (i32.const 0))
            (drop (call $perform)))"#
    )
}

/// Has `entry` run once, whatever comes of it.
fn enter(ic: &LocalIc, id: Principal, wasm: Vec<u8>, entry: EntryPoint) {
    use EntryPoint::*;
    let empty = wat::parse_str("(module)").unwrap();
    let anonymous = Principal::anonymous();
    let installed = match entry {
        PostUpgrade => {
            ic.install_canister(id, empty.clone(), vec![], None);
            ic.upgrade_canister(id, wasm, vec![], None)
        }
        _ => ic.try_install_canister(id, wasm, vec![], None),
    };
    let update = |method| drop(ic.update_call(id, anonymous, method, vec![]));
    let query = |method| drop(ic.query_call(id, anonymous, method, vec![]));
    match entry {
        Start | Init | PostUpgrade => drop(installed),
        PreUpgrade => drop(ic.upgrade_canister(id, empty, vec![], None)),
        Update | InspectMessage | ReplyCallback | RejectCallback | Cleanup => update("run"),
        ReplicatedQuery => update("ask"),
        Query => query("ask"),
        CompositeQuery => query("compose"),
        Heartbeat => ic.tick(),
        OnLowWasmMemory => {
            let settings = CanisterSettings { wasm_memory_threshold: Some(u64::MAX.into()), ..Default::default() };
            ic.update_canister_settings(id, None, settings).unwrap();
            ic.tick();
        }
        GlobalTimer => {
            update("arm");
            ic.tick();
        }
    }
}

#[test]
fn every_system_call_from_every_entry_point() {
    for &(name, params, result, letters) in OVERVIEW {
        for &(entry, letter) in ENTRY_POINTS {
            let letters: Vec<&str> = letters.split(' ').collect();
            let allowed = letters.contains(&letter) || letters.contains(&"*") && letter != "s";
            let ic = LocalIc::new();
            let id = ic.create_canister();
            enter(&ic, id, module(name, params, result, entry), entry);
            let executions = ic.executions(id);
            let execution = executions.iter().rfind(|execution| execution.entry == entry);
            let error = &execution.unwrap_or_else(|| panic!("{entry:?} did not run")).error;
            let refusal = format!("\"ic0.{name}\" cannot be executed in {entry:?}");
            let refused = error.as_ref().is_some_and(|error| error.reject_message.contains(&refusal));
            assert_eq!(refused, !allowed, "{name} in {entry:?}: {error:?}");
        }
    }
}
