//! The view on which one query runs.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::latest::Latest;
use crate::canister::{Canister, Code};
use crate::engine::CanisterChanges;
use crate::memory::{Heap, Mapping, PAGE, StableMemory};

/// A canister whose memories are views. It is used by one query at a time.
pub struct View {
    canister: Canister,
    /// The version that it shows.
    version: u64,
    /// The generation that its memories are of.
    generation: u64,
}

/// The memories of a view in use, to have them keep pages that are about to change. Those whose image was replaced are
/// missing: it changes no more.
pub struct Memories {
    heap: Option<Arc<Heap>>,
    stable: Option<Arc<Mapping>>,
}

impl View {
    /// A view of `latest`, to be shown.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn new(latest: &Latest) -> io::Result<Self> {
        let mut canister = latest.canister();
        let code = latest.code.as_ref().map(|code| Code::view(Arc::clone(&code.module), &code.heap));
        canister.code = code.transpose()?;
        canister.stable = StableMemory::view(&latest.stable)?;
        // No state has this version yet, so that the first `show` shows everything.
        Ok(Self { canister, version: latest.version + 1, generation: latest.generation })
    }

    /// Shows `latest`, which is of the view's generation.
    ///
    /// # Errors
    ///
    /// If the system refuses. Then the view is of no further use.
    pub fn show(&mut self, latest: &Latest) -> io::Result<()> {
        if self.version == latest.version {
            return Ok(());
        }
        let Canister { code, stable, .. } = std::mem::replace(&mut self.canister, latest.canister());
        self.canister.code = code;
        self.canister.stable = stable;
        if let (Some(code), Some(published)) = (&mut self.canister.code, &latest.code) {
            code.show(published.heap_size, &published.globals)?;
        }
        self.canister.stable.show(latest.stable_pages);
        self.version = latest.version;
        Ok(())
    }

    /// The canister.
    pub fn canister(&mut self) -> &mut Canister {
        &mut self.canister
    }

    /// The generation that its memories are of.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Its memories.
    pub fn memories(&self) -> Memories {
        Memories {
            heap: self.canister.code.as_ref().map(|code| Arc::clone(&code.heap)),
            stable: self.canister.stable.mapping().cloned(),
        }
    }

    /// Releases the copied pages. Returns whether the view can be used again.
    pub fn refresh(&mut self) -> bool {
        self.canister.executions.clear();
        self.canister.stable.refresh();
        self.canister.code.as_ref().is_none_or(|code| code.heap.refresh())
    }
}

impl Memories {
    /// Keeps the pages that `changes` are about to change.
    pub fn keep(&mut self, changes: &CanisterChanges<'_>) {
        self.heap.take_if(|_| changes.replace_heap());
        if let (Some(heap), Some(code)) = (&self.heap, &changes.code) {
            runs(code.heap.numbers()).for_each(|run| heap.keep(run));
        }
        self.stable.take_if(|_| changes.stable.replaced);
        if let Some(stable) = &self.stable {
            runs(changes.stable.numbers()).for_each(|run| stable.copy_pages(run.start * PAGE..run.end * PAGE));
        }
    }
}

/// The runs of successive numbers in `pages`, which are ascending.
fn runs(pages: &[u32]) -> impl Iterator<Item = Range<usize>> {
    pages.chunk_by(|a, b| a + 1 == *b).map(|run| run[0] as usize..run[run.len() - 1] as usize + 1)
}
