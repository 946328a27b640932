//! The file of an Ed25519 secret key: 64 hexadecimal digits and a newline, mode 0600. It also reads 32 typed bytes.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

#[cfg(not(unix))]
compile_error!("key-file runs on Unix only: it checks the mode of files");

use ed25519_dalek::SigningKey;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const DIGITS: usize = 64;
/// Bytes of the longest file: the digits, and room for white space at the end.
const MAX_FILE: usize = 2 * DIGITS;

/// The reason why a key file is not read or written.
#[derive(Debug)]
pub enum KeyFileError {
    /// It cannot be opened, read or written.
    File(PathBuf, io::Error),
    /// Others than the owner may read it. Its mode.
    Mode(PathBuf, u32),
    /// It has not 64 hexadecimal digits.
    NoKey(PathBuf),
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Mode(path, mode) => {
                let path = path.display();
                write!(f, "{path}: others may read the secret key (mode {mode:o}): chmod 600 {path}")
            }
            Self::NoKey(path) => write!(f, "{}: a secret key has 64 hexadecimal digits", path.display()),
        }
    }
}

impl std::error::Error for KeyFileError {}

/// The 32 bytes of a key or a hash in hexadecimal digits.
///
/// # Errors
///
/// The error is a sentence with the right number of digits.
pub fn from_hex(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| format!("{text:?} has not 64 hexadecimal digits"))
}

/// Reads the key.
///
/// # Errors
///
/// [`KeyFileError`].
pub fn read(path: &Path) -> Result<SigningKey, KeyFileError> {
    let failed = |error| KeyFileError::File(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Mode(path.to_owned(), mode));
    }
    // The buffer never grows, so no copy is left behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut text).map_err(failed)?;
    let mut seed = Zeroizing::new([0; 32]);
    if text.len() > MAX_FILE || hex::decode_to_slice(text.trim_ascii_end(), &mut *seed).is_err() {
        return Err(KeyFileError::NoKey(path.to_owned()));
    }
    Ok(SigningKey::from_bytes(&seed))
}

/// Draws a key, and writes it into a new file. The file is on the disk on return.
///
/// # Errors
///
/// [`KeyFileError::File`], also where there is a file already, or no randomness.
pub fn create(path: &Path) -> Result<SigningKey, KeyFileError> {
    let failed = |error| KeyFileError::File(path.to_owned(), error);
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::getrandom(&mut *seed).map_err(|error| failed(error.into()))?;
    let mut text = Zeroizing::new([b'\n'; DIGITS + 1]);
    let (digits, _newline) = text.split_at_mut(DIGITS);
    hex::encode_to_slice(seed.as_slice(), digits).expect("32 bytes have 64 digits");
    create_private(path, &*text).map_err(failed)?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Writes a new file of mode 0600. The file and its name are on the disk on return.
///
/// # Errors
///
/// The system's, also where there is a file already.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_key_is_read_as_it_was_written_and_no_file_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let key = create(&path).expect("it is written");
        assert_eq!(read(&path).expect("it is read"), key);
        assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert!(matches!(create(&path), Err(KeyFileError::File(..))));
        assert_eq!(read(&path).expect("it is as before"), key);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_has_no_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        assert!(matches!(read(&path), Err(KeyFileError::File(..))), "it is not there");
        create(&path).expect("it is written");
        let set_mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("it is changed");
        for mode in [0o640, 0o604, 0o644] {
            set_mode(mode);
            let refused = read(&path).expect_err("others may read it").to_string();
            assert!(refused.contains(&format!("mode {mode:o}")) && refused.contains("chmod 600"), "{refused}");
        }
        set_mode(0o600);
        let digits = "0".repeat(64);
        for text in ["", "12", &"z".repeat(64), &"0".repeat(66), &format!("{digits}{}", " ".repeat(65))] {
            std::fs::write(&path, text).expect("it is written");
            assert!(matches!(read(&path), Err(KeyFileError::NoKey(_))), "{text}");
        }
    }

    #[test]
    fn the_mode_is_that_of_the_open_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        // It opens when somebody writes to it, and others may read it by then.
        let made = Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().expect("coreutils have mkfifo");
        assert!(made.success());
        let read = std::thread::scope(|scope| {
            let reading = scope.spawn(|| read(&path));
            std::thread::sleep(Duration::from_millis(100));
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("it is changed");
            // The reader may have closed it already.
            let _ = std::fs::write(&path, "0".repeat(64));
            reading.join().expect("it does not panic")
        });
        assert!(matches!(read, Err(KeyFileError::Mode(_, 0o644))));
    }
}
