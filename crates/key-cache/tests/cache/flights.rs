//! Flights: sharing them, their ends, and the keys that they cache.

use crate::support::{Reply, SECOND, Stage, bytes, eventually, key, name, now, wrapping};
use key_cache::{KeyCache, KeyError, Limits, Runtime, WrappedKey, block_on};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_hundred_cold_keys_are_a_hundred_unwrappings() {
    let stage = Stage::new(Limits::default());
    let mut gets: Vec<_> = (0..10_000).map(|caller| (caller % 100, stage.cache.get(&key(caller % 100)))).collect();
    stage.tasks.run();
    assert_eq!(stage.script.calls(), 100);
    assert!((0..100).all(|call| stage.script.answer(call, Reply::Key(call as u8))));
    stage.tasks.run();
    assert!(gets.iter_mut().all(|(id, get)| bytes(&now(get)) == Some(*id as u8)));
}

#[test]
fn callers_may_vanish_and_the_key_is_cached_all_the_same() {
    let stage = Stage::new(Limits::default());
    // Many more than are ever kept of those who vanished.
    (0..10_000).for_each(|_| drop(stage.cache.get(&key(1))));
    stage.tasks.run();
    stage.answer(0, Reply::Key(1));
    assert!(stage.cache.cached(&key(1).name).is_some());
    assert_eq!(stage.script.calls(), 1);
}

#[test]
fn a_task_that_panics_is_replaced_twice() {
    let stage = Stage::new(Limits::default());
    for (panics, outcome) in [(2, Some(6)), (3, None)] {
        stage.cache.clear();
        let first = stage.script.calls();
        let mut get = stage.ask(&key(panics));
        (0..panics as usize).for_each(|n| stage.answer(first + n, Reply::Panic));
        match outcome {
            Some(byte) => {
                stage.answer(first + 2, Reply::Key(byte));
                assert_eq!(bytes(&now(&mut get)), Some(byte));
            }
            None => assert!(matches!(now(&mut get), Some(Err(KeyError::LeaderLost { attempts: 3 })))),
        }
        assert_eq!(stage.script.calls() - first, 3);
    }
}

#[test]
fn a_runtime_that_panics_costs_callers_an_error_and_no_more() {
    let starts = Arc::new(AtomicU32::new(0));
    let counted = starts.clone();
    let runtime = Runtime::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("no runtime here")
    });
    let cache = KeyCache::new(crate::support::Scripted::default(), Limits::default(), runtime).unwrap();
    assert!(matches!(block_on(cache.get(&key(1))), Err(KeyError::LeaderLost { attempts: 3 })));
    assert_eq!(starts.load(Ordering::Relaxed), 3);
}

#[test]
fn an_error_is_not_cached_and_the_next_attempt_waits_for_its_back_off() {
    let stage = Stage::new(Limits { back_off: SECOND, ..Limits::default() });
    let mut get = stage.ask(&key(1));
    stage.answer(0, Reply::Refuse(1));
    assert!(matches!(now(&mut get), Some(Err(KeyError::Manager(error))) if error.0 == 1));

    let mut gets = [stage.ask(&key(1)), stage.ask(&key(1))];
    stage.pass(SECOND - Duration::from_nanos(1));
    assert_eq!(stage.script.calls(), 1, "resting");
    stage.pass(Duration::from_nanos(1));
    assert_eq!(stage.script.calls(), 2);
    stage.answer(1, Reply::Key(8));
    assert!(gets.iter_mut().all(|get| bytes(&now(get)) == Some(8)));

    // Another key, and another wrapping of the same, did not wait for it.
    stage.cache.clear();
    drop(stage.ask(&key(1)));
    stage.answer(2, Reply::Refuse(1));
    drop([stage.ask(&key(2)), stage.ask(&WrappedKey { name: key(1).name, wrapping: wrapping(b"sound") })]);
    assert_eq!(stage.script.calls(), 5);
}

#[test]
fn a_request_from_before_an_invalidation_is_answered_and_not_cached() {
    let invalidations: [fn(&Stage); 3] = [
        |stage| stage.cache.invalidate(&key(1).name.id),
        |stage| stage.cache.clear(),
        |stage| stage.cache.retire(&key(1).name.id, 1).unwrap(),
    ];
    for (which, invalidate) in invalidations.into_iter().enumerate() {
        let stage = Stage::new(Limits::default());
        let mut before = stage.ask(&key(1));
        invalidate(&stage);
        let mut after = stage.ask(&key(1));
        if which == 2 {
            // Generation 1 is not below 1.
            assert_eq!(stage.script.calls(), 1);
            continue;
        }
        assert_eq!(stage.script.calls(), 2, "who asks after it has another unwrapping");
        stage.answer(0, Reply::Key(1));
        assert_eq!(bytes(&now(&mut before)), Some(1));
        assert!(now(&mut after).is_none() && stage.cache.cached(&key(1).name).is_none());
        stage.answer(1, Reply::Key(2));
        assert_eq!(bytes(&now(&mut after)), Some(2));
        assert_eq!(stage.stats().stale_dropped, 1);
    }
}

#[test]
fn an_invalidation_ends_keys_that_are_referred_to() {
    let stage = Stage::new(Limits { entries: 1, ..Limits::default() });
    stage.fill(&key(1), 1);
    let evicted = stage.cache.cached(&key(1).name).unwrap();
    stage.fill(&key(2), 2);
    let cached = stage.cache.cached(&key(2).name).unwrap();
    stage.cache.invalidate(&key(1).name.id);
    assert!(evicted.with(|_| ()).is_err() && cached.with(|_| ()).is_ok());
    stage.cache.clear();
    assert!(cached.with(|_| ()).is_err());
    assert_eq!((stage.stats().live, stage.stats().outliving), (0, 0));
}

#[test]
fn a_late_answer_is_dropped_though_its_call_cannot_be() {
    // A manager that blocks its thread: its task is polled, and cannot be stopped meanwhile.
    let stage = Stage::new(Limits { deadline: SECOND, ..Limits::default() });
    let mut get = stage.ask(&key(1));
    stage.script.answer(0, Reply::Key(1));
    stage.clock.advance(SECOND);
    // The answer is there, and so is the deadline: the cache notes the deadline first.
    stage.cache.turn();
    stage.tasks.run();
    assert!(matches!(now(&mut get), Some(Err(KeyError::Timeout { .. }))));
    assert!(stage.cache.cached(&key(1).name).is_none());
    assert_eq!(stage.stats().timeouts, 1);
}

#[test]
fn flights_and_retired_ids_are_bounded() {
    let stage = Stage::new(Limits { flights: 2, retired: 1, ..Limits::default() });
    let gets = [stage.ask(&key(1)), stage.ask(&key(2)), stage.ask(&key(1))];
    assert!(matches!(now(&mut stage.ask(&key(3))), Some(Err(KeyError::Busy { limit: 2 }))));
    drop(gets);
    // Callers who vanished make no room, tasks that ended do.
    assert!(matches!(now(&mut stage.ask(&key(3))), Some(Err(KeyError::Busy { limit: 2 }))));
    stage.answer(0, Reply::Key(1));
    assert!(now(&mut stage.ask(&key(3))).is_none());
    assert_eq!(stage.stats().busy, 2);

    stage.cache.retire(&key(1).name.id, 2).unwrap();
    stage.cache.retire(&key(1).name.id, 3).unwrap();
    assert_eq!(stage.cache.retire(&key(2).name.id, 2).unwrap_err().id, key(2).name.id);
    stage.cache.retire(&key(1).name.id, 2).unwrap();
    let refused = now(&mut stage.cache.get(&key(1)));
    assert!(matches!(refused, Some(Err(KeyError::Retired { below: 3, .. }))), "a floor is never lowered");
}

#[test]
fn creating_generates_once_and_caches() {
    let stage = Stage::new(Limits::default());
    let mut creates = [Box::pin(stage.cache.create(name(1, 1))), Box::pin(stage.cache.create(name(1, 1)))];
    stage.tasks.run();
    assert_eq!((stage.script.calls(), stage.script.wrapped(0)), (1, None));
    stage.answer(0, Reply::Key(3));
    for create in &mut creates {
        let wrapped = now(create).unwrap().unwrap();
        assert_eq!((wrapped.name, wrapped.wrapping.as_bytes()), (name(1, 1), &b"generated"[..]));
        assert_eq!(bytes(&now(&mut stage.cache.get(&wrapped))), Some(3));
    }
    let mut again = Box::pin(stage.cache.create(name(1, 1)));
    assert!(matches!(now(&mut again), Some(Err(KeyError::Exists { .. }))));
}

#[test]
fn a_key_that_was_generated_for_nobody_is_not_in_the_way_of_the_next() {
    let stage = Stage::new(Limits::default());
    drop(stage.cache.create(name(1, 1)));
    stage.tasks.run();
    stage.answer(0, Reply::Key(1));
    assert!(stage.cache.cached(&name(1, 1)).is_none());
    let mut create = Box::pin(stage.cache.create(name(1, 1)));
    stage.tasks.run();
    stage.answer(1, Reply::Key(2));
    let wrapped = now(&mut create).unwrap().unwrap();
    assert_eq!(bytes(&now(&mut stage.cache.get(&wrapped))), Some(2));
}

#[test]
fn two_wrappings_of_one_key_are_unwrapped_apart_and_must_agree() {
    let stage = Stage::new(Limits::default());
    let other = WrappedKey { name: key(1).name, wrapping: wrapping(b"other") };
    for (byte, agrees) in [(1, true), (2, false)] {
        stage.cache.clear();
        let first = stage.script.calls();
        let mut gets = [stage.ask(&key(1)), stage.ask(&other)];
        assert_eq!(stage.script.wrapped(first + 1), Some(other.clone()));
        stage.answer(first, Reply::Key(1));
        stage.answer(first + 1, Reply::Key(byte));
        assert_eq!(bytes(&now(&mut gets[0])), Some(1));
        match now(&mut gets[1]) {
            Some(Err(KeyError::Conflict { name })) => assert!(!agrees && name == other.name),
            answer => assert!(agrees && bytes(&answer) == Some(1)),
        }
        assert_eq!(bytes(&stage.cache.cached(&key(1).name).map(Ok)), Some(1), "the key in the cache stays");
    }
    assert_eq!(stage.stats().conflicts, 1);
}

#[test]
fn a_dropped_cache_answers_who_waits_and_ends_its_keys() {
    let stage = Stage::new(Limits::default());
    stage.fill(&key(1), 1);
    let held = stage.cache.cached(&key(1).name).unwrap();
    let mut get = stage.ask(&key(2));
    let Stage { cache, script, tasks, .. } = stage;
    drop(cache);
    assert!(matches!(now(&mut get), Some(Err(KeyError::Closed))));
    assert!(held.with(|_| ()).is_err());
    tasks.run();
    assert_eq!(tasks.len(), 0, "its tasks were stopped");
    assert!(!script.answer(1, Reply::Key(1)));
}

#[test]
fn a_waker_that_panics_stops_neither_the_others_nor_the_wiping() {
    struct Panics(Mutex<bool>);
    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() = true;
            panic!("a waker's panic")
        }
    }
    let script = crate::support::Scripted::default();
    let limits = Limits { deadline: SECOND, max_age: SECOND / 10, ..Limits::default() };
    let tasks = crate::support::Tasks::default();
    let cache = KeyCache::new(script.clone(), limits, tasks.runtime()).unwrap();
    let panics = Arc::new(Panics(Mutex::new(false)));
    let waker = panics.clone().into();
    let mut get = cache.get(&key(1));
    assert!(std::pin::Pin::new(&mut get).poll(&mut std::task::Context::from_waker(&waker)).is_pending());
    let other = Mutex::new(cache.get(&key(1)));
    // The keeper wakes it at the deadline, answers the other, and goes on keeping.
    eventually(|| matches!(now(&mut *other.lock().unwrap()), Some(Err(KeyError::Timeout { .. }))));
    assert!(*panics.0.lock().unwrap());
    drop(waker);
    let mut next = cache.get(&key(2));
    tasks.run();
    script.answer(0, Reply::Key(1));
    tasks.run();
    assert!(now(&mut next).unwrap().is_ok());
    eventually(|| cache.stats().removed.aged == 1);
}
