//! The log of changes.
//!
//! Each write to a row takes the next number of the log, which becomes the row's version. A process that has been away
//! reads the rows that changed since, and no more. The log keeps the newest [`KEPT`] changes. A process that was away
//! for longer assumes that everything has changed.

use crate::Error;
use crate::fields::{RowName, Table, Version};
use rusqlite::{Connection, params};
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Changes that the log keeps.
const KEPT: i64 = 10_000;
/// Maximum number of changes that [`Changes::next`](crate::Changes::next) returns.
const BATCH: i64 = 1_000;

/// A row was written or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The change's number.
    pub version: Version,
    /// The row's table.
    pub table: Table,
    /// The row's key.
    pub key: Vec<u8>,
}

/// The changes since the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These changes, in the order of their commits; at most 1,000, and more may follow.
    Changes(Vec<Change>),
    /// More than the log keeps: anything may have changed. The stream continues from here.
    Missed,
}

/// Precondition: the turn and a transaction. Returns the row's new version.
pub(crate) fn record(connection: &Connection, table: Table, key: &[u8]) -> Result<Version, Error> {
    connection
        .prepare_cached("INSERT INTO change (field, key) VALUES (?1, ?2)")?
        .execute(params![table as i64, key])?;
    Ok(connection.last_insert_rowid())
}

pub(crate) fn trim(connection: &Connection, newest: Version) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM change WHERE seq <= ?1")?.execute([newest - KEPT])?;
    Ok(())
}

/// The newest change that the transaction sees; 0 where there is none.
pub(crate) fn newest(connection: &Connection) -> Result<Version, Error> {
    Ok(connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM change")?.query_row([], |row| row.get(0))?)
}

/// The rows that changed after a change. None: the log does not reach back to it.
pub(crate) fn changed_since(connection: &Connection, after: Version) -> Result<Option<Vec<RowName>>, Error> {
    let Some(changes) = log(connection, after, KEPT)? else { return Ok(None) };
    Ok(Some(changes.into_iter().map(|change| (change.table, change.key.into())).collect()))
}

pub(crate) fn news_after(connection: &Connection, after: Version) -> Result<News, Error> {
    Ok(log(connection, after, BATCH)?.map_or(News::Missed, News::Changes))
}

fn log(connection: &Connection, after: Version, limit: i64) -> Result<Option<Vec<Change>>, Error> {
    let mut select =
        connection.prepare_cached("SELECT seq, field, key FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = select.query([after, limit])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let version = row.get(0)?;
        if changes.is_empty() && version != after + 1 {
            return Ok(None);
        }
        // This process has cached nothing of a later release's table.
        if let Some(table) = Table::from_number(row.get(1)?) {
            changes.push(Change { version, table, key: row.get(2)? });
        }
    }
    Ok(Some(changes))
}

/// The newest change that this process knows of, and the waiters for a newer one.
#[derive(Default)]
pub(crate) struct Watch(Mutex<Watched>);

#[derive(Default)]
struct Watched {
    newest: Version,
    waiting: Vec<Waker>,
}

impl Watch {
    pub(crate) fn saw(&self, newest: Version) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if newest > watched.newest {
            watched.newest = newest;
            std::mem::take(&mut watched.waiting).into_iter().for_each(Waker::wake);
        }
    }

    pub(crate) fn is_awaited(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.is_empty()
    }

    pub(crate) async fn after(&self, version: Version) {
        poll_fn(|context| {
            let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if watched.newest > version {
                return Poll::Ready(());
            }
            if !watched.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                watched.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
