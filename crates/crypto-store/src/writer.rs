//! One write transaction: the turn, `BEGIN IMMEDIATE`, the closure, `COMMIT`, and only then the cache.

use crate::Error;
use crate::changes::{Watch, newest, record, trim};
use crate::fields::{Field, FieldCache, Held, Row, RowName, Staged, Table, Value, Version};
use crate::keys;
use crate::locks::{FileId, Turn, Turnstile};
use crate::open::{BUSY_TIMEOUT, LONG_LOG};
use crate::prepare::check_not_set_back;
use crate::schema::check_version;
use crate::values::{Sealer, check_key};
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
    pub(crate) turnstile: Arc<Turnstile>,
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
    /// It has not: the store has these keys, which are not the caller's.
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
    /// Runs `write` in a transaction. `start` is called when it has the turn: false if nobody waits any more.
    ///
    /// None: `start` was false. An error of any kind has changed nothing, in the store or in the cache.
    pub(crate) fn write<T, E: From<Error>, F: FnOnce(&mut Tx<'_>) -> Result<T, E>>(
        &mut self,
        sealer: &Sealer,
        start: impl FnOnce() -> bool,
        write: F,
    ) -> Option<Ran<Result<T, E>, F>> {
        let turnstile = self.turnstile.clone();
        let turn = turnstile.turn();
        if !start() {
            return None;
        }
        let ran = turn.map_err(E::from).and_then(|turn| self.transaction(&turn, sealer, write));
        Some(ran.unwrap_or_else(|error| {
            self.seen = None;
            Ran::Done(Err(error))
        }))
    }

    fn transaction<T, E: From<Error>, F: FnOnce(&mut Tx<'_>) -> Result<T, E>>(
        &mut self,
        turn: &Turn<'_>,
        sealer: &Sealer,
        write: F,
    ) -> Result<Ran<Result<T, E>, F>, E> {
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
        if !sealer.has(&stored) {
            return Ok(Ran::OtherKeys(stored, write));
        }
        let view = View { connection: &transaction, cache: &self.cache, sealer, snapshot };
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
        turn.witness(newest);
        self.cache.publish(staged, newest);
        self.watch.saw(newest);
        self.seen = Some((data_version, newest));
        self.checkpoint();
        Ok(Ran::Done(Ok(value)))
    }

    /// Empties the write-ahead log in its turn, so that its file has nothing of deleted rows. A long snapshot prevents that.
    /// Then later writes overwrite the rest.
    pub(crate) fn empty_log(&self) {
        if let Ok(_turn) = self.turnstile.turn() {
            self.copy_log("TRUNCATE", READERS_TIMEOUT);
        }
    }

    /// Copies a long write-ahead log into the database, so that the next transaction writes the log from its start. The file is
    /// not truncated: a commit into bytes that are there already is synced in two thirds of the time.
    ///
    /// It holds the turn. Otherwise writers could append for ever, and the copy would never end.
    fn checkpoint(&self) {
        let frames = self.connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get::<_, i64>(1));
        if frames.is_ok_and(|frames| frames > LONG_LOG / PAGE) {
            self.copy_log("PASSIVE", Duration::ZERO);
        }
    }

    /// Precondition: the turn. Waits so long for readers that need the log; a later call copies what they keep. An error does
    /// not affect a transaction, because the log's contents are committed.
    fn copy_log(&self, mode: &str, wait: Duration) {
        if self.connection.busy_timeout(wait).is_ok() {
            let _ = self.connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
            let _ = self.connection.busy_timeout(BUSY_TIMEOUT);
        }
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
