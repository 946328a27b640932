//! Races of the first version, and of both.

use crate::support::{Reply, SECOND, Stage, bytes, key, now, wrapping};
use key_cache::{KeyError, Limits};
use std::sync::Barrier;

/// There, a worker that was killed left its key marked as being unwrapped, and later callers waited for ever.
#[test]
fn a1_a_killed_worker_poisons_no_key() {
    let stage = Stage::new(Limits::default());
    let mut get = stage.ask(&key(1));
    for _ in 0..3 {
        stage.tasks.abort();
        stage.tasks.run();
    }
    assert!(matches!(now(&mut get), Some(Err(KeyError::LeaderLost { attempts: 3 }))));
    assert_eq!((stage.script.calls(), stage.tasks.len()), (3, 0));

    let mut again = stage.ask(&key(1));
    stage.pass(SECOND);
    stage.answer(3, Reply::Key(7));
    assert_eq!(bytes(&now(&mut again)), Some(7));
    let stats = stage.stats();
    assert_eq!((stats.replaced, stats.lost, stats.flights, stats.in_flight), (2, 1, 2, 0));
}

/// There, a call of the manager that hung held all who waited.
#[test]
fn a2_a_hung_manager_holds_nobody_past_the_deadline() {
    let stage = Stage::new(Limits { deadline: 5 * SECOND, ..Limits::default() });
    let mut get = stage.ask(&key(1));
    stage.pass(5 * SECOND - SECOND / 1000);
    assert!(now(&mut get).is_none());
    let mut joined = stage.ask(&key(1));
    stage.pass(SECOND / 1000);
    for get in [&mut get, &mut joined] {
        assert!(matches!(now(get), Some(Err(KeyError::Timeout { after })) if after == 5 * SECOND));
    }
    assert_eq!(stage.tasks.len(), 0, "the hung call was dropped");
    assert!(!stage.script.answer(0, Reply::Key(1)), "nobody waits for its answer");

    let mut again = stage.ask(&key(1));
    stage.pass(SECOND);
    stage.answer(1, Reply::Key(2));
    assert_eq!(bytes(&now(&mut again)), Some(2));
}

/// There, a manager that returned a new wrapping crashed the server.
#[test]
fn a3_a_new_wrapping_reaches_every_caller_with_the_old_one() {
    let stage = Stage::new(Limits::default());
    let mut gets = [stage.ask(&key(1)), stage.ask(&key(1))];
    stage.answer(0, Reply::Rewrapped(5, wrapping(b"newer")));
    for get in &mut gets {
        let got = now(get).unwrap().unwrap();
        let newer = got.newer_wrapping(&key(1)).expect("there is a newer one");
        assert_eq!((newer.name, newer.wrapping.as_bytes()), (key(1).name, &b"newer"[..]));
        assert_eq!(got.newer_wrapping(&newer), None, "who has stored it is told nothing");
        assert_eq!(bytes(&now(&mut stage.cache.get(&newer))), Some(5), "and has the key from the cache");
    }
    let later = now(&mut stage.cache.get(&key(1))).unwrap().unwrap();
    assert!(later.newer_wrapping(&key(1)).is_some(), "nobody has stored it: the next caller is told, too");
    assert_eq!((stage.script.calls(), stage.stats().rewrapped), (1, 1));
}

/// There, an error searched all that was under way for its key, and crashed the server if it was gone.
#[test]
fn a4_an_error_reaches_all_who_waited_for_its_key_and_nobody_else() {
    let stage = Stage::new(Limits::default());
    let mut gets: Vec<_> = (0..200).map(|id| [stage.ask(&key(id)), stage.ask(&key(id))]).collect();
    stage.cache.invalidate(&key(100).name.id);
    for call in [150, 100] {
        stage.answer(call, Reply::Refuse(call as u32));
    }
    for (id, pair) in gets.iter_mut().enumerate() {
        for get in pair {
            match now(get) {
                Some(Err(KeyError::Manager(error))) => assert_eq!(error.0 as usize, id),
                answer => assert!(answer.is_none() && id != 100 && id != 150),
            }
        }
    }
    assert_eq!((stage.stats().errors, stage.stats().in_flight), (2, 198));
}

/// There, nothing was bounded, and nothing ended.
#[test]
fn a5_keys_are_bounded_by_count_and_by_age() {
    let stage = Stage::new(Limits { entries: 3, max_age: 60 * SECOND, ..Limits::default() });
    for id in 0..10 {
        stage.fill(&key(id), id as u8);
        assert!(stage.stats().live <= 3);
    }
    let held = stage.cache.cached(&key(9).name).unwrap();
    stage.pass(60 * SECOND);
    assert_eq!((stage.stats().live, stage.stats().removed.aged, stage.stats().removed.lru), (0, 3, 7));
    assert!(held.with(|_| ()).is_err(), "a reference does not prolong a key's life");
}

/// In both versions a worker that was started and never watched could die, and its caller waited until its call timed out.
#[test]
fn a11_a_task_that_never_ran_is_replaced() {
    let stage = Stage::new(Limits::default());
    let mut get = stage.cache.get(&key(1));
    stage.tasks.abort();
    stage.tasks.run();
    assert_eq!(stage.script.calls(), 1);
    stage.answer(0, Reply::Key(3));
    assert_eq!(bytes(&now(&mut get)), Some(3));
    assert_eq!(stage.stats().replaced, 1);
}

/// In both versions all values passed through one process.
#[test]
fn a12_two_threads_use_one_key_at_the_same_time() {
    let stage = Stage::new(Limits::default());
    stage.fill(&key(1), 9);
    let both = Barrier::new(2);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let found = stage.cache.cached(&key(1).name).unwrap();
                // Were one use to exclude the other, neither would come past the barrier.
                found.with(|bytes| {
                    both.wait();
                    assert_eq!(*bytes, [9; 32]);
                })
            });
        }
    });
}
