//! An instance of a canister's module.

use std::sync::Arc;

use wasmtime::unix::StoreExt;
use wasmtime::{Error, Global, Instance, Ref, Store, Table, Val};

use super::execution::{Closure, Execution};
use super::host::Host;
use super::trap::Trap;
use crate::memory::{Heap, with_heap};
use crate::wasm::{COUNTER, CompiledModule, TABLE, global_export};

/// The code to run.
pub enum Target<'a> {
    /// An exported function.
    Export(&'a str),
    /// A function of the table.
    Callback(Closure),
}

/// An execution that ended.
pub struct Finished {
    /// The finished execution.
    pub execution: Execution,
    /// Its result.
    pub result: Result<(), Trap>,
    /// Instructions that it ran.
    pub instructions: u64,
}

/// An instance on a canister's heap. It can be dropped and made anew between two executions: what outlives them
/// is the heap, and the values of the mutable globals.
pub struct Sandbox {
    store: Store<Host>,
    instance: Instance,
    counter: Global,
    globals: Vec<Global>,
    table: Option<Table>,
}

impl Sandbox {
    /// Instantiates `module` on `heap`, which grows to the module's minimum if it is smaller.
    pub fn new(module: &CompiledModule, heap: &Arc<Heap>) -> Result<Self, String> {
        let host = Host { heap: Arc::clone(heap), counter: None, execution: None };
        let mut store = Store::new(module.code.module().engine(), host);
        store.limiter(|host| host);
        let faulting = Arc::clone(heap);
        // SAFETY: `Heap::on_fault` is async-signal-safe, and says that it handled only faults it has resolved.
        unsafe {
            store.set_signal_handler(move |signal, info, _| {
                signal == libc::SIGSEGV && faulting.on_fault((*info).si_addr().addr())
            });
        }
        let instance = with_heap(heap, || module.code.instantiate(&mut store))
            .map_err(|error| format!("the module cannot be instantiated: {error:#}"))?;
        let counter = instance.get_global(&mut store, COUNTER).expect("the counter is exported");
        let globals = module.mutable_globals.iter().map(|&index| {
            let export = global_export(index);
            instance.get_global(&mut store, &export).expect("mutable globals are exported")
        });
        let globals = globals.collect();
        let table = instance.get_table(&mut store, TABLE);
        store.data_mut().counter = Some(counter);
        Ok(Self { store, instance, counter, globals, table })
    }

    /// The values of the mutable globals.
    pub fn globals(&mut self) -> Vec<Val> {
        let Self { store, globals, .. } = self;
        globals.iter().map(|global| global.get(&mut *store)).collect()
    }

    /// Sets the mutable globals to the values that [`Sandbox::globals`] returned.
    pub fn set_globals(&mut self, values: &[Val]) {
        for (global, value) in self.globals.iter().zip(values) {
            global.set(&mut self.store, *value).expect("a global takes the value that it had");
        }
    }

    /// Runs `target`.
    pub fn run(&mut self, target: Target<'_>, execution: Execution) -> Finished {
        let limit = execution.limits.instructions;
        self.set_counter(limit as i64);
        self.store.data_mut().execution = Some(execution);
        let outcome = self.call(target);
        let left = self.counter.get(&mut self.store).unwrap_i64();
        let result = outcome.map_err(|error| trap(error, left, limit));
        let mut execution = self.store.data_mut().execution.take().expect("the execution is here");
        execution.drop_pending();
        let instructions = limit.min((limit as i64).saturating_sub(left) as u64);
        Finished { execution, result, instructions }
    }

    fn call(&mut self, target: Target<'_>) -> Result<(), Error> {
        match target {
            Target::Export(name) => {
                self.instance.get_typed_func::<(), ()>(&mut self.store, name)?.call(&mut self.store, ())
            }
            Target::Callback(Closure { function, environment }) => {
                let no_function = Trap::NoFunction(function);
                let element = self.table.and_then(|table| table.get(&mut self.store, function.into()));
                let Some(Ref::Func(Some(callback))) = element else { return Err(no_function.into()) };
                let callback = callback.typed::<u32, ()>(&self.store).map_err(|_| no_function)?;
                callback.call(&mut self.store, environment)
            }
        }
    }

    fn set_counter(&mut self, instructions: i64) {
        let value = Val::I64(instructions);
        self.counter.set(&mut self.store, value).expect("the counter is a mutable i64");
    }
}

/// The cause of a failure that left `left` of `limit` instructions.
fn trap(error: Error, left: i64, limit: u64) -> Trap {
    use wasmtime::Trap as Code;
    let error = match error.downcast::<Trap>() {
        Ok(trap) => return trap,
        Err(error) => error,
    };
    let Some(code) = error.downcast_ref::<Code>() else { return Trap::Wasm(format!("{error:#}")) };
    let cause = match code {
        Code::UnreachableCodeReached if left < 0 => return Trap::Instructions(limit),
        Code::UnreachableCodeReached => "unreachable",
        Code::StackOverflow => "stack overflow",
        Code::MemoryOutOfBounds => "heap out of bounds",
        Code::TableOutOfBounds => "table out of bounds",
        Code::IntegerOverflow => "integer overflow",
        Code::IntegerDivisionByZero => "integer division by 0",
        Code::BadConversionToInteger => "bad conversion to integer",
        Code::IndirectCallToNull => "indirect call to null",
        Code::BadSignature => "function signature mismatch",
        other => return Trap::Wasm(other.to_string()),
    };
    Trap::Wasm(cause.to_owned())
}
