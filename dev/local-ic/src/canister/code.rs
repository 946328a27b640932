//! A canister's module with its heap and globals.

use std::io;
use std::sync::Arc;

use wasmtime::Val;

use super::global::Global;
use crate::memory::{Heap, Image};
use crate::sandbox::{Execution, Finished, Sandbox, Target};
use crate::wasm::CompiledModule;

/// A module and its WebAssembly state. The heap and the globals are the canister's; the instance that runs on them
/// is made when it is needed, and kept as long as it has no state of its own.
pub struct Code {
    /// The module.
    pub module: Arc<CompiledModule>,
    /// The heap.
    pub heap: Arc<Heap>,
    /// The mutable globals, as of the last commit.
    globals: Vec<Val>,
    sandbox: Option<Sandbox>,
}

impl Code {
    /// Instantiates `module` on a new heap, in a transaction that is left open.
    pub fn new(module: Arc<CompiledModule>) -> Result<Self, String> {
        let heap = Arc::new(Heap::new());
        heap.begin();
        let mut sandbox = Sandbox::new(&module, &heap)?;
        for (offset, bytes) in &module.data {
            if !heap.write(*offset as usize, bytes) {
                return Err(format!("the data segment at {offset} is out of bounds"));
            }
        }
        let globals = sandbox.globals();
        Ok(Self { module, heap, globals, sandbox: Some(sandbox) })
    }

    /// Code of `module` as it was: with `size` bytes of heap, which are still to be written, and these mutable globals. In a
    /// transaction that is left open.
    pub fn restore(module: Arc<CompiledModule>, size: u64, globals: &[Global]) -> Result<Self, String> {
        let heap = Arc::new(Heap::new());
        heap.begin();
        if !usize::try_from(size).is_ok_and(|size| heap.grow_to(size)) {
            return Err(format!("a heap cannot have {size} bytes"));
        }
        let mut sandbox = Sandbox::new(&module, &heap)?;
        let initial = sandbox.globals();
        let same_types = initial.iter().map(Global::from).zip(globals).all(|(a, b)| a.has_type_of(*b));
        if heap.size() as u64 != size || initial.len() != globals.len() || !same_types {
            return Err(format!("{size} bytes of heap and {} globals are not of this module", globals.len()));
        }
        let globals: Vec<Val> = globals.iter().map(|global| Val::from(*global)).collect();
        sandbox.set_globals(&globals);
        Ok(Self { module, heap, globals, sandbox: Some(sandbox) })
    }

    /// Code that runs on a view of `image`, which belongs to a canister with `module`.
    pub fn view(module: Arc<CompiledModule>, image: &Image) -> io::Result<Self> {
        Ok(Self { module, heap: Arc::new(Heap::view(image)?), globals: Vec::new(), sandbox: None })
    }

    /// Makes a view show `size` bytes of its image, with these mutable globals.
    pub fn show(&mut self, size: u64, globals: &[Val]) -> io::Result<()> {
        if size != self.heap.size() as u64 {
            self.heap.show(size as usize)?;
            // An instance remembers the size of its memory.
            self.sandbox = None;
        }
        self.globals = globals.to_vec();
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.set_globals(globals);
        }
        Ok(())
    }

    /// The mutable globals as of the last commit.
    pub fn globals(&self) -> &[Val] {
        &self.globals
    }

    /// Begins a transaction.
    pub fn begin(&mut self) {
        self.heap.begin();
    }

    /// Runs `target` in the transaction.
    pub fn run(&mut self, target: Target<'_>, execution: Execution) -> Finished {
        let Self { module, heap, globals, sandbox } = self;
        let sandbox = sandbox.get_or_insert_with(|| {
            let mut sandbox = Sandbox::new(module, heap).expect("the module was instantiated before");
            sandbox.set_globals(globals);
            sandbox
        });
        sandbox.run(target, execution)
    }

    /// Commits the changes of the transaction.
    pub fn commit(&mut self) {
        self.heap.commit();
        if let Some(sandbox) = &mut self.sandbox {
            self.globals = sandbox.globals();
        }
        if self.module.changes_instance {
            self.sandbox = None;
        }
    }

    /// Rolls back the changes of the transaction.
    pub fn rollback(&mut self) {
        // An instance remembers the size of its memory, so one that saw the heap grow is of no further use.
        let grew = self.heap.size() != self.heap.old_size();
        self.heap.rollback();
        if grew || self.module.changes_instance {
            self.sandbox = None;
        } else if let Some(sandbox) = &mut self.sandbox {
            sandbox.set_globals(&self.globals);
        }
    }

    /// The mutable globals as of the last commit, as they are saved.
    pub fn saved_globals(&self) -> Vec<Global> {
        self.globals.iter().map(Global::from).collect()
    }
}
