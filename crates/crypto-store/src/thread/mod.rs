//! The threads that block in place of an async runtime's workers, and requests that are abandoned at a deadline.
//!
//! | module | its job |
//! |---|---|
//! | `request` | one answer, by the thread or the deadline |
//! | `deadlines` | takes requests whose time is over |

mod deadlines;
mod request;

pub(crate) use deadlines::{Deadlines, Due};
pub(crate) use request::Request;

use crate::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

/// Jobs that may wait for one thread.
const QUEUE: usize = 1_024;

type Job<C> = Box<dyn FnOnce(&mut C) + Send>;

/// A thread that owns `C` and runs jobs on it, one after the other. It ends after the last job when this is dropped.
pub(crate) struct Worker<C>(SyncSender<Job<C>>);

impl<C: Send + 'static> Worker<C> {
    pub(crate) fn start(name: &str, mut owned: C) -> io::Result<Self> {
        let (sender, jobs) = sync_channel::<Job<C>>(QUEUE);
        std::thread::Builder::new().name(name.into()).spawn(move || {
            for job in jobs {
                // A job that panics drops its request, which answers; its transaction is rolled back by its drop.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&mut owned)));
            }
        })?;
        Ok(Self(sender))
    }

    /// Errors: [`Error::Queue`], [`Error::Lost`].
    pub(crate) fn run(&self, job: impl FnOnce(&mut C) + Send + 'static) -> Result<(), Error> {
        self.0.try_send(Box::new(job)).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Queue { limit: QUEUE },
            TrySendError::Disconnected(_) => Error::Lost,
        })
    }
}
