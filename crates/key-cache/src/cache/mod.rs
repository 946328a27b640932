//! The cache.
//!
//! | module | its job |
//! |---|---|
//! | `hits` | look-ups by many threads |
//! | `live` | keys by name, age and last use |
//! | `flights` | unwrappings under way, shared by their waiters |
//! | `book` | those two and all else that changes, under one lock |
//! | `core` | every change of the book, and of the look-ups with it |
//! | `leader` | the task that calls the manager |
//! | `keeper` | the thread that does due work even if no caller comes |

mod book;
mod core;
mod flights;
mod hits;
mod keeper;
mod leader;
mod limits;
mod live;
mod stats;

pub use limits::{Limits, LimitsError};
pub use stats::{Removed, Stats, UNWRAP_TIME_BOUNDS};

use crate::clock::Clock;
use crate::value::{Place, ValueError};
use crate::{Generation, Key, KeyError, KeyId, KeyManager, KeyName, Runtime, VirtualClock, WrappedKey};
use core::Core;
use flights::{Job, Outcome, Work};
use futures_channel::oneshot;
use live::Which;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;

/// A cache of unwrapped keys.
///
/// Its methods may be called from any thread, in any runtime or none. They return at once; only the futures that some
/// return take time. A thread without a runtime waits for them with [`block_on`](crate::block_on).
///
/// When it is dropped all its keys end, even those that are still referred to. A process that is killed wipes nothing.
/// After `fork` the child has the keys, but not the thread that wipes them. It should make its own cache.
pub struct KeyCache<M: KeyManager> {
    core: Arc<Core<M>>,
    keeper: Option<JoinHandle<()>>,
}

impl<M: KeyManager> KeyCache<M> {
    /// A cache over `manager`, whose calls `runtime` runs. It has its own thread, which ends keys.
    ///
    /// An error if a limit [allows nothing](LimitsError), or the thread cannot be started.
    pub fn new(manager: M, limits: Limits, runtime: Runtime) -> io::Result<Self> {
        limits.check()?;
        let core = Arc::new(Core::new(manager, limits, runtime, Clock::Boot));
        Ok(Self { keeper: Some(keeper::start(core.clone())?), core })
    }

    /// A cache for tests, whose time stands still: nothing ends before the clock is advanced and [`turn`](Self::turn) is
    /// called. It has no thread.
    pub fn with_virtual_clock(
        manager: M,
        limits: Limits,
        runtime: Runtime,
        clock: VirtualClock,
    ) -> Result<Self, LimitsError> {
        limits.check()?;
        Ok(Self { core: Arc::new(Core::new(manager, limits, runtime, Clock::Virtual(clock))), keeper: None })
    }

    /// The key, if it is in the cache. It never waits for a manager.
    pub fn cached(&self, name: &KeyName) -> Option<Key> {
        self.core.hits.get(name, self.core.clock.now()).map(Key::new)
    }

    /// The key: from the cache, or unwrapped by the manager.
    ///
    /// The call asks for the key at once, not when the future is first polled. All callers that ask for a key while it
    /// is unwrapped share that unwrapping and its result. The future may be dropped at any time; the unwrapping
    /// continues.
    pub fn get(&self, wrapped: &WrappedKey) -> Get<M::Error> {
        match self.cached(&wrapped.name) {
            Some(key) => Get(State::Hit(Some(key))),
            None => Get(State::Miss(self.ask(wrapped.name, Work::Unwrap(wrapped.wrapping.clone())))),
        }
    }

    /// Generates a key and puts it in the cache. Returns its wrapping, which the caller stores before it uses the key.
    ///
    /// All callers that create the same key at once get the same key. If all of them have vanished it is not cached,
    /// because nobody has its wrapping. A caller that lost the wrapping calls [`invalidate`](Self::invalidate) and
    /// creates another key. [`KeyError::Exists`] if the key is already in the cache. The cache does not know whether it
    /// is in the caller's store.
    pub fn create(
        &self,
        name: KeyName,
    ) -> impl Future<Output = Result<WrappedKey, KeyError<M::Error>>> + Send + 'static + use<M> {
        let asked = self.ask(name, Work::Generate);
        async move {
            let landed = asked.await.map_err(|_| KeyError::Closed)??;
            landed.generated.ok_or(KeyError::Exists { name })
        }
    }

    /// Encrypts a value under the key, which is unwrapped if it is not in the cache. See [`Key::seal`]. If the key ends
    /// between the two steps, the cache asks for it again, at most twice.
    pub async fn seal(
        &self,
        wrapped: &WrappedKey,
        place: &Place<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptError<M::Error>> {
        self.with_key(wrapped, |key| key.seal(place, plaintext)).await
    }

    /// Decrypts a value under the key, which is unwrapped if it is not in the cache.
    ///
    /// See [`Key::open`]. If the key ends between the two steps, the cache asks for it again, at most twice.
    pub async fn open(
        &self,
        wrapped: &WrappedKey,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, CryptError<M::Error>> {
        self.with_key(wrapped, |key| key.open(place, sealed)).await
    }

    async fn with_key(
        &self,
        wrapped: &WrappedKey,
        crypt: impl Fn(&Key) -> Result<Vec<u8>, ValueError>,
    ) -> Result<Vec<u8>, CryptError<M::Error>> {
        for _ in 0..2 {
            match crypt(&self.get(wrapped).await.map_err(CryptError::Key)?) {
                Err(ValueError::Gone(_)) => {}
                result => return result.map_err(CryptError::Value),
            }
        }
        crypt(&self.get(wrapped).await.map_err(CryptError::Key)?).map_err(CryptError::Value)
    }

    /// Ends all keys of an id. Keys that are being unwrapped are not cached: callers that asked before get them, later
    /// callers do not. The next caller has the key unwrapped again.
    pub fn invalidate(&self, id: &KeyId) {
        self.core.invalidate(Which::Id(*id));
    }

    /// Ends the keys of an id below a generation, like [`invalidate`](Self::invalidate), for as long as the cache
    /// lives. Callers that ask for them get [`KeyError::Retired`].
    ///
    /// An error if the cache cannot remember one more id. The keys have ended, but may come back.
    pub fn retire(&self, id: &KeyId, below: Generation) -> Result<(), TooManyRetired> {
        if self.core.retire(*id, below) { Ok(()) } else { Err(TooManyRetired { id: *id }) }
    }

    /// Ends all keys, like [`invalidate`](Self::invalidate). Call it for instance when a screen is locked.
    pub fn clear(&self) {
        self.core.invalidate(Which::All);
    }

    /// Counts of the cache's actions and contents.
    pub fn stats(&self) -> Stats {
        self.core.stats()
    }

    /// Does the work that is due at this time: ends keys, ends flights at their deadline, and launches waiting flights. The
    /// cache's thread calls it. A test with a [virtual clock](Self::with_virtual_clock) calls it after each advance.
    pub fn turn(&self) {
        self.core.turn();
    }

    fn ask(&self, name: KeyName, work: Work) -> oneshot::Receiver<Outcome<M::Error>> {
        let (waiter, asked) = oneshot::channel();
        self.core.ask(Job { name, work }, waiter);
        asked
    }
}

impl<M: KeyManager> Drop for KeyCache<M> {
    fn drop(&mut self) {
        self.core.close();
        // Not by itself: a waker that it wakes may hold the last reference to the cache.
        if let Some(keeper) = self.keeper.take().filter(|keeper| keeper.thread().id() != std::thread::current().id()) {
            let _ = keeper.join();
        }
    }
}

/// A key that was asked for: see [`KeyCache::get`].
#[must_use = "the key comes when this is awaited"]
pub struct Get<E>(State<E>);

enum State<E> {
    Hit(Option<Key>),
    Miss(oneshot::Receiver<Outcome<E>>),
}

impl<E> Future for Get<E> {
    type Output = Result<Key, KeyError<E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Hit(key) => Poll::Ready(Ok(key.take().expect("not polled after it was ready"))),
            State::Miss(asked) => Pin::new(asked).poll(context).map(|outcome| match outcome {
                Ok(outcome) => outcome.map(|landed| landed.key),
                Err(_) => Err(KeyError::Closed),
            }),
        }
    }
}

/// The reason why a value was not encrypted or decrypted.
#[derive(Debug)]
pub enum CryptError<E> {
    /// There is no key.
    Key(KeyError<E>),
    /// There is a key, but it could not be used.
    Value(ValueError),
}

impl<E: fmt::Display> fmt::Display for CryptError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => error.fmt(f),
            Self::Value(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for CryptError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Key(error) => Some(error),
            Self::Value(error) => Some(error),
        }
    }
}

/// The cache remembers as many retired ids as [`Limits::retired`] allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRetired {
    /// The id that cannot be remembered.
    pub id: KeyId,
}

impl fmt::Display for TooManyRetired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no more ids can be retired: {} is not", self.id)
    }
}

impl std::error::Error for TooManyRetired {}
