//! The compiler, and the modules that this process has compiled.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use wasmtime::{Config, Engine, InstancePre, Linker, Module};

use super::decompress::decompress;
use super::instrument::instrument;
use super::metadata::Metadata;
use super::methods::Methods;
use super::validate::validate;
use crate::limits::{MAX_HEAP, MAX_WASM_STACK};
use crate::memory::{HEAP_GUARD, HeapCreator};
use crate::sandbox::Host;
use crate::system_api;

/// Modules that the process remembers, so that tests that install the same module compile it once.
const REMEMBERED_MODULES: usize = 64;

/// A module, ready to run.
pub struct CompiledModule {
    /// The bytes that were installed, compressed or not.
    pub wasm: Vec<u8>,
    /// Their SHA-256.
    pub hash: [u8; 32],
    /// Bytes of the module after decompression.
    pub size: u64,
    /// Its entry points.
    pub methods: Methods,
    /// Its `icp:` custom sections.
    pub metadata: Metadata,
    /// The instrumented code, linked with the System API.
    pub code: InstancePre<Host>,
    /// The indices of its mutable globals.
    pub mutable_globals: Vec<u32>,
    /// The data that a new heap begins with: offsets and bytes.
    pub data: Vec<(u32, Vec<u8>)>,
    /// Whether it has a start function.
    pub has_start: bool,
    /// Whether an instance of it must not outlive a message.
    pub changes_instance: bool,
}

struct Compiler {
    engine: Engine,
    linker: Linker<Host>,
    modules: Mutex<HashMap<[u8; 32], Arc<CompiledModule>>>,
}

static COMPILER: LazyLock<Compiler> = LazyLock::new(Compiler::new);

/// The compiled module, or the fault of `wasm`.
pub fn compile(wasm: &[u8]) -> Result<Arc<CompiledModule>, String> {
    let hash = <[u8; 32]>::from(Sha256::digest(wasm));
    let modules = || COMPILER.modules.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules().get(&hash) {
        return Ok(Arc::clone(module));
    }
    let module = Arc::new(COMPILER.compile(wasm, hash)?);
    let mut modules = modules();
    if modules.len() >= REMEMBERED_MODULES {
        modules.clear();
    }
    modules.insert(hash, Arc::clone(&module));
    Ok(module)
}

impl Compiler {
    fn new() -> Self {
        let mut config = Config::new();
        config
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false)
            .wasm_backtrace_max_frames(None)
            .max_wasm_stack(MAX_WASM_STACK)
            .memory_reservation(MAX_HEAP)
            .memory_guard_size(HEAP_GUARD as u64)
            .guard_before_linear_memory(false)
            .memory_may_move(false)
            .memory_init_cow(false)
            .with_host_memory(Arc::new(HeapCreator));
        let engine = Engine::new(&config).expect("the configuration suits this machine");
        let linker = system_api::linker(&engine);
        Self { engine, linker, modules: Mutex::default() }
    }

    fn compile(&self, wasm: &[u8], hash: [u8; 32]) -> Result<CompiledModule, String> {
        let module = decompress(wasm)?;
        let validated = validate(&module)?;
        let instrumented = instrument(&module).map_err(|error| error.to_string())?;
        let code = Module::new(&self.engine, &instrumented.binary)
            .and_then(|code| self.linker.instantiate_pre(&code))
            .map_err(|error| format!("the module does not compile: {error:#}"))?;
        Ok(CompiledModule {
            wasm: wasm.to_vec(),
            hash,
            size: module.len() as u64,
            methods: validated.methods,
            metadata: validated.metadata,
            code,
            mutable_globals: instrumented.mutable_globals,
            data: instrumented.data,
            has_start: instrumented.has_start,
            changes_instance: instrumented.changes_instance,
        })
    }
}
