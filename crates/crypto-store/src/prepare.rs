//! Prepares a database file as a store, and refuses one that was copied here or set back.

use crate::Error;
use crate::changes::newest;
use crate::keys;
use crate::locks::{Turn, Witness};
use crate::place::Place;
use crate::schema;
use crate::values::ID_LENGTH;
use key_cache::WrappedKey;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use std::os::unix::ffi::OsStrExt;
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
    check_file_not_set_back(&transaction, turn, database)?;
    if schema::migrate(&transaction)? {
        let Some(key) = candidate else { return Ok(None) };
        transaction.execute("INSERT INTO meta (one, id) VALUES (1, ?1)", [key.name.id.as_bytes()])?;
        keys::insert(&transaction, key)?;
        // The changes of an earlier store do not count for this one.
        turn.witness(Witness::Committed, 0);
        turn.witness(Witness::Copied, 0);
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
    let committed = turn.witnessed(Witness::Committed);
    if newest < committed {
        return Err(Error::SetBack { path: database.into(), committed, found: newest });
    }
    Ok(())
}

/// Refuses a database file that was set back under its newer write-ahead log. SQLite would put the pages of that log over the
/// older file, and the newest change would be in the log.
///
/// Errors: [`Error::SetBack`]: according to the lock file, a later change than the file's newest one was copied into it.
fn check_file_not_set_back(connection: &Connection, turn: &Turn<'_>, database: &Path) -> Result<(), Error> {
    let copied = turn.witnessed(Witness::Copied);
    // Nothing but a first page: the store was deleted, and a new one is to be made.
    let is_new = connection.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0))? <= 1;
    match newest_in_file(database) {
        Ok(found) if found < copied && !is_new => {
            Err(Error::SetBack { path: database.into(), committed: copied, found })
        }
        // An error: a kill or a power cut left pages half copied, and the log has them whole.
        _ => Ok(()),
    }
}

/// The newest change that the database file has without its log; 0 where it has none.
///
/// It is on one page, the only row of `sqlite_sequence`. SQLite reads it: if somebody else closed the file, this process's locks
/// on it would be gone.
fn newest_in_file(database: &Path) -> rusqlite::Result<i64> {
    let path: String = database.as_os_str().as_bytes().iter().map(|byte| format!("%{byte:02x}")).collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?;
    if file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(0);
    }
    let newest = file.query_row("SELECT seq FROM sqlite_sequence", [], |row| row.get(0)).optional()?;
    Ok(newest.unwrap_or(0))
}
