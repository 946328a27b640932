//! Two handles on one store. Each has its own connections, cache and locks, like a process.

use crate::support::{CACHING, Home, options, read, write};
use crypto_store::fields::Procedure;
use crypto_store::{Error, Field, News, Options, Table};
use key_cache::block_on;
use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use vodozemac::megolm::{GroupSession, SessionConfig};

fn session() -> GroupSession {
    GroupSession::new(SessionConfig::default())
}

fn index(store: &crypto_store::Store, key: &'static str) -> u32 {
    read(store, move |snapshot| Ok(snapshot.get::<GroupSession>(key)?.unwrap().message_index())).unwrap()
}

fn step(store: &crypto_store::Store, key: &'static str) {
    let done = write(store, move |tx| tx.update(key, |it: &mut GroupSession| Ok::<_, Error>(it.encrypt("x"))));
    done.unwrap().unwrap();
}

#[test]
fn a_write_elsewhere_drops_the_field_that_it_changed_and_no_other() {
    let home = Home::new();
    let (one, two) = (home.open(), home.open());
    write(&one, |tx| {
        tx.put("a", session())?;
        tx.put("b", session())
    })
    .unwrap();
    for key in ["a", "b"] {
        assert_eq!((index(&one, key), index(&two, key)), (0, 0));
    }
    let before = two.stats();
    step(&one, "a");
    assert_eq!((index(&two, "a"), index(&two, "b")), (1, 0));
    let after = two.stats();
    if std::env::var_os(CACHING).is_none() {
        assert_eq!((after.dropped - before.dropped, after.loads - before.loads, after.hits - before.hits), (1, 1, 1));
        assert_eq!(after.cleared, 0);
    }
}

#[test]
fn a_process_that_was_away_for_longer_than_the_log_reaches_loads_everything_again() {
    let home = Home::new();
    let (one, two) = (home.open(), home.open());
    write(&one, |tx| tx.put("a", session())).unwrap();
    assert_eq!(index(&two, "a"), 0);
    let mut news = block_on(two.changes()).unwrap();
    step(&one, "a");
    for _ in 0..11 {
        write(&one, |tx| {
            for row in 0..1_000_u32 {
                tx.put(row.to_be_bytes(), Procedure { format: 0, bytes: vec![] })?;
            }
            Ok(())
        })
        .unwrap();
    }
    assert_eq!(index(&two, "a"), 1);
    assert_eq!(two.stats().cleared, 1);
    assert_eq!(block_on(news.next()).unwrap(), News::Missed);
}

#[test]
fn an_invalidation_leaves_alone_what_a_background_function_holds() {
    let home = Home::new();
    let (one, two) = (home.open(), home.open());
    write(&one, |tx| tx.put("a", session())).unwrap();
    let held = read(&two, |snapshot| Ok(snapshot.get::<GroupSession>("a")?.unwrap())).unwrap();
    step(&one, "a");
    assert_eq!(index(&two, "a"), 1);
    assert_eq!(held.message_index(), 0);
    let (version, mine) = (held.version, held.copy());
    let late = write(&two, move |tx| tx.put_if("a", Some(version), mine));
    assert!(matches!(late, Err(Error::Conflict { table: Table::OutboundGroup, .. })));
    assert_eq!(index(&one, "a"), 1);
}

#[test]
fn changes_of_all_handles_are_streamed_in_the_order_of_their_commits() {
    let home = Home::new();
    let (one, two) = (home.open_with(options()), home.open_with(options()));
    let mut news = block_on(two.changes()).unwrap();
    step_all(&one, &two);
    let mut keys = Vec::new();
    while keys.len() < 3 {
        let News::Changes(changes) = block_on(news.next()).unwrap() else { panic!("nothing was trimmed") };
        assert!(changes.windows(2).all(|pair| pair[0].version < pair[1].version));
        keys.extend(changes.into_iter().map(|change| (change.table, change.key)));
    }
    let row = |key: &str| (Table::OutboundGroup, key.as_bytes().to_vec());
    assert_eq!(keys, [row("a"), row("b"), row("a")]);
}

fn step_all(one: &crypto_store::Store, two: &crypto_store::Store) {
    write(one, |tx| tx.put("a", session())).unwrap();
    write(two, |tx| tx.put("b", session())).unwrap();
    step(one, "a");
}

#[test]
fn a_write_waits_for_its_turn_until_the_deadline_and_then_does_nothing() {
    let home = Home::new();
    let one = home.open();
    let two = home.open_with(Options { deadline: Duration::from_millis(100), ..options() });
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        write(&one, move |_| {
            begun.send(()).unwrap();
            ended.recv().map_err(|_| Error::Lost)
        })
    });
    has_begun.recv().unwrap();
    let Err(Error::Busy(busy)) = write(&two, |tx| tx.put("a", session())) else { panic!("the store was held") };
    assert_eq!(busy.holder.unwrap().pid, std::process::id());
    // Reading waits for nobody.
    assert!(read(&two, |snapshot| snapshot.get::<GroupSession>("a")).unwrap().is_none());
    // A dropped future makes no request any more, and the number of waiters is limited.
    let mut context = Context::from_waker(Waker::noop());
    let mut dropped = Box::pin(two.write(|tx| tx.put("a", session())));
    assert!(dropped.as_mut().poll(&mut context).is_pending());
    drop(dropped);
    let mut waiting = Vec::new();
    let full = loop {
        let mut next = Box::pin(two.write(|_| Ok::<_, Error>(())));
        match next.as_mut().poll(&mut context) {
            Poll::Pending => waiting.push(next),
            Poll::Ready(result) => break result,
        }
    };
    assert!(matches!(full, Err(Error::Queue { limit: 1_024 })), "{full:?}");
    drop(waiting);
    end.send(()).unwrap();
    holder.join().unwrap().unwrap();
    // By a handle whose deadline is longer: the machine may be slow.
    write(&home.open(), |tx| tx.put("b", session())).unwrap();
    assert!(read(&two, |snapshot| snapshot.get::<GroupSession>("a")).unwrap().is_none());
}
