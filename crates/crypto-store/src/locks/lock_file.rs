//! One `flock`, and the name of its holder.
//!
//! The lock is on a file of its own, which is never deleted: POSIX locks on the database would go when any descriptor of it
//! is closed in the process, and a lock on a deleted file excludes nobody.

use super::FileId;
use super::holder::Holder;
use crate::Error;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Numbers of changes that the holders of a lock leave in its file, at these positions, after the holder's part.
#[derive(Clone, Copy)]
pub(crate) enum Witness {
    /// The newest change that was committed.
    Committed = Holder::RECORD as isize,
    /// The newest change that was copied from the write-ahead log into the database.
    Copied = Holder::RECORD as isize + 8,
}

pub(super) struct LockFile {
    file: File,
    path: PathBuf,
}

/// The lock, until it is dropped.
pub(super) struct Locked<'a>(&'a LockFile);

impl LockFile {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(Error::io(path))?;
        Ok(Self { file, path: path.into() })
    }

    pub(super) fn id(&self) -> Result<FileId, Error> {
        Ok(FileId::from(&self.file.metadata().map_err(Error::io(&self.path))?))
    }

    /// Blocks the thread until the lock is this description's. Errors: [`Error::Io`].
    pub(super) fn lock(&self) -> Result<Locked<'_>, Error> {
        loop {
            match flock(&self.file, FlockOperation::LockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(Error::io(&self.path)(error.into())),
            }
        }
        // Serves messages only: on a full disk the holder has no name.
        let _ = self.file.write_all_at(&Holder::own_record(), 0);
        Ok(Locked(self))
    }

    /// The last process that had the lock, if it has it now or nobody has had it since.
    pub(super) fn holder(&self) -> Option<Holder> {
        let mut record = [0; Holder::RECORD];
        self.file.read_exact_at(&mut record, 0).ok()?;
        Holder::of(&record)
    }
}

impl Locked<'_> {
    /// The change that the last holder has left here; 0 where there is none.
    pub(super) fn witnessed(&self, of: Witness) -> i64 {
        let mut change = [0; 8];
        self.0.file.read_exact_at(&mut change, of as u64).map_or(0, |()| i64::from_le_bytes(change))
    }

    /// Leaves a change here that is on disk. Not synced: after a power cut an earlier one may stand here. On a full disk it stays
    /// the one before.
    pub(super) fn witness(&self, of: Witness, change: i64) {
        let _ = self.0.file.write_all_at(&change.to_le_bytes(), of as u64);
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Unlocked rather than closed, so that a forked child's copy of the descriptor holds nothing.
        let _ = flock(&self.0.file, FlockOperation::Unlock);
    }
}
