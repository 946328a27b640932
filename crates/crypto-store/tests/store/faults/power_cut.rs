//! Power cuts at each call that SQLite makes on its files.

use super::disk::{Disk, Op, Unsynced, after_power_cut};
use super::vfs::Recorder;
use crate::processes::child::{GROUP, rotate, send};
use crate::support::{Home, read, write};
use crypto_store::fields::{Message, Outbox};
use crypto_store::{Error, Field};
use key_cache::block_on;
use rusqlite::Connection;
use vodozemac::megolm::{GroupSession, InboundGroupSession, MegolmMessage};

/// Messages of a few hundred bytes, then as many beside a value so large that the log begins again within the run.
const SMALL: u32 = 8;
const LARGE: u32 = 8;
const LARGE_VALUE: usize = 700 << 10;

/// A home whose store sent [`SMALL`] and [`LARGE`] messages and then rotated its key, where told to; and all calls on its files.
fn recorded(new_key: bool) -> (Home, Vec<Op>) {
    let home = Home::new();
    std::fs::create_dir(home.path().join("store")).unwrap();
    let recorder = Recorder::watch(&home.path().join("store"));
    let store = home.open();
    let acknowledge = |messages| {
        recorder.note(Op::Acknowledged(messages));
        // The worst case for the numbers of changes in it: nothing syncs them, and yet they are on disk.
        let (file, bytes) = ("store.lock".to_owned(), std::fs::read(home.path().join("store/store.lock")).unwrap());
        recorder.note(Op::Write { file: file.clone(), offset: 0, bytes });
        recorder.note(Op::Sync { file });
    };
    rotate(&store).unwrap();
    acknowledge(0);
    for number in 0..SMALL + LARGE {
        send(&store, format!("message {number}")).unwrap();
        acknowledge(number + 1);
        if number >= SMALL {
            let value = Message { format: 1, bytes: vec![number as u8; LARGE_VALUE] };
            write(&store, move |tx| tx.put("large", value)).unwrap();
            acknowledge(number + 1);
        }
    }
    if new_key {
        block_on(store.rotate_key()).unwrap();
    }
    (home, recorder.ops())
}

/// Opens the store after a power cut. Returns its number of messages. Each must be whole.
fn messages_after(ops: &[Op], disk: Disk, unsynced: Unsynced, from: &Home) -> Result<u32, String> {
    let home = Home::new();
    std::fs::copy(from.path().join("root.key"), home.path().join("root.key")).unwrap();
    std::fs::create_dir(home.path().join("store")).unwrap();
    after_power_cut(ops, disk, unsynced, &home.path().join("store"));
    crate::support::forget_place(&home);
    let store = crate::support::try_open(home.path(), crate::support::options()).map_err(|error| error.to_string())?;
    let integrity = Connection::open(home.database())
        .and_then(|file| file.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)))
        .map_err(|error| error.to_string())?;
    if integrity != "ok" {
        return Err(integrity);
    }
    let found = read(&store, |snapshot| {
        let Some(group) = snapshot.get::<GroupSession>(GROUP)? else { return Ok(None) };
        let inbound = snapshot.get::<InboundGroupSession>(group.session_id())?.map(|it| it.copy());
        Ok(Some((group.message_index(), inbound, snapshot.range::<Outbox>("", "", 100)?)))
    });
    let (index, inbound, rows) = found.map_err(|error: Error| error.to_string())?.ok_or("no session")?;
    let mut inbound = inbound.ok_or("half a rotation")?;
    for (number, row) in (0u32..).zip(&rows) {
        let message = MegolmMessage::from_bytes(&row.held.bytes).map_err(|error| error.to_string())?;
        let opened = inbound.decrypt(&message).map_err(|error| error.to_string())?;
        assert_eq!((opened.message_index, opened.plaintext), (number, format!("message {number}").into_bytes()));
    }
    assert_eq!(rows.len() as u32, index, "the ratchet and the outbox disagree");
    Ok(index)
}

fn acknowledged(ops: &[Op]) -> Option<u32> {
    ops.iter().rev().find_map(|op| match op {
        Op::Acknowledged(messages) => Some(*messages),
        _ => None,
    })
}

#[test]
fn a_power_cut_at_any_call_loses_nothing_acknowledged() {
    let (home, ops) = recorded(true);
    let small = ops.iter().position(|op| matches!(op, Op::Acknowledged(SMALL))).unwrap();
    let first = ops.iter().position(|op| matches!(op, Op::Acknowledged(0))).unwrap();
    let begins_log = |op: &Op| matches!(op, Op::Write { file, offset: 0, .. } if file.ends_with("-wal"));
    assert!(ops[small..].iter().any(begins_log), "the log was never written from its start again");
    // The rotation empties the log at its end.
    assert!(ops.iter().any(|op| matches!(op, Op::Truncate { file, size: 0 } if file.ends_with("-wal"))));
    let mut cuts = 0;
    for at in first + 1..=ops.len() {
        // Each call of the first messages; then those around syncs, truncations and acknowledgements, where it matters.
        let plain = |op: &Op| matches!(op, Op::Write { .. });
        if at > small && plain(&ops[at - 1]) && ops.get(at).is_none_or(plain) && at % 97 != 0 {
            continue;
        }
        let ops = &ops[..at];
        let acknowledged = acknowledged(ops).unwrap();
        for unsynced in [Unsynced::Dropped, Unsynced::Kept, Unsynced::Torn(at as u64)] {
            let found = messages_after(ops, Disk::All, unsynced, &home)
                .unwrap_or_else(|error| panic!("after call {at}, unsynced {unsynced:?}: {error}"));
            assert!(
                (acknowledged..=acknowledged + 1).contains(&found),
                "{found} of {acknowledged} at {at} {unsynced:?}"
            );
            cuts += 1;
        }
    }
    println!("{cuts} power cuts over {} calls", ops.len());
}

/// The control: if the write-ahead log is not synced at each commit, the same check finds the loss.
#[test]
fn without_syncs_of_the_log_the_check_finds_acknowledged_messages_lost() {
    let (home, mut ops) = recorded(false);
    // With the numbers that are in it, the store would be refused: see `place`.
    ops.retain(|op| !matches!(op, Op::Write { file, .. } | Op::Sync { file } if file == "store.lock"));
    assert_eq!(messages_after(&ops, Disk::All, Unsynced::Dropped, &home), Ok(SMALL + LARGE));
    let left = messages_after(&ops, Disk::DatabaseOnly, Unsynced::Dropped, &home).unwrap();
    assert!((1..SMALL + LARGE).contains(&left), "{left}");
}
