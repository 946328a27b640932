//! Interleavings of threads, chosen by Shuttle: many in each run, and any that fails is printed to be replayed.
//!
//! The only tests within the crate: here its locks and atomics are Shuttle's, and nothing else works with those.

use crate::{
    KeyCache, KeyId, KeyManager, KeyName, Limits, Runtime, Secret, Unwrapped, VirtualClock, WrappedKey, Wrapping,
};
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::{future, thread};
use std::convert::Infallible;
use std::sync::Arc;

/// Interleavings of each test.
const RUNS: usize = 1_500;

/// Makes keys of one byte: the number of the call, from 1.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicU32>);

impl KeyManager for Counting {
    type Error = Infallible;

    async fn generate(&self, _: &KeyName) -> Result<(Secret, Wrapping), Infallible> {
        Ok((self.next(), wrapping()))
    }

    async fn unwrap_key(&self, _: &WrappedKey) -> Result<Unwrapped, Infallible> {
        thread::yield_now();
        Ok(Unwrapped { secret: self.next(), rewrapped: None })
    }
}

impl Counting {
    fn next(&self) -> Secret {
        let call = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Secret::fill(|bytes| {
            bytes.fill(call as u8);
            Ok::<_, Infallible>(())
        })
        .unwrap()
    }

    fn calls(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

fn wrapping() -> Wrapping {
    Wrapping::new(b"w").unwrap()
}

fn key(id: u8) -> WrappedKey {
    WrappedKey { name: KeyName { id: KeyId::new(&[id]).unwrap(), generation: 1 }, wrapping: wrapping() }
}

fn cache(limits: Limits) -> (Arc<KeyCache<Counting>>, Counting, VirtualClock) {
    let (manager, clock) = (Counting::default(), VirtualClock::new());
    let runtime = Runtime::new(|task| drop(future::spawn(task)));
    (Arc::new(KeyCache::with_virtual_clock(manager.clone(), limits, runtime, clock.clone()).unwrap()), manager, clock)
}

/// The byte of a key, all of whose bytes are the same.
fn byte(key: &crate::Key) -> Option<u8> {
    let byte = key.with(|bytes| {
        thread::yield_now();
        assert!(bytes.iter().all(|byte| *byte == bytes[0] && *byte != 0), "a use never sees a wiped byte");
        bytes[0]
    });
    byte.ok()
}

fn explore(test: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(test.clone(), RUNS);
    shuttle::check_pct(test, RUNS, 3);
}

#[test]
fn callers_of_one_key_share_one_unwrapping() {
    explore(|| {
        let (cache, manager, _) = cache(Limits::default());
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let cache = cache.clone();
                thread::spawn(move || byte(&future::block_on(cache.get(&key(1))).unwrap()))
            })
            .collect();
        // One who vanishes at once.
        drop(cache.get(&key(1)));
        callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), Some(1)));
        assert_eq!((manager.calls(), cache.stats().flights), (1, 1));
    });
}

#[test]
fn after_an_invalidation_no_older_key_is_returned() {
    explore(|| {
        let (cache, manager, _) = cache(Limits::default());
        let before = thread::spawn({
            let cache = cache.clone();
            move || drop(future::block_on(cache.get(&key(1))).unwrap())
        });
        thread::yield_now();
        let calls = manager.calls();
        cache.invalidate(&key(1).name.id);
        // No earlier call answers a caller that asks now, and no earlier result is cached.
        let after = future::block_on(cache.get(&key(1))).unwrap();
        assert!(byte(&after).unwrap() > calls as u8);
        before.join().unwrap();
        let cached = cache.cached(&key(1).name).unwrap();
        assert!(byte(&cached).unwrap() > calls as u8);
    });
}

#[test]
fn an_ended_key_is_wiped_after_its_last_use_and_never_under_it() {
    explore(|| {
        let (cache, _, clock) = cache(Limits { max_uses: Some(3), ..Limits::default() });
        let held = future::block_on(cache.get(&key(1))).unwrap();
        let users: Vec<_> = (0..3)
            .map(|_| {
                let held = held.clone();
                thread::spawn(move || [byte(&held), byte(&held)])
            })
            .collect();
        let ends = thread::spawn({
            let cache = cache.clone();
            move || {
                clock.advance(Limits::default().max_age);
                cache.turn();
            }
        });
        users.into_iter().for_each(|user| assert!(user.join().is_ok()));
        ends.join().unwrap();
        let wiped = Secret::fill(|_| Ok::<_, Infallible>(())).unwrap();
        assert!(held.entry.holds(&wiped) && byte(&held).is_none());
    });
}

#[test]
fn the_index_and_the_book_agree_whatever_is_removed_meanwhile() {
    explore(|| {
        let (cache, _, _) = cache(Limits { entries: 2, ..Limits::default() });
        let threads: Vec<_> = (0..3)
            .map(|id| {
                let cache = cache.clone();
                thread::spawn(move || {
                    drop(future::block_on(cache.get(&key(id))).unwrap());
                    if id == 1 {
                        cache.clear();
                    }
                    drop(future::block_on(cache.get(&key(id + 1))).unwrap());
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let found = (0..5).filter(|id| cache.cached(&key(*id).name).is_some()).count();
        assert_eq!(found, cache.stats().live);
        cache.turn();
        assert_eq!(cache.stats().outliving, 0, "nobody refers to a key any more");
    });
}

#[test]
fn a_task_that_is_dropped_at_any_time_is_replaced_or_done() {
    explore(|| {
        let manager = Counting::default();
        let started = AtomicU32::new(0);
        let runtime = Runtime::new(move |task| {
            let started = started.fetch_add(1, Ordering::SeqCst);
            let task = future::spawn(task);
            if started < 2 {
                // At any point of the task.
                drop(thread::spawn(move || task.abort()));
            }
        });
        let cache =
            KeyCache::with_virtual_clock(manager.clone(), Limits::default(), runtime, VirtualClock::new()).unwrap();
        assert!(byte(&future::block_on(cache.get(&key(1))).unwrap()).is_some());
        let stats = cache.stats();
        assert_eq!((stats.live, stats.in_flight, stats.lost), (1, 0, 0));
    });
}
