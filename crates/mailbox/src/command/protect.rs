//! Opening a mailbox, and `mailbox passphrase`, `unlock` and `lock`.

use super::arguments::Passphrase;
use super::print::{out, tell};
use super::{DONE, Failure, passphrase};
use mailbox::{Error, Mailbox};
use std::path::Path;
use std::time::Duration;

const PROMPT: &str = "Passphrase of the mailbox: ";

/// Opens a mailbox. Asks for the passphrase if one is needed.
pub async fn open(folder: &Path, fd: Option<u32>) -> Result<Mailbox, Failure> {
    match Mailbox::open(folder).await {
        Err(Error::Locked(_)) => Ok(Mailbox::open_with_passphrase(folder, &passphrase::read(fd, PROMPT)?).await?),
        opened => Ok(opened?),
    }
}

/// Opens a mailbox without prompting. Reads the passphrase from the descriptor, if there is one.
pub async fn open_unasked(folder: &Path, fd: Option<u32>) -> Result<Result<Mailbox, Error>, Failure> {
    Ok(match Mailbox::open(folder).await {
        Err(Error::Locked(_)) if fd.is_some() => {
            Mailbox::open_with_passphrase(folder, &passphrase::read(fd, PROMPT)?).await
        }
        opened => opened,
    })
}

pub fn passphrase(folder: &Path, fd: Option<u32>, change: &Passphrase) -> Result<u8, Failure> {
    let old = mailbox::has_passphrase(folder)?.then(|| passphrase::read(fd, PROMPT)).transpose()?;
    let new = if change.remove { None } else { Some(passphrase::read_new(change.new_fd, "New passphrase: ")?) };
    let is_new = old.is_none() && new.is_some();
    mailbox::set_passphrase(folder, old.as_deref().map(String::as_str), new.as_deref().map(String::as_str))?;
    if is_new {
        tell!(
            "The old key file was replaced, but its bytes may still be on the disk. Somebody who examines the disk could \
             recover them."
        );
    }
    Ok(DONE)
}

pub fn unlock(folder: &Path, fd: Option<u32>, time: Duration) -> Result<u8, Failure> {
    if !mailbox::has_passphrase(folder)? {
        return Err(Failure::error("the mailbox has no passphrase: set one with 'mailbox passphrase'"));
    }
    mailbox::unlock(folder, &passphrase::read(fd, PROMPT)?, time)?;
    out(&format!("unlocked for {} seconds", time.as_secs()))?;
    Ok(DONE)
}

pub fn lock(folder: &Path) -> Result<u8, Failure> {
    if mailbox::has_passphrase(folder)? && mailbox::lock(folder)? {
        out("locked")?;
    }
    Ok(DONE)
}
