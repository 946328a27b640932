//! The files of a folder, read once and kept in memory.
//!
//! Symbolic links inside the folder are not followed, because their targets may lie outside of it or lead back into it.
//! The folder itself may be given as a link. Names are bytes and need not be UTF-8.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Maximum number of bytes the demo takes: it holds each once as plaintext, once sealed and once in the canister.
pub const MAX_BYTES: u64 = 1 << 30;

/// A file that was read.
pub struct Source {
    /// Its path below the folder, as the system writes it.
    pub name: Vec<u8>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files below a folder.
#[derive(Default)]
pub struct Found {
    /// In the order of their names.
    pub files: Vec<Source>,
    /// The files that were left out, and the reasons.
    pub skipped: Vec<Skipped>,
}

/// Something that was left out.
#[derive(Debug)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// The reason why it was left out.
    pub reason: Reason,
}

/// The reason why something was left out.
#[derive(Debug)]
pub enum Reason {
    /// A symbolic link.
    Link,
    /// Neither file nor folder: a pipe, a socket, a device.
    Special,
    /// The system refused to read it.
    Unreadable(std::io::Error),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Link => write!(f, "a symbolic link"),
            Reason::Special => write!(f, "neither file nor folder"),
            Reason::Unreadable(error) => write!(f, "{error}"),
        }
    }
}

/// The reason why there is nothing to send.
#[derive(Debug)]
pub enum FilesError {
    /// The path that was named cannot be read.
    Missing(PathBuf, std::io::Error),
    /// The path that was named is neither a file nor a folder.
    Special(PathBuf),
    /// There is no file that can be read.
    NoFiles(PathBuf),
    /// More than [`MAX_BYTES`].
    TooLarge(PathBuf),
}

impl fmt::Display for FilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilesError::Missing(path, error) => write!(f, "{}: {error}", path.display()),
            FilesError::Special(path) => write!(f, "{} is neither file nor folder", path.display()),
            FilesError::NoFiles(path) => write!(f, "{} has no file that can be read: nothing to send", path.display()),
            FilesError::TooLarge(path) => write!(
                f,
                "{} has more than {} MiB: the demo holds everything in memory, give it a smaller folder",
                path.display(),
                MAX_BYTES >> 20
            ),
        }
    }
}

/// Every file below `path`, or the one file that `path` is.
pub fn collect(path: &Path) -> Result<Found, FilesError> {
    let missing = |error| FilesError::Missing(path.to_path_buf(), error);
    let kind = fs::metadata(path).map_err(missing)?;
    let mut reader = Reader { root: path, found: Found::default(), room: MAX_BYTES };
    if kind.is_dir() {
        // Its entries must be readable; those of folders inside it may not be.
        fs::read_dir(path).map_err(missing)?;
        reader.folders(path.to_path_buf())?;
    } else if kind.is_file() {
        let name = path.file_name().unwrap_or(path.as_os_str()).as_encoded_bytes().to_vec();
        reader.file(path.to_path_buf(), name)?;
    } else {
        return Err(FilesError::Special(path.to_path_buf()));
    }
    let mut found = reader.found;
    if found.files.is_empty() {
        // The reasons, if there are any, say why.
        for skipped in &found.skipped {
            eprintln!("skipped {}: {}", skipped.path.display(), skipped.reason);
        }
        return Err(FilesError::NoFiles(path.to_path_buf()));
    }
    found.files.sort_by(|a, b| a.name.cmp(&b.name));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Collects what it reads.
struct Reader<'a> {
    root: &'a Path,
    found: Found,
    room: u64,
}

impl Reader<'_> {
    /// Reads `folder` and everything below it, without recursion, because the user chooses the depth.
    fn folders(&mut self, folder: PathBuf) -> Result<(), FilesError> {
        let mut pending = vec![folder];
        while let Some(folder) = pending.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.skip(folder, Reason::Unreadable(error));
                    continue;
                }
            };
            for entry in entries {
                match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                    Ok((path, kind)) if kind.is_dir() => pending.push(path),
                    Ok((path, kind)) if kind.is_file() => {
                        let below = path.strip_prefix(self.root).unwrap_or(&path);
                        let name = below.as_os_str().as_encoded_bytes().to_vec();
                        self.file(path, name)?;
                    }
                    Ok((path, kind)) if kind.is_symlink() => self.skip(path, Reason::Link),
                    Ok((path, _)) => self.skip(path, Reason::Special),
                    Err(error) => self.skip(folder.clone(), Reason::Unreadable(error)),
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, name: Vec<u8>) -> Result<(), FilesError> {
        let mut bytes = Vec::new();
        // Reading one byte more than there is room for shows that a file is too large, even if it grows meanwhile.
        let read = File::open(&path).and_then(|file| file.take(self.room + 1).read_to_end(&mut bytes));
        match read {
            Ok(length) if length as u64 > self.room => return Err(FilesError::TooLarge(self.root.to_path_buf())),
            Ok(length) => {
                self.room -= length as u64;
                self.found.files.push(Source { name, bytes });
            }
            Err(error) => self.skip(path, Reason::Unreadable(error)),
        }
        Ok(())
    }

    fn skip(&mut self, path: PathBuf, reason: Reason) {
        self.found.skipped.push(Skipped { path, reason });
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn names(found: &Found) -> Vec<&[u8]> {
        found.files.iter().map(|file| file.name.as_slice()).collect()
    }

    #[test]
    fn nested_empty_hidden_and_oddly_named_files_are_found_in_order() {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        fs::create_dir(folder.path().join("nothing")).unwrap();
        let odd = OsStr::from_bytes(b"b/\xff\xfe");
        for (name, bytes) in [("z", "last"), ("b/c/deep", "deep"), (".hidden", "h"), ("empty", "")] {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        fs::write(folder.path().join(odd), "odd").unwrap();
        let found = collect(folder.path()).unwrap();
        assert_eq!(names(&found), [b".hidden".as_slice(), b"b/c/deep", b"b/\xff\xfe", b"empty", b"z"]);
        assert_eq!(found.files[1].bytes, b"deep");
        assert!(found.files[3].bytes.is_empty());
        assert!(found.skipped.is_empty());
    }

    #[test]
    fn links_and_pipes_are_skipped_and_named() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("file"), "file").unwrap();
        symlink(folder.path(), folder.path().join("loop")).unwrap();
        symlink("file", folder.path().join("second")).unwrap();
        symlink("nowhere", folder.path().join("third")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        let found = collect(folder.path()).unwrap();
        assert_eq!(names(&found), [b"file"]);
        let reasons: Vec<_> = found.skipped.iter().map(|skipped| skipped.reason.to_string()).collect();
        assert_eq!(
            reasons,
            ["a symbolic link", "a symbolic link", "neither file nor folder", "a symbolic link"],
            "loop, second, socket, third"
        );
    }

    #[test]
    fn the_folder_itself_may_be_a_link_and_a_file_is_a_folder_of_one() {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("real")).unwrap();
        fs::write(folder.path().join("real/file"), "text").unwrap();
        symlink("real", folder.path().join("link")).unwrap();
        assert_eq!(names(&collect(&folder.path().join("link")).unwrap()), [b"file"]);
        assert_eq!(names(&collect(&folder.path().join("real/file")).unwrap()), [b"file"]);
    }

    #[test]
    fn nothing_to_send_is_an_error_that_says_why() {
        let folder = TempDir::new().unwrap();
        assert!(matches!(collect(folder.path()), Err(FilesError::NoFiles(_))));
        assert!(matches!(collect(&folder.path().join("absent")), Err(FilesError::Missing(..))));
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(collect(&socket), Err(FilesError::Special(_))));
    }

    #[test]
    fn more_than_the_demo_holds_is_refused_without_reading_it() {
        let folder = TempDir::new().unwrap();
        // A file with a hole takes no room on disk.
        File::create(folder.path().join("hole")).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let mut reader = Reader { root: folder.path(), found: Found::default(), room: 10 };
        assert!(matches!(reader.folders(folder.path().to_path_buf()), Err(FilesError::TooLarge(_))));
        fs::write(folder.path().join("hole"), "just right").unwrap();
        let mut reader = Reader { root: folder.path(), found: Found::default(), room: 10 };
        reader.folders(folder.path().to_path_buf()).unwrap();
        assert_eq!((reader.room, reader.found.files.len()), (0, 1));
    }
}
