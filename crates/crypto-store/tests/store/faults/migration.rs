//! If any call of a migration fails, the store has the old or the new version, and is complete.

use super::vfs::{Fault, Recorder};
use crate::image::{VERSION, goes_on, home_of};
use crate::support::{options, try_open};
use rusqlite::{Connection, ffi};
use std::collections::BTreeSet;

#[test]
fn a_migration_that_fails_at_any_call_is_done_by_who_opens_next() {
    for from in 1..VERSION {
        fails_at_any_call(from);
    }
}

fn fails_at_any_call(from: i32) {
    let mut left = BTreeSet::new();
    for after in 0.. {
        let home = home_of(from);
        let recorder = Recorder::watch(&home.path().join("store"));
        recorder.fail(Some(Fault { after, code: ffi::SQLITE_IOERR_WRITE, lasts: true }));
        let opened = try_open(home.path(), options());
        recorder.fail(None);
        let over = opened.is_ok();
        drop(opened);
        let version = |row: &rusqlite::Row<'_>| row.get::<_, i32>(0);
        left.insert(Connection::open(home.database()).unwrap().query_row("PRAGMA user_version", [], version).unwrap());
        goes_on(&home);
        if over {
            break;
        }
    }
    assert_eq!(left, BTreeSet::from([from, VERSION]));
}
