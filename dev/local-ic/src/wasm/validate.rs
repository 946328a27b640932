//! Refuses the modules that the platform refuses.

use wasmparser::types::Types;
use wasmparser::{
    CustomSectionReader, DataKind, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType, Validator,
    WasmFeatures,
};

use super::metadata::{Metadata, Visibility};
use super::methods::{MethodKind, Methods, is_hook};
use crate::limits::*;
use crate::system_api::catalogue;

/// The properties of a module that validation finds.
pub struct Validated {
    /// Its entry points.
    pub methods: Methods,
    /// Its `icp:` custom sections.
    pub metadata: Metadata,
}

/// The WebAssembly features that the platform runs, except for 64-bit memories, which this engine refuses.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::FLOATS
}

/// Checks `module`. The error is its fault.
pub fn validate(module: &[u8]) -> Result<Validated, String> {
    let types = Validator::new_with_features(features())
        .validate_all(module)
        .map_err(|error| format!("the module is not valid WebAssembly of this platform: {error}"))?;
    let mut methods = Methods::default();
    let mut metadata = Metadata::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(text)? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(text)?;
                    check_import(import.module, import.name, import.ty, &types)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(text)?;
                    if export.kind == ExternalKind::Func {
                        check_export(&mut methods, export.name, function_type(&types, export.index))?;
                    }
                }
                check_exports(&methods)?;
            }
            Payload::FunctionSection(section) => {
                at_most("functions", section.count() as usize, MAX_FUNCTIONS)?;
            }
            Payload::GlobalSection(section) => {
                at_most("globals", section.count() as usize, MAX_GLOBALS)?;
                for global in section {
                    let content = global.map_err(text)?.ty.content_type;
                    if matches!(content, ValType::Ref(_) | ValType::V128) {
                        return Err(format!("a global has the unsupported type {content}"));
                    }
                }
            }
            Payload::TableSection(section) => at_most("tables", section.count() as usize, 1)?,
            Payload::DataSection(section) => {
                for segment in section {
                    check_segment(segment.map_err(text)?.kind)?;
                }
            }
            Payload::CodeSectionStart { size, .. } => {
                at_most("bytes of code", size as usize, MAX_CODE_SECTION as usize)?;
            }
            Payload::CodeSectionEntry(body) => {
                let operators = body.get_operators_reader().map_err(text)?.into_iter().count();
                at_most("operators in one function", operators, MAX_FUNCTION_OPERATORS)?;
            }
            Payload::CustomSection(section) => check_custom(&mut metadata, &section)?,
            _ => {}
        }
    }
    Ok(Validated { methods, metadata })
}

fn check_import(module: &str, name: &str, ty: TypeRef, types: &Types) -> Result<(), String> {
    let TypeRef::Func(signature) = ty else {
        return Err(format!("import {module:?} {name:?} is not a function"));
    };
    if module != "ic0" {
        return Err(format!("module {module:?} cannot be imported from, only \"ic0\" can"));
    }
    let call = catalogue::find(name).ok_or(format!("\"ic0\" has no function {name:?}"))?;
    let actual = types[types.as_ref().core_type_at_in_module(signature)].unwrap_func();
    match signature_text(actual) {
        text if text == call.signature => Ok(()),
        text => Err(format!("\"ic0\" {name:?} is imported as {text}, but is {}", call.signature)),
    }
}

fn check_export(methods: &mut Methods, name: &str, ty: &FuncType) -> Result<(), String> {
    if !name.starts_with("canister_") {
        return Ok(());
    }
    if let Some((kind, method)) = MethodKind::parse(name) {
        if methods.kind(method).is_some() {
            return Err(format!("method {method:?} is exported more than once"));
        }
        methods.insert(method, kind);
    } else if is_hook(name) {
        methods.insert_hook(name);
    } else {
        return Err(format!("export {name:?} uses the reserved prefix \"canister_\""));
    }
    match signature_text(ty).as_str() {
        "->" => Ok(()),
        text => Err(format!("export {name:?} is {text}, but must take and return nothing")),
    }
}

fn check_exports(methods: &Methods) -> Result<(), String> {
    at_most("exported methods", methods.len(), MAX_EXPORTED_METHODS)?;
    at_most("bytes of method names", methods.name_bytes(), MAX_EXPORTED_NAMES)
}

fn check_segment(kind: DataKind<'_>) -> Result<(), String> {
    let DataKind::Active { offset_expr, .. } = kind else { return Ok(()) };
    match offset_expr.get_operators_reader().read().map_err(text)? {
        Operator::I32Const { .. } => Ok(()),
        _ => Err("the offset of an active data segment is not a constant".into()),
    }
}

fn check_custom(metadata: &mut Metadata, section: &CustomSectionReader<'_>) -> Result<(), String> {
    let Some(scoped) = section.name().strip_prefix("icp:") else { return Ok(()) };
    let (visibility, name) = if let Some(name) = scoped.strip_prefix("public ") {
        (Visibility::Public, name)
    } else if let Some(name) = scoped.strip_prefix("private ") {
        (Visibility::Private, name)
    } else {
        return Err(format!("custom section \"icp:{scoped}\" is neither public nor private"));
    };
    if !metadata.insert(name, visibility, section.data()) {
        return Err(format!("custom section {name:?} is defined more than once"));
    }
    at_most("custom sections", metadata.len(), MAX_CUSTOM_SECTIONS)?;
    at_most("bytes of custom sections", metadata.bytes(), MAX_CUSTOM_SECTION_BYTES)
}

fn function_type(types: &Types, index: u32) -> &FuncType {
    types[types.as_ref().core_function_at(index)].unwrap_func()
}

/// A signature as the catalogue writes it.
fn signature_text(ty: &FuncType) -> String {
    let words = ty.params().iter().map(ValType::to_string).chain(["->".to_owned()]);
    words.chain(ty.results().iter().map(ValType::to_string)).collect::<Vec<_>>().join(" ")
}

fn at_most(what: &str, count: usize, limit: usize) -> Result<(), String> {
    if count <= limit {
        return Ok(());
    }
    Err(format!("the module has {count} {what}, more than {limit}"))
}

fn text(error: wasmparser::Error) -> String {
    error.to_string()
}
