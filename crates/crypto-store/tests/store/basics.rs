//! One process: the promises of a write and a read.

use crate::support::{Home, options, read, try_open, write};
use crypto_store::fields::{Contact, Message};
use crypto_store::{Error, MAX_KEY, MAX_ROWS, MAX_VALUE, Row, Table};
use rusqlite::Connection;
use std::sync::Arc;
use vodozemac::olm::Account;

fn message(text: &str) -> Message {
    Message { format: 1, bytes: text.into() }
}

#[test]
fn rows_come_back_in_the_order_of_their_keys_also_after_opening_again() {
    let home = Home::new();
    let store = home.open();
    write(&store, |tx| {
        for key in ["b/2", "a/1", "b/1", "c"] {
            tx.put(key, message(key))?;
        }
        tx.put("b/1", message("newer"))?;
        assert!(tx.delete::<Message>("c")?);
        assert!(!tx.delete::<Message>("c")?);
        Ok(())
    })
    .unwrap();
    drop(store);
    let rows = read(&home.open(), |snapshot| {
        let all = snapshot.range::<Message>("", "", 10)?;
        let after = snapshot.range::<Message>("b/", "b/1", 10)?;
        let other = snapshot.range::<Contact>("", "", 10)?;
        assert!(other.is_empty());
        Ok((all, after))
    })
    .unwrap();
    let texts = |rows: &[crypto_store::Row<Message>]| -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        rows.iter().map(|row| (text(&row.key), text(&row.held.bytes))).collect()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(texts(&rows.0), [pair("a/1", "a/1"), pair("b/1", "newer"), pair("b/2", "b/2")]);
    assert_eq!(texts(&rows.1), [pair("b/2", "b/2")]);
}

#[test]
fn a_write_that_fails_or_panics_changes_neither_the_store_nor_the_cache() {
    let home = Home::new();
    let store = home.open();
    write(&store, |tx| tx.put("self", Account::new())).unwrap();
    let identity = |store: &crypto_store::Store| {
        read(store, |snapshot| Ok(snapshot.get::<Account>("self")?.map(|it| (it.curve25519_key(), it.version))))
            .unwrap()
    };
    let before = identity(&store);
    let failed = write(&store, |tx| {
        tx.put("self", Account::new())?;
        Err::<(), _>(Error::Lost)
    });
    assert!(matches!(failed, Err(Error::Lost)));
    assert_eq!(identity(&store), before);

    let panicked = write::<()>(&store, |tx| {
        tx.put("self", Account::new())?;
        panic!("on purpose");
    });
    assert!(matches!(panicked, Err(Error::Lost)));
    assert_eq!(identity(&store), before);
    write(&store, |tx| tx.put("self", Account::new())).unwrap();
    assert_ne!(identity(&store), before);
}

#[test]
fn a_value_held_too_long_is_a_conflict_and_not_lost_work_of_somebody_else() {
    let home = Home::new();
    let store = home.open();
    let first = write(&store, |tx| tx.put_if("k", None, message("1"))).unwrap();
    let again = write(&store, |tx| tx.put_if("k", None, message("2")));
    assert!(
        matches!(again, Err(Error::Conflict { table: Table::Message, expected: None, found }) if found == Some(first))
    );
    let second = write(&store, move |tx| tx.put_if("k", Some(first), message("2"))).unwrap();
    assert!(second > first);
    // If it is deleted and made again, it is another row: no version is used
    // twice.
    write(&store, |tx| tx.delete::<Message>("k")).unwrap();
    let third = write(&store, |tx| tx.put("k", message("2"))).unwrap();
    assert!(third > second);
    assert!(matches!(write(&store, move |tx| tx.put_if("k", Some(second), message("3"))), Err(Error::Conflict { .. })));
}

#[test]
fn a_transaction_sees_what_it_wrote_and_deleted_and_leaves_the_last_of_it() {
    let home = Home::new();
    let store = home.open();
    write(&store, |tx| tx.put("old", message("0"))).unwrap();
    let texts =
        |rows: Vec<Row<Message>>| -> Vec<_> { rows.into_iter().map(|row| (row.key, row.held.bytes.clone())).collect() };
    let seen = write(&store, move |tx| {
        let first = tx.put("a", message("1"))?;
        assert_eq!(tx.put("a", message("2"))?, first, "one change");
        assert!(tx.get::<Message>("a")?.is_some_and(|held| held.bytes == b"2" && held.version == first));
        tx.put("b", message("3"))?;
        assert!(tx.delete::<Message>("b")? && !tx.delete::<Message>("b")?, "it was there, in the transaction alone");
        tx.put("old", message("4"))?;
        assert!(tx.delete::<Message>("old")? && tx.get::<Message>("old")?.is_none());
        let seen = tx.range::<Message>("", "", 10)?;
        assert!(tx.put("b", message("5"))? > first);
        Ok(texts(seen))
    });
    assert_eq!(seen.unwrap(), [(b"a".to_vec(), b"2".to_vec())]);
    let left = read(&store, move |snapshot| Ok(texts(snapshot.range::<Message>("", "", 10)?))).unwrap();
    assert_eq!(left, [(b"a".to_vec(), b"2".to_vec()), (b"b".to_vec(), b"5".to_vec())]);
}

#[test]
fn everything_has_a_limit() {
    let home = Home::new();
    let store = home.open();
    let long = vec![7; MAX_KEY + 1];
    let refused = write(&store, move |tx| tx.put(long, message("")));
    assert!(matches!(refused, Err(Error::Length { of: "key", length, .. }) if length == MAX_KEY + 1));
    assert!(matches!(write(&store, |tx| tx.put("", message(""))), Err(Error::Length { of: "key", length: 0, .. })));
    let large = write(&store, |tx| tx.put("k", Message { format: 1, bytes: vec![7; MAX_VALUE + 1] }));
    assert!(matches!(large, Err(Error::Length { of: "value", length, .. }) if length == MAX_VALUE + 1));
    write(&store, |tx| {
        for number in 0..=MAX_ROWS as u32 {
            tx.put(number.to_be_bytes(), message("x"))?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(read(&store, |snapshot| Ok(snapshot.range::<Message>("", "", MAX_ROWS)?.len())).unwrap(), MAX_ROWS);
    let more = read(&store, |snapshot| {
        snapshot.range::<Message>("", "", MAX_ROWS)?;
        snapshot.get::<Message>([0; 4])
    });
    assert!(matches!(more, Err(Error::TooManyRows { limit: MAX_ROWS })));
}

#[test]
fn values_open_only_at_their_place_and_unchanged() {
    let home = Home::new();
    let store = home.open();
    write(&store, |tx| {
        tx.put("a", message("secret of a"))?;
        tx.put("b", message("secret of b"))
    })
    .unwrap();
    drop(store);
    let file = Connection::open(home.database()).unwrap();
    let stored: Vec<u8> =
        file.query_row("SELECT value FROM message WHERE key = CAST('a' AS BLOB)", [], |row| row.get(0)).unwrap();
    assert!(!stored.windows(6).any(|window| window == b"secret"));
    file.execute("UPDATE message SET value = ?1 WHERE key = CAST('b' AS BLOB)", [&stored]).unwrap();
    let mut flipped = stored;
    *flipped.last_mut().unwrap() ^= 1;
    file.execute("UPDATE message SET value = ?1 WHERE key = CAST('a' AS BLOB)", [&flipped]).unwrap();
    let store = home.open();
    for key in ["a", "b"] {
        let refused = read(&store, move |snapshot| snapshot.get::<Message>(key));
        assert!(matches!(refused, Err(Error::Value { error: key_cache::ValueError::Refused, .. })));
    }
}

#[test]
fn stores_of_later_releases_and_of_other_programs_are_refused_and_left_alone() {
    let home = Home::new();
    drop(home.open());
    let set = |pragma: &str, value: i32| {
        Connection::open(home.database()).unwrap().pragma_update(None, pragma, value).unwrap();
    };
    let open = home.open();
    set("user_version", 4);
    let refused = try_open(home.path(), options()).err();
    assert!(matches!(refused, Some(Error::Newer { found: 4, known: 3 })), "{refused:?}");
    // As is a program that had it open before.
    let wrote = write(&open, |tx| tx.put("a", message("1"))).err();
    assert!(matches!(wrote, Some(Error::Newer { found: 4, known: 3 })), "{wrote:?}");
    let read = read(&open, |snapshot| snapshot.get::<Message>("a")).err();
    assert!(matches!(read, Some(Error::Newer { .. })), "{read:?}");
    drop(open);
    set("user_version", 3);
    set("application_id", 77);
    assert!(matches!(try_open(home.path(), options()).err(), Some(Error::Foreign { application_id: 77 })));
    set("application_id", 0x6372_7970);
    drop(home.open());
}

#[test]
fn a_file_without_tables_that_a_killed_maker_left_becomes_a_store() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("store")).unwrap();
    std::fs::write(home.database(), "").unwrap();
    write(&home.open(), |tx| tx.put("a", message("1"))).unwrap();
    let held = read(&home.open(), |snapshot| snapshot.get::<Message>("a")).unwrap().unwrap();
    assert_eq!(held.value, Arc::new(message("1")));
}

#[test]
fn a_database_that_was_replaced_while_open_is_refused() {
    let home = Home::new();
    let store = home.open();
    write(&store, |tx| tx.put("a", message("1"))).unwrap();
    let copy = home.path().join("copy");
    std::fs::copy(home.database(), &copy).unwrap();
    std::fs::rename(&copy, home.database()).unwrap();
    assert!(matches!(write(&store, |tx| tx.put("a", message("2"))), Err(Error::Replaced { .. })));
}

#[test]
fn a_wrong_root_key_opens_nothing() {
    let home = Home::new();
    drop(home.open());
    std::fs::remove_file(home.path().join("root.key")).unwrap();
    key_cache::local::RootKey::create_key_file(&home.path().join("root.key")).unwrap();
    assert!(matches!(try_open(home.path(), options()).err(), Some(Error::Key(_))));
}

#[test]
fn the_log_stays_short_and_is_cut_after_a_large_transaction() {
    let home = Home::new();
    let store = home.open();
    let length = || std::fs::metadata(home.path().join("store/store.sqlite-wal")).unwrap().len();
    let large = Message { format: 1, bytes: vec![7; 12 << 20] };
    write(&store, |tx| tx.put("large", large)).unwrap();
    assert_eq!(length(), 0);
    for number in 0..600u32 {
        let value = Message { format: 1, bytes: vec![7; 10_000] };
        write(&store, move |tx| tx.put(number.to_be_bytes(), value)).unwrap();
    }
    // 4 MiB, and the transaction that made it so long.
    assert!(length() < 5 << 20, "{}", length());
}
