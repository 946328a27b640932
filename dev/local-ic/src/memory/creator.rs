//! Handing a canister's heap to the instance that is to run on it.

use std::cell::RefCell;
use std::sync::Arc;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType, Result, format_err};

use super::heap::{GUARD, Heap};
use crate::limits::MAX_HEAP;

thread_local! {
    /// The heap for the instance that this thread is creating.
    static NEXT: RefCell<Option<Arc<Heap>>> = const { RefCell::new(None) };
}

/// Runs `instantiate`, in which the module's memory becomes `heap`.
pub fn with_heap<T>(heap: &Arc<Heap>, instantiate: impl FnOnce() -> T) -> T {
    NEXT.set(Some(Arc::clone(heap)));
    let result = instantiate();
    NEXT.set(None);
    result
}

/// Gives each new instance the heap that [`with_heap`] names.
pub struct HeapCreator;

// SAFETY: a `Heap` reserves the capacity and the guard, never moves, and is zeroed when it is new. When it is not,
// it belongs to the canister whose instance is replaced, and its contents are that canister's.
unsafe impl MemoryCreator for HeapCreator {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> std::result::Result<Box<dyn LinearMemory>, String> {
        let heap = NEXT.take().ok_or("an instance is created outside of `with_heap`")?;
        if reserved.is_some_and(|bytes| bytes as u64 > MAX_HEAP) || guard > GUARD {
            return Err("the engine asks for more address space than a heap reserves".into());
        }
        if heap.size() < minimum && !heap.grow_to(minimum) {
            return Err(format!("cannot make {minimum} bytes of heap accessible"));
        }
        Ok(Box::new(Lent(heap)))
    }
}

/// A heap as an instance sees it.
struct Lent(Arc<Heap>);

// SAFETY: see `HeapCreator`.
unsafe impl LinearMemory for Lent {
    fn byte_size(&self) -> usize {
        self.0.size()
    }

    fn byte_capacity(&self) -> usize {
        MAX_HEAP as usize
    }

    fn grow_to(&mut self, size: usize) -> Result<()> {
        if self.0.grow_to(size) { Ok(()) } else { Err(format_err!("cannot make {size} bytes of heap accessible")) }
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.base()
    }
}
