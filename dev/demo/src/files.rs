//! Copies the files of a folder once. So the received files can be compared later even if somebody changes the folder.
//!
//! Symbolic links inside the folder are not followed, because they may lead out of the folder or back into it. The folder
//! itself may be a link.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use mailbox::wire::content::{self, MAX_FILE, MAX_NAME};

/// The mailbox's folder, in the folder of its person.
pub const FOLDER: &str = ".mailbox";
/// The most bytes that are sent: the network holds all of them in memory.
pub const MAX_BYTES: u64 = 1 << 30;
/// The name of the copies' folder if the folder's own name cannot be used.
const OTHER_NAME: &str = "folder";

/// A file that was copied.
pub struct Source {
    /// The path of its copy, relative to the folder of the copies.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}

impl Source {
    /// The name under which it is sent.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(OsStr::to_str).unwrap_or_default()
    }
}

/// The files of a folder.
#[derive(Default)]
pub struct Found {
    /// Sorted by name.
    pub files: Vec<Source>,
    /// The files that were left out, and the reasons.
    pub skipped: Vec<Skipped>,
}

/// A file or folder that was left out.
#[derive(Debug)]
pub struct Skipped {
    /// Its path.
    pub path: PathBuf,
    /// The reason why it was left out.
    pub reason: Reason,
}

/// The reason why something was left out.
#[derive(Debug)]
pub enum Reason {
    /// A symbolic link.
    Link,
    /// Neither a file nor a folder: a pipe, a socket, a device.
    Special,
    /// A file larger than `mailbox` sends.
    Size,
    /// A name that `mailbox` does not send.
    Name,
    /// The system refused to read it.
    Unreadable(std::io::Error),
}

impl Reason {
    /// Whether the user expects it to be sent.
    pub fn is_missed(&self) -> bool {
        !matches!(self, Reason::Link | Reason::Special)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Link => write!(f, "a symbolic link"),
            Reason::Special => write!(f, "neither a file nor a folder"),
            Reason::Size => write!(f, "mailbox sends files of at most {} MiB", MAX_FILE >> 20),
            Reason::Name => {
                write!(f, "mailbox sends names of at most {MAX_NAME} bytes that are UTF-8 without control characters")
            }
            Reason::Unreadable(error) => write!(f, "{error}"),
        }
    }
}

/// The reason why nothing can be sent.
#[derive(Debug)]
pub enum FilesError {
    /// The given path cannot be read.
    Missing(PathBuf, std::io::Error),
    /// The given path is neither a file nor a folder.
    Special(PathBuf),
    /// No file can be sent.
    NoFiles(PathBuf),
    /// The files have more than [`MAX_BYTES`].
    TooLarge(PathBuf),
    /// A copy cannot be written.
    Copy(PathBuf, std::io::Error),
}

impl fmt::Display for FilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilesError::Missing(path, error) => write!(f, "{}: {error}", path.display()),
            FilesError::Special(path) => write!(f, "{} is neither a file nor a folder", path.display()),
            FilesError::NoFiles(path) => write!(f, "{} has no file that can be sent", path.display()),
            FilesError::TooLarge(path) => write!(
                f,
                "{} has more than {} MiB, and the network holds everything in memory: choose a smaller folder",
                path.display(),
                MAX_BYTES >> 20
            ),
            FilesError::Copy(path, error) => write!(f, "the copy {} was not written: {error}", path.display()),
        }
    }
}

/// Copies the file `path`, or every file below the folder `path`, to the folder `copies`.
pub fn collect(path: &Path, copies: &Path) -> Result<Found, FilesError> {
    collect_up_to(MAX_BYTES, path, copies)
}

fn collect_up_to(room: u64, path: &Path, copies: &Path) -> Result<Found, FilesError> {
    let missing = |error| FilesError::Missing(path.to_path_buf(), error);
    let kind = fs::metadata(path).map_err(missing)?;
    let whole = fs::canonicalize(path).map_err(missing)?;
    let name = whole.file_name().filter(|name| is_word(name));
    let mut reader = Reader { root: path, copies, found: Found::default(), room };
    if kind.is_dir() {
        // The folder itself must be readable. Folders inside it need not be.
        fs::read_dir(path).map_err(missing)?;
        reader.folders(path, Path::new(name.unwrap_or(OTHER_NAME.as_ref())))?;
    } else if kind.is_file() {
        let copy = match (name, path.file_name()) {
            (None, Some(name)) => Path::new(OTHER_NAME).join(name),
            (name, _) => PathBuf::from(name.unwrap_or(OTHER_NAME.as_ref())),
        };
        reader.file(path.to_path_buf(), copy)?;
    } else {
        return Err(FilesError::Special(path.to_path_buf()));
    }
    let mut found = reader.found;
    if found.files.is_empty() {
        // The skipped files' reasons come before the error.
        for skipped in &found.skipped {
            eprintln!("skipped {}: {}", skipped.path.display(), skipped.reason);
        }
        return Err(FilesError::NoFiles(path.to_path_buf()));
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Whether a path that begins with this name is neither an option nor the mailbox's folder.
fn is_word(name: &OsStr) -> bool {
    name != FOLDER && !name.as_encoded_bytes().starts_with(b"-")
}

/// Collects the files that it reads.
struct Reader<'a> {
    root: &'a Path,
    copies: &'a Path,
    found: Found,
    room: u64,
}

impl Reader<'_> {
    /// Copies the files below `folder` to `copy`. It does not recurse, because a folder may be nested arbitrarily deep.
    fn folders(&mut self, folder: &Path, copy: &Path) -> Result<(), FilesError> {
        let mut pending = vec![(folder.to_path_buf(), copy.to_path_buf())];
        while let Some((folder, copy)) = pending.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.skip(folder, Reason::Unreadable(error));
                    continue;
                }
            };
            for entry in entries {
                match entry.and_then(|entry| Ok((entry.path(), copy.join(entry.file_name()), entry.file_type()?))) {
                    Ok((path, copy, kind)) if kind.is_dir() => pending.push((path, copy)),
                    Ok((path, copy, kind)) if kind.is_file() => self.file(path, copy)?,
                    Ok((path, _, kind)) if kind.is_symlink() => self.skip(path, Reason::Link),
                    Ok((path, ..)) => self.skip(path, Reason::Special),
                    Err(error) => self.skip(folder.clone(), Reason::Unreadable(error)),
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, copy: PathBuf) -> Result<(), FilesError> {
        let mut bytes = Vec::new();
        // One byte beyond the limit shows that a file is too large, even if it grows meanwhile.
        let read = File::open(&path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
        let size = match read {
            Ok(size) => size as u64,
            Err(error) => {
                self.skip(path, Reason::Unreadable(error));
                return Ok(());
            }
        };
        let has_name = copy.file_name().and_then(OsStr::to_str).is_some_and(content::File::is_name);
        if size > MAX_FILE || !has_name {
            self.skip(path, if has_name { Reason::Size } else { Reason::Name });
            return Ok(());
        }
        self.room = self.room.checked_sub(size).ok_or_else(|| FilesError::TooLarge(self.root.to_path_buf()))?;
        let target = self.copies.join(&copy);
        let parent = target.parent().map_or(Ok(()), fs::create_dir_all);
        parent.and_then(|()| fs::write(&target, bytes)).map_err(|error| FilesError::Copy(target, error))?;
        self.found.files.push(Source { path: copy, size });
        Ok(())
    }

    fn skip(&mut self, path: PathBuf, reason: Reason) {
        self.found.skipped.push(Skipped { path, reason });
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn paths(found: &Found) -> Vec<&str> {
        found.files.iter().map(|file| file.path.to_str().unwrap()).collect()
    }

    /// A folder with files, its part `all`, and a folder for the copies.
    fn folders() -> (TempDir, PathBuf, TempDir) {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("all");
        fs::create_dir(&folder).unwrap();
        (parent, folder, TempDir::new().unwrap())
    }

    #[test]
    fn nested_empty_and_hidden_files_are_copied_in_order() {
        let (_parent, folder, copies) = folders();
        fs::create_dir_all(folder.join("b/c")).unwrap();
        fs::create_dir(folder.join("nothing")).unwrap();
        for (name, bytes) in [("z", "last"), ("b/c/deep", "deep"), (".hidden", "h"), ("empty", ""), ("-m", "dash")] {
            fs::write(folder.join(name), bytes).unwrap();
        }
        let found = collect(&folder, copies.path()).unwrap();
        assert_eq!(paths(&found), ["all/-m", "all/.hidden", "all/b/c/deep", "all/empty", "all/z"]);
        assert_eq!((found.files[2].name(), found.files[2].size), ("deep", 4));
        for file in &found.files {
            let original = folder.parent().unwrap().join(&file.path);
            assert_eq!(fs::read(copies.path().join(&file.path)).unwrap(), fs::read(original).unwrap());
        }
        assert!(found.skipped.is_empty());
    }

    #[test]
    fn skipped_files_are_named_with_their_reasons() {
        let (_parent, folder, copies) = folders();
        fs::write(folder.join("file"), "file").unwrap();
        fs::write(folder.join(OsStr::from_bytes(b"a \xff")), "odd").unwrap();
        fs::write(folder.join("bell\u{7}"), "loud").unwrap();
        // A sparse file takes no room on disk.
        File::create(folder.join("hole")).unwrap().set_len(MAX_FILE + 1).unwrap();
        symlink(&folder, folder.join("loop")).unwrap();
        symlink("nowhere", folder.join("next")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
        let found = collect(&folder, copies.path()).unwrap();
        assert_eq!(paths(&found), ["all/file"]);
        let reasons: Vec<_> = found.skipped.iter().map(|skipped| skipped.reason.to_string()).collect();
        let name = "mailbox sends names of at most 255 bytes that are UTF-8 without control characters";
        let size = "mailbox sends files of at most 64 MiB";
        let link = "a symbolic link";
        assert_eq!(reasons, [name, name, size, link, link, "neither a file nor a folder"]);
        let missed: Vec<_> = found.skipped.iter().map(|skipped| skipped.reason.is_missed()).collect();
        assert_eq!(missed, [true, true, true, false, false, false]);
    }

    #[test]
    fn the_folder_itself_may_be_a_link_and_a_file_is_a_folder_of_one() {
        let (parent, folder, copies) = folders();
        fs::write(folder.join("file"), "text").unwrap();
        fs::write(folder.join("-m"), "text").unwrap();
        symlink("all", parent.path().join("link")).unwrap();
        let path = |path: &str| paths(&collect(&parent.path().join(path), copies.path()).unwrap()).join(" ");
        assert_eq!(path("link"), "all/-m all/file");
        assert_eq!(path("all/file"), "file");
        assert_eq!(path("all/-m"), "folder/-m", "no option");
        fs::rename(&folder, parent.path().join(FOLDER)).unwrap();
        assert_eq!(path(FOLDER), "folder/-m folder/file", "outside the mailbox's folder");
    }

    #[test]
    fn nothing_to_send_is_an_error_with_its_reason() {
        let (_parent, folder, copies) = folders();
        assert!(matches!(collect(&folder, copies.path()), Err(FilesError::NoFiles(_))));
        assert!(matches!(collect(&folder.join("absent"), copies.path()), Err(FilesError::Missing(..))));
        let socket = folder.join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(matches!(collect(&socket, copies.path()), Err(FilesError::Special(_))));
    }

    #[test]
    fn more_than_the_network_holds_is_refused() {
        let (_parent, folder, copies) = folders();
        fs::write(folder.join("one"), "12345").unwrap();
        fs::write(folder.join("two"), "12345").unwrap();
        assert!(matches!(collect_up_to(9, &folder, copies.path()), Err(FilesError::TooLarge(_))));
        assert_eq!(collect_up_to(10, &folder, copies.path()).unwrap().files.len(), 2);
    }
}
