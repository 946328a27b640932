//! A transport that plays a script and records its calls.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candid::{CandidType, encode_one};
use client::{Client, Failure, Reject, RejectCode, Transport};

/// The outcome of a call.
type Outcome = Result<Vec<u8>, Failure>;
/// A call: its method and its argument.
type Call = (&'static str, Vec<u8>);

/// The outcomes of calls, in their order.
#[derive(Clone, Default)]
pub struct Script {
    answers: Arc<Mutex<VecDeque<Outcome>>>,
    /// The calls.
    pub calls: Arc<Mutex<Vec<Call>>>,
    /// The pauses between them.
    pub pauses: Arc<Mutex<Vec<Duration>>>,
}

impl Script {
    /// Next the canister replies this.
    pub fn reply(self, answer: impl CandidType) -> Self {
        self.then(Ok(encode_one(answer).expect("the interface's types can be encoded")))
    }

    /// Next a call has this outcome.
    pub fn then(self, result: Outcome) -> Self {
        self.answers.lock().expect("no thread panicked").push_back(result);
        self
    }

    /// A client of this transport.
    pub fn client(&self) -> Client<Self> {
        Client::new(self.clone())
    }

    /// Number of calls so far.
    pub fn count(&self) -> usize {
        self.calls.lock().expect("no thread panicked").len()
    }

    fn next(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.calls.lock().expect("no thread panicked").push((method, arg));
        self.answers.lock().expect("no thread panicked").pop_front().expect("the script foresees each call")
    }
}

impl Transport for Script {
    fn update(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        ready(self.next(method, arg))
    }

    fn query(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        ready(self.next(method, arg))
    }

    fn pause(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        self.pauses.lock().expect("no thread panicked").push(duration);
        ready(())
    }
}

/// A rejection of this class and cause.
pub fn rejected(code: RejectCode, error_code: u32) -> Failure {
    Failure::Rejected(Reject { code, error_code: Some(error_code), message: "for a test".into() })
}
