//! Writes, syncs and truncations that fail, each in its turn: once, and for a time.

use super::vfs::{Fault, Recorder};
use crate::processes::child::{GROUP, rotate, send};
use crate::support::{Home, read};
use crypto_store::fields::Outbox;
use crypto_store::{Error, Field, Store};
use rusqlite::{Connection, ffi};
use vodozemac::megolm::{GroupSession, InboundGroupSession, MegolmMessage};

fn index(store: &Store) -> u32 {
    read(store, |snapshot| Ok(snapshot.get::<GroupSession>(GROUP)?.unwrap().message_index())).unwrap()
}

#[test]
fn a_failed_call_publishes_nothing_and_moves_no_ratchet() {
    for (code, lasts) in [
        (ffi::SQLITE_FULL, false),
        (ffi::SQLITE_FULL, true),
        (ffi::SQLITE_IOERR_WRITE, false),
        (ffi::SQLITE_IOERR_FSYNC, true),
        (ffi::SQLITE_IOERR_TRUNCATE, false),
    ] {
        let home = Home::new();
        std::fs::create_dir(home.path().join("store")).unwrap();
        let recorder = Recorder::watch(&home.path().join("store"));
        let store = home.open();
        rotate(&store).unwrap();
        let (mut sent, mut failed) = (0, 0);
        for after in 0.. {
            recorder.fail(Some(Fault { after, code, lasts }));
            let result = send(&store, format!("message {sent}"));
            // The transaction has made fewer calls than that: none has failed.
            let over = recorder.has_not_failed();
            recorder.fail(None);
            match result {
                Ok(_) => sent += 1,
                Err(error) => {
                    assert!(matches!(error, Error::Sqlite(_) | Error::Broken), "{error}");
                    failed += 1;
                }
            }
            // The cache, and a handle that has none, say the same.
            assert_eq!(index(&store), sent);
            assert_eq!(index(&home.open()), sent);
            send(&store, format!("message {sent}")).unwrap();
            sent += 1;
            if over {
                break;
            }
        }
        assert!(failed > 2, "{failed} failures of {code}: the fault layer is not met");
        assert_each_once(&home, sent);
    }
}

fn assert_each_once(home: &Home, sent: u32) {
    let integrity: String =
        Connection::open(home.database()).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let (mut inbound, rows) = read(&home.open(), |snapshot| {
        let group = snapshot.get::<GroupSession>(GROUP)?.unwrap();
        let inbound = snapshot.get::<InboundGroupSession>(group.session_id())?.unwrap().copy();
        Ok((inbound, snapshot.range::<Outbox>("", "", 900)?))
    })
    .unwrap();
    assert_eq!(rows.len() as u32, sent);
    for (number, row) in (0u32..).zip(rows) {
        let opened = inbound.decrypt(&MegolmMessage::from_bytes(&row.held.bytes).unwrap()).unwrap();
        assert_eq!((opened.message_index, opened.plaintext), (number, format!("message {number}").into_bytes()));
    }
}
