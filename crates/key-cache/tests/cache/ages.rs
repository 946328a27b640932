//! The ends of keys: by age, by use, by room.

use crate::support::{SECOND, Stage, bytes, key};
use key_cache::{KeyCache, KeyId, Limits, LimitsError, Runtime, VirtualClock, Wrapping};

#[test]
fn the_least_recently_used_key_makes_room() {
    let stage = Stage::new(Limits { entries: 3, ..Limits::default() });
    for id in 0..3 {
        stage.fill(&key(id), id as u8);
        stage.pass(SECOND);
    }
    stage.cache.cached(&key(0).name).unwrap();
    stage.fill(&key(3), 3);
    let cached: Vec<bool> = (0..4).map(|id| stage.cache.cached(&key(id).name).is_some()).collect();
    assert_eq!(cached, [true, false, true, true]);
}

#[test]
fn age_is_hard_whatever_the_use() {
    let stage = Stage::new(Limits { max_age: 60 * SECOND, ..Limits::default() });
    stage.fill(&key(1), 1);
    for _ in 0..59 {
        stage.pass(SECOND);
        assert_eq!(bytes(&stage.cache.cached(&key(1).name).map(Ok)), Some(1));
    }
    stage.pass(SECOND);
    assert!(stage.cache.cached(&key(1).name).is_none());
    assert_eq!(stage.stats().removed.aged, 1);
}

#[test]
fn uses_are_counted_and_limited() {
    let stage = Stage::new(Limits { max_uses: Some(3), ..Limits::default() });
    stage.fill(&key(1), 1); // One use.
    let held = stage.cache.cached(&key(1).name).unwrap();
    // A use within a use is another one, and the last.
    held.with(|_| assert!(held.with(|bytes| *bytes == [1; 32]).unwrap())).unwrap();
    assert_eq!(held.with(|_| ()).unwrap_err().name, key(1).name);
    assert!(stage.cache.cached(&key(1).name).is_none());
    stage.fill(&key(1), 2);
    assert_eq!((stage.stats().removed.used, stage.script.calls()), (1, 2));
}

#[test]
fn a_use_under_way_keeps_the_bytes_and_its_panic_frees_them() {
    let stage = Stage::new(Limits::default());
    stage.fill(&key(1), 1);
    let held = stage.cache.cached(&key(1).name).unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        held.with(|bytes| {
            stage.cache.clear();
            assert_eq!(*bytes, [1; 32], "not wiped under its feet");
            panic!("of a use")
        })
    }));
    assert!(panic.is_err() && held.with(|_| ()).is_err());
}

#[test]
fn a_held_key_is_one_use_that_lasts_until_the_last_of_its_references_is_dropped() {
    let stage = Stage::new(Limits { max_age: 60 * SECOND, max_uses: Some(3), ..Limits::default() });
    stage.fill(&key(1), 1); // One use.
    let key_of_cache = stage.cache.cached(&key(1).name).unwrap();
    let held = key_of_cache.hold().unwrap();
    let clone = held.clone();
    stage.pass(60 * SECOND);
    assert!(stage.cache.cached(&key(1).name).is_none());
    assert!(key_of_cache.with(|_| ()).is_err() && key_of_cache.hold().is_err() && held.hold().is_err());
    drop(held);
    for _ in 0..5 {
        assert!(clone.with(|bytes| *bytes == [1; 32]).unwrap());
    }
    drop(clone);
    assert!(key_of_cache.hold().is_err());

    stage.fill(&key(2), 2); // One use.
    let key_of_cache = stage.cache.cached(&key(2).name).unwrap();
    let held = [(); 2].map(|()| key_of_cache.hold().unwrap());
    assert!(key_of_cache.hold().is_err(), "they were the second and the last use");
    assert!(held.iter().all(|key| key.with(|bytes| *bytes == [2; 32]).unwrap()));
}

#[test]
fn a_thread_of_the_cache_ends_keys_and_references_though_nobody_calls() {
    let manager = crate::support::Scripted::default();
    let tasks = crate::support::Tasks::default();
    let limits = Limits { max_age: SECOND / 5, entries: 1, ..Limits::default() };
    let cache = KeyCache::new(manager.clone(), limits, tasks.runtime()).unwrap();
    for (call, id) in [1, 2].into_iter().enumerate() {
        drop(cache.get(&key(id)));
        tasks.run();
        manager.answer(call, crate::support::Reply::Key(1));
        tasks.run();
    }
    std::thread::sleep(SECOND + SECOND / 5);
    let stats = cache.stats();
    assert_eq!((stats.live, stats.outliving, stats.removed.aged, stats.removed.lru), (0, 0, 1, 1));
}

#[test]
fn limits_of_zero_and_names_of_no_or_too_many_bytes_are_refused() {
    let new = |limits| {
        let manager = crate::support::Scripted::default();
        KeyCache::with_virtual_clock(manager, limits, Runtime::threads(), VirtualClock::new()).err()
    };
    let zero = std::time::Duration::ZERO;
    for (of, limits) in [
        ("entries", Limits { entries: 0, ..Limits::default() }),
        ("max_age", Limits { max_age: zero, ..Limits::default() }),
        ("max_uses", Limits { max_uses: Some(0), ..Limits::default() }),
        ("flights", Limits { flights: 0, ..Limits::default() }),
        ("deadline", Limits { deadline: zero, ..Limits::default() }),
        ("back_off", Limits { back_off: SECOND, deadline: SECOND, ..Limits::default() }),
    ] {
        assert_eq!(new(limits), Some(LimitsError { of }));
    }
    assert_eq!(new(Limits::default()), None);
    for length in [0, 33] {
        assert_eq!(KeyId::new(&vec![1; length]).unwrap_err().length, length);
    }
    for length in [0, 4097] {
        assert_eq!(Wrapping::new(&vec![1; length]).unwrap_err().length, length);
    }
    assert_ne!(KeyId::new(&[0]).unwrap(), KeyId::new(&[0, 0]).unwrap());
    assert_eq!(KeyId::new(&[7; 32]).unwrap().as_bytes(), [7; 32]);
}
