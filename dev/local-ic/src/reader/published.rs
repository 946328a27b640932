//! A canister as readers see it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard};

use super::latest::Latest;
use super::view::{Memories, View};
use super::{CanisterInfo, MetadataSection, NO_PANIC};
use crate::canister::Canister;
use crate::engine::{CanisterChanges, Moment};
use crate::limits::MAX_CONCURRENT_QUERIES;
use crate::metrics::QueryStatistics;
use crate::wasm::Visibility;

/// A canister as of the last changes, and the views of it.
pub struct Published {
    state: Mutex<State>,
    /// Signalled when a query ends.
    ended: Condvar,
    /// The queries that were not taken yet.
    queries: Mutex<QueryStatistics>,
}

struct State {
    /// When the last changes were, of this canister or others.
    moment: Moment,
    latest: Latest,
    /// Views that no query uses.
    idle: Vec<View>,
    /// The memories of the views that queries use, by the number of the query.
    used: BTreeMap<u64, Memories>,
    /// The number of the last query that began.
    last_query: u64,
}

impl Published {
    /// A canister as its first changes show it.
    pub fn new(changes: &CanisterChanges<'_>, moment: Moment) -> Self {
        let state = State { moment, latest: Latest::new(), idle: Vec::new(), used: BTreeMap::new(), last_query: 0 };
        let published = Self { state: Mutex::new(state), ended: Condvar::new(), queries: Mutex::default() };
        published.apply(Some(changes), moment);
        published
    }

    /// Applies the next changes, if it changed, which are as of `moment`.
    pub fn apply(&self, changes: Option<&CanisterChanges<'_>>, moment: Moment) {
        let mut state = self.lock();
        state.moment = moment;
        if let Some(changes) = changes {
            state.apply(changes);
        }
    }

    /// Runs `query` on the canister's present state, and passes it the time of this state. Waits while too many
    /// others run.
    ///
    /// # Errors
    ///
    /// If the system refuses the memory that the query needs.
    pub fn with_view<T>(&self, query: impl FnOnce(&mut Canister, Moment) -> T) -> io::Result<T> {
        let mut running = self.begin()?;
        let view = running.view.as_mut().expect("it is there until the query ends");
        Ok(query(view.canister(), running.moment))
    }

    fn begin(&self) -> io::Result<Running<'_>> {
        let state = self.ended.wait_while(self.lock(), |state| state.used.len() >= MAX_CONCURRENT_QUERIES);
        let mut state = state.expect(NO_PANIC);
        // Without a view the place stays free for the next waiting query.
        let view = state.view().inspect_err(|_| self.ended.notify_one())?;
        state.last_query += 1;
        let number = state.last_query;
        state.used.insert(number, view.memories());
        Ok(Running { published: self, number, moment: state.moment, view: Some(view) })
    }

    /// Counts a query.
    pub fn count(&self, query: QueryStatistics) {
        *self.queries.lock().expect(NO_PANIC) += query;
    }

    /// The queries since this was last asked.
    pub fn take_count(&self) -> QueryStatistics {
        std::mem::take(&mut self.queries.lock().expect(NO_PANIC))
    }

    /// The certifiable data of it.
    pub fn info(&self) -> CanisterInfo {
        let state = self.lock();
        let module = state.latest.code.as_ref().map(|code| &code.module);
        let sections = module.iter().flat_map(|module| module.metadata.iter());
        CanisterInfo {
            controllers: state.latest.canister().settings.controllers.clone(),
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

/// A query that runs, until it ends or panics.
struct Running<'a> {
    published: &'a Published,
    number: u64,
    moment: Moment,
    view: Option<View>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut view = self.view.take().expect("a query ends once");
        let mut state = self.published.lock();
        // It is found by its number, because a query that panics may have lost the memories of its view.
        state.used.remove(&self.number);
        // The view is refreshed only now, when changes no longer make it copy pages. A view after a panic is dropped.
        let usable = !std::thread::panicking() && view.refresh() && view.generation() == state.latest.generation;
        if usable {
            state.idle.push(view);
        }
        drop(state);
        self.published.ended.notify_one();
    }
}

impl State {
    fn view(&mut self) -> io::Result<View> {
        let mut view = match self.idle.pop() {
            Some(view) => view,
            None => View::new(&self.latest)?,
        };
        view.show(&self.latest)?;
        Ok(view)
    }

    fn apply(&mut self, changes: &CanisterChanges<'_>) {
        if self.latest.begin(changes) {
            self.idle.clear();
        }
        for memories in self.used.values_mut() {
            memories.keep(changes);
        }
        self.latest.finish(changes);
    }
}
