//! A new key for the store: all values are sealed again under it, in bounded steps.
//!
//! `rotation` has one row while a rotation is under way: every value before that place, in the order of tables and
//! keys, is sealed under the newest key. A step seals the next values and moves the place in one transaction, so a kill
//! between two steps loses nothing, and any process continues. From the beginning, writers seal under the newest key. A
//! writer that has only older keys gets the new ones before its closure runs. The last step deletes the older key, and
//! the row stays at [`ALL_SEALED`] until the write-ahead log, which has that key's wrapping, is emptied.
//!
//! A value that is sealed again keeps its version, because it has not changed. So no cache drops it.

use crate::fields::Table;
use crate::writer::Tx;
use crate::{Error, Store, keys};
use key_cache::{Generation, WrappedKey};
use rusqlite::{Connection, OptionalExtension, params};

/// Maximum number of values that a step seals.
const STEP_ROWS: usize = 256;
/// Bytes after which a step ends. The last value may exceed them.
const STEP_BYTES: usize = 1 << 20;

/// The field in `rotation` after the last step: above all tables.
const ALL_SEALED: i64 = i64::MAX;

/// The result of a step.
enum Step {
    /// There is no rotation.
    Idle,
    /// It has sealed some values, and more may follow.
    Sealed,
    /// All values are sealed under the key of this generation, and the older key is deleted.
    AllSealed(Generation),
}

impl Store {
    /// Makes a new key, seals all values under it, and deletes the older one. Returns the new key's generation.
    ///
    /// It first finishes a rotation that is under way. If another process begins one meanwhile, that one replaces this
    /// one. Others read and write between the steps. The future may be dropped, and the process killed, at any time:
    /// [`finish_rotation`](Self::finish_rotation) continues.
    ///
    /// Errors: as [`write`](Self::write); [`Error::Value`]: a value does not open, and the older key stays; [`Error::Busy`]: perhaps
    /// all values are sealed under the new key, and a snapshot kept the log from being emptied.
    pub async fn rotate_key(&self) -> Result<Generation, Error> {
        self.finish_rotation().await?;
        let newest = self.newest_generation();
        let candidate = self.0.keys.create(keys::new_name(newest + 1)?).await?;
        let id = candidate.name.id;
        let begun = self.write(move |tx| begin(tx.connection(), &candidate)).await;
        if !matches!(begun, Ok(true)) {
            self.0.keys.end(&id);
        }
        begun?;
        self.finish_rotation().await?;
        Ok(self.newest_generation())
    }

    /// Ends a rotation that is under way. False: there is none. To be called when a program starts.
    ///
    /// Errors: as [`rotate_key`](Self::rotate_key).
    pub async fn finish_rotation(&self) -> Result<bool, Error> {
        let mut under_way = false;
        loop {
            match self.write(step).await? {
                Step::Idle => return Ok(under_way),
                Step::Sealed => under_way = true,
                Step::AllSealed(generation) => {
                    self.0.empty_log().await?;
                    // This transaction also sees that the older key is deleted, which ends it in the key cache.
                    self.write(move |tx| end(tx.connection(), generation)).await?;
                    return Ok(true);
                }
            }
        }
    }

    fn newest_generation(&self) -> Generation {
        self.0.known_keys().last().map_or(0, |key| key.name.generation)
    }
}

/// Stores the next key. False: another rotation has begun, or another key has come.
fn begin(connection: &Connection, candidate: &WrappedKey) -> Result<bool, Error> {
    let stored = keys::stored(connection)?;
    let follows = stored.last().is_some_and(|key| key.name.generation + 1 == candidate.name.generation);
    if !follows || place(connection)?.is_some() {
        return Ok(false);
    }
    keys::insert(connection, candidate)?;
    connection.execute("INSERT INTO rotation (one, field, key) VALUES (1, 0, x'')", [])?;
    Ok(true)
}

/// The place that a rotation has reached: a table's number, and a key in that table. None: there is no rotation.
fn place(connection: &Connection) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let row = connection.query_row("SELECT field, key FROM rotation", [], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(row.optional()?)
}

fn step(tx: &mut Tx<'_>) -> Result<Step, Error> {
    let connection = tx.connection();
    let Some((field, key)) = place(connection)? else { return Ok(Step::Idle) };
    let (mut after, mut rows, mut bytes) = (key, 0, 0);
    for table in Table::ALL.into_iter().filter(|table| *table as i64 >= field) {
        if table as i64 > field {
            after.clear();
        }
        while let Some((key, value)) = next(connection, table, &after)? {
            if let Some(sealed) = tx.sealer().reseal(table, &key, &value)? {
                let sql = format!("UPDATE {} SET value = ?2 WHERE key = ?1", table.name());
                connection.prepare_cached(&sql)?.execute(params![key, sealed])?;
            }
            rows += 1;
            bytes += value.len();
            after = key;
            if rows == STEP_ROWS || bytes >= STEP_BYTES {
                move_to(connection, table as i64, &after)?;
                return Ok(Step::Sealed);
            }
        }
    }
    keys::delete_older(connection)?;
    move_to(connection, ALL_SEALED, &[])?;
    let newest = keys::stored(connection)?.pop().ok_or(Error::NoKey)?;
    Ok(Step::AllSealed(newest.name.generation))
}

fn move_to(connection: &Connection, field: i64, key: &[u8]) -> Result<(), Error> {
    connection.execute("UPDATE rotation SET field = ?1, key = ?2", params![field, key])?;
    Ok(())
}

/// Ends the rotation to the key of this generation, unless somebody else has ended it or begun another.
fn end(connection: &Connection, generation: Generation) -> Result<(), Error> {
    connection.execute(
        "DELETE FROM rotation WHERE field = ?1 AND (SELECT max(generation) FROM store_key) = ?2",
        params![ALL_SEALED, generation],
    )?;
    Ok(())
}

/// A row's key and its sealed value.
type SealedRow = (Vec<u8>, Vec<u8>);

/// The row that follows a key.
fn next(connection: &Connection, table: Table, after: &[u8]) -> Result<Option<SealedRow>, Error> {
    let sql = format!("SELECT key, value FROM {} WHERE key > ?1 ORDER BY key LIMIT 1", table.name());
    let row = connection.prepare_cached(&sql)?.query_row([after], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(row.optional()?)
}
