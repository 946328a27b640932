//! `mailbox receive` and `mailbox save`.

use super::arguments::Receive;
use super::print::{Names, out, show, tell};
use super::progress::Progress;
use super::{DONE, Failure, UNOPENED};
use mailbox::{Agents, Error, MAX_CONTACTS, MAX_UNKNOWN, Mailbox};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// Pauses between two reads of the inbox: the shortest, and the longest while no messages come.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// The exit code after a second signal, as shells have it for SIGINT.
const ENDED: i32 = 130;

pub async fn run(mailbox: &Mailbox, receive: Receive) -> Result<u8, Failure> {
    let network = Agents::new(&mailbox.place().await?)?;
    let end = if receive.follow { first_signal()? } else { Arc::default() };
    let mut code = DONE;
    let mut pause = PAUSES.0;
    loop {
        match once(mailbox, &network, receive.json).await {
            Ok((is_new, is_open)) => {
                pause = if is_new { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
                code = if is_open { code } else { UNOPENED };
            }
            // The network may come back. A lie ends the command.
            Err(error) if receive.follow && error.is_passing() => {
                tell!("mailbox: {error}");
                pause = (pause * 2).min(PAUSES.1);
            }
            Err(error) => return Err(error.into()),
        }
        if !receive.follow {
            return Ok(code);
        }
        tokio::select! {
            _ = tokio::time::sleep(pause) => {}
            () = end.notified() => return Ok(code),
        }
    }
}

/// Is notified at the first signal that ends the command: what was read is still stored, acknowledged and shown. The second
/// signal ends the process at once, which loses nothing: what was read then is received or shown again.
fn first_signal() -> Result<Arc<Notify>, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let first = Arc::new(Notify::new());
    let told = first.clone();
    tokio::spawn(async move {
        for is_second in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if is_second {
                std::process::exit(ENDED);
            }
            told.notify_one();
        }
    });
    Ok(first)
}

/// Receives and shows. Returns whether anything was new, and whether all of it opened.
async fn once(mailbox: &Mailbox, network: &Agents, json: bool) -> Result<(bool, bool), Error> {
    let progress = Progress::of("received");
    let received = mailbox.receive(network, |messages, expected| progress.show(messages, expected)).await;
    drop(progress);
    let names = Names::of(mailbox).await?;
    // This also follows a failed read: the messages before the error are stored.
    let shown = mailbox
        .show_new(|number, entry| {
            out(&show(number, entry, &names, json)).map_err(|error| Error::Io { path: "standard output".into(), error })
        })
        .await?;
    let received = received?;
    // Messages that others have left, and this device's answers to messages that did not open.
    for reason in mailbox.push(network, Duration::ZERO, |_| ()).await?.reasons {
        tell!("mailbox: not sent yet: {reason}");
    }
    if let Err(error) = mailbox.watch(network).await {
        tell!("mailbox: your entry in the directory: {error}");
    }
    if let Some(reason) = &received.not_acknowledged {
        tell!("mailbox: the canister was not told what was read: {reason}");
    }
    for (name, reason) in &received.not_read {
        tell!("mailbox: {name} was not read: {reason}");
    }
    if received.junk > 0 {
        tell!("mailbox: {} messages are junk: of no session, sealed to other keys, or malformed", received.junk);
    }
    if received.turned_away > 0 {
        tell!(
            "mailbox: {} strangers wrote who are not shown: there may be {MAX_UNKNOWN} unknown contacts, and {MAX_CONTACTS} in all. \
             'mailbox contacts verify' makes room",
            received.turned_away
        );
    }
    if received.unopened > 0 {
        tell!("mailbox: {} messages did not open, and never will", received.unopened);
    }
    if received.waiting > 0 {
        tell!("mailbox: {} messages cannot be opened yet", received.waiting);
    }
    Ok((shown > 0 || received.messages > 0, received.unopened == 0 && received.waiting == 0))
}

pub async fn save(mailbox: &Mailbox, number: u64, path: &Path) -> Result<u8, Failure> {
    create_file(path, &mailbox.file(number).await?)?;
    Ok(DONE)
}

/// Writes a new file of mode 0600, which is on disk on return.
pub fn create_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    key_file::create_private(path, bytes).map_err(|error| Failure::error(format!("{}: {error}", path.display())))
}
