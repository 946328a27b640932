//! One system call in progress.

use wasmtime::{Caller, Val};

use super::catalogue::SystemCall;
use crate::sandbox::{Context, Execution, Host, Trap};

/// A system call in progress, and through it the execution that made it.
pub struct Call<'a> {
    caller: Caller<'a, Host>,
    spec: &'static SystemCall,
}

impl<'a> Call<'a> {
    /// Begins a call: counts it, charges its overhead, and checks that the entry point may make it.
    pub fn enter(caller: Caller<'a, Host>, spec: &'static SystemCall) -> Result<Self, Trap> {
        let mut call = Self { caller, spec };
        let execution = call.execution_mut();
        execution.system_calls += 1;
        if execution.limits.trap_at == Some(execution.system_calls) {
            return Err(Trap::Injected(execution.system_calls));
        }
        call.charge(spec.overhead)?;
        let entry = call.context().entry;
        if !spec.from.contains(entry) {
            return Err(call.violation(format!("cannot be executed in {entry:?}")));
        }
        Ok(call)
    }

    /// The execution.
    pub fn execution(&self) -> &Execution {
        self.caller.data().execution.as_ref().expect("system calls happen during an execution")
    }

    /// The execution.
    pub fn execution_mut(&mut self) -> &mut Execution {
        self.caller.data_mut().execution.as_mut().expect("system calls happen during an execution")
    }

    /// The inputs of the execution.
    pub fn context(&self) -> &Context {
        &self.execution().context
    }

    /// The host's side of the instance.
    pub fn host(&self) -> &Host {
        self.caller.data()
    }

    /// A trap because the caller broke `rule`.
    pub fn violation(&self, rule: impl std::fmt::Display) -> Trap {
        Trap::Contract(format!("\"ic0.{}\" {rule}", self.spec.name))
    }

    /// Instructions that the execution ran so far.
    pub fn instructions(&mut self) -> u64 {
        let left = self.counter();
        (self.execution().limits.instructions as i64).saturating_sub(left) as u64
    }

    /// Charges instructions.
    pub fn charge(&mut self, instructions: u64) -> Result<(), Trap> {
        let instructions = i64::try_from(instructions).unwrap_or(i64::MAX);
        let left = self.counter().saturating_sub(instructions);
        let counter = self.caller.data().counter.expect("the instance is complete");
        counter.set(&mut self.caller, Val::I64(left)).expect("the counter is a mutable i64");
        if left < 0 {
            return Err(Trap::Instructions(self.execution().limits.instructions));
        }
        Ok(())
    }

    fn counter(&mut self) -> i64 {
        let counter = self.caller.data().counter.expect("the instance is complete");
        counter.get(&mut self.caller).unwrap_i64()
    }

    /// The heap's bytes from `src` on.
    pub fn read(&self, src: u32, size: u32) -> Result<&[u8], Trap> {
        let src = src as usize;
        let bytes = self.host().heap.read(src..src + size as usize);
        bytes.ok_or_else(|| self.heap_out_of_bounds())
    }

    /// The heap's text from `src` on.
    pub fn read_text(&self, src: u32, size: u32) -> Result<&str, Trap> {
        let bytes = self.read(src, size)?;
        std::str::from_utf8(bytes).map_err(|_| self.violation("was given text that is not UTF-8"))
    }

    /// Overwrites the heap from `dst` on.
    pub fn write(&self, dst: u32, bytes: &[u8]) -> Result<(), Trap> {
        if self.host().heap.write(dst as usize, bytes) { Ok(()) } else { Err(self.heap_out_of_bounds()) }
    }

    /// Overwrites 16 bytes of the heap with a number, little-endian.
    pub fn write_u128(&self, dst: u32, value: u128) -> Result<(), Trap> {
        self.write(dst, &value.to_le_bytes())
    }

    /// Charges for `size` bytes, and copies those of `source` from `offset` on to the heap.
    pub fn copy(
        &mut self,
        dst: u32,
        offset: u32,
        size: u32,
        source: impl FnOnce(&Context) -> &[u8],
    ) -> Result<(), Trap> {
        self.charge(size.into())?;
        let source = source(self.context());
        let (offset, end) = (offset as usize, offset as usize + size as usize);
        let bytes = source
            .get(offset..end)
            .ok_or_else(|| self.violation(format!("copies up to byte {end} of only {}", source.len())))?;
        self.write(dst, bytes)
    }

    fn heap_out_of_bounds(&self) -> Trap {
        Trap::Wasm("heap out of bounds".into())
    }
}
