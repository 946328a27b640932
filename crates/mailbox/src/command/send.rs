//! `mailbox send`.

use super::arguments::Send;
use super::input::Letters;
use super::print::tell;
use super::progress::Progress;
use super::{DONE, Failure, QUEUED};
use mailbox::{Agents, Error, Mailbox, Pushed};
use std::cell::Cell;
use std::time::Duration;
use tokio::sync::Notify;

/// Pauses before refused messages are tried again while more are read: the shortest, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

pub async fn run(mailbox: &Mailbox, send: Send) -> Result<u8, Failure> {
    mailbox.check_recipient(&send.to).await?;
    let mut letters = Letters::of(&send)?;
    let network = Agents::new(&mailbox.place().await?)?;
    if let Err(error) = mailbox.renew_contact(&network, &send.to).await {
        tell!("mailbox: the keys of {} were not looked up again: {error}", send.to);
    }
    let sending = Sending {
        mailbox,
        network,
        wait: Duration::from_secs(send.wait),
        progress: Progress::of("sent"),
        on_disk: Notify::new(),
        end: Notify::new(),
        sealed: Cell::new(0),
    };
    // If the store fails, nothing more is read. If sealing fails, what was sealed before is sent.
    let seal = async { Ok(sending.seal(&send.to, &mut letters).await) };
    let (sealed, pushed) = tokio::try_join!(seal, sending.push())?;
    drop(sending);
    for reason in &pushed.reasons {
        tell!("mailbox: not sent yet: {reason}");
    }
    let expired = sealed?;
    if expired > 0 {
        tell!("mailbox: {expired} devices of {} are left out: their keys have expired", send.to);
    }
    if pushed.waiting == 0 {
        return Ok(DONE);
    }
    if pushed.reasons.is_empty() {
        tell!(
            "mailbox: not sent yet: after {} s another process still sends: it or a later command sends the rest",
            send.wait
        );
    }
    Ok(QUEUED)
}

/// Messages on disk are sent while more are sealed.
struct Sending<'a> {
    mailbox: &'a Mailbox,
    network: Agents,
    wait: Duration,
    progress: Progress,
    /// Messages were sealed.
    on_disk: Notify,
    /// No more are sealed.
    end: Notify,
    /// Sealed messages of this command.
    sealed: Cell<u64>,
}

impl Sending<'_> {
    /// Seals all letters. Returns the number of devices that were left out.
    async fn seal(&self, to: &str, letters: &mut Letters) -> Result<u32, Failure> {
        let done = self.seal_all(to, letters).await;
        self.end.notify_one();
        done
    }

    async fn seal_all(&self, to: &str, letters: &mut Letters) -> Result<u32, Failure> {
        let mut expired = 0;
        while let Some(group) = letters.next().await? {
            let on_disk = |messages| {
                self.sealed.set(self.sealed.get() + messages);
                self.progress.expect(self.sealed.get());
                self.on_disk.notify_one();
            };
            expired = self.mailbox.send(to, group, on_disk).await?.expired;
        }
        Ok(expired)
    }

    /// Sends until everything is sealed, and sent or refused then.
    async fn push(&self) -> Result<Pushed, Error> {
        // Not zero: messages were refused. They are tried again after a pause, and when everything is sealed.
        let mut pause = Duration::ZERO;
        loop {
            let is_last = tokio::select! {
                biased;
                () = self.end.notified() => true,
                () = self.on_disk.notified(), if pause.is_zero() => false,
                () = tokio::time::sleep(pause), if !pause.is_zero() => false,
            };
            if is_last && self.sealed.get() == 0 {
                return Ok(Pushed::default());
            }
            let pushed = self.mailbox.push(&self.network, self.wait, |messages| self.progress.add(messages)).await?;
            if is_last {
                return Ok(pushed);
            }
            if pushed.reasons.is_empty() {
                pause = Duration::ZERO;
                continue;
            }
            if pause.is_zero() {
                pushed
                    .reasons
                    .iter()
                    .for_each(|reason| self.progress.tell(&format!("mailbox: not sent yet: {reason}")));
            }
            pause = (pause * 2).clamp(PAUSES.0, PAUSES.1);
        }
    }
}
