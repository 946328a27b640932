//! Prepares a database file as a store, and refuses one that was copied here or set back.

use crate::Error;
use crate::changes::newest;
use crate::keys;
use crate::locks::Turn;
use crate::place::Place;
use crate::schema;
use crate::values::ID_LENGTH;
use key_cache::WrappedKey;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::path::Path;

/// A store that may be used.
pub(crate) struct Prepared {
    pub(crate) id: [u8; ID_LENGTH],
    /// The newest last.
    pub(crate) keys: Vec<WrappedKey>,
}

/// Makes the tables where there are none, or brings them to this release's version, and checks that the store is in its
/// place. None: there is no store yet, and no candidate for its first key, whose id becomes the store's.
///
/// Errors: [`Error::Foreign`], [`Error::Newer`], [`Error::Copied`], [`Error::SetBack`], [`Error::Key`], [`Error::Io`],
/// [`Error::Sqlite`].
pub(crate) fn prepare(
    connection: &Connection,
    turn: &Turn<'_>,
    database: &Path,
    candidate: Option<&WrappedKey>,
) -> Result<Option<Prepared>, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    if schema::migrate(&transaction)? {
        let Some(key) = candidate else { return Ok(None) };
        transaction.execute("INSERT INTO meta (one, id) VALUES (1, ?1)", [key.name.id.as_bytes()])?;
        keys::insert(&transaction, key)?;
        // The changes of an earlier store do not count for this one.
        turn.witness(0);
    }
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (id, place): (_, Option<_>) = transaction.query_row("SELECT id, place FROM meta", [], read)?;
    let here = Place::of(&std::fs::metadata(database).map_err(Error::io(database))?, &id);
    match place.map(Place) {
        Some(place) => {
            if let Some(moved) = place.moved_to(&here) {
                return Err(Error::Copied { path: database.into(), moved });
            }
        }
        None => drop(transaction.execute("UPDATE meta SET place = ?1", params![here.0])?),
    }
    check_not_set_back(newest(&transaction)?, turn, database)?;
    let keys = keys::stored(&transaction)?;
    transaction.commit()?;
    Ok(Some(Prepared { id, keys }))
}

/// Errors: [`Error::SetBack`]: according to the lock file, a later change than the newest one was committed.
pub(crate) fn check_not_set_back(newest: i64, turn: &Turn<'_>, database: &Path) -> Result<(), Error> {
    let committed = turn.witnessed();
    if newest < committed {
        return Err(Error::SetBack { path: database.into(), committed, found: newest });
    }
    Ok(())
}
