//! Rotation of the store's key, and of the key manager's root key.

use crate::support::{Home, read, write};
use crypto_store::fields::Message;
use crypto_store::{Error, Field, Options, Store, Table};
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime, block_on};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use vodozemac::megolm::{GroupSession, SessionConfig};

/// More than two steps seal.
const MESSAGES: u32 = 600;

fn message(text: &str) -> Message {
    Message { format: 1, bytes: text.into() }
}

fn filled(home: &Home) -> Store {
    let store = home.open();
    write(&store, |tx| {
        for number in 0..MESSAGES {
            tx.put(number.to_be_bytes(), message(&format!("message {number}")))?;
        }
        tx.put("group", GroupSession::new(SessionConfig::default()))
    })
    .unwrap();
    store
}

/// The generations of the store's keys, and of its values.
pub fn generations(home: &Home) -> (Vec<u32>, BTreeSet<u32>) {
    let file = Connection::open(home.database()).unwrap();
    let numbers = |sql: &str| -> Vec<u32> {
        let mut select = file.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut values = BTreeSet::new();
    for table in Table::ALL {
        let mut select = file.prepare(&format!("SELECT value FROM {}", table.name())).unwrap();
        let found = select.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        values.extend(found.map(|value| key_cache::generation_of(&value.unwrap()).unwrap()));
    }
    (numbers("SELECT generation FROM store_key ORDER BY generation"), values)
}

#[test]
fn a_rotation_seals_every_value_again_and_neither_changes_nor_drops_one() {
    let home = Home::new();
    let (store, other) = (filled(&home), home.open());
    let group = |store: &Store| read(store, |snapshot| Ok(snapshot.get::<GroupSession>("group")?.unwrap())).unwrap();
    let before = group(&other);
    let stats = other.stats();
    let older = wrapping(&home);

    assert_eq!(block_on(store.rotate_key()).unwrap(), 2);
    assert_eq!(generations(&home), (vec![2], BTreeSet::from([2])));
    for store in [&store, &other, &home.open()] {
        for number in 0..MESSAGES {
            let found = read(store, move |snapshot| snapshot.get::<Message>(number.to_be_bytes())).unwrap().unwrap();
            assert_eq!(found.bytes, format!("message {number}").into_bytes());
        }
        assert_eq!(group(store).version, before.version);
    }
    assert_eq!(other.stats().dropped, stats.dropped);

    // Nothing in any file unwraps what an old copy of the files holds.
    assert!(!is_in_a_file(&home, &older), "the older key's wrapping is still there");
    assert_eq!(block_on(other.rotate_key()).unwrap(), 3);
    assert!(!block_on(store.finish_rotation()).unwrap());
}

/// The wrapping of the only key.
fn wrapping(home: &Home) -> Vec<u8> {
    let file = Connection::open(home.database()).unwrap();
    file.query_row("SELECT wrapping FROM store_key", [], |row| row.get(0)).unwrap()
}

fn is_in_a_file(home: &Home, bytes: &[u8]) -> bool {
    fs::read_dir(home.path().join("store"))
        .unwrap()
        .any(|entry| fs::read(entry.unwrap().path()).unwrap().windows(bytes.len()).any(|window| window == bytes))
}

/// Lets a closure run while a store's snapshot, or its write if it `has_turn`, has begun and has not ended.
fn while_under_way<T>(store: &Store, has_turn: bool, run: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (begun, has_begun) = channel();
        let (end, ended) = channel::<()>();
        let wait = move || {
            begun.send(()).unwrap();
            ended.recv().map_err(|_| Error::Lost)
        };
        let held =
            scope.spawn(move || if has_turn { write(store, move |_| wait()) } else { read(store, move |_| wait()) });
        has_begun.recv().unwrap();
        let result = run();
        end.send(()).unwrap();
        held.join().unwrap().unwrap();
        result
    })
}

#[test]
fn a_rotation_is_not_done_before_the_log_is_emptied_and_waits_for_that_until_the_deadline() {
    let home = Home::new();
    drop(filled(&home));
    let store = home.open_with(Options { deadline: Duration::from_secs(1), ..Options::default() });
    let (other, older) = (home.open(), wrapping(&home));
    let is_busy = |result| matches!(result, Err(Error::Busy(_)));
    assert!(while_under_way(&other, false, || is_busy(block_on(store.rotate_key()).map(drop))));
    assert_eq!(generations(&home), (vec![2], BTreeSet::from([2])));
    assert!(is_in_a_file(&home, &older));

    // Another has its turn just when the log is to be emptied.
    let woken = Arc::new(Woken::default());
    let mut finishing = Box::pin(store.finish_rotation());
    let waker = woken.clone().into();
    let mut context = std::task::Context::from_waker(&waker);
    assert!(finishing.as_mut().poll(&mut context).is_pending());
    while !woken.0.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    assert!(while_under_way(&other, true, || is_busy(block_on(finishing).map(drop))));

    assert!(block_on(store.finish_rotation()).unwrap());
    assert!(!is_in_a_file(&home, &older));
    assert!(!block_on(store.finish_rotation()).unwrap());
}

#[derive(Default)]
struct Woken(AtomicBool);

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn others_read_and_write_while_a_rotation_is_under_way_and_any_of_them_ends_it() {
    let home = Home::new();
    let (store, other) = (filled(&home), home.open());
    // Dropped after some of its steps: the future is polled as long as that takes.
    let rotating = std::thread::scope(|scope| {
        let rotating = scope.spawn(|| block_on(store.rotate_key()));
        let mut sent = 0;
        while !rotating.is_finished() {
            let step = |it: &mut GroupSession| Ok::<_, Error>(it.encrypt("x"));
            assert_eq!(write(&other, move |tx| tx.update("group", step)).unwrap().unwrap().message_index(), sent);
            sent += 1;
            let key = sent % MESSAGES;
            assert!(read(&other, move |snapshot| snapshot.get::<Message>(key.to_be_bytes())).unwrap().is_some());
        }
        rotating.join().unwrap()
    });
    assert_eq!(rotating.unwrap(), 2);

    // As a process that was killed after the first step leaves it.
    cut_off(&home, &store);
    assert_eq!(generations(&home), (vec![2, 3], BTreeSet::from([2, 3])));
    write(&other, |tx| tx.put("new", message("sealed under the newest key"))).unwrap();
    let late = home.open();
    assert_eq!(read(&late, |snapshot| Ok(snapshot.range::<Message>("", "", 900)?.len())).unwrap(), 601);
    assert!(block_on(late.finish_rotation()).unwrap());
    assert_eq!(generations(&home), (vec![3], BTreeSet::from([3])));
    assert!(write(&store, |tx| tx.get::<Message>("new")).unwrap().is_some());
}

/// Begins a rotation and drops it after its first steps.
fn cut_off(home: &Home, store: &Store) {
    let mut rotating = Box::pin(store.rotate_key());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while generations(home).0.len() < 2 || generations(home).1.len() < 2 {
        assert!(rotating.as_mut().poll(&mut context).is_pending(), "the rotation was over before it was dropped");
    }
}

#[test]
fn of_two_rotations_at_once_one_key_is_left() {
    let home = Home::new();
    let stores = [filled(&home), home.open(), home.open()];
    let done: Vec<_> = std::thread::scope(|scope| {
        let rotating: Vec<_> = stores.iter().map(|store| scope.spawn(|| block_on(store.rotate_key()))).collect();
        rotating.into_iter().map(|it| it.join().unwrap().unwrap()).collect()
    });
    let (keys, values) = generations(&home);
    assert_eq!(keys.len(), 1);
    assert_eq!(values, BTreeSet::from_iter(keys.clone()));
    assert!(done.iter().all(|generation| (2..=keys[0]).contains(generation)), "{done:?} {keys:?}");
    for store in &stores {
        assert_eq!(read(store, |snapshot| Ok(snapshot.range::<Message>("", "", 900)?.len())).unwrap(), 600);
    }
}

#[test]
fn a_value_that_does_not_open_stops_a_rotation_and_the_older_key_stays() {
    let home = Home::new();
    let store = filled(&home);
    let file = Connection::open(home.database()).unwrap();
    let key = 400u32.to_be_bytes();
    let sealed: Vec<u8> = file.query_row("SELECT value FROM message WHERE key = ?1", [key], |row| row.get(0)).unwrap();
    let mut damaged = sealed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    file.execute("UPDATE message SET value = ?2 WHERE key = ?1", rusqlite::params![key, damaged]).unwrap();
    let stopped = block_on(store.rotate_key());
    assert!(matches!(stopped, Err(Error::Value { table: Table::Message, .. })), "{stopped:?}");
    assert_eq!(generations(&home), (vec![1, 2], BTreeSet::from([1, 2])));
    assert!(write(&store, |tx| tx.get::<Message>(399u32.to_be_bytes())).unwrap().is_some());
    write(&store, move |tx| tx.delete::<Message>(key)).unwrap();
    assert!(block_on(store.finish_rotation()).unwrap());
    assert_eq!(generations(&home), (vec![2], BTreeSet::from([2])));
}

#[test]
fn a_newer_wrapping_is_stored_so_that_the_earlier_root_key_may_be_thrown_away() {
    let home = Home::new();
    write(&home.open(), |tx| tx.put("a", message("1"))).unwrap();
    let path = |name: &str| home.path().join(name);
    fs::rename(path("root.key"), path("earlier.key")).unwrap();
    let current = RootKey::create_key_file(&path("root.key")).unwrap();
    let manager = LocalManager::new(current).with_earlier(RootKey::open_key_file(&path("earlier.key")).unwrap());
    let keys = KeyCache::new(manager, Limits::default(), Runtime::threads()).unwrap();
    drop(Store::open(&path("store"), Arc::new(keys), Options::default()).unwrap());
    // Opened with the current root key alone.
    let found = read(&home.open(), |snapshot| snapshot.get::<Message>("a")).unwrap().unwrap();
    assert_eq!(found.copy(), message("1"));
}
