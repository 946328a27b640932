//! One snapshot.

use crate::Error;
use crate::changes::{News, newest, news_after};
use crate::fields::{Field, FieldCache, Held, Row, Version};
use crate::keys;
use crate::open::connect;
use crate::schema::check_version;
use crate::values::StoreKeys;
use crate::view::View;
use crate::writer::Ran;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

/// Maximum number of rows that one snapshot returns. A long snapshot keeps SQLite from reusing its log.
pub const MAX_ROWS: usize = 1_000;

/// The reading thread's side of a store.
pub(crate) struct Reader {
    connection: Connection,
    cache: Arc<FieldCache>,
}

/// The store as it was at one moment. Rows are returned as owned values, so no borrow outlives the closure.
pub struct Snapshot<'a> {
    view: View<'a>,
    rows: Cell<usize>,
}

impl Reader {
    pub(crate) fn open(path: &Path, cache: Arc<FieldCache>) -> Result<Self, Error> {
        Ok(Self { connection: connect(path)?, cache })
    }

    pub(crate) fn read<T, E: From<Error>, F: FnOnce(&Snapshot<'_>) -> Result<T, E>>(
        &mut self,
        keys: &StoreKeys,
        read: F,
    ) -> Result<Ran<T, F>, E> {
        let transaction = self.begin()?;
        // The first statement fixes the snapshot.
        check_version(&transaction)?;
        let stored = keys::stored(&transaction)?;
        let Some(sealer) = keys.sealer(&stored) else { return Ok(Ran::OtherKeys(stored, read)) };
        let snapshot = newest(&transaction)?;
        let view = View { connection: &transaction, cache: &self.cache, sealer: &sealer, snapshot };
        view.catch_up()?;
        read(&Snapshot { view, rows: Cell::new(0) }).map(Ran::Done)
    }

    pub(crate) fn newest(&self) -> Result<Version, Error> {
        newest(&self.connection)
    }

    pub(crate) fn news_after(&self, after: Version) -> Result<News, Error> {
        let transaction = self.begin()?;
        news_after(&transaction, after)
    }

    fn begin(&self) -> Result<Transaction<'_>, Error> {
        Ok(Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)?)
    }
}

impl Snapshot<'_> {
    /// The value of a row. Errors: [`Error::TooManyRows`], [`Error::Length`], [`Error::Value`], [`Error::Decode`],
    /// [`Error::Sqlite`].
    pub fn get<F: Field>(&self, key: impl AsRef<[u8]>) -> Result<Option<Held<F>>, Error> {
        self.count(1)?;
        self.view.get(key.as_ref())
    }

    /// At most `limit` rows whose keys begin with `prefix` and follow `after`, by key. Errors: as [`get`](Self::get).
    pub fn range<F: Field>(
        &self,
        prefix: impl AsRef<[u8]>,
        after: impl AsRef<[u8]>,
        limit: usize,
    ) -> Result<Vec<Row<F>>, Error> {
        self.count(limit)?;
        let rows = self.view.range(prefix.as_ref(), after.as_ref(), limit)?;
        self.rows.set(self.rows.get() - (limit - rows.len()));
        Ok(rows)
    }

    /// The newest change that the snapshot shows.
    pub fn version(&self) -> Version {
        self.view.snapshot
    }

    fn count(&self, more: usize) -> Result<(), Error> {
        let rows = self.rows.get().saturating_add(more);
        if rows > MAX_ROWS {
            return Err(Error::TooManyRows { limit: MAX_ROWS });
        }
        self.rows.set(rows);
        Ok(())
    }
}
