//! Takes requests whose time is over.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub(crate) trait Due: Send + Sync {
    /// Whether the deadline is still of interest.
    fn waits(&self) -> bool;
    /// The deadline is over.
    fn due(&self);
}

pub(crate) struct Deadlines {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    /// In the order of their deadlines.
    due: VecDeque<(Instant, Arc<dyn Due>)>,
    closed: bool,
}

impl Deadlines {
    pub(crate) fn start() -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let watched = queue.clone();
        std::thread::Builder::new().name("crypto-store-deadlines".into()).spawn(move || watched.run())?;
        Ok(Self { queue })
    }

    pub(crate) fn push(&self, deadline: Instant, request: Arc<dyn Due>) {
        let mut state = self.queue.lock();
        // Requests are answered in about the order of their deadlines, so this keeps the queue short.
        while state.due.front().is_some_and(|(_, request)| !request.waits()) {
            state.due.pop_front();
        }
        // Nearly always the last place: all requests of a store have the same time, and a few have used a part of it.
        let place = state.due.partition_point(|(earlier, _)| *earlier <= deadline);
        state.due.insert(place, (deadline, request));
        if place == 0 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    struct Numbered(u32, Sender<u32>);

    impl Due for Numbered {
        fn waits(&self) -> bool {
            true
        }

        fn due(&self) {
            self.1.send(self.0).unwrap();
        }
    }

    #[test]
    fn an_earlier_deadline_that_is_pushed_later_comes_first() {
        let (sender, due) = channel();
        let deadlines = Deadlines::start().unwrap();
        let start = Instant::now();
        for (number, after) in [(1, 300), (3, 3_600_000), (2, 500), (0, 100)] {
            deadlines.push(start + Duration::from_millis(after), Arc::new(Numbered(number, sender.clone())));
        }
        assert_eq!([0, 1, 2].map(|_| due.recv().unwrap()), [0, 1, 2]);
        assert!(start.elapsed() >= Duration::from_millis(500));
    }
}
