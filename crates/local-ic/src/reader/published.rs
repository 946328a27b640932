//! A canister as readers see it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use wasmtime::Val;

use super::view::{Memories, View};
use super::{CanisterInfo, MetadataSection};
use crate::canister::Canister;
use crate::engine::{CanisterChanges, Record};
use crate::limits::MAX_CONCURRENT_QUERIES;
use crate::memory::{Heap, Image, PageChanges, StableMemory};
use crate::wasm::{CompiledModule, Visibility};

/// A canister as of the last changes, and the views of it.
pub struct Published {
    state: Mutex<State>,
    /// Signalled when a query ends.
    ended: Condvar,
}

/// The copy that views are of.
pub(super) struct State {
    /// Counts the changes.
    pub version: u64,
    /// Counts the changes after which older views are of no use: another heap, or another stable memory.
    pub generation: u64,
    /// The canister without code and memories, encoded with their sizes.
    pub record: Vec<u8>,
    pub code: Option<PublishedCode>,
    pub stable: Image,
    pub stable_pages: u64,
    /// Views that no query uses.
    idle: Vec<View>,
    /// The memories of the views that queries use.
    used: Vec<Memories>,
    /// How many of them there are.
    queries: usize,
}

pub(super) struct PublishedCode {
    pub module: Arc<CompiledModule>,
    pub globals: Vec<Val>,
    pub heap: Image,
    pub heap_size: u64,
}

impl Published {
    /// A canister as its first changes show it.
    pub fn new(changes: &CanisterChanges<'_>) -> Self {
        let state = State {
            version: 0,
            generation: 0,
            record: Vec::new(),
            code: None,
            stable: StableMemory::image(),
            stable_pages: 0,
            idle: Vec::new(),
            used: Vec::new(),
            queries: 0,
        };
        let published = Self { state: Mutex::new(state), ended: Condvar::new() };
        published.apply(changes);
        published
    }

    /// Applies the next changes.
    pub fn apply(&self, changes: &CanisterChanges<'_>) {
        let mut state = self.lock();
        state.apply(changes);
    }

    /// Has `query` run on the canister as it is now. Waits while too many others do.
    pub fn with_view<T>(&self, query: impl FnOnce(&mut Canister) -> T) -> T {
        let state = self.ended.wait_while(self.lock(), |state| state.queries >= MAX_CONCURRENT_QUERIES);
        let mut state = state.expect(NO_PANIC);
        let mut view = match state.idle.pop() {
            Some(view) => view,
            None => View::new(&state),
        };
        view.show(&state);
        state.used.push(view.memories());
        state.queries += 1;
        drop(state);

        let result = query(view.canister());

        let mut state = self.lock();
        state.queries -= 1;
        state.used.retain(|memories| !memories.are_of(&view));
        // Only now, when no change has the view copy pages any more.
        if view.refresh() && view.generation() == state.generation {
            state.idle.push(view);
        }
        drop(state);
        self.ended.notify_one();
        result
    }

    /// What can be certified of it.
    pub fn info(&self) -> CanisterInfo {
        let state = self.lock();
        let module = state.code.as_ref().map(|code| &code.module);
        let sections = module.iter().flat_map(|module| module.metadata.iter());
        CanisterInfo {
            controllers: state.canister().settings.controllers.clone(),
            module_hash: module.map(|module| module.hash),
            metadata: sections
                .map(|(name, visibility, contents)| MetadataSection {
                    name: name.to_owned(),
                    private: visibility == Visibility::Private,
                    contents: contents.to_vec(),
                })
                .collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NO_PANIC)
    }
}

const NO_PANIC: &str = "no thread panics while it holds this lock";

impl State {
    fn apply(&mut self, changes: &CanisterChanges<'_>) {
        self.version += 1;
        self.record.clone_from(&changes.record);
        let heap_replaced = changes.code.as_ref().map_or(self.code.is_some(), |code| code.heap.replaced);
        if heap_replaced || changes.stable.replaced {
            self.generation += 1;
            self.idle.clear();
            // Queries that use older views keep the older images, which change no more.
            self.used.clear();
        }
        if changes.stable.replaced {
            self.stable = StableMemory::image();
        }
        match &changes.code {
            None => self.code = None,
            Some(code) => {
                let published = self.code.take().filter(|_| !code.heap.replaced);
                let heap = published.map_or_else(Heap::image, |published| published.heap);
                let (module, globals) = (Arc::clone(code.module), code.globals.to_vec());
                self.code = Some(PublishedCode { module, globals, heap, heap_size: code.heap.size });
            }
        }
        self.stable_pages = changes.stable.size / crate::limits::WASM_PAGE;

        for memories in &self.used {
            if let Some(code) = &changes.code {
                memories.keep_heap(code.heap.numbers());
            }
            memories.keep_stable(changes.stable.numbers());
        }
        if let (Some(code), Some(published)) = (&changes.code, &mut self.code) {
            write(&mut published.heap, &code.heap);
        }
        write(&mut self.stable, &changes.stable);
    }

    /// The canister without code and memories.
    pub(super) fn canister(&self) -> Canister {
        let record: Record<Canister> = postcard::from_bytes(&self.record).expect("the engine encoded it");
        record.canister
    }
}

fn write(image: &mut Image, changes: &PageChanges<'_>) {
    for (number, contents) in changes.pages() {
        image.write(number, contents);
    }
}
