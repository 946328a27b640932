//! The store's errors. Nothing has changed where a write returns an error.

use crate::fields::{Table, Version};
use crate::locks::{Holder, HolderState};
use crate::place::Moved;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The reason why the store was not opened, read or written.
#[derive(Debug)]
pub enum Error {
    /// SQLite's error, such as a full disk or a failed write.
    Sqlite(rusqlite::Error),
    /// The system's error.
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        error: io::Error,
    },
    /// The SQLite that this program runs with can lose transactions of several writers.
    Sqlite3Version {
        /// Its version, as `sqlite3_libversion_number` has it.
        found: i32,
    },
    /// WAL and locks need a file system of this machine, and the store's place needs lasting inode numbers.
    FileSystem {
        /// The store's folder.
        path: PathBuf,
        /// The file system.
        name: &'static str,
    },
    /// The database is of another program.
    Foreign {
        /// Its `application_id`.
        application_id: i32,
    },
    /// A newer release wrote the store.
    Newer {
        /// The store's `user_version`.
        found: i32,
        /// The highest that this release knows.
        known: i32,
    },
    /// A setting that the store's promises need did not take effect.
    Setting {
        /// The pragma.
        pragma: &'static str,
        /// Its value.
        found: String,
    },
    /// The store's file was replaced by another one since it was opened.
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The store is a copy of one that was made elsewhere. Both would use the same ratchet steps.
    Copied {
        /// The database.
        path: PathBuf,
        /// The part of its place that differs.
        moved: Moved,
    },
    /// The database was replaced by an older one. It would use again the ratchet steps that have been used since.
    SetBack {
        /// The database.
        path: PathBuf,
        /// The newest change that was committed here.
        committed: Version,
        /// The newest change that the database has.
        found: Version,
    },
    /// The store was opened by another process, of which this one is a fork.
    Forked {
        /// Process id of the process that opened it.
        opened_by: u32,
    },
    /// The locks were not free before the deadline; or a snapshot, for a rotation of the key that is to empty the write-ahead log.
    /// The request was abandoned.
    Busy(Busy),
    /// The maximum number of requests wait already.
    Queue {
        /// The limit.
        limit: usize,
    },
    /// The row was changed since the caller read it.
    Conflict {
        /// The row's table.
        table: Table,
        /// The version that the caller has read. None: there was no row.
        expected: Option<Version>,
        /// The version that is stored.
        found: Option<Version>,
    },
    /// One snapshot returns at most [`MAX_ROWS`](crate::MAX_ROWS) rows.
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// A key or a value is too long, or a key is empty.
    Length {
        /// `"key"` or `"value"`.
        of: &'static str,
        /// Its bytes.
        length: usize,
        /// The bytes that it may have.
        limit: usize,
    },
    /// A stored value could not be opened: it was changed, moved or sealed under another key.
    Value {
        /// The row's table.
        table: Table,
        /// The reason.
        error: key_cache::ValueError,
    },
    /// A stored value was opened, and this release cannot decode it.
    Decode {
        /// The row's table.
        table: Table,
        /// The value's format.
        format: u8,
    },
    /// The key cache has no key for the store.
    Key(Box<dyn std::error::Error + Send + Sync>),
    /// The store's table of keys is empty: it was changed by hand.
    NoKey,
    /// An earlier statement of the transaction failed, and the closure went on.
    Broken,
    /// The closure panicked, or the store was closed. A closure that panicked has changed nothing. A program that was built with
    /// `panic = "abort"` ends instead.
    Lost,
}

/// The holders of the locks when a request was abandoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Time that the request had waited.
    pub after: Duration,
    /// The holder, if it has left its name.
    pub holder: Option<Holder>,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store was busy for {:?}", self.after)?;
        let Some(Holder { pid, command, state }) = &self.holder else { return Ok(()) };
        match state {
            HolderState::Running => write!(f, ": held by pid {pid} ({command})"),
            HolderState::Stopped => write!(f, ": held by pid {pid} ({command}), stopped: kill -CONT {pid}"),
            HolderState::Gone => write!(f, ": last held by pid {pid}, which is gone"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "SQLite: {error}"),
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Sqlite3Version { found } => write!(f, "SQLite {found}: 3.51.3 or later is needed"),
            Self::FileSystem { path, name } => {
                write!(
                    f,
                    "{}: a store cannot be on {name}, only on a file system of this machine that keeps inode numbers",
                    path.display()
                )
            }
            Self::Foreign { application_id } => write!(f, "a database of another program ({application_id:#x})"),
            Self::Newer { found, known } => write!(f, "a store of version {found}: this release knows {known}"),
            Self::Setting { pragma, found } => write!(f, "PRAGMA {pragma} is {found}"),
            Self::Replaced { path } => write!(f, "{}: replaced since it was opened", path.display()),
            Self::Copied { path, moved } => {
                let from = match moved {
                    Moved::Machine => "another machine",
                    Moved::File => "another place",
                };
                write!(
                    f,
                    "{}: a copy from {from}, which would use the original's ratchet steps again: use the original, or make a \
                     new store",
                    path.display()
                )
            }
            Self::SetBack { path, committed, found } => write!(
                f,
                "{}: set back to change {found} from {committed}, and would use ratchet steps again: put the newest one back, \
                 or make a new store",
                path.display()
            ),
            Self::Forked { opened_by } => write!(f, "the store was opened by pid {opened_by}, before a fork"),
            Self::Busy(busy) => busy.fmt(f),
            Self::Queue { limit } => write!(f, "{limit} requests wait already"),
            Self::Conflict { table, expected, found } => {
                write!(f, "a row of {} has version {found:?}, not {expected:?}", table.name())
            }
            Self::TooManyRows { limit } => write!(f, "a snapshot returns at most {limit} rows"),
            Self::Length { of, length, limit } => write!(f, "a {of} of {length} bytes: at most {limit} are allowed"),
            Self::Value { table, error } => write!(f, "a value of {}: {error}", table.name()),
            Self::Decode { table, format } => write!(f, "a value of {} of format {format}: not known", table.name()),
            Self::Key(error) => write!(f, "no key: {error}"),
            Self::NoKey => f.write_str("the store has no key"),
            Self::Broken => f.write_str("an earlier statement of the transaction failed"),
            Self::Lost => f.write_str("the closure panicked, or the store was closed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Sqlite(error) => Some(error),
            Self::Io { error, .. } => Some(error),
            Self::Value { error, .. } => Some(error),
            Self::Key(error) => Some(&**error),
            _ => None,
        }
    }
}
