//! `mailbox receive` and `mailbox save`.

use super::arguments::Receive;
use super::print::{Names, out, show};
use super::{DONE, Failure, UNOPENED};
use mailbox::{Agents, Error, Mailbox};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Pauses between two reads of the inbox: the shortest, and the longest while no messages come.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

pub async fn run(mailbox: &Mailbox, receive: Receive) -> Result<u8, Failure> {
    let network = Agents::new(&mailbox.place().await?)?;
    let (mut interrupt, mut end) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut code = DONE;
    let mut pause = PAUSES.0;
    loop {
        // A signal does not interrupt this: messages that were read are committed, acknowledged and shown.
        match once(mailbox, &network, receive.json).await {
            Ok((is_new, is_open)) => {
                pause = if is_new { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
                code = if is_open { code } else { UNOPENED };
            }
            // The network may come back. A lie ends the command.
            Err(error) if receive.follow && is_passing(&error) => {
                eprintln!("mailbox: {error}");
                pause = (pause * 2).min(PAUSES.1);
            }
            Err(error) => return Err(error.into()),
        }
        if !receive.follow {
            return Ok(code);
        }
        tokio::select! {
            _ = tokio::time::sleep(pause) => {}
            _ = interrupt.recv() => return Ok(code),
            _ = end.recv() => return Ok(code),
        }
    }
}

/// Receives and shows. Returns whether there were new messages, and whether all of them opened.
async fn once(mailbox: &Mailbox, network: &Agents, json: bool) -> Result<(bool, bool), Error> {
    let received = mailbox.receive(network).await;
    let names = Names::of(mailbox).await?;
    // This also follows a failed read: the messages before the error are stored.
    let shown = mailbox
        .show_new(|number, entry| {
            out(&show(number, entry, &names, json)).map_err(|error| Error::Io { path: "standard output".into(), error })
        })
        .await?;
    let received = received?;
    // Messages that other commands have left, and this device's answers to messages that did not open.
    for reason in mailbox.push(network, Duration::ZERO).await?.reasons {
        eprintln!("mailbox: not sent yet: {reason}");
    }
    if let Err(error) = mailbox.watch(network).await {
        eprintln!("mailbox: your entry in the directory: {error}");
    }
    if let Some(reason) = &received.not_acknowledged {
        eprintln!("mailbox: {reason}");
    }
    for (name, reason) in &received.not_read {
        eprintln!("mailbox: {name} was not read: {reason}");
    }
    if received.junk > 0 {
        eprintln!("mailbox: {} messages are junk: of no session, sealed to other keys, or malformed", received.junk);
    }
    if received.unopened > 0 {
        eprintln!("mailbox: {} messages did not open, and never will", received.unopened);
    }
    if received.waiting > 0 {
        eprintln!("mailbox: {} messages cannot be opened yet", received.waiting);
    }
    Ok((shown > 0 || received.messages > 0, received.unopened == 0 && received.waiting == 0))
}

fn is_passing(error: &Error) -> bool {
    match error {
        Error::Page(error) => error.is_passing(),
        Error::Heads(error) => error.is_passing(),
        Error::Claim(error) => error.is_passing(),
        Error::SendKey(error) => error.is_passing(),
        _ => false,
    }
}

pub async fn save(mailbox: &Mailbox, number: u64, path: &Path) -> Result<u8, Failure> {
    create_file(path, &mailbox.file(number).await?)?;
    Ok(DONE)
}

/// Writes a new file of mode 0600, which is on disk on return.
pub fn create_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Failure::error(format!("{}: {error}", path.display())))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}
