//! The runtimes that the cache serves: tasks on tokio, on smol, on threads; callers on any of them, or on none.

use crate::support::{Refused, secret, wrapping};
use key_cache::{
    KeyCache, KeyError, KeyId, KeyManager, KeyName, Limits, Runtime, Secret, Unwrapped, WrappedKey, Wrapping, block_on,
};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Answers after a time, by whichever timer.
struct Slow<W>(W, Arc<AtomicUsize>);

impl<W, F> KeyManager for Slow<W>
where
    W: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    type Error = Refused;

    async fn generate(&self, _: &KeyName) -> Result<(Secret, Wrapping), Refused> {
        self.0().await;
        Ok((secret(1), wrapping(b"w")))
    }

    async fn unwrap_key(&self, _: &WrappedKey) -> Result<Unwrapped, Refused> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0().await;
        Ok(Unwrapped { secret: secret(2), rewrapped: None })
    }
}

const WAIT: Duration = Duration::from_millis(50);

fn key(id: u8) -> WrappedKey {
    WrappedKey { name: KeyName { id: KeyId::new(&[id]).unwrap(), generation: 1 }, wrapping: wrapping(b"w") }
}

fn on_tokio(handle: tokio::runtime::Handle) -> (Arc<KeyCache<impl KeyManager<Error = Refused>>>, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let manager = Slow(|| tokio::time::sleep(WAIT), calls.clone());
    let runtime = Runtime::new(move |task| drop(handle.spawn(task)));
    (Arc::new(KeyCache::new(manager, Limits::default(), runtime).unwrap()), calls)
}

async fn storm<M: KeyManager<Error = Refused>>(cache: &KeyCache<M>) {
    let gets: Vec<_> = (0..100).map(|_| cache.get(&key(1))).collect();
    for get in gets {
        assert_eq!(get.await.unwrap().with(|bytes| *bytes).unwrap(), [2; 32]);
    }
    let created = cache.create(key(2).name).await.unwrap();
    assert_eq!(cache.get(&created).await.unwrap().with(|bytes| *bytes).unwrap(), [1; 32]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokio_with_many_threads() {
    let (cache, calls) = on_tokio(tokio::runtime::Handle::current());
    storm(&cache).await;
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn tokio_with_one_thread() {
    let (cache, calls) = on_tokio(tokio::runtime::Handle::current());
    storm(&cache).await;
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

async fn smol_wait() {
    smol::Timer::after(WAIT).await;
}

#[test]
fn smol() {
    let calls = Arc::new(AtomicUsize::new(0));
    let manager = Slow(smol_wait, calls.clone());
    let runtime = Runtime::new(|task| smol::spawn(task).detach());
    let cache = KeyCache::new(manager, Limits::default(), runtime).unwrap();
    smol::block_on(storm(&cache));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

async fn block_wait() {
    std::thread::sleep(WAIT);
}

/// A store's thread, which runs SQLite and no runtime, and has nobody else's.
#[test]
fn no_runtime_at_all() {
    let calls = Arc::new(AtomicUsize::new(0));
    let manager = Slow(block_wait, calls.clone());
    let cache = KeyCache::new(manager, Limits::default(), Runtime::threads()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| block_on(storm_of_one(&cache)));
        }
    });
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

async fn storm_of_one<M: KeyManager<Error = Refused>>(cache: &KeyCache<M>) {
    assert_eq!(cache.get(&key(1)).await.unwrap().with(|bytes| *bytes).unwrap(), [2; 32]);
}

/// A store's thread, whose cache has its tasks on the program's runtime; and tasks of that runtime share the unwrapping.
#[tokio::test(flavor = "current_thread")]
async fn a_blocking_thread_beside_tokio() {
    let (cache, calls) = on_tokio(tokio::runtime::Handle::current());
    let shared = cache.clone();
    let store = std::thread::spawn(move || block_on(storm_of_one(&shared)));
    storm_of_one(&cache).await;
    tokio::task::spawn_blocking(move || store.join().unwrap()).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// The one way to get it wrong: the only thread of the runtime that has the task waits for it. The deadline ends that.
#[tokio::test(flavor = "current_thread")]
async fn a_runtime_blocked_by_its_own_caller_is_freed_by_the_deadline() {
    let manager = Slow(|| tokio::time::sleep(WAIT), Arc::default());
    let handle = tokio::runtime::Handle::current();
    let limits = Limits { deadline: Duration::from_millis(100), ..Limits::default() };
    let cache = KeyCache::new(manager, limits, Runtime::new(move |task| drop(handle.spawn(task)))).unwrap();
    assert!(matches!(block_on(cache.get(&key(1))), Err(KeyError::Timeout { .. })));
}

/// A runtime that is shut down drops the tasks that it has, and those that it is given.
#[test]
fn a_runtime_that_was_shut_down() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (cache, _) = on_tokio(runtime.handle().clone());
    let get = cache.get(&key(1));
    runtime.shutdown_background();
    assert!(matches!(block_on(get), Err(KeyError::LeaderLost { attempts: 3 })));
}
