//! Where the cache runs the calls of its key manager.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

/// One call of a key manager, to be polled until it is done. It does not panic.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs the cache's tasks. Callers that wait for a key may be on any runtime, or on none.
///
/// - [`Runtime::threads`] needs nothing: each task has its own thread.
/// - [`Runtime::new`] takes a function that starts a task, such as `move |task| { handle.spawn(task); }` with a
///   `tokio::runtime::Handle`, or `|task| smol::spawn(task).detach()`. A manager that does its input and output by a
///   runtime needs its tasks to be there.
#[derive(Clone)]
pub struct Runtime(Arc<dyn Fn(Task) + Send + Sync>);

impl Runtime {
    /// A thread for each task. [`Limits::flights`](crate::Limits::flights) bounds their number.
    pub fn threads() -> Self {
        Self::new(|task| {
            // If a thread cannot be started, its task is dropped, and counts as lost.
            let _ = std::thread::Builder::new().name("key-cache-task".into()).spawn(|| pollster::block_on(task));
        })
    }

    /// Tasks are started by `spawn`, which returns at once. A task that it drops counts as lost and is replaced.
    pub fn new(spawn: impl Fn(Task) + Send + Sync + 'static) -> Self {
        Self(Arc::new(spawn))
    }

    pub(crate) fn spawn(&self, task: Task) {
        // Its panic drops the task, and that is answered there.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.0)(task)));
    }
}
