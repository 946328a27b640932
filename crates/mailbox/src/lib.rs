//! A sealed mailbox on the Internet Computer: a library, and a command of which any number of processes run at once.
//!
//! `docs/wire.md` has the wire format and the threat model, and `docs/mailbox.md` the command.
//!
//! | module | its job |
//! |---|---|
//! | [`wire`] | byte maps of the wire format |
//! | `mailbox` | making and opening a mailbox; its card |
//! | `root` | its key file, its passphrase, the kernel's keyring |
//! | `rotation` | new inboxes and fallback keys |
//! | `backup` | everything except ratchets and messages, under a passphrase |
//! | `contacts` | people, and how far their keys are trusted |
//! | `directory` | registration, verified look-ups, one's own label |
//! | `sending`, `sealing` | one transaction: the content, the ratchet's step, the exact sealed bytes |
//! | `push` | the outbox: those bytes, until the canister has them |
//! | `refusal` | why the canister did not take them, in words |
//! | `reading` | verified pages, each bound to the position that it continues |
//! | `inbox`, `opening`, `waiting` | a page's letters and the position in one transaction; letters that do not open yet |
//! | `shared` | keys that several people have, in the web page's format |
//! | `window` | accepts each number of a device once |
//! | `log` | messages sent and received |
//! | `claims` | only one process at a time does work that need not be done twice |
//! | `doctor` | finds a mailbox's faults, with advice for each |
//! | `network` | calls to the canister, under several principals |
//! | `records` | the rows of the store |
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod backup;
mod claims;
mod contacts;
mod directory;
mod doctor;
mod error;
mod inbox;
mod log;
mod mailbox;
mod network;
mod opening;
mod person;
mod push;
mod reading;
mod records;
mod refusal;
mod root;
mod rotation;
mod sealing;
mod sending;
mod shared;
mod waiting;
mod window;
pub mod wire;

pub use backup::MAX_BACKUP;
pub use contacts::{MAX_CONTACTS, MAX_UNKNOWN};
pub use directory::{Finding, Registration};
pub use doctor::{Check, Fault, check_folder, check_opening};
pub use error::Error;
pub use inbox::Received;
pub use mailbox::{Mailbox, Status};
pub use network::{Agents, Certified, Network};
pub use person::{Address, NoAddress};
pub use push::Pushed;
pub use records::{Contact, Entry, Event, Place, Said, SharedId, Trust, With};
pub use root::{has_passphrase, lock, set_passphrase, unlock};
pub use rotation::{MAX_INBOXES, READ_ON, Rotated};
pub use sending::{Letter, Sealed};
pub use shared::Secret;

use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::getrandom(&mut bytes).map_err(Error::Random)?;
    Ok(bytes)
}

/// Milliseconds since 1970.
fn millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Seconds since 1970.
fn seconds() -> u64 {
    millis() / 1_000
}

/// Seconds since 1970 as a day and a minute.
fn date(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    match time {
        Some(time) => format!("{} {:02}:{:02} UTC", time.date(), time.hour(), time.minute()),
        None => format!("{seconds} s since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn a_time_is_told_as_a_date() {
        assert_eq!(date(1_795_558_838), "2026-11-24 22:20 UTC");
        assert_eq!(date(u64::MAX), format!("{} s since 1970", u64::MAX));
    }
}
