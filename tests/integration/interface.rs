//! The built Wasm and its exports have the interface of `canister.did`. A test of `main.rs` shows that the code has it
//! too.

use candid_parser::utils::CandidSource;
use std::collections::BTreeSet;

use crate::support::methods::METHODS;
use crate::support::module::Module;
use test_support::artifact::root;

fn did() -> String {
    std::fs::read_to_string(root().join("canister.did")).expect("canister.did is there")
}

#[test]
fn the_file_names_the_methods_that_are_tested() {
    let (_, service) = CandidSource::Text(&did()).load().expect("canister.did is candid");
    let (env, service) =
        (CandidSource::Text(&did()).load().expect("canister.did is candid").0, service.expect("a service"));
    let methods = env.as_service(&service).expect("a service");
    let found: BTreeSet<(String, bool)> =
        methods.iter().map(|(name, of)| (name.clone(), env.as_func(of).expect("a method").is_query())).collect();
    let tested = METHODS.iter().map(|method| (method.name.to_string(), method.is_query)).collect();
    assert_eq!(found, tested, "the methods of canister.did, and which of them are queries");
}

#[test]
fn the_built_wasm_carries_the_file_for_everybody() {
    let module = Module::built();
    let section = module.custom_section("icp:public candid:service").expect("the section is there after stripping");
    assert_eq!(std::str::from_utf8(section), Ok(did().as_str()), "the section is the file");
}

#[test]
fn the_built_wasm_exports_the_methods_and_nothing_more() {
    let module = Module::built();
    let methods = METHODS.iter().map(|method| {
        let kind = if method.is_query { "query" } else { "update" };
        format!("canister_{kind} {}", method.name)
    });
    let mut expected: BTreeSet<String> = methods.collect();
    // No `canister_pre_upgrade`: nothing needs to be saved before an upgrade, so nothing can fail there.
    expected.extend(
        [
            "canister_init",
            "canister_post_upgrade",
            "canister_inspect_message",
            "canister_global_timer",
            "canister_on_low_wasm_memory",
        ]
        .map(String::from),
    );
    let entry_points: BTreeSet<String> =
        module.exports().into_iter().filter(|name| name.starts_with("canister_")).collect();
    assert_eq!(entry_points, expected, "the entry points of the module");
}

#[test]
fn the_built_wasm_is_small_and_stripped() {
    let module = Module::built();
    assert!(module.bytes.len() < 1_700_000, "the module has {} bytes", module.bytes.len());
    assert_eq!(module.custom_section("name"), None, "names of functions are stripped");
    let debug = module.custom_sections().into_iter().find(|name| name.starts_with(".debug"));
    assert_eq!(debug, None, "debug sections are stripped");
}

#[test]
fn a_canister_that_links_the_library_has_its_own_methods_alone() {
    let module = Module::of_package("second-canister");
    let entry_points: Vec<String> = module.exports().into_iter().filter(|name| name.starts_with("canister_")).collect();
    assert_eq!(entry_points, ["canister_query would_take"], "the entry points of the module");
    assert_eq!(module.custom_section("icp:public candid:service"), None, "the interface is not its own");
    let stable: Vec<String> = module.imports().into_iter().filter(|name| name.starts_with("stable")).collect();
    assert_eq!(stable, [""; 0], "types and limits come without the store");
}
