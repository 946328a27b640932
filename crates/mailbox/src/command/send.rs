//! `mailbox send`.

use super::arguments::Send;
use super::{DONE, Failure, QUEUED};
use mailbox::{Agents, Letter, Mailbox};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes of standard input at most: those of the largest file.
const MAX_INPUT: u64 = 64 << 20;

pub async fn run(mailbox: &Mailbox, send: Send) -> Result<u8, Failure> {
    let letters = letters(&send)?;
    let network = Agents::new(&mailbox.place().await?)?;
    let wait = Duration::from_secs(send.wait);
    // What is on disk is sent while the rest is sealed.
    let (on_disk, is_on_disk) = (Notify::new(), AtomicBool::new(false));
    let sealing = async {
        let sealed = mailbox.send(&send.to, letters, || on_disk.notify_one()).await;
        is_on_disk.store(true, Ordering::Relaxed);
        on_disk.notify_one();
        sealed
    };
    let sending = async {
        loop {
            on_disk.notified().await;
            let is_all = is_on_disk.load(Ordering::Relaxed);
            let pushed = mailbox.push(&network, wait).await;
            if is_all || !pushed.as_ref().is_ok_and(|pushed| pushed.reasons.is_empty()) {
                return pushed;
            }
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
    let waiting: u64 = mailbox.outbox().await?.iter().map(|(_, number)| number).sum();
    Ok(if waiting == 0 { DONE } else { QUEUED })
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
