//! Processes that write at once.

use super::SESSIONS;
use super::home::{Home, open, step};
use crypto_store::Caching;
use rusqlite::{Connection, TransactionBehavior, params};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Number of transactions of one process.
const TRANSACTIONS: u32 = 1_000;

#[derive(Clone, Copy)]
pub enum Kind {
    /// The crypto store.
    Store,
    /// The same statements with SQLite's own locks and busy handler, without encryption.
    BusyHandler,
}

pub struct Together {
    /// Transactions a second of all processes together.
    pub rate: f64,
    /// The wait of a request, 99.9th percentile over time, in seconds: see [`over_time`].
    pub wait: f64,
}

/// Runs this many writing processes at once.
pub fn together(kind: Kind, processes: u32, home: &Home) -> Together {
    // The journal mode is set first, because SQLite does not wait for other connections in this step.
    plain(home.path()).expect("the database can be made");
    let mut workers: Vec<Child> = (0..processes).map(|number| start(kind, number, home)).collect();
    let mut outputs: Vec<_> =
        workers.iter_mut().map(|worker| BufReader::new(worker.stdout.take().expect("it is piped"))).collect();
    for output in &mut outputs {
        let mut ready = String::new();
        output.read_line(&mut ready).expect("a worker says that it is ready");
    }
    let began = Instant::now();
    for worker in &mut workers {
        worker.stdin.take().expect("it is piped").write_all(b"go\n").expect("a worker waits");
    }
    let mut times: Vec<f64> = Vec::new();
    for output in &mut outputs {
        let mut text = String::new();
        output.read_to_string(&mut text).expect("a worker writes its times");
        times.extend(text.lines().map(|line| line.parse::<f64>().expect("a time in seconds")));
    }
    let took = began.elapsed();
    workers.iter_mut().for_each(|worker| assert!(worker.wait().expect("a worker ends").success()));
    assert_eq!(times.len() as u32, processes * TRANSACTIONS);
    Together { rate: times.len() as f64 / took.as_secs_f64(), wait: over_time(times, 0.999) }
}

/// A percentile over time: the duration of a transaction such that this share of the processes' time was spent in transactions
/// no longer than it.
///
/// A percentile over transactions would not be reproducible, because few of the busy handler's transactions wait: the process
/// that has just released the lock takes it again, a thousand times in a row, while the others sleep. About one transaction in
/// a thousand slept, so the 99.9th percentile was 4 ms in one run and 230 ms in the next. At any moment three of four processes
/// wait.
fn over_time(mut times: Vec<f64>, share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let mut left = share * times.iter().sum::<f64>();
    let found = times.iter().find(|time| {
        left -= **time;
        left <= 0.0
    });
    *found.or(times.last()).expect("there are transactions")
}

fn start(kind: Kind, number: u32, home: &Home) -> Child {
    let kind = match kind {
        Kind::Store => "store",
        Kind::BusyHandler => "busy-handler",
    };
    Command::new(std::env::current_exe().expect("the program has a path"))
        .args(["worker", kind, &number.to_string()])
        .arg(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process can be started")
}

/// The work of a worker: `worker KIND NUMBER HOME`.
pub fn work(kind: &str, number: &str, home: &Path) {
    let id = std::process::id();
    let number: u32 = number.parse().expect("a number");
    let session = |transaction: u32| (transaction * 8 + number) % SESSIONS;
    match kind {
        "store" => {
            let store = open(home, Caching::On);
            run(|transaction| step(&store, session(transaction), &format!("{id}-{transaction}")));
        }
        _ => {
            let mut connection = plain(home).expect("the database can be opened");
            run(|transaction| plain_step(&mut connection, session(transaction)).expect("the database can be written"));
        }
    }
}

fn run(mut transact: impl FnMut(u32)) {
    println!("ready");
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).expect("the other end says when");
    let times: Vec<Duration> = (0..TRANSACTIONS)
        .map(|transaction| {
            let began = Instant::now();
            transact(transaction);
            began.elapsed()
        })
        .collect();
    times.iter().for_each(|time| println!("{}", time.as_secs_f64()));
}

/// A home's database for the busy handler.
fn plain(home: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(home.join("busy-handler.sqlite"))?;
    connection.busy_timeout(Duration::from_secs(60))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS session (key INTEGER PRIMARY KEY, value BLOB NOT NULL);
         CREATE TABLE IF NOT EXISTS outbox (key INTEGER PRIMARY KEY, value BLOB NOT NULL);",
    )?;
    Ok(connection)
}

fn plain_step(connection: &mut Connection, session: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.prepare_cached("SELECT value FROM session WHERE key = ?1")?.query([session])?.next()?;
    let value = [7; 1_000];
    transaction.prepare_cached("INSERT OR REPLACE INTO session VALUES (?1, ?2)")?.execute(params![session, value])?;
    transaction.prepare_cached("INSERT INTO outbox (value) VALUES (?1)")?.execute([&value[..600]])?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::over_time;

    #[test]
    fn a_percentile_over_time_weighs_each_transaction_by_its_time() {
        // One transaction of 10 takes half of the time. The median over transactions would be 1.
        let times: Vec<f64> = std::iter::repeat_n(1.0, 10).chain([10.0]).collect();
        assert_eq!(over_time(times.clone(), 0.49), 1.0);
        assert_eq!(over_time(times.clone(), 0.51), 10.0);
        assert_eq!(over_time(times, 1.0), 10.0);
    }
}
