//! Tables, versions and migrations.
//!
//! `application_id` tells a store from other databases; `user_version` counts migrations. A migration is never changed
//! once it is released: `tests/images` has a store of each version, which every later release must open.

use crate::Error;
use crate::fields::Table;
use rusqlite::Connection;

/// "cryp".
pub(crate) const APPLICATION_ID: i32 = 0x6372_7970;
/// The version that this release writes.
pub(crate) const VERSION: i32 = 1;

/// Brings a database to [`VERSION`]. True where it was empty. Precondition: the turn, and a transaction.
///
/// Errors: [`Error::Foreign`], [`Error::Newer`], [`Error::Sqlite`].
pub(crate) fn migrate(connection: &Connection) -> Result<bool, Error> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application_id, found) = (pragma("application_id")?, pragma("user_version")?);
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = application_id == 0 && found == 0 && objects == 0;
    if !empty && application_id != APPLICATION_ID {
        return Err(Error::Foreign { application_id });
    }
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
    if empty {
        connection.execute_batch(include_str!("v1.sql"))?;
        for table in Table::ALL {
            connection.execute_batch(&format!(
                "CREATE TABLE {} (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL)
                 STRICT, WITHOUT ROWID;",
                table.name()
            ))?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(empty)
}
