//! Modules that the platform refuses.

use flate2::Compression;
use flate2::write::GzEncoder;
use local_ic::{ErrorCode, LocalIc, limits};
use std::io::Write;

/// The reason why a module is refused, or `None` if it is not.
fn refusal(wasm: Vec<u8>) -> Option<String> {
    let ic = LocalIc::new();
    let id = ic.create_canister();
    let reject = ic.try_install_canister(id, wasm, vec![], None).err()?;
    assert_eq!(reject.error_code, ErrorCode::CanisterInvalidWasm, "{reject}");
    assert_eq!(ic.module_hash(id), None);
    Some(reject.reject_message)
}

fn text(body: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {body})")).expect("the text is WebAssembly")
}

#[track_caller]
fn refused(body: &str, why: &str) {
    let refusal = refusal(text(body)).unwrap_or_else(|| panic!("accepted: {body}"));
    assert!(refusal.contains(why), "{body}: {refusal}");
}

#[track_caller]
fn accepted(body: &str) {
    assert_eq!(refusal(text(body)), None, "{body}");
}

#[test]
fn bytes_that_are_not_a_module() {
    for bytes in [&b""[..], b"\0asm", b"\0asm\x02\0\0\0", b"\x1f\x8b\x08 no gzip"] {
        assert!(refusal(bytes.to_vec()).is_some());
    }
    accepted("");
}

#[test]
fn imports() {
    accepted(r#"(import "ic0" "time" (func (result i64)))"#);
    refused(r#"(import "ic0" "time" (func (result i32)))"#, "imported as -> i32");
    refused(r#"(import "ic0" "now" (func (result i64)))"#, "no function \"now\"");
    refused(r#"(import "env" "time" (func (result i64)))"#, "cannot be imported from");
    refused(r#"(import "env" "memory" (memory 1))"#, "is not a function");
    refused(r#"(import "env" "table" (table 1 funcref))"#, "is not a function");
    refused(r#"(import "env" "global" (global i32))"#, "is not a function");
}

#[test]
fn exports() {
    accepted(r#"(func (export "canister_update a")) (func (export "canister_query b"))"#);
    accepted(r#"(func (export "helper") (param i32))"#);
    refused(r#"(func (export "canister_update a")) (func (export "canister_query a"))"#, "more than once");
    refused(r#"(func (export "canister_query a")) (func (export "canister_composite_query a"))"#, "more than once");
    refused(r#"(func (export "canister_update a") (param i32))"#, "must take and return nothing");
    refused(r#"(func (export "canister_init") (result i32) i32.const 1)"#, "must take and return");
    refused(r#"(func (export "canister_start"))"#, "reserved prefix");
    refused(r#"(func (export "canister_updat a"))"#, "reserved prefix");
}

#[test]
fn proposals_that_the_platform_does_not_run() {
    refused("(memory 1 2 shared)", "threads");
    refused("(memory i64 1)", "memory64");
    refused("(memory 1) (memory 1)", "multiple memories");
    refused("(global i32 (i32.add (i32.const 1) (i32.const 1)))", "constant expression");
    refused(
        "(func (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i64x2 0 0))))",
        "relaxed SIMD support is not enabled",
    );
    refused("(tag)", "exceptions proposal not enabled");
    refused("(global externref (ref.null extern))", "");
    accepted("(func (result i32 i32) i32.const 1 i32.const 2)");
    accepted("(func (drop (v128.const i64x2 0 0)))");
    accepted("(func $f (return_call $f))");
}

#[test]
fn data_and_globals() {
    refused("(memory 1) (global $offset i32 (i32.const 0)) (data (global.get $offset) \"a\")", "constant");
    refused("(memory 1) (data (i32.const 65536) \"a\")", "out of bounds");
    refused("(table 1 funcref) (func $f) (elem (i32.const 1) func $f)", "instantiated");
    refused("(global v128 (v128.const i64x2 0 0))", "unsupported type");
    refused("(table 1 funcref) (table 1 funcref)", "tables");
    accepted("(memory 1) (data (i32.const 65535) \"a\")");
    accepted("(global f64 (f64.const 1))");
}

#[test]
fn numbers_of_things() {
    let globals = |count| "(global i32 (i32.const 0))".repeat(count);
    accepted(&globals(limits::MAX_GLOBALS));
    refused(&globals(limits::MAX_GLOBALS + 1), "globals");
    let functions = |count| "(func)".repeat(count);
    accepted(&functions(limits::MAX_FUNCTIONS));
    refused(&functions(limits::MAX_FUNCTIONS + 1), "functions");
    let methods =
        |count: usize| -> String { (0..count).map(|i| format!(r#"(func (export "canister_update {i}"))"#)).collect() };
    accepted(&methods(limits::MAX_EXPORTED_METHODS));
    refused(&methods(limits::MAX_EXPORTED_METHODS + 1), "exported methods");
    let name = |length| format!(r#"(func (export "canister_query {}"))"#, "n".repeat(length));
    accepted(&name(limits::MAX_EXPORTED_NAMES));
    refused(&name(limits::MAX_EXPORTED_NAMES + 1), "bytes of method names");
    let long = |operators| format!("(func {})", "nop ".repeat(operators));
    accepted(&long(limits::MAX_FUNCTION_OPERATORS - 1));
    refused(&long(limits::MAX_FUNCTION_OPERATORS), "operators in one function");
}

#[test]
fn custom_sections() {
    let section = |name: &str, bytes: usize| format!(r#"(@custom "{name}" "{}")"#, "b".repeat(bytes));
    accepted(&section("icp:public a", 10));
    accepted(&section("name of its own", 2 << 20));
    refused(&section("icp:secret a", 10), "neither public nor private");
    refused(&section("icp:public", 10), "neither public nor private");
    refused(&(section("icp:public a", 1) + &section("icp:private a", 1)), "more than once");
    refused(&section("icp:private a", limits::MAX_CUSTOM_SECTION_BYTES), "bytes of custom sections");
    let many = |count: usize| -> String { (0..count).map(|i| section(&format!("icp:public {i}"), 1)).collect() };
    accepted(&many(limits::MAX_CUSTOM_SECTIONS));
    refused(&many(limits::MAX_CUSTOM_SECTIONS + 1), "custom sections");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_modules() {
    let wasm = text(r#"(@custom "icp:public a" "open") (@custom "icp:private b" "closed")"#);
    let ic = LocalIc::new();
    let id = ic.create_canister();
    ic.install_canister(id, gzip(&wasm), vec![], None);
    assert_eq!(ic.canister_metadata(id, None, "a").as_deref(), Some(&b"open"[..]));
    assert_eq!(ic.canister_metadata(id, None, "b").as_deref(), Some(&b"closed"[..]));
    let stranger = Some(candid::Principal::management_canister());
    assert_eq!(ic.canister_metadata(id, stranger, "a").as_deref(), Some(&b"open"[..]));
    assert_eq!(ic.canister_metadata(id, stranger, "b"), None);
    let bomb = gzip(&vec![0; limits::MAX_MODULE as usize + 1]);
    assert!(bomb.len() < 1 << 20);
    assert!(refusal(bomb).unwrap().contains("more than"));
}
