//! The faults that a mailbox can have, and advice for each.
//!
//! - this file: the folder and its key, before a mailbox is open;
//! - `rows`: contacts, the outbox and the own label in the store;
//! - `online`: network, clock, canister, inbox and the own entry in the directory.
//!
//! The checks repair nothing, except that they publish old keys in the directory again, as each look at the own entry does.

mod online;
mod rows;

use crate::{Error, Mailbox, root};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// One look at a mailbox, and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// One word.
    pub subject: &'static str,
    /// Its state, or the fault.
    pub result: Result<String, Fault>,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its description.
    pub what: String,
    /// The advice to the user.
    pub advice: String,
}

impl Check {
    fn right(subject: &'static str, text: impl Into<String>) -> Self {
        Self { subject, result: Ok(text.into()) }
    }

    fn wrong(subject: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject, result: Err(Fault { what: what.into(), advice: advice.into() }) }
    }
}

/// Checks that the folder exists and that other users cannot open it.
pub fn check_folder(folder: &Path) -> Check {
    const SUBJECT: &str = "folder";
    let path = folder.display();
    let metadata = match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return Check::wrong(SUBJECT, format!("{path} is not a folder"), "name another folder with --mailbox"),
        Err(error) => {
            return Check::wrong(
                SUBJECT,
                format!("{path}: {error}"),
                "make a mailbox with 'mailbox init', or name its folder with --mailbox",
            );
        }
    };
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Check::wrong(
            SUBJECT,
            format!("{path} is open to others (mode {mode:03o})"),
            format!("chmod 700 {path}"),
        );
    }
    Check::right(SUBJECT, format!("{path}, mode {mode:03o}"))
}

/// Checks a mailbox's key and store, from the result of opening it. If the key does not open, the check of the store is
/// missing.
pub fn check_opening(folder: &Path, opened: Result<&Mailbox, &Error>) -> Vec<Check> {
    let key = |advice: &str, error: &Error| vec![Check::wrong("key", error.to_string(), advice)];
    let has_key = || match root::has_passphrase(folder) {
        Ok(true) => Check::right("key", "under a passphrase, and open"),
        _ => Check::right("key", "a key file"),
    };
    match opened {
        Ok(_) => vec![has_key(), Check::right("store", "opens, and is where it was made")],
        Err(error @ Error::Locked(_)) => key("'mailbox unlock', or --passphrase-fd", error),
        Err(error @ Error::Passphrase(_)) => key("try another passphrase", error),
        Err(error @ Error::NoMailbox(_)) => {
            key("name the mailbox's folder with --mailbox, or put its root.key back", error)
        }
        Err(error @ (Error::KeyFile(_) | Error::Keyring(_))) => {
            key("let only yourself read root.key; if it is damaged, put a copy of it back", error)
        }
        Err(error) => vec![has_key(), Check::wrong("store", error.to_string(), advice_for_store(error))],
    }
}

fn advice_for_store(error: &Error) -> &'static str {
    use crypto_store::Error as Store;
    match error {
        Error::Store(Store::Busy(_)) => "end or continue the process that holds the store's lock",
        Error::Store(Store::Copied { .. } | Store::SetBack { .. }) => {
            "use the original; if it is lost, 'mailbox restore' makes a new device from a backup"
        }
        Error::Store(Store::Newer { .. }) => "install the newest release of mailbox",
        Error::Store(Store::FileSystem { .. }) => "move the mailbox to a file system of this machine",
        _ => "see the error; 'mailbox restore' makes a new device from a backup",
    }
}
