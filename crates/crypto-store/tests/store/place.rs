//! A store that was copied or set back would use ratchet steps again. It is refused with a clear error.

use crate::processes::Process;
use crate::support::{Home, forget_place, options, read, try_open, write};
use crypto_store::fields::Message;
use crypto_store::{Error, Moved};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

fn message(text: &str) -> Message {
    Message { format: 1, bytes: text.into() }
}

fn home_with_a_message() -> Home {
    let home = Home::new();
    write(&home.open(), |tx| tx.put("a", message("1"))).unwrap();
    home
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_copy_is_refused_and_the_original_and_a_store_that_was_renamed_are_not() {
    let home = home_with_a_message();
    let other = Home::new();
    fs::copy(home.path().join("root.key"), other.path().join("root.key")).unwrap();
    copy(&home.path().join("store"), &other.path().join("store"));
    let refused = try_open(other.path(), options()).err().unwrap();
    assert!(matches!(&refused, Error::Copied { moved: Moved::File, path } if path.ends_with("store/store.sqlite")));
    let text = refused.to_string();
    assert!(text.contains("a copy from another place") && text.contains("use the original"), "{text}");
    // Refused, it was not changed: it is refused again. Without its place it is a store, so nothing else refused it.
    assert!(matches!(try_open(other.path(), options()).err(), Some(Error::Copied { .. })));
    forget_place(&other);
    assert!(read(&other.open(), |snapshot| snapshot.get::<Message>("a")).unwrap().is_some());

    fs::rename(home.path().join("store"), home.path().join("renamed")).unwrap();
    fs::rename(home.path().join("renamed"), home.path().join("store")).unwrap();
    write(&home.open(), |tx| tx.put("a", message("2"))).unwrap();
}

#[test]
fn a_store_from_another_machine_is_refused() {
    let home = home_with_a_message();
    let file = Connection::open(home.database()).unwrap();
    let mut place: Vec<u8> = file.query_row("SELECT place FROM meta", [], |row| row.get(0)).unwrap();
    place[..16].copy_from_slice(&[9; 16]);
    file.execute("UPDATE meta SET place = ?1", [place]).unwrap();
    let refused = try_open(home.path(), options()).err();
    if fs::read("/etc/machine-id").is_ok_and(|id| !id.trim_ascii().is_empty()) {
        assert!(matches!(refused, Some(Error::Copied { moved: Moved::Machine, .. })), "{refused:?}");
    } else {
        assert!(refused.is_none(), "an unknown machine is no other one");
    }
}

/// Puts the bytes of an earlier moment into the same files, as `rsync --inplace` does.
fn set_back(home: &Home, earlier: &Path) {
    for name in ["store.sqlite", "store.sqlite-wal"] {
        let bytes = fs::read(earlier.join(name)).unwrap_or_default();
        fs::write(home.path().join("store").join(name), bytes).unwrap();
    }
    let _ = fs::remove_file(home.path().join("store/store.sqlite-shm"));
}

#[test]
fn a_database_that_was_set_back_is_refused_by_who_opens_it_and_by_who_has_it_open() {
    let home = Home::new();
    // By processes that are gone: none has the files open that are set back.
    let put = || drop(Process::start("put", home.path(), 0).finish());
    put();
    let (earlier, newest) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy(&home.path().join("store"), earlier.path());
    put();
    copy(&home.path().join("store"), newest.path());

    set_back(&home, earlier.path());
    let refused = try_open(home.path(), options()).err().unwrap();
    assert!(matches!(refused, Error::SetBack { committed: 2, found: 1, .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains("set back to change 1 from 2") && text.contains("put the newest one back"), "{text}");

    set_back(&home, newest.path());
    let store = home.open();
    write(&store, |tx| tx.put("a", message("3"))).unwrap();
    Connection::open(home.database()).unwrap().execute("DELETE FROM change WHERE seq > 1", []).unwrap();
    let refused = write(&store, |tx| tx.put("a", message("4"))).err();
    assert!(matches!(refused, Some(Error::SetBack { committed: 3, found: 1, .. })), "{refused:?}");
}

#[test]
fn a_database_file_that_was_set_back_under_its_newer_log_is_refused() {
    // Bytes that a path in a URI cannot have.
    let home = Home::named("50% of a?b#c");
    // By processes that are gone, as above.
    let step_all = || drop(Process::start("step-all", home.path(), 0).finish());
    let log_begun = || {
        let log = fs::read(home.path().join("store/store.sqlite-wal")).unwrap();
        u32::from_be_bytes(log[12..16].try_into().unwrap())
    };
    let until_log_begins_again = || {
        let before = log_begun();
        while log_begun() == before {
            step_all();
        }
    };
    step_all();
    let without_tables = fs::read(home.database()).unwrap();
    until_log_begins_again();
    let with_tables = fs::read(home.database()).unwrap();
    until_log_begins_again();
    step_all();
    let newest = fs::read(home.database()).unwrap();
    assert!(without_tables.len() <= 4_096 && with_tables.len() > 4_096);

    for earlier in [with_tables, without_tables] {
        fs::write(home.database(), earlier).unwrap();
        let refused = try_open(home.path(), options()).err();
        assert!(matches!(refused, Some(Error::SetBack { .. })), "{refused:?}");
    }
    fs::write(home.database(), newest).unwrap();
    step_all();
}

#[test]
fn a_new_store_in_the_folder_of_one_that_was_deleted_begins_anew() {
    let home = home_with_a_message();
    // Its changes have been copied into the database file, too.
    write(&home.open(), |tx| tx.put("large", Message { format: 1, bytes: vec![7; 5 << 20] })).unwrap();
    for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm"] {
        fs::remove_file(home.path().join("store").join(name)).unwrap();
    }
    let store = home.open();
    assert!(read(&store, |snapshot| snapshot.get::<Message>("a")).unwrap().is_none());
    write(&store, |tx| tx.put("a", message("2"))).unwrap();
    drop(store);
    drop(home.open());
}
