//! `mailbox send`.

use super::arguments::Send;
use super::{DONE, Failure, QUEUED};
use mailbox::{Agents, Letter, Mailbox, Pushed};
use std::cell::Cell;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use tokio::sync::Notify;

/// Maximum size of standard input in bytes: that of the largest file.
const MAX_INPUT: u64 = 64 << 20;

pub async fn run(mailbox: &Mailbox, send: Send) -> Result<u8, Failure> {
    let letters = letters(&send)?;
    let network = Agents::new(&mailbox.place().await?)?;
    let wait = Duration::from_secs(send.wait);
    if let Err(error) = mailbox.renew_contact(&network, &send.to).await {
        eprintln!("mailbox: the keys of {} were not looked up again: {error}", send.to);
    }
    // Sealed messages are sent while the rest is sealed.
    let (on_disk, is_all_sealed) = (Notify::new(), Cell::new(None));
    let sealing = async {
        let sealed = mailbox.send(&send.to, letters, || on_disk.notify_one()).await;
        is_all_sealed.set(Some(sealed.is_ok()));
        on_disk.notify_one();
        sealed
    };
    let sending = async {
        let mut is_refused = false;
        loop {
            on_disk.notified().await;
            let is_last = is_all_sealed.get();
            if is_last == Some(false) {
                return Ok::<_, mailbox::Error>(Pushed::default());
            }
            // A refused message is tried once more after all are sealed. That push includes all messages of this command.
            if is_refused && is_last.is_none() {
                continue;
            }
            let pushed = mailbox.push(&network, wait).await?;
            if is_last.is_some() {
                return Ok(pushed);
            }
            is_refused = !pushed.reasons.is_empty();
        }
    };
    let (sealed, pushed) = tokio::join!(sealing, sending);
    let expired = sealed?.expired;
    if expired > 0 {
        eprintln!("mailbox: {expired} devices of {} are left out: their keys have expired", send.to);
    }
    let pushed = pushed?;
    for reason in &pushed.reasons {
        eprintln!("mailbox: not sent yet: {reason}");
    }
    Ok(if pushed.waiting == 0 { DONE } else { QUEUED })
}

fn letters(send: &Send) -> Result<Vec<Letter>, Failure> {
    let is_stdin = send.file.as_deref() == Some(Path::new("-"));
    if send.lines && !is_stdin {
        return Err(Failure::error("--lines goes with -, standard input"));
    }
    match (&send.message, &send.file) {
        (Some(text), _) => Ok(vec![Letter::Text(text.clone())]),
        (None, Some(_)) if is_stdin => {
            let mut text = String::new();
            std::io::stdin().take(MAX_INPUT).read_to_string(&mut text)?;
            let lines = || text.lines().filter(|line| !line.is_empty()).map(|line| Letter::Text(line.into())).collect();
            Ok(if send.lines { lines() } else { vec![Letter::Text(text)] })
        }
        (None, Some(path)) => {
            let bad = |error: String| Failure::error(format!("{}: {error}", path.display()));
            let size = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?.len();
            if size > MAX_INPUT {
                return Err(bad(format!("a file has at most {MAX_INPUT} bytes, not {size}")));
            }
            let bytes = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
            let name =
                path.file_name().and_then(|name| name.to_str()).ok_or_else(|| bad("its name is not UTF-8".into()))?;
            Ok(vec![Letter::File { name: name.into(), bytes }])
        }
        (None, None) => unreachable!("the parser asks for one of them"),
    }
}
