//! The crypto store. Processes that write at once are compared with one process, and their waits with those of SQLite's busy
//! handler. Two processes that alternate are compared with one that loads everything again. The last rows are the savings of
//! the cache.

mod fields;
mod home;
mod worker;

pub use worker::work;

use crate::record::{Limit, Row};
use home::{Home, step};
use key_cache::block_on;
use rusqlite::Connection;
use std::time::{Duration, Instant};
use vodozemac::megolm::GroupSession;
use worker::{Kind, together};

const SESSIONS: u32 = 10_000;
const ROUNDS: usize = 5;
/// Transactions that two handles make in one round, in turns.
const ALTERNATIONS: u32 = 1_000;
const TURN: u32 = 100;

/// All rows.
pub fn measure() -> Vec<Row> {
    let home = Home::new(SESSIONS);
    let (mut two, mut four, mut wait) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let one = together(Kind::Store, 1, &home);
        two.push(together(Kind::Store, 2, &home).rate / one.rate);
        let ours = together(Kind::Store, 4, &home);
        four.push(ours.rate / one.rate);
        wait.push(ours.wait / together(Kind::BusyHandler, 4, &home).wait);
    }

    let (small, large) = (Home::new(SESSIONS / 10), Home::new(SESSIONS * 10));
    let (mut reload, mut size, mut check, mut transaction) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let [alternating] = alternate([&home]);
        reload.push((alternating + load_everything(&home)).as_secs_f64() / alternating.as_secs_f64());
        check.push(unchanged(&home).as_secs_f64() / alternating.as_secs_f64());
        let [large, small] = alternate([&large, &small]);
        size.push(large.as_secs_f64() / small.as_secs_f64());
        transaction.push(alternating);
    }
    transaction.sort();
    let mut rows = vec![
        row("transactions of 2 processes: rate to one's", two, Limit::AtLeast(0.6)),
        row("transactions of 4 processes: rate to one's", four, Limit::AtLeast(0.8)),
        row(
            "a wait of 4 processes, 99.9th percentile over time: share of the busy handler's",
            wait,
            Limit::AtMost(0.333),
        ),
        row("two that alternate, 10,000 sessions: rate to loading everything again", reload, Limit::AtLeast(100.0)),
        row("two that alternate, 100,000 sessions: time to that of 1,000", size, Limit::AtMost(1.2)),
        row("the check that nothing changed: share of a transaction", check, Limit::AtMost(0.05)),
    ];
    rows.extend(fields::measure(transaction[ROUNDS / 2]));
    rows
}

/// The median of the rounds.
fn row(name: &str, mut rounds: Vec<f64>, limit: Limit) -> Row {
    rounds.sort_by(f64::total_cmp);
    Row { name: name.into(), value: rounds[ROUNDS / 2], limit }
}

/// The time of one transaction if two handles write in turns, so that each loads the other's change. Measures all these stores
/// in turns of [`TURN`] transactions, so that other load of the machine affects all of them.
fn alternate<const STORES: usize>(homes: [&Home; STORES]) -> [Duration; STORES] {
    let handles = homes.map(|home| [home.open(), home.open()]);
    let mut times = [Duration::ZERO; STORES];
    for turn in 0..=ALTERNATIONS / TURN {
        for ((home, handles), time) in homes.iter().zip(&handles).zip(&mut times) {
            let began = Instant::now();
            for number in turn * TURN..(turn + 1) * TURN {
                step(&handles[number as usize % 2], number / 2 % home.sessions, &format!("alternating {number}"));
            }
            // The first turn fills the caches.
            if turn > 0 {
                *time += began.elapsed();
            }
        }
    }
    times.map(|time| time / ALTERNATIONS)
}

/// The time to read, open and decode all sessions, as after a change that drops the whole cache.
fn load_everything(home: &Home) -> Duration {
    let store = home.open();
    let began = Instant::now();
    let (mut after, mut loaded) = (Vec::new(), Vec::new());
    while loaded.len() < home.sessions as usize {
        let from = after.clone();
        let read = store.read(move |snapshot| snapshot.range::<GroupSession>("", from, crypto_store::MAX_ROWS));
        let rows: Result<Vec<_>, crypto_store::Error> = block_on(read);
        loaded.extend(rows.expect("the store can be read"));
        after.clone_from(&loaded.last().expect("there are more rows").key);
    }
    began.elapsed()
}

/// The time to find that neither rows nor keys have changed.
fn unchanged(home: &Home) -> Duration {
    const CHECKS: u32 = 10_000;
    let check = || -> rusqlite::Result<Duration> {
        let connection = Connection::open(home.database())?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let began = Instant::now();
        for _ in 0..CHECKS {
            connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get::<_, i64>(0))?;
            let mut keys =
                connection.prepare_cached("SELECT generation, id, wrapping FROM store_key ORDER BY generation")?;
            keys.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, Vec<u8>>(1)?)))?.for_each(drop);
        }
        Ok(began.elapsed() / CHECKS)
    };
    check().expect("the database can be read")
}
