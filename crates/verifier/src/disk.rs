//! A verifier's file operations. Tests use a disk that loses bytes that were not synced.

#![allow(clippy::indexing_slicing, reason = "the file was found at this position, or put there")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Reads files by name in one folder.
pub trait Files {
    /// Size of a file in bytes, or 0 if there is none.
    fn size(&self, name: &'static str) -> io::Result<u64>;
    /// Fills `into` from a position of the file.
    fn read(&self, name: &'static str, from: u64, into: &mut [u8]) -> io::Result<()>;
}

/// Changes files in a folder that no other process writes.
pub trait Disk: Files {
    /// Appends to a file. The bytes may be lost, in whole or in part, until it is synced.
    fn append(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file to a size, and syncs it.
    fn cut(&mut self, name: &'static str, size: u64) -> io::Result<()>;
    /// Syncs a file: on return, all appended bytes survive a power cut.
    fn sync(&mut self, name: &'static str) -> io::Result<()>;
    /// Replaces a whole file. After a power cut the old or the new one is there; after the return, the new one.
    fn replace(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()>;
}

/// Reads a whole file. `None`: there is no file.
pub fn read_whole(disk: &impl Files, name: &'static str) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; disk.size(name)? as usize];
    disk.read(name, 0, &mut bytes)?;
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

/// A read-only folder. Another process may have locked it.
#[derive(Debug)]
pub struct ReadOnly(PathBuf);

impl ReadOnly {
    /// Opens the folder.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Files for ReadOnly {
    fn size(&self, name: &'static str) -> io::Result<u64> {
        match std::fs::metadata(self.0.join(name)) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn read(&self, name: &'static str, from: u64, into: &mut [u8]) -> io::Result<()> {
        // A missing file reads as empty.
        if into.is_empty() { Ok(()) } else { File::open(self.0.join(name))?.read_exact_at(into, from) }
    }
}

/// Reads a file from its beginning to its end.
pub struct Reading<'a, D> {
    disk: &'a D,
    name: &'static str,
    at: u64,
}

impl<'a, D: Files> Reading<'a, D> {
    /// Starts at the first byte.
    pub fn new(disk: &'a D, name: &'static str) -> Self {
        Self { disk, name, at: 0 }
    }
}

impl<D: Files> Read for Reading<'_, D> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.disk.size(self.name)?.saturating_sub(self.at);
        let length = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.disk.read(self.name, self.at, &mut into[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}

/// A folder of the file system that this process has locked.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    files: ReadOnly,
    /// Files to which bytes are appended. Each is opened once.
    open: Vec<(&'static str, File)>,
    /// Holds the lock until it is dropped, or the process ends.
    _lock: File,
}

impl Folder {
    /// Opens a folder, or makes it if it is missing. Fails with `WouldBlock` if another process has locked it.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(ErrorKind::WouldBlock, format!("another process verifies in {}", path.display()))
            }
            TryLockError::Error(error) => error,
        })?;
        Ok(Self { path: path.to_owned(), files: ReadOnly::new(path), open: Vec::new(), _lock: lock })
    }

    fn file(&mut self, name: &'static str) -> io::Result<&mut File> {
        let at = match self.open.iter().position(|(open, _)| *open == name) {
            Some(at) => at,
            None => {
                let file = OpenOptions::new().create(true).append(true).read(true).open(self.path.join(name))?;
                self.sync_folder()?;
                self.open.push((name, file));
                self.open.len() - 1
            }
        };
        Ok(&mut self.open[at].1)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Files for Folder {
    fn size(&self, name: &'static str) -> io::Result<u64> {
        self.files.size(name)
    }

    fn read(&self, name: &'static str, from: u64, into: &mut [u8]) -> io::Result<()> {
        match self.open.iter().find(|(open, _)| *open == name) {
            Some((_, file)) => file.read_exact_at(into, from),
            None => self.files.read(name, from, into),
        }
    }
}

impl Disk for Folder {
    fn append(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()> {
        self.file(name)?.write_all(bytes)
    }

    fn cut(&mut self, name: &'static str, size: u64) -> io::Result<()> {
        let file = self.file(name)?;
        file.set_len(size)?;
        file.sync_all()
    }

    fn sync(&mut self, name: &'static str) -> io::Result<()> {
        self.file(name)?.sync_all()
    }

    fn replace(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()> {
        // A kill leaves at most this one file behind. The next replacement writes over it.
        let new = self.path.join(format!("{name}.new"));
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(new, self.path.join(name))?;
        self.sync_folder()
    }
}
