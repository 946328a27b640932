//! A canister as of the last changes.

use std::sync::Arc;

use wasmtime::Val;

use crate::canister::Canister;
use crate::engine::{CanisterChanges, Record};
use crate::limits::WASM_PAGE;
use crate::memory::{Heap, Image, PageChanges, StableMemory};
use crate::wasm::CompiledModule;

/// The state that views show.
pub struct Latest {
    /// Counts the changes.
    pub version: u64,
    /// Counts the changes after which older views are of no use: another heap, or another stable memory.
    pub generation: u64,
    /// The code, if there is any.
    pub code: Option<LatestCode>,
    /// The stable memory.
    pub stable: Image,
    /// Its size, in 64-KiB pages.
    pub stable_pages: u64,
    /// The canister without code and memories, encoded with their sizes.
    record: Vec<u8>,
}

/// A canister's code.
pub struct LatestCode {
    /// The module.
    pub module: Arc<CompiledModule>,
    /// The mutable globals.
    pub globals: Vec<Val>,
    /// The heap.
    pub heap: Image,
    /// Its size in bytes.
    pub heap_size: u64,
}

impl Latest {
    /// A canister before its first changes.
    pub fn new() -> Self {
        let stable = StableMemory::image();
        Self { version: 0, generation: 0, code: None, stable, stable_pages: 0, record: Vec::new() }
    }

    /// Applies all changes except those of pages, which [`Latest::finish`] applies. Returns whether older views are of no
    /// further use.
    pub fn begin(&mut self, changes: &CanisterChanges<'_>) -> bool {
        self.version += 1;
        self.record.clone_from(&changes.record);
        let replaced = changes.replace_heap() || changes.stable.replaced;
        self.generation += u64::from(replaced);
        if changes.stable.replaced {
            self.stable = StableMemory::image();
        }
        let earlier = self.code.take();
        self.code = changes.code.as_ref().map(|code| LatestCode {
            module: Arc::clone(code.module),
            globals: code.globals.to_vec(),
            heap: earlier.filter(|_| !code.heap.replaced).map_or_else(Heap::image, |earlier| earlier.heap),
            heap_size: code.heap.size,
        });
        self.stable_pages = changes.stable.size / WASM_PAGE;
        replaced
    }

    /// Applies the changes of pages. Views in use must have copies of them by now.
    pub fn finish(&mut self, changes: &CanisterChanges<'_>) {
        if let (Some(changed), Some(code)) = (&changes.code, &mut self.code) {
            write(&mut code.heap, &changed.heap);
        }
        write(&mut self.stable, &changes.stable);
    }

    /// The canister without code and memories.
    pub fn canister(&self) -> Canister {
        let record: Record<Canister> = postcard::from_bytes(&self.record).expect("the engine encoded it");
        record.canister
    }
}

fn write(image: &mut Image, changes: &PageChanges<'_>) {
    for (number, contents) in changes.pages() {
        image.write(number, contents);
    }
}
