//! A reader whose queries wait where they ask for their certificate.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use candid::Principal;
use local_ic::{Certifier, LocalIc, StateReader};

use super::memory_canister::{replied, words};

/// Time after which a test has failed.
const TOO_LONG: Duration = Duration::from_secs(20);

/// The reader, and the channels that stop and resume its queries.
pub struct PausingReader {
    /// The reader.
    pub reader: StateReader,
    waits: Receiver<()>,
    resume: Sender<()>,
}

impl PausingReader {
    /// A reader of the state of `ic`.
    pub fn new(ic: &LocalIc) -> Self {
        let (wait, waits) = channel();
        let (resume, resumed) = channel();
        let resumed = Mutex::new(resumed);
        let certifier: Certifier = Arc::new(move |_, _| {
            wait.send(()).expect("the test runs");
            let resumed = resumed.lock().expect("no other query failed");
            resumed.recv_timeout(TOO_LONG).expect("the test has the query go on");
            Vec::new()
        });
        let reader =
            ic.take_changes(|changes| StateReader::new(changes, Some(certifier))).expect("the system can do it");
        Self { reader, waits, resume }
    }

    /// Shows the reader the changes.
    pub fn publish(&self, ic: &LocalIc) {
        ic.take_changes(|changes| self.reader.apply(changes));
    }

    /// Answers a query.
    pub fn query(&self, id: Principal, method: &str, arguments: &[u32]) -> Vec<u32> {
        replied(self.reader.query_call(id, Principal::anonymous(), method, words(arguments)))
    }

    /// Answers a query that waits while `meanwhile` happens.
    pub fn query_around(&self, id: Principal, method: &str, arguments: &[u32], meanwhile: impl FnOnce()) -> Vec<u32> {
        let reader = &self.reader;
        thread::scope(|scope| {
            let query = scope.spawn(|| reader.query_call(id, Principal::anonymous(), method, words(arguments)));
            self.wait(1);
            meanwhile();
            self.resume(1);
            replied(query.join().expect("it is answered"))
        })
    }

    /// Waits until as many queries as `count` wait.
    pub fn wait(&self, count: usize) {
        for _ in 0..count {
            self.waits.recv_timeout(TOO_LONG).expect("a query asks for its certificate");
        }
    }

    /// Has as many queries go on.
    pub fn resume(&self, count: usize) {
        for _ in 0..count {
            self.resume.send(()).expect("a query waits");
        }
    }
}
