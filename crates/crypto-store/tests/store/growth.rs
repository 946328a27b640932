//! The size of the store on disk.

use crate::support::{Home, write};
use crypto_store::Store;
use crypto_store::fields::{Message, Outbox};
use rusqlite::Connection;

const MESSAGES: u32 = 1_000;
const BATCH: u32 = 100;
const TEXT: usize = 1_024;
/// The bytes that a mailbox stores for a text of this length, in the log and sealed.
const STORED: (usize, usize) = (TEXT + 64, TEXT + 350);

/// Writes messages and their sealed bytes, and deletes the sent ones, a batch at a time.
fn send(store: &Store, from: u32) {
    for first in (from..from + MESSAGES).step_by(BATCH as usize) {
        let message = |state| Message { format: state, bytes: vec![7; STORED.0] };
        write(store, move |tx| {
            for number in first..first + BATCH {
                tx.put(number.to_be_bytes(), message(1))?;
                tx.put(number.to_be_bytes(), Outbox { format: 1, bytes: vec![8; STORED.1] })?;
            }
            Ok(())
        })
        .unwrap();
        write(store, move |tx| {
            for number in first..first + BATCH {
                tx.delete::<Outbox>(number.to_be_bytes())?;
                tx.put(number.to_be_bytes(), message(2))?;
            }
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn messages_of_1_kib_and_their_sealed_bytes_take_less_than_2_2_times_the_texts_once_sent() {
    let home = Home::new();
    let store = home.open();
    let database = Connection::open(home.database()).unwrap();
    let bytes = || database.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0)).unwrap() * 4_096;
    let texts = f64::from(MESSAGES) * TEXT as f64;
    let mut before = bytes();
    for (turn, limit) in [2.2, 1.7, 1.7, 1.5].into_iter().enumerate() {
        send(&store, turn as u32 * MESSAGES);
        let grown = (bytes() - before) as f64 / texts;
        println!("turn {turn}: {grown:.2}");
        assert!(grown < limit, "the database grew by {grown:.2} times the texts");
        before = bytes();
    }
}

#[test]
fn the_log_stays_short_if_each_process_ends_after_a_transaction() {
    const LONG_LOG: u64 = 4 << 20;
    let home = Home::new();
    let mut longest = 0;
    for number in 0..40_u32 {
        let message = Message { format: 1, bytes: vec![7; 500_000] };
        write(&home.open(), move |tx| tx.put(number.to_be_bytes(), message)).unwrap();
        let log = std::fs::metadata(home.path().join("store/store.sqlite-wal")).unwrap();
        longest = longest.max(log.len());
    }
    assert!(longest > LONG_LOG && longest < 2 * LONG_LOG + 1_000_000, "{longest} bytes");
}
