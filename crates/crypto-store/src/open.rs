//! A connection that may be trusted with ratchets.

use crate::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// SQLite before 3.51.3 can lose committed transactions of several writers (its WAL-reset bug).
const OLDEST_SQLITE: i32 = 3_051_003;
/// SQLite waits this long for its own locks. Writers have theirs before; processes that open, recover and checkpoint may
/// still meet.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 128;
/// Bytes of a long write-ahead log. A longer log is copied into the database. If a large transaction has left its file
/// longer, the file is cut to this size.
pub(crate) const LONG_LOG: i64 = 4 << 20;

/// Opens the database file, or makes it if it is missing. The journal mode is set by [`set_journal_mode`].
///
/// Errors: [`Error::Sqlite3Version`], [`Error::Setting`], [`Error::Sqlite`].
pub(crate) fn connect(path: &Path) -> Result<Connection, Error> {
    check_version(rusqlite::version_number())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON; PRAGMA mmap_size = 0;
         PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = {LONG_LOG};",
    ))?;
    expect(&connection, "synchronous", "2")?;
    Ok(connection)
}

/// Sets WAL, which lasts in the file. Precondition: the turn.
pub(crate) fn set_journal_mode(connection: &Connection) -> Result<(), Error> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    expect(connection, "journal_mode", "wal")
}

fn expect(connection: &Connection, pragma: &'static str, value: &str) -> Result<(), Error> {
    let found: rusqlite::types::Value = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    let found = match found {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found == value { Ok(()) } else { Err(Error::Setting { pragma, found }) }
}

fn check_version(found: i32) -> Result<(), Error> {
    // 3.52.0 was withdrawn.
    if found < OLDEST_SQLITE || found == 3_052_000 { Err(Error::Sqlite3Version { found }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_refused() {
        check_version(3_051_003).unwrap();
        for found in [3_040_001, 3_051_002, 3_052_000] {
            assert!(matches!(check_version(found), Err(Error::Sqlite3Version { found: it }) if it == found));
        }
    }

    #[test]
    fn a_setting_that_has_not_taken_effect_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&folder.path().join("store.sqlite")).unwrap();
        set_journal_mode(&connection).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        let refused = expect(&connection, "synchronous", "2");
        assert!(matches!(refused, Err(Error::Setting { pragma: "synchronous", found }) if found == "0"));
    }
}
