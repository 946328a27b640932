//! Reading passphrases: from a file descriptor, or from the terminal without showing them.

use super::Failure;
use std::fs::File;
use std::io::Read;
use zeroize::Zeroizing;

/// Maximum size of a passphrase in bytes.
const MAX: usize = 1_024;

/// Reads an existing passphrase, from a file descriptor or else from the terminal.
pub fn read(fd: Option<u32>, prompt: &str) -> Result<Zeroizing<String>, Failure> {
    match fd {
        Some(fd) => line(fd),
        None => ask(prompt),
    }
}

/// Reads a new passphrase. On the terminal it is read twice.
pub fn read_new(fd: Option<u32>, prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let passphrase = read(fd, prompt)?;
    if passphrase.is_empty() {
        return Err(Failure::error("the passphrase is empty"));
    }
    if fd.is_none() && *ask("Again: ")? != *passphrase {
        return Err(Failure::error("the two passphrases differ"));
    }
    Ok(passphrase)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let read = rpassword::prompt_password(prompt);
    read.map(Zeroizing::new).map_err(|error| {
        Failure::error(format!(
            "no passphrase can be read from a terminal ({error}): --help names the option for a descriptor"
        ))
    })
}

/// Reads a line without its end, and no byte after it.
fn line(fd: u32) -> Result<Zeroizing<String>, Failure> {
    let bad = |why: String| Failure::error(format!("no passphrase in file descriptor {fd}: {why}"));
    let mut file = File::open(format!("/proc/self/fd/{fd}")).map_err(|error| bad(error.to_string()))?;
    let mut line = Zeroizing::new(Vec::with_capacity(MAX));
    let mut byte = Zeroizing::new([0]);
    while file.read(&mut byte[..]).map_err(|error| bad(error.to_string()))? == 1 && *byte != *b"\n" {
        if line.len() == MAX {
            return Err(bad(format!("a passphrase has at most {MAX} bytes")));
        }
        line.extend(byte.iter());
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(bad("it is not UTF-8".into())),
    }
}
