//! A manager, tasks and a clock that the test controls.

use futures_channel::oneshot;
use key_cache::{
    Get, KeyCache, KeyId, KeyManager, KeyName, Limits, Runtime, Secret, Stats, Task, Unwrapped, VirtualClock,
    WrappedKey, Wrapping,
};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub const SECOND: Duration = Duration::from_secs(1);

/// The manager's error, by number.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub u32);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused, {}", self.0)
    }
}

impl std::error::Error for Refused {}

pub enum Reply {
    /// A key of 32 such bytes.
    Key(u8),
    Rewrapped(u8, Wrapping),
    Refuse(u32),
    Panic,
}

/// Notes each call, and answers it when the test does.
#[derive(Clone, Default)]
pub struct Scripted(Arc<Mutex<Vec<Call>>>);

struct Call {
    wrapped: Option<WrappedKey>,
    reply: Option<oneshot::Sender<Reply>>,
}

impl Scripted {
    /// Calls made so far.
    pub fn calls(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The wrapping that was to be unwrapped in this call.
    pub fn wrapped(&self, call: usize) -> Option<WrappedKey> {
        self.0.lock().unwrap()[call].wrapped.clone()
    }

    /// Answers a call. False: nobody waits for the answer any more.
    pub fn answer(&self, call: usize, reply: Reply) -> bool {
        let sender = self.0.lock().unwrap()[call].reply.take().expect("not answered yet");
        sender.send(reply).is_ok()
    }

    fn call(&self, wrapped: Option<WrappedKey>) -> impl Future<Output = Result<Unwrapped, Refused>> + Send {
        let (reply, replied) = oneshot::channel();
        self.0.lock().unwrap().push(Call { wrapped, reply: Some(reply) });
        async {
            match replied.await.expect("the script outlives the cache") {
                Reply::Key(byte) => Ok(Unwrapped { secret: secret(byte), rewrapped: None }),
                Reply::Rewrapped(byte, newer) => Ok(Unwrapped { secret: secret(byte), rewrapped: Some(newer) }),
                Reply::Refuse(number) => Err(Refused(number)),
                Reply::Panic => panic!("as the script has it"),
            }
        }
    }
}

impl KeyManager for Scripted {
    type Error = Refused;

    fn generate(&self, _: &KeyName) -> impl Future<Output = Result<(Secret, Wrapping), Refused>> + Send {
        let call = self.call(None);
        async { call.await.map(|unwrapped| (unwrapped.secret, wrapping(b"generated"))) }
    }

    fn unwrap_key(&self, wrapped: &WrappedKey) -> impl Future<Output = Result<Unwrapped, Refused>> + Send {
        self.call(Some(wrapped.clone()))
    }
}

/// Tasks that were started, each polled when the test says so.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Mutex<Vec<Task>>>);

impl Tasks {
    pub fn runtime(&self) -> Runtime {
        let tasks = self.0.clone();
        Runtime::new(move |task| tasks.lock().unwrap().push(task))
    }

    /// Polls every task once, those too that this starts.
    pub fn run(&self) {
        let mut waiting = Vec::new();
        loop {
            let tasks = std::mem::take(&mut *self.0.lock().unwrap());
            if tasks.is_empty() {
                break self.0.lock().unwrap().extend(waiting);
            }
            for mut task in tasks {
                if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                    waiting.push(task);
                }
            }
        }
    }

    /// Drops every task, as a runtime does that is shut down.
    pub fn abort(&self) {
        let tasks = std::mem::take(&mut *self.0.lock().unwrap());
        drop(tasks);
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// A cache of which the test controls everything.
pub struct Stage {
    pub cache: KeyCache<Scripted>,
    pub script: Scripted,
    pub tasks: Tasks,
    pub clock: VirtualClock,
}

impl Stage {
    pub fn new(limits: Limits) -> Self {
        let (script, tasks, clock) = (Scripted::default(), Tasks::default(), VirtualClock::new());
        let cache = KeyCache::with_virtual_clock(script.clone(), limits, tasks.runtime(), clock.clone());
        Self { cache: cache.expect("limits are not zero"), script, tasks, clock }
    }

    /// Moves time on and lets the cache do the due work.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.cache.turn();
        self.tasks.run();
    }

    /// Asks for a key, and lets its task begin.
    pub fn ask(&self, wrapped: &WrappedKey) -> Get<Refused> {
        let get = self.cache.get(wrapped);
        self.tasks.run();
        get
    }

    /// Answers a call of the manager, and lets its task end.
    pub fn answer(&self, call: usize, reply: Reply) {
        self.script.answer(call, reply);
        self.tasks.run();
    }

    /// Puts a key of such bytes into the cache.
    pub fn fill(&self, wrapped: &WrappedKey, byte: u8) {
        let mut get = self.ask(wrapped);
        self.answer(self.script.calls() - 1, Reply::Key(byte));
        assert_eq!(bytes(&now(&mut get)), Some(byte));
    }

    pub fn stats(&self) -> Stats {
        self.cache.stats()
    }
}

pub type Answer = Option<Result<key_cache::Key, key_cache::KeyError<Refused>>>;

/// The future's value, if it is ready.
pub fn now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// The byte that a key was made of, where there is a key that has not ended.
pub fn bytes(answer: &Answer) -> Option<u8> {
    let key = answer.as_ref()?.as_ref().ok()?;
    key.with(|bytes| {
        assert!(bytes.iter().all(|byte| *byte == bytes[0]), "a use sees all of a key or nothing");
        bytes[0]
    })
    .ok()
}

/// Waits until the condition holds, at most ten seconds.
pub fn eventually(so: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !so() {
        assert!(started.elapsed() < 10 * SECOND, "it never came to be so");
        std::thread::sleep(SECOND / 100);
    }
}

pub fn secret(byte: u8) -> Secret {
    Secret::fill(|bytes| {
        bytes.fill(byte);
        Ok::<_, ()>(())
    })
    .unwrap()
}

pub fn name(id: u32, generation: u32) -> KeyName {
    KeyName { id: KeyId::new(&id.to_be_bytes()).unwrap(), generation }
}

pub fn wrapping(bytes: &[u8]) -> Wrapping {
    Wrapping::new(bytes).unwrap()
}

/// The wrapped key of an id, of generation 1.
pub fn key(id: u32) -> WrappedKey {
    WrappedKey { name: name(id, 1), wrapping: wrapping(b"wrapped") }
}
