//! Races of the last version.

use crate::support::{Reply, SECOND, Stage, bytes, key, name, now, wrapping};
use key_cache::{Key, KeyCache, KeyError, Limits, Place, WrappedKey};
use std::sync::atomic::{AtomicBool, Ordering};

/// There, each of N callers who missed a key asked the manager.
#[test]
fn a6_ten_thousand_callers_cause_one_unwrapping() {
    let stage = Stage::new(Limits::default());
    let mut gets: Vec<_> = (0..10_000).map(|_| stage.cache.get(&key(1))).collect();
    stage.tasks.run();
    assert_eq!((stage.script.calls(), stage.stats().joined), (1, 9_999));
    stage.answer(0, Reply::Key(4));
    assert!(gets.iter_mut().all(|get| bytes(&now(get)) == Some(4)));
    assert_eq!((stage.stats().flights, stage.stats().live), (1, 1));
}

/// There, a key that was fresh when it was looked up could be removed before it was used, and the call failed.
#[test]
fn a7_a_key_that_ends_between_its_look_up_and_its_use_is_asked_for_again() {
    let stage = Stage::new(Limits { entries: 1, max_age: 60 * SECOND, ..Limits::default() });
    let place = Place { store: b"s", table: b"t", row: b"r", column: b"c" };

    // Others take its room: the reference in hand stays good.
    stage.fill(&key(1), 1);
    let found = stage.cache.cached(&key(1).name).unwrap();
    stage.fill(&key(2), 2);
    assert_eq!((stage.cache.cached(&key(1).name).is_none(), stage.stats().outliving), (true, 1));
    assert!(found.seal(&place, b"value").is_ok());

    // Its age is over, nobody having noticed: the use is refused, and `seal` has the key unwrapped again.
    stage.clock.advance(60 * SECOND);
    assert!(found.seal(&place, b"value").is_err());
    let old = key(2);
    let mut seal = Box::pin(stage.cache.seal(&old, &place, b"value"));
    assert!(now(&mut seal).is_none());
    stage.tasks.run();
    // The key comes, and ends before the caller runs.
    stage.answer(2, Reply::Key(2));
    stage.cache.invalidate(&key(2).name.id);
    assert!(now(&mut seal).is_none());
    stage.tasks.run();
    stage.answer(3, Reply::Key(2));
    assert!(now(&mut seal).unwrap().is_ok());
}

/// There, noting the use of a key that had just been removed crashed the server.
#[test]
fn a8_a_use_noted_for_a_removed_key_harms_nothing() {
    let stage = Stage::new(Limits { entries: 2, ..Limits::default() });
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // Each look-up notes a use of keys that the other thread removes.
                stage.clock.advance(SECOND);
                (0..4).for_each(|id| drop(stage.cache.cached(&key(id).name)));
            }
        });
        for round in 0..500 {
            let id = round % 4;
            let mut get = stage.ask(&key(id));
            if now(&mut get).is_none() {
                stage.answer(stage.script.calls() - 1, Reply::Key(id as u8));
            }
            if round % 7 == 0 {
                stage.cache.invalidate(&key(id).name.id);
            }
            stage.cache.turn();
        }
        done.store(true, Ordering::Relaxed);
    });
    let stats = stage.stats();
    let removed = stats.removed;
    assert_eq!(stats.flights, stats.live as u64 + removed.lru + removed.invalidated + removed.aged);
}

/// There, of two unwrappings on both sides of a rotation the last to end won: an old key could replace a new one.
#[test]
fn a9_an_older_key_never_takes_a_newer_ones_place() {
    let generation = |generation| WrappedKey { name: name(1, generation), wrapping: wrapping(b"w") };
    for old_lands_last in [false, true] {
        let stage = Stage::new(Limits::default());
        let mut old = stage.ask(&generation(1));
        let mut new = stage.ask(&generation(2));
        for call in if old_lands_last { [1, 0] } else { [0, 1] } {
            stage.answer(call, Reply::Key(call as u8 + 1));
        }
        assert_eq!((bytes(&now(&mut old)), bytes(&now(&mut new))), (Some(1), Some(2)));
        let cached = |generation| stage.cache.cached(&name(1, generation)).map(Ok);
        assert_eq!((bytes(&cached(1)), bytes(&cached(2))), (Some(1), Some(2)));
    }

    // And once the old generation is retired, an answer that was on its way is not cached.
    let stage = Stage::new(Limits::default());
    let mut old = stage.ask(&generation(1));
    stage.cache.retire(&name(1, 0).id, 2).unwrap();
    stage.answer(0, Reply::Key(1));
    assert_eq!(bytes(&now(&mut old)), Some(1), "who asked before has it");
    assert!(stage.cache.cached(&name(1, 1)).is_none());
    let refused = now(&mut stage.cache.get(&generation(1)));
    assert!(matches!(refused, Some(Err(KeyError::Retired { below: 2, .. }))));
    assert_eq!((stage.script.calls(), stage.stats().stale_dropped), (1, 1));
}

/// There, a wall clock that was set back prolonged the lives of keys; and a machine that slept did, elsewhere.
#[test]
fn a10_age_is_counted_by_a_clock_that_nobody_sets_and_that_does_not_sleep() {
    let stage = Stage::new(Limits { max_age: 60 * SECOND, ..Limits::default() });
    stage.fill(&key(1), 1);
    let held = stage.cache.cached(&key(1).name).unwrap();
    // The machine was suspended: time has passed, and no thread has run. No look-up and no use lets the key through.
    stage.clock.advance(8 * 3600 * SECOND);
    assert!(stage.cache.cached(&key(1).name).is_none());
    assert!(held.with(|_| ()).is_err());

    // The clock of a cache in service is the system's time since boot, which has no setter.
    let manager = crate::support::Scripted::default();
    let tasks = crate::support::Tasks::default();
    let limits = Limits { max_age: SECOND / 5, ..Limits::default() };
    let cache = KeyCache::new(manager.clone(), limits, tasks.runtime()).unwrap();
    let before = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let mut get = cache.get(&key(1));
    tasks.run();
    manager.answer(0, Reply::Key(1));
    tasks.run();
    let found: Key = now(&mut get).unwrap().unwrap();
    while found.with(|_| ()).is_ok() {
        std::thread::sleep(SECOND / 100);
    }
    let after = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let took = (after.tv_sec - before.tv_sec) * 1_000 + (after.tv_nsec - before.tv_nsec) / 1_000_000;
    assert!((199..1_000).contains(&took), "it ended after {took} ms of boot time");
}
