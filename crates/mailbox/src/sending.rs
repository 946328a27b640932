//! Sending: one transaction stores the user's message, the ratchet's steps and the exact sealed bytes.
//!
//! A step is one short transaction. A large file takes several steps. Until the last one, its log entry says that the file is
//! incomplete. So the log also reports a file whose command was killed in between. Its sealed pieces are still sent, and the
//! recipient drops them.

#![allow(clippy::indexing_slicing, reason = "a piece begins within its file")]

use crate::contacts::writable;
use crate::mailbox::{Mailbox, own};
use crate::records::{Entry, Event, Identity, Peer, Rows, Said, With, entry_key, next_number, put};
use crate::sealing::{self, Sealer, sealing};
use crate::wire::content::{Body, File, Id, MAX_FILE, MAX_TEXT, PIECE};
use crate::{Address, Error, millis, random, shared};
use crypto_store::Tx;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::sync::Arc;

/// Maximum number of letters sealed in one step.
const STEP_LETTERS: usize = 1_000;
/// Bytes after which a step seals no further letter or piece.
const STEP_BYTES: usize = 4 << 20;
/// The failure in a file's log entry until its last piece is sealed.
const UNFINISHED: &str = "its command ended before all of it was sealed";

/// A text or file to send.
pub enum Letter {
    /// A text.
    Text(String),
    /// A file.
    File {
        /// Its name, without a folder.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// The letters that were sealed and stored for sending.
#[derive(Debug, Default)]
pub struct Sealed {
    /// Numbers in the log.
    pub entries: Vec<u64>,
    /// Devices that were left out, because their keys have expired.
    pub expired: u32,
}

/// The work of a step: the entries that it began, the sealed messages, the devices that were left out.
#[derive(Default)]
struct Step {
    entries: Vec<u64>,
    messages: u64,
    expired: u32,
}

impl Mailbox {
    /// Seals letters for each device of a contact, or for a shared inbox, in their order. They are on disk on return, and
    /// [`Mailbox::push`] sends them.
    ///
    /// A transaction takes up to 1,000 letters, or 4 MiB and one piece of a file. `on_disk` is called after each, with the number of
    /// messages that it sealed. After an error, the letters of earlier transactions stay sealed.
    ///
    /// # Errors
    ///
    /// [`Error::NoContact`], [`Error::Untrusted`], [`Error::Expired`], [`Error::Text`], [`Error::FileSize`],
    /// [`Error::FileName`], [`Error::Shared`], and those of the store.
    pub async fn send(&self, to: &str, letters: Vec<Letter>, mut on_disk: impl FnMut(u64)) -> Result<Sealed, Error> {
        letters.iter().try_for_each(check)?;
        if self.is_shared(to).await? {
            return self.send_shared(to, letters, on_disk).await;
        }
        let mut sealed = Sealed::default();
        for parts in steps(letters)? {
            let (to, begun) = (to.to_owned(), sealed.entries.last().copied());
            let step = self.store.write(move |tx| seal(tx, &to, parts, begun)).await?;
            sealed.entries.extend(step.entries);
            sealed.expired = step.expired;
            on_disk(step.messages);
        }
        Ok(sealed)
    }

    /// Checks that letters can be sealed for this contact or shared inbox.
    ///
    /// # Errors
    ///
    /// [`Error::NoContact`], [`Error::Untrusted`], and those of the store.
    pub async fn check_recipient(&self, to: &str) -> Result<(), Error> {
        if self.is_shared(to).await? {
            return Ok(());
        }
        let to = to.to_owned();
        self.store.read(move |snapshot| writable(snapshot, &to).map(drop)).await
    }

    async fn is_shared(&self, to: &str) -> Result<bool, Error> {
        let to = to.to_owned();
        self.store.read(move |snapshot| Ok(shared::named(snapshot, &to)?.is_some())).await
    }

    /// As [`send`](Self::send): none of these letters is larger than a message of the canister.
    async fn send_shared(&self, to: &str, letters: Vec<Letter>, mut on_disk: impl FnMut(u64)) -> Result<Sealed, Error> {
        let (mut sealed, mut letters) = (Sealed::default(), letters.into_iter());
        while !letters.as_slice().is_empty() {
            let (to, step) = (to.to_owned(), letters.by_ref().take(STEP_LETTERS).collect());
            let write = self.store.write(move |tx| {
                let (inbox, shared) = shared::named(tx, &to)?.ok_or(Error::NoContact(to))?;
                shared::seal(tx, inbox, shared, step)
            });
            let entries = write.await?;
            on_disk(entries.len() as u64);
            sealed.entries.extend(entries);
        }
        Ok(sealed)
    }
}

/// The letter, or the pieces of a file, that one step seals.
struct Part {
    letter: Arc<Letter>,
    said: Said,
    id: Id,
    pieces: Range<u32>,
}

/// Divides letters into steps.
fn steps(letters: Vec<Letter>) -> Result<Vec<Vec<Part>>, Error> {
    let (mut steps, mut step, mut bytes) = (Vec::new(), Vec::new(), 0);
    for letter in letters {
        let (said, id, letter) = (letter.said(), random()?, Arc::new(letter));
        let mut from = 0;
        while from < pieces(&said) {
            if bytes >= STEP_BYTES || step.len() == STEP_LETTERS {
                steps.push(std::mem::take(&mut step));
                bytes = 0;
            }
            let mut to = from;
            while to < pieces(&said) && (to == from || bytes < STEP_BYTES) {
                bytes += piece_length(&said, to);
                to += 1;
            }
            step.push(Part { letter: letter.clone(), said: said.clone(), id, pieces: from..to });
            from = to;
        }
    }
    steps.push(step);
    Ok(steps)
}

/// Seals the parts of a step. `begun` is the entry of a file of which pieces were sealed by the step before.
fn seal(tx: &mut Tx<'_>, to: &str, parts: Vec<Part>, begun: Option<u64>) -> Result<Step, Error> {
    let (address, contact) = writable(tx, to)?;
    let mut peers = Vec::new();
    for identity in contact.devices {
        let peer = tx.record::<Peer>(identity)?.expect("a contact's devices are stored");
        peers.push((identity, peer));
    }
    sealing(tx, own(tx)?, |sealer, tx| seal_parts(sealer, tx, address, peers, parts, begun))
}

fn seal_parts(
    sealer: &mut Sealer,
    tx: &mut Tx<'_>,
    address: Address,
    mut peers: Vec<(Identity, Peer)>,
    parts: Vec<Part>,
    begun: Option<u64>,
) -> Result<Step, Error> {
    let mut step = Step::default();
    for Part { letter, said, id, pieces: range } in parts {
        let (number, mut entry) = match begun.filter(|_| range.start > 0) {
            Some(number) => (number, tx.record::<Entry>(entry_key(number))?.expect("the log keeps its entries")),
            None => {
                let event = Event::Sent { id, said: said.clone(), waiting: 0, failed: Some(UNFINISHED.into()) };
                let number = next_number(tx)?;
                step.entries.push(number);
                (number, Entry { at: millis(), with: Some(With::Person(address)), event })
            }
        };
        let is_last = range.end == pieces(&said);
        let mut count = 0;
        for piece in range {
            let body = letter.body(&said, piece);
            step.expired = 0;
            for (identity, peer) in &mut peers {
                let said = sealing::Said { id, entry: number, body: &body };
                let is_sealed = sealer.seal(tx, identity, peer, &said)?;
                *if is_sealed { &mut count } else { &mut step.expired } += 1;
            }
        }
        if count == 0 {
            return Err(Error::Expired(address));
        }
        if let Event::Sent { waiting, failed, .. } = &mut entry.event {
            *waiting += count;
            step.messages += u64::from(count);
            if is_last && failed.as_deref() == Some(UNFINISHED) {
                *failed = None;
            }
        }
        put(tx, entry_key(number), &entry)?;
    }
    Ok(step)
}

fn check(letter: &Letter) -> Result<(), Error> {
    match letter {
        Letter::Text(text) if !(1..=MAX_TEXT).contains(&text.len()) => Err(Error::Text { length: text.len() }),
        Letter::File { bytes, .. } if bytes.len() as u64 > MAX_FILE => {
            Err(Error::FileSize { size: bytes.len() as u64 })
        }
        Letter::File { name, .. } if !File::is_name(name) => Err(Error::FileName(name.clone())),
        _ => Ok(()),
    }
}

impl Letter {
    pub(crate) fn said(&self) -> Said {
        match self {
            Self::Text(text) => Said::Text(text.clone()),
            Self::File { name, bytes } => {
                let (name, size) = (name.clone(), bytes.len() as u64);
                Said::File(File { name, size, hash: Sha256::digest(bytes).into() })
            }
        }
    }

    /// The text, or a piece of the file.
    fn body(&self, said: &Said, piece: u32) -> Body {
        match (self, said) {
            (Self::File { bytes, .. }, Said::File(file)) => {
                let start = piece as usize * PIECE;
                let end = bytes.len().min(start + PIECE);
                Body::Piece { file: file.clone(), piece, bytes: bytes[start..end].to_vec() }
            }
            (Self::Text(text), _) => Body::Text(text.clone()),
            (Self::File { .. }, Said::Text(_)) => unreachable!("a file says a file"),
        }
    }
}

fn pieces(said: &Said) -> u32 {
    match said {
        Said::Text(_) => 1,
        Said::File(file) => file.pieces(),
    }
}

fn piece_length(said: &Said, piece: u32) -> usize {
    match said {
        Said::Text(text) => text.len(),
        Said::File(file) => usize::try_from(file.piece_length(piece)).expect("pieces are bounded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::test_mailbox;
    use crate::wire::card;
    use crate::{contacts, seconds};
    use directory_core::bundle::{Bundle, MAX_LIFETIME};

    /// Makes the keys of a device expire now.
    fn expire(tx: &mut Tx<'_>, identity: [u8; 32]) -> Result<(), Error> {
        let peer = tx.record::<Peer>(identity)?.expect("it was added");
        let mut bundle = Bundle::decode(&peer.bundle).expect("it was checked");
        bundle.content.expiry = seconds();
        bundle.content.issued = bundle.content.expiry - MAX_LIFETIME;
        put(tx, identity, &Peer { bundle: bundle.encode(), ..peer })
    }

    #[tokio::test]
    async fn nothing_is_sealed_to_expired_keys_and_the_error_says_so() {
        let ((_hers, alice), (_his, bob)) = (test_mailbox().await, test_mailbox().await);
        let card = bob.card().await.unwrap();
        let address = alice.add_contact(&card, "bob").await.unwrap();
        let text = || vec![Letter::Text("hello".into())];
        alice.send("bob", text(), |_| ()).await.unwrap();
        let devices = card::verify(&card::from_text(&card).unwrap(), seconds()).unwrap();
        let [identity] = contacts::identities(&devices)[..] else { panic!("a person has one device") };
        alice.store.write(move |tx| expire(tx, identity)).await.unwrap();
        let error = alice.send("bob", text(), |_| ()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the keys of {address} have expired: ask for a new card"));
        assert_eq!(alice.log(0).await.unwrap().len(), 1, "nothing of it is stored");
    }
}
