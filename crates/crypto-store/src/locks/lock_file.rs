//! One `flock`, and the name of who holds it.
//!
//! The lock is on a file of its own, which is never deleted: POSIX locks on the database would go when any descriptor of it
//! is closed in the process, and a lock on a deleted file excludes nobody.

use super::FileId;
use super::holder::{Holder, RECORD, holder_of, own_record};
use crate::Error;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
        let _ = self.file.write_all_at(&own_record(), 0);
        Ok(Locked(self))
    }

    /// The last process that had the lock, if it has it now or nobody has had it since.
    pub(super) fn holder(&self) -> Option<Holder> {
        let mut record = [0; RECORD];
        self.file.read_exact_at(&mut record, 0).ok()?;
        holder_of(&record)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Unlocked rather than closed, so that a forked child's copy of the descriptor holds nothing.
        let _ = flock(&self.0.file, FlockOperation::Unlock);
    }
}
