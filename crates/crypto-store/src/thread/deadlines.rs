//! Takes requests whose time is over. All requests of a store have the same time, so their deadlines come in order.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) trait Due: Send + Sync {
    /// Whether the deadline is still of interest.
    fn waits(&self) -> bool;
    /// The deadline is over.
    fn due(&self);
}

pub(crate) struct Deadlines {
    queue: Arc<Queue>,
    time: Duration,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    due: VecDeque<(Instant, Arc<dyn Due>)>,
    closed: bool,
}

impl Deadlines {
    pub(crate) fn start(time: Duration) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let watched = queue.clone();
        std::thread::Builder::new().name("crypto-store-deadlines".into()).spawn(move || watched.run())?;
        Ok(Self { queue, time })
    }

    pub(crate) fn push(&self, request: Arc<dyn Due>) {
        let mut state = self.queue.lock();
        // Requests are answered in about the order of their deadlines, so this keeps the queue short.
        while state.due.front().is_some_and(|(_, request)| !request.waits()) {
            state.due.pop_front();
        }
        state.due.push_back((Instant::now() + self.time, request));
        if state.due.len() == 1 {
            self.queue.more.notify_one();
        }
    }
}

impl Queue {
    fn run(&self) {
        let mut state = self.lock();
        while !state.closed {
            let now = Instant::now();
            match state.due.front() {
                Some((at, _)) if *at <= now => {
                    let (_, request) = state.due.pop_front().expect("there is a first");
                    drop(state);
                    request.due();
                    state = self.lock();
                }
                Some((at, _)) => {
                    let left = *at - now;
                    state = self.more.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                None => state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Deadlines {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.more.notify_one();
    }
}
