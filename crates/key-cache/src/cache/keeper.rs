//! The thread that does due work even if no caller comes.

use super::book::TICK;
use super::core::Core;
use crate::KeyManager;
use crate::clock::nanos;
use crate::sync::lock;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) fn start<M: KeyManager>(core: Arc<Core<M>>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("key-cache".into()).spawn(move || keep(&core))
}

fn keep<M: KeyManager>(core: &Arc<Core<M>>) {
    loop {
        // A turn wakes callers, and their wakers may panic. Keys are wiped all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| core.turn()));
        let mut book = lock(&core.book);
        if book.closed {
            return;
        }
        let now = core.clock.now();
        let due = book.due(now);
        book.asleep_until = due.unwrap_or(u64::MAX);
        // The lock is free while it sleeps. A change that makes something due earlier rings the bell.
        match due {
            Some(due) => {
                let sleep = Duration::from_nanos(due.saturating_sub(now).min(nanos(TICK)));
                drop(core.bell.wait_timeout(book, sleep).unwrap_or_else(PoisonError::into_inner));
            }
            None => drop(core.bell.wait(book).unwrap_or_else(PoisonError::into_inner)),
        }
    }
}
