//! The lock of a folder. One process at a time holds it, from before it looks for a state until its end.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{FolderError, system};

const LOCK: &str = "lock";

/// A folder that no other process uses while this value, or a clone of it, exists. The system releases the lock however
/// the process ends.
#[derive(Clone, Debug)]
pub struct FolderLock {
    folder: PathBuf,
    _file: Arc<File>,
}

impl FolderLock {
    /// Locks a folder. Makes it if it is missing.
    ///
    /// # Errors
    ///
    /// If another process has it, or the system refuses.
    pub fn take(folder: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(folder).map_err(|error| system(folder, error))?;
        let path = folder.join(LOCK);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| system(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _file: Arc::new(file) }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(system(&path, error)),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Syncs the names in the folder, and the name of the folder itself, which may be new.
    pub(super) fn sync(&self) -> Result<(), FolderError> {
        let folder = self.folder.canonicalize().map_err(|error| system(&self.folder, error))?;
        for folder in [Some(folder.as_path()), folder.parent()].into_iter().flatten() {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(|error| system(folder, error))?;
        }
        Ok(())
    }
}
