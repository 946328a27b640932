//! Writing the file of a root key: one process after the other, and the whole file or nothing.
//!
//! The new bytes go to `<path>.being-written`, which its writer has locked (`flock`). When they are on disk, this file gets the
//! name `path`. So a crash leaves the old file or the new one.
//!
//! A killed process may leave `<path>.being-written`, with a root key in it. Nobody has the lock of such a leftover. The next
//! process that opens or writes the file at `path` removes it.
//!
//! Invariant: only the process that has locked the file of this name renames or removes it. A process opens the file, locks it, and
//! then checks that the name is still this file's.

use super::FileError;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::retry_on_intr;
use std::fs::{File, OpenOptions, hard_link, remove_file, rename, symlink_metadata};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The exclusive right to write the file at `path`, until it is dropped.
pub(super) struct Claim<'a> {
    path: &'a Path,
    next: PathBuf,
    /// An empty file of mode 0600 at `next`, locked.
    file: File,
}

impl<'a> Claim<'a> {
    /// Waits until no other process has the claim.
    pub(super) fn of(path: &'a Path) -> Result<Self, FileError> {
        let next = next_to(path);
        let file = create_locked(&next).map_err(|error| FileError::io(&next, error))?;
        Ok(Self { path, next, file })
    }

    /// Makes the file with these bytes. It is on disk on return. An error if there is one already.
    pub(super) fn create(self, bytes: &[u8]) -> Result<(), FileError> {
        self.write(bytes, |next, path| hard_link(next, path))
    }

    /// Replaces the file by one with these bytes. It is on disk on return.
    pub(super) fn replace(self, bytes: &[u8]) -> Result<(), FileError> {
        self.write(bytes, |next, path| rename(next, path))
    }

    fn write(mut self, bytes: &[u8], publish: impl FnOnce(&Path, &Path) -> io::Result<()>) -> Result<(), FileError> {
        let write = || {
            self.file.write_all(bytes)?;
            self.file.sync_all()?;
            publish(&self.next, self.path)?;
            sync_folder(self.path)
        };
        write().map_err(|error| FileError::io(self.path, error))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // If this fails, it is a leftover.
        let _ = remove(&self.file, &self.next);
    }
}

/// Removes the leftover of a killed process, if there is one and this process may. A writer that is at work keeps its file.
pub(super) fn remove_leftover(path: &Path) {
    let next = next_to(path);
    if let Ok(file) = options().open(&next)
        && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
    {
        let _ = remove(&file, &next);
    }
}

fn next_to(path: &Path) -> PathBuf {
    let mut next = path.as_os_str().to_owned();
    next.push(".being-written");
    next.into()
}

/// Creates a file and locks it. If another process has the file of this name, waits for it, and removes its leftover.
fn create_locked(next: &Path) -> io::Result<File> {
    loop {
        let (file, is_new) = match options().create_new(true).open(next) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match options().open(next) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => (opened?, false),
            },
            created => (created?, true),
        };
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
        if !is_new {
            remove(&file, next)?;
        } else if has_name(&file, next)? {
            return Ok(file);
        }
    }
}

/// Precondition: this process has locked the file.
fn remove(file: &File, next: &Path) -> io::Result<()> {
    if has_name(file, next)? { remove_file(next) } else { Ok(()) }
}

fn has_name(file: &File, next: &Path) -> io::Result<bool> {
    let of_file = file.metadata()?;
    match symlink_metadata(next) {
        Ok(of_name) => Ok((of_name.dev(), of_name.ino()) == (of_file.dev(), of_file.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Makes a new name in its folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
