//! Rows as fields, through the cache. Precondition of all: a transaction, whose snapshot is of change `snapshot`.

use crate::Error;
use crate::changes::changed_since;
use crate::fields::{Field, FieldCache, Held, Row, Version};
use crate::values::{Sealer, check_key};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

pub(crate) struct View<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) cache: &'a FieldCache,
    pub(crate) sealer: &'a Sealer,
    pub(crate) snapshot: Version,
}

impl View<'_> {
    pub(crate) fn get<F: Field>(&self, key: &[u8]) -> Result<Option<Held<F>>, Error> {
        check_key(key)?;
        if F::TABLE.is_cached()
            && let Some(held) = self.cache.get(key, self.snapshot)
        {
            return Ok(Some(held));
        }
        let sql = format!("SELECT version, value FROM {} WHERE key = ?1", F::TABLE.name());
        let mut select = self.connection.prepare_cached(&sql)?;
        let found = select.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((version, sealed)) = found else { return Ok(None) };
        let sealed: Vec<u8> = sealed;
        let held = Held { value: Arc::new(self.sealer.open::<F>(key, &sealed)?), version };
        self.cache.insert(key, &held, self.snapshot);
        Ok(Some(held))
    }

    /// At most `limit` rows whose keys begin with `prefix` and follow `after`, by key.
    pub(crate) fn range<F: Field>(&self, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Row<F>>, Error> {
        let sql = format!("SELECT key, version, value FROM {} WHERE key >= ?1 ORDER BY key LIMIT ?2", F::TABLE.name());
        let mut select = self.connection.prepare_cached(&sql)?;
        // One bound: with two, SQLite seeks the lower one and walks to the other. The key next to `after` has a zero more.
        let first = if after < prefix { prefix.to_vec() } else { [after, &[0]].concat() };
        let mut found = select.query(params![first, limit as i64])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let key: Vec<u8> = row.get(0)?;
            if !key.starts_with(prefix) {
                break;
            }
            let value =
                Arc::new(self.sealer.open::<F>(&key, row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?);
            rows.push(Row { key, held: Held { value, version: row.get(1)? } });
        }
        Ok(rows)
    }

    /// Drops from the cache what others have changed up to this snapshot.
    pub(crate) fn catch_up(&self) -> Result<(), Error> {
        self.cache.catch_up(self.snapshot, |after| changed_since(self.connection, after))
    }
}
