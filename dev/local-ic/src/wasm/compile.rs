//! The compiler, and the modules that this process has compiled.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use wasmtime::{Config, Engine, InstancePre, Linker};

use super::decompress::decompress;
use super::instrument::instrument;
use super::kept;
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
    kept: Option<PathBuf>,
    /// By the hash of what was installed. Of two threads that need the same module one compiles it, and the other waits.
    modules: Mutex<HashMap<[u8; 32], Arc<OnceLock<Compiled>>>>,
}

type Compiled = Result<Arc<CompiledModule>, String>;

static COMPILER: LazyLock<Compiler> = LazyLock::new(Compiler::new);

/// The compiled module, or the fault of `wasm`.
pub fn compile(wasm: &[u8]) -> Compiled {
    let hash = <[u8; 32]>::from(Sha256::digest(wasm));
    let module = {
        let mut modules = COMPILER.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if modules.len() >= REMEMBERED_MODULES && !modules.contains_key(&hash) {
            modules.clear();
        }
        Arc::clone(modules.entry(hash).or_default())
    };
    module.get_or_init(|| COMPILER.compile(wasm, hash).map(Arc::new)).clone()
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
        Self { engine, linker, kept: kept::folder(), modules: Mutex::default() }
    }

    fn compile(&self, wasm: &[u8], hash: [u8; 32]) -> Result<CompiledModule, String> {
        let module = decompress(wasm)?;
        let validated = validate(&module)?;
        let instrumented = instrument(&module).map_err(|error| error.to_string())?;
        let code = kept::code(&self.engine, &instrumented.binary, self.kept.as_deref())
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
