//! Keys that end in the key cache while a request waits or runs.

use crate::support::{Home, keys, open_with_keys, options, read, write};
use crypto_store::fields::Message;
use crypto_store::{Error, Options, Store};
use key_cache::{Limits, block_on};
use std::sync::mpsc::channel;
use std::thread::{scope, sleep};
use std::time::Duration;

const AGE: Duration = Duration::from_secs(1);
/// Longer than a key's age.
const LONG: Duration = Duration::from_millis(1_500);

fn message(text: &str) -> Message {
    Message { format: 1, bytes: text.into() }
}

/// A store whose keys end soon.
fn open(home: &Home, limits: Limits) -> Store {
    open_with_keys(home.path(), keys(home.path(), limits), options()).unwrap()
}

fn aging() -> Limits {
    Limits { max_age: AGE, ..Limits::default() }
}

#[test]
fn a_key_that_ends_while_a_write_waits_or_runs_does_not_fail_it() {
    let home = Home::new();
    let (store, other) = (open(&home, aging()), home.open());
    write(&store, |tx| tx.put("a", message("1"))).unwrap();
    let (begun, has_begun) = channel();
    scope(|scope| {
        scope.spawn(move || {
            let hold = move |_: &mut crypto_store::Tx<'_>| {
                begun.send(()).unwrap();
                sleep(LONG);
                Ok(())
            };
            write(&other, hold).unwrap();
        });
        has_begun.recv().unwrap();
        let waited = write(&store, |tx| {
            assert!(tx.get::<Message>("a")?.is_some());
            tx.put("b", message("2"))
        });
        waited.unwrap();
    });
    let long = write(&store, |tx| {
        sleep(LONG);
        assert!(tx.get::<Message>("a")?.is_some());
        tx.put("c", message("3"))
    });
    long.unwrap();
    let found = read(&home.open(), |snapshot| snapshot.range::<Message>("", "", 10)).unwrap();
    assert_eq!(found.iter().map(|row| &row.held.bytes[..]).collect::<Vec<_>>(), [b"1", b"2", b"3"]);
}

#[test]
fn a_key_that_ends_while_a_snapshot_waits_or_runs_does_not_fail_it() {
    let home = Home::new();
    let store = open(&home, aging());
    write(&store, |tx| tx.put("a", message("1"))).unwrap();
    let (begun, has_begun) = channel();
    scope(|scope| {
        let long = scope.spawn(|| {
            read(&store, move |snapshot| {
                begun.send(()).unwrap();
                sleep(LONG);
                snapshot.get::<Message>("a")
            })
        });
        has_begun.recv().unwrap();
        let waited = read(&store, |snapshot| snapshot.get::<Message>("a"));
        assert!(waited.unwrap().is_some());
        assert!(long.join().unwrap().unwrap().is_some());
    });
}

#[test]
fn a_transaction_is_one_use_of_a_key_whose_uses_are_limited() {
    let home = Home::new();
    let store = open(&home, Limits { max_uses: Some(1), ..Limits::default() });
    let put_all = |tx: &mut crypto_store::Tx<'_>| {
        (0..10_u8).try_for_each(|number| {
            tx.put([number], message("x"))?;
            tx.get::<Message>([number]).map(drop)
        })
    };
    for _ in 0..2 {
        write(&store, put_all).unwrap();
    }
    assert_eq!(read(&store, |snapshot| Ok(snapshot.range::<Message>("", "", 100)?.len())).unwrap(), 10);
}

#[test]
fn a_rotation_ends_no_key_under_a_snapshot_of_another_store_with_the_same_cache() {
    let home = Home::new();
    let keys = keys(home.path(), Limits::default());
    let options = Options { deadline: Duration::from_millis(500), ..options() };
    let open = || open_with_keys(home.path(), keys.clone(), options).unwrap();
    let (store, other) = (open(), open());
    write(&store, |tx| tx.put("a", message("1"))).unwrap();
    let (begun, has_begun) = channel();
    scope(|scope| {
        let (end, ended) = channel::<()>();
        let other = &other;
        let snapshot = scope.spawn(move || {
            read(other, move |snapshot| {
                begun.send(()).unwrap();
                ended.recv().map_err(|_| Error::Lost)?;
                snapshot.get::<Message>("a")
            })
        });
        has_begun.recv().unwrap();
        // The snapshot keeps the log.
        assert!(matches!(block_on(store.rotate_key()), Err(Error::Busy(_))));
        // This transaction sees that the older key is deleted, and ends it.
        write(&store, |tx| tx.put("a", message("2"))).unwrap();
        end.send(()).unwrap();
        assert_eq!(snapshot.join().unwrap().unwrap().unwrap().bytes, b"1");
    });
    assert_eq!(read(&other, |snapshot| snapshot.get::<Message>("a")).unwrap().unwrap().bytes, b"2");
}
