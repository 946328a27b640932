//! One write transaction: the turn, `BEGIN IMMEDIATE`, the closure, `COMMIT`, and only then the cache.

use crate::Error;
use crate::changes::{Watch, newest, record, trim};
use crate::fields::{Field, FieldCache, Held, Row, RowName, Staged, Table, Value, Version};
use crate::keys;
use crate::locks::{FileId, Turn, Witness};
use crate::open::{BUSY_TIMEOUT, LONG_LOG};
use crate::prepare::check_not_set_back;
use crate::schema::check_version;
use crate::values::{Sealer, StoreKeys, check_key};
use crate::view::View;
use key_cache::WrappedKey;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of SQLite's pages, unless a database says otherwise.
const PAGE: i64 = 4_096;
/// A writer that empties the log waits so long for snapshots. They take milliseconds unless their process is stopped.
const READERS_TIMEOUT: Duration = Duration::from_millis(200);

/// The writing thread's side of a store.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) cache: Arc<FieldCache>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) database: PathBuf,
    pub(crate) database_id: FileId,
    /// `PRAGMA data_version` after the last transaction, and the newest change then.
    pub(crate) seen: Option<(i64, Version)>,
}

/// The result of handing a closure to the writer.
pub(crate) enum Ran<T, F> {
    /// It has run.
    Done(T),
    /// It has not: the store has these keys, and the caller has others, or one that has ended.
    OtherKeys(Vec<WrappedKey>, F),
}

/// A write transaction. It reads the newest rows, and nobody else writes until it ends.
pub struct Tx<'a> {
    view: View<'a>,
    /// The values that it wrote.
    staged: Staged,
    /// The staged values that are not in the database yet. Only the last value of a row in a transaction is encoded, sealed and
    /// written.
    unwritten: RefCell<BTreeMap<RowName, WriteRow>>,
    newest: Version,
    /// A statement has failed. SQLite may have rolled back by itself, so nothing may follow.
    broken: Cell<bool>,
}

/// Seals a value of a field and writes its row.
type WriteRow = fn(&View<'_>, &[u8], Version, &Value) -> Result<(), Error>;

impl Writer {
    /// Runs `write` in a transaction. An error of any kind has changed nothing, in the store or in the cache.
    pub(crate) fn write<T, E: From<Error>, F: FnOnce(&mut Tx<'_>) -> Result<T, E>>(
        &mut self,
        turn: &Turn<'_>,
        keys: &StoreKeys,
        write: F,
    ) -> Result<Ran<T, F>, E> {
        let ran = self.transaction(turn, keys, write);
        if ran.is_err() {
            self.seen = None;
        }
        ran
    }

    fn transaction<T, E: From<Error>, F: FnOnce(&mut Tx<'_>) -> Result<T, E>>(
        &mut self,
        turn: &Turn<'_>,
        keys: &StoreKeys,
        write: F,
    ) -> Result<Ran<T, F>, E> {
        if FileId::of(&self.database).ok() != Some(self.database_id) {
            return Err(Error::Replaced { path: self.database.clone() }.into());
        }
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).map_err(Error::from)?;
        let data_version = data_version(&transaction)?;
        let snapshot = match self.seen {
            Some((seen, newest)) if seen == data_version => newest,
            _ => {
                check_version(&transaction)?;
                let newest = newest(&transaction)?;
                check_not_set_back(newest, turn, &self.database)?;
                newest
            }
        };
        let stored = keys::stored(&transaction)?;
        let Some(sealer) = keys.sealer(&stored) else { return Ok(Ran::OtherKeys(stored, write)) };
        let view = View { connection: &transaction, cache: &self.cache, sealer: &sealer, snapshot };
        view.catch_up()?;
        let unwritten = RefCell::default();
        let mut tx = Tx { view, staged: Staged::new(), unwritten, newest: snapshot, broken: Cell::new(false) };
        let value = write(&mut tx)?;
        tx.check()?;
        tx.write_staged()?;
        let Tx { staged, newest, .. } = tx;
        if newest > snapshot {
            trim(&transaction, newest)?;
        }
        if let Err(error) = transaction.commit() {
            self.cache.clear();
            return Err(Error::from(error).into());
        }
        turn.witness(Witness::Committed, newest);
        self.cache.publish(staged, newest);
        self.watch.saw(newest);
        self.seen = Some((data_version, newest));
        self.checkpoint(turn);
        Ok(Ran::Done(value))
    }

    /// Empties the write-ahead log, so that its file has nothing of deleted rows. False: a snapshot needs it.
    pub(crate) fn empty_log(&self, turn: &Turn<'_>) -> Result<bool, Error> {
        self.copy_log(turn, "TRUNCATE", READERS_TIMEOUT)
    }

    /// Copies a long write-ahead log into the database, so that the next transaction writes the log from its start. The file is
    /// not truncated: a commit into bytes that are there already is synced in two thirds of the time. Only this process knows that
    /// the log was copied. If processes end after a commit each, the log grows nevertheless, and is truncated at twice the length.
    ///
    /// It holds the turn. Otherwise writers could append for ever, and the copy would never end. An error does not affect a
    /// transaction, because the log's contents are committed. A later call copies what this one did not.
    fn checkpoint(&self, turn: &Turn<'_>) {
        let frames = self.connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get::<_, i64>(1));
        let lengths = frames.map_or(0, |frames| frames * PAGE / LONG_LOG);
        if lengths > 0 {
            let mode = if lengths > 1 { "TRUNCATE" } else { "PASSIVE" };
            let _ = self.copy_log(turn, mode, Duration::ZERO);
        }
    }

    /// Copies the log into the database, and waits so long for readers that need the log. False: not all of it.
    fn copy_log(&self, turn: &Turn<'_>, mode: &str, wait: Duration) -> Result<bool, Error> {
        self.connection.busy_timeout(wait)?;
        let result = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let copied = self.connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], result);
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        let (blocked, frames, copied): (bool, i64, i64) = copied?;
        let all = !blocked && copied == frames;
        if all {
            turn.witness(Witness::Copied, newest(&self.connection)?);
        }
        Ok(all)
    }
}

/// SQLite's data version. Commits of other connections change it, commits of this one do not.
fn data_version(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

impl Tx<'_> {
    /// The newest value of a row, including this transaction's own writes. Errors: [`Error::Length`], [`Error::Value`],
    /// [`Error::Decode`], [`Error::Sqlite`].
    pub fn get<F: Field>(&self, key: impl AsRef<[u8]>) -> Result<Option<Held<F>>, Error> {
        let key = key.as_ref();
        match self.staged.get(&(F::TABLE, key.into())) {
            Some(Some((version, value))) => {
                let value = value.clone().downcast().expect("a table has one type");
                Ok(Some(Held { value, version: *version }))
            }
            Some(None) => Ok(None),
            None => self.view.get(key),
        }
    }

    /// At most `limit` rows whose keys begin with `prefix` and follow `after`, by key. Errors: as [`get`](Self::get).
    pub fn range<F: Field>(
        &self,
        prefix: impl AsRef<[u8]>,
        after: impl AsRef<[u8]>,
        limit: usize,
    ) -> Result<Vec<Row<F>>, Error> {
        self.check()?;
        self.write_staged()?;
        self.view.range(prefix.as_ref(), after.as_ref(), limit)
    }

    /// Writes a row, whatever it was. Returns its version. If a transaction writes a row several times, this is one change with one
    /// version. A value that is too long fails the transaction when it ends. Errors: [`Error::Length`], [`Error::Sqlite`].
    pub fn put<F: Field>(&mut self, key: impl AsRef<[u8]>, value: F) -> Result<Version, Error> {
        let key = key.as_ref();
        check_key(key)?;
        self.check()?;
        let name: RowName = (F::TABLE, key.into());
        let version = match self.staged.get(&name) {
            Some(Some((version, _))) => *version,
            _ => self.statements(|| record(self.view.connection, F::TABLE, key))?,
        };
        self.newest = self.newest.max(version);
        self.unwritten.get_mut().insert(name.clone(), |view, key, version, value| {
            let value = value.downcast_ref::<F>().expect("a table has one type");
            write_row(view.connection, F::TABLE, key, version, &view.sealer.seal(key, value)?)
        });
        self.staged.insert(name, Some((version, Arc::new(value))));
        Ok(version)
    }

    /// Writes a row that still has the version that the caller has read. None: that there was none.
    ///
    /// Use it if a value was held across an await. Errors: [`Error::Conflict`], and those of [`put`](Self::put).
    pub fn put_if<F: Field>(
        &mut self,
        key: impl AsRef<[u8]>,
        expected: Option<Version>,
        value: F,
    ) -> Result<Version, Error> {
        let found = self.get::<F>(key.as_ref())?.map(|held| held.version);
        if found != expected {
            return Err(Error::Conflict { table: F::TABLE, expected, found });
        }
        self.put(key, value)
    }

    /// Changes a copy of a row's newest value and writes it. This moves a ratchet. None: there is no such row.
    ///
    /// An error of `change` is returned, and the row is as it was. Errors: as [`get`](Self::get) and [`put`](Self::put).
    pub fn update<F: Field, R, E: From<Error>>(
        &mut self,
        key: impl AsRef<[u8]>,
        change: impl FnOnce(&mut F) -> Result<R, E>,
    ) -> Result<Option<R>, E> {
        let Some(held) = self.get::<F>(key.as_ref())? else { return Ok(None) };
        let mut value = held.copy();
        let result = change(&mut value)?;
        self.put(key, value)?;
        Ok(Some(result))
    }

    /// Deletes a row. False: there was none. Errors: [`Error::Length`], [`Error::Sqlite`].
    pub fn delete<F: Field>(&mut self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        let key = key.as_ref();
        check_key(key)?;
        self.check()?;
        let name: RowName = (F::TABLE, key.into());
        let is_unwritten = self.unwritten.get_mut().remove(&name).is_some();
        let sql = format!("DELETE FROM {} WHERE key = ?1", F::TABLE.name());
        let connection = self.view.connection;
        let version = self.statements(|| {
            let deleted = connection.prepare_cached(&sql)?.execute([key])?;
            if deleted == 0 && !is_unwritten { Ok(None) } else { record(connection, F::TABLE, key).map(Some) }
        })?;
        let Some(version) = version else { return Ok(false) };
        self.newest = version;
        self.staged.insert(name, None);
        Ok(true)
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.view.connection
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        self.view.sealer
    }

    /// Writes the rows that are staged only.
    fn write_staged(&self) -> Result<(), Error> {
        for (name, write) in self.unwritten.take() {
            if let Some(Some((version, value))) = self.staged.get(&name) {
                self.statements(|| write(&self.view, &name.1, *version, value))?;
            }
        }
        Ok(())
    }

    fn statements<T>(&self, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let done = run();
        self.broken.set(self.broken.get() || done.is_err());
        done
    }

    fn check(&self) -> Result<(), Error> {
        if self.broken.get() || self.view.connection.is_autocommit() { Err(Error::Broken) } else { Ok(()) }
    }
}

fn write_row(connection: &Connection, table: Table, key: &[u8], version: Version, sealed: &[u8]) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO {} (key, version, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value",
        table.name()
    );
    connection.prepare_cached(&sql)?.execute(params![key, version, sealed])?;
    Ok(())
}
