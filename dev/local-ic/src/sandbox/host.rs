//! The parts of a canister that an instance can reach.

use std::sync::Arc;

use wasmtime::{Global, ResourceLimiter, Result};

use super::execution::{Execution, memory_usage};
use super::trap::Trap;
use crate::fees;
use crate::limits::MAX_HEAP;
use crate::memory::Heap;
use crate::system_api::EntryPoint;

/// The data of an instance's store.
pub struct Host {
    /// The canister's heap.
    pub heap: Arc<Heap>,
    /// The instructions left. None while the instance is created.
    pub counter: Option<Global>,
    /// The execution, while there is one.
    pub execution: Option<Execution>,
}

impl Host {
    /// Checks that the balance allows the canister to hold so much memory.
    pub fn check_balance(&self, heap_bytes: u64, stable_pages: u64) -> Result<(), Trap> {
        let Some(execution) = &self.execution else { return Ok(()) };
        let context = &execution.context;
        let bytes = memory_usage(heap_bytes, stable_pages, context.other_bytes);
        let needed = fees::freezing_balance(bytes, context.settings.freezing_threshold_secs);
        if context.entry.is_replicated() && execution.balance < needed {
            return Err(Trap::CyclesForMemory(needed));
        }
        Ok(())
    }

    /// Checks the canister's own limit, which binds only the entry points that can be called again.
    fn check_wasm_memory_limit(&self, heap_bytes: u64) -> Result<(), Trap> {
        use EntryPoint::*;
        let Some(execution) = &self.execution else { return Ok(()) };
        let limit = execution.context.settings.wasm_memory_limit;
        let entry = execution.context.entry;
        if matches!(entry, Update | Init | PostUpgrade) && heap_bytes > limit {
            return Err(Trap::WasmMemoryLimit(limit));
        }
        Ok(())
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let desired = desired as u64;
        if desired > MAX_HEAP {
            return Ok(false);
        }
        self.check_wasm_memory_limit(desired)?;
        let stable_pages = self.execution.as_ref().map_or(0, |e| e.stable.pages());
        self.check_balance(desired, stable_pages)?;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}
