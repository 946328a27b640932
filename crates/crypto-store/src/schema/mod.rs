//! Tables, versions and migrations.
//!
//! `application_id` tells a store from other databases; `user_version` counts the steps. A step is never changed once it is
//! released, and it names no table of the code, which later releases may change: `tests/images` has a store of each version,
//! which every later release must open.

use crate::Error;
use rusqlite::Connection;

/// "cryp".
pub(crate) const APPLICATION_ID: i32 = 0x6372_7970;
/// Step n brings a store of version n to n + 1. A new store goes through all of them.
const STEPS: [&str; 3] = [include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql")];
/// The version that this release writes.
pub(crate) const VERSION: i32 = STEPS.len() as i32;

/// Brings a database to [`VERSION`]. True if it was empty. Precondition: the turn, and a transaction.
///
/// Errors: [`Error::Foreign`], [`Error::Newer`], [`Error::Sqlite`].
pub(crate) fn migrate(connection: &Connection) -> Result<bool, Error> {
    let (application_id, found) = (pragma(connection, "application_id")?, pragma(connection, "user_version")?);
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = application_id == 0 && found == 0 && objects == 0;
    if !empty && application_id != APPLICATION_ID {
        return Err(Error::Foreign { application_id });
    }
    refuse_newer(found)?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        connection.execute_batch(step)?;
    }
    if found < VERSION {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(empty)
}

/// Checks that no later release has migrated the store since it was opened. Errors: [`Error::Newer`], [`Error::Sqlite`].
pub(crate) fn check_version(connection: &Connection) -> Result<(), Error> {
    refuse_newer(pragma(connection, "user_version")?)
}

fn refuse_newer(found: i32) -> Result<(), Error> {
    if found > VERSION { Err(Error::Newer { found, known: VERSION }) } else { Ok(()) }
}

fn pragma(connection: &Connection, name: &str) -> Result<i32, Error> {
    Ok(connection.prepare_cached(&format!("PRAGMA {name}"))?.query_row([], |row| row.get(0))?)
}
