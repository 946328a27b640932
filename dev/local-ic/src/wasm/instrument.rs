//! Rewriting a validated module so that the host can meter it and keep its state.
//!
//! The rewritten module
//! - charges its instructions to a counter, see [`super::metering`];
//! - exports that counter, its table and its mutable globals under the names below, and of its own exports only
//!   the entry points;
//! - has no start section: the start function is exported, to be called as an entry point;
//! - writes no data when it is instantiated: the active segments are handed to the host, which writes them into
//!   a new canister's heap once. So an instance can be replaced while its heap lives on.

use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, ExportKind, ExportSection, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemorySection, Module, TableSection, TypeSection, ValType,
};
use wasmparser::{DataKind, ExternalKind, Operator, Parser, Payload, TypeRef};

use super::metering::Meter;

/// The export that holds the instructions left.
pub const COUNTER: &str = "local-ic counter";
/// The export of table 0, where callbacks are looked up.
pub const TABLE: &str = "local-ic table";
/// The start function's export.
pub const START: &str = "local-ic start";

/// The export of the mutable global with this index.
pub fn global_export(index: u32) -> String {
    format!("local-ic global {index}")
}

/// The result of [`instrument`].
pub struct Instrumented {
    /// The rewritten module.
    pub binary: Vec<u8>,
    /// The indices of the module's own mutable globals.
    pub mutable_globals: Vec<u32>,
    /// The active data segments, in order: their offset in the heap and their bytes.
    pub data: Vec<(u32, Vec<u8>)>,
    /// Whether the module has a start function.
    pub has_start: bool,
    /// Whether the module can change its tables or drop segments, which must not outlive a message.
    pub changes_instance: bool,
}

/// The sections of the rewritten module that are not copied as they are.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    segments: DataSection,
}

/// Index spaces that the new items are appended to.
#[derive(Default)]
struct Counts {
    functions: u32,
    globals: u32,
    tables: u32,
}

/// Rewrites `module`, which passed validation.
pub fn instrument(module: &[u8]) -> Result<Instrumented, Error> {
    let mut reencoder = RoundtripReencoder;
    let mut out = Sections::default();
    let mut counts = Counts::default();
    let mut mutable_globals = Vec::new();
    let mut bodies = Vec::new();
    let mut data = Vec::new();
    let mut start = None;

    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => reencoder.parse_type_section(&mut out.types, section)?,
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    if matches!(import?.ty, TypeRef::Func(_)) {
                        counts.functions += 1;
                    }
                }
                reencoder.parse_import_section(&mut out.imports, section)?;
            }
            Payload::FunctionSection(section) => {
                counts.functions += section.count();
                reencoder.parse_function_section(&mut out.functions, section)?;
            }
            Payload::TableSection(section) => {
                counts.tables = section.count();
                reencoder.parse_table_section(&mut out.tables, section)?;
            }
            Payload::MemorySection(section) => {
                reencoder.parse_memory_section(&mut out.memories, section)?;
            }
            Payload::GlobalSection(section) => {
                counts.globals = section.count();
                for (index, global) in (0..).zip(section.clone()) {
                    if global?.ty.mutable {
                        mutable_globals.push(index);
                    }
                }
                reencoder.parse_global_section(&mut out.globals, section)?;
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func && export.name.starts_with("canister_") {
                        out.exports.export(export.name, ExportKind::Func, export.index);
                    }
                }
            }
            Payload::StartSection { func, .. } => start = Some(func),
            Payload::ElementSection(section) => {
                reencoder.parse_element_section(&mut out.elements, section)?;
            }
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment?;
                    match segment.kind {
                        DataKind::Passive => out.segments.passive(segment.data.iter().copied()),
                        DataKind::Active { offset_expr, .. } => {
                            data.push((constant_offset(offset_expr)?, segment.data.to_vec()));
                            out.segments.active(0, &ConstExpr::i32_const(0), [])
                        }
                    };
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }

    let meter = Meter { counter: counts.globals, charge: counts.functions };
    let mut changes_instance = false;
    for body in &bodies {
        let metered = meter.function(body)?;
        changes_instance |= metered.changes_instance;
        out.code.function(&metered.function);
    }
    add_meter(&mut out, meter);
    export_state(&mut out, &counts, &mutable_globals, start);
    Ok(Instrumented { binary: assemble(&out), mutable_globals, data, has_start: start.is_some(), changes_instance })
}

fn add_meter(out: &mut Sections, meter: Meter) {
    let signature = out.types.len();
    out.types.ty().function([ValType::I32], [ValType::I32]);
    out.functions.function(signature);
    out.code.function(&meter.charge_function());
    let counter = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
    out.globals.global(counter, &ConstExpr::i64_const(0));
    out.exports.export(COUNTER, ExportKind::Global, meter.counter);
}

fn export_state(out: &mut Sections, counts: &Counts, mutable_globals: &[u32], start: Option<u32>) {
    if counts.tables > 0 {
        out.exports.export(TABLE, ExportKind::Table, 0);
    }
    for &index in mutable_globals {
        out.exports.export(&global_export(index), ExportKind::Global, index);
    }
    if let Some(function) = start {
        out.exports.export(START, ExportKind::Func, function);
    }
}

fn assemble(out: &Sections) -> Vec<u8> {
    let mut module = Module::new();
    module
        .section(&out.types)
        .section(&out.imports)
        .section(&out.functions)
        .section(&out.tables)
        .section(&out.memories)
        .section(&out.globals)
        .section(&out.exports)
        .section(&out.elements)
        .section(&DataCountSection { count: out.segments.len() })
        .section(&out.code)
        .section(&out.segments);
    module.finish()
}

/// The offset of an active segment. Validation admits nothing but a constant.
fn constant_offset(expression: wasmparser::ConstExpr<'_>) -> Result<u32, Error> {
    match expression.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(value as u32),
        _ => Err(Error::InvalidConstExpr),
    }
}
