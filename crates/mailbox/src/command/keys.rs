//! `mailbox keys`, `backup` and `restore`.

use super::print::{out, tell};
use super::receive::create_file;
use super::{DONE, Failure, QUEUED, passphrase};
use mailbox::{Agents, MAX_BACKUP, Mailbox};
use std::path::Path;
use std::time::Duration;

pub async fn rotate(mailbox: &Mailbox) -> Result<u8, Failure> {
    let rotated = mailbox.rotate_keys().await?;
    out(&format!("a new inbox; {} devices of contacts are told", rotated.told))?;
    if rotated.expired > 0 {
        tell!("mailbox: {} devices are not told: their keys have expired", rotated.expired);
    }
    tell!("Give your new card ('mailbox id') to everybody who has the old one and to whom you have not written.");
    let network = Agents::new(&mailbox.place().await?)?;
    mailbox.publish(&network).await?;
    let pushed = mailbox.push(&network, Duration::ZERO, |_| ()).await?;
    pushed.reasons.iter().for_each(|reason| tell!("mailbox: not sent yet: {reason}"));
    Ok(if pushed.waiting == 0 { DONE } else { QUEUED })
}

pub async fn backup(mailbox: &Mailbox, path: &Path, fd: Option<u32>) -> Result<u8, Failure> {
    let passphrase = passphrase::read_new(fd, "Passphrase of the backup: ")?;
    create_file(path, &mailbox.backup(&passphrase).await?)?;
    tell!("The backup has no messages. The restored mailbox is a new device. Restoring needs the passphrase.");
    Ok(DONE)
}

/// Restores a mailbox from a backup. `own`: protect it by a passphrase, read from this file descriptor or prompted for.
pub async fn restore(folder: &Path, path: &Path, fd: Option<u32>, own: Option<Option<u32>>) -> Result<u8, Failure> {
    let bad = |why: String| Failure::error(format!("{}: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?.len();
    if size > MAX_BACKUP as u64 {
        return Err(bad(format!("a backup has at most {MAX_BACKUP} bytes, not {size}")));
    }
    let backup = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let passphrase = passphrase::read(fd, "Passphrase of the backup: ")?;
    let own = own.map(|fd| passphrase::read_new(fd, "Passphrase of the mailbox: ")).transpose()?;
    let mailbox = Mailbox::restore(folder, &backup, &passphrase, own.as_deref().map(String::as_str)).await?;
    out(&format!("mailbox {} in {}", mailbox.address().await?, folder.display()))?;
    tell!("This is a new device: give its card ('mailbox id') to your contacts.");
    Ok(DONE)
}
