//! Sending: one transaction stores what the user wrote, the ratchet's steps and the exact sealed bytes.

use crate::contacts::writable;
use crate::mailbox::{Mailbox, own};
use crate::records::{Entry, Event, Peer, Rows, Said, With, entry_key, next_number, put};
use crate::sealing::{self, Sealer};
use crate::wire::content::{Body, File, MAX_FILE, MAX_TEXT, PIECE};
use crate::{Error, millis, random, shared};
use sha2::{Digest, Sha256};

/// What is sent.
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

/// What was sealed, and stored to be sent.
#[derive(Debug)]
pub struct Sealed {
    /// Numbers in the log.
    pub entries: Vec<u64>,
    /// Devices that were left out, because their keys have expired.
    pub expired: u32,
}

impl Mailbox {
    /// Seals letters for each device of a contact, or for a shared inbox, in their order. They are on disk on return, and [`Mailbox::push`] sends them.
    ///
    /// # Errors
    ///
    /// [`Error::NoContact`], [`Error::Untrusted`], [`Error::Expired`], [`Error::Text`], [`Error::FileSize`],
    /// [`Error::FileName`], [`Error::Shared`], and those of the store.
    pub async fn send(&self, to: &str, letters: Vec<Letter>) -> Result<Sealed, Error> {
        letters.iter().try_for_each(check)?;
        let to = to.to_owned();
        self.store
            .write(move |tx| {
                if let Some((inbox, shared)) = shared::named(tx, &to)? {
                    let entries = shared::seal(tx, inbox, shared, letters)?;
                    return Ok(Sealed { entries, expired: 0 });
                }
                let (address, contact) = writable(tx, &to)?;
                let sealer = Sealer::new(tx, own(tx)?)?;
                let mut peers = Vec::new();
                for identity in contact.devices {
                    let peer = tx.record::<Peer>(identity)?.expect("a contact's devices are stored");
                    peers.push((identity, peer));
                }
                let mut sealed = Sealed { entries: Vec::new(), expired: 0 };
                for letter in letters {
                    let id = random()?;
                    let said = letter.said();
                    let number = next_number(tx)?;
                    let (mut waiting, mut expired) = (0, 0);
                    for body in letter.bodies(&said) {
                        expired = 0;
                        for (identity, peer) in &mut peers {
                            let said = sealing::Said { id, entry: number, body: &body };
                            let is_sealed = sealer.seal(tx, identity, peer, &said)?;
                            *if is_sealed { &mut waiting } else { &mut expired } += 1;
                        }
                    }
                    if waiting == 0 {
                        return Err(Error::Expired(address));
                    }
                    let event = Event::Sent { id, said, waiting, failed: None };
                    put(tx, entry_key(number), &Entry { at: millis(), with: Some(With::Person(address)), event })?;
                    sealed.entries.push(number);
                    sealed.expired = expired;
                }
                Ok(sealed)
            })
            .await
    }
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

    /// The text, or the pieces of the file.
    fn bodies<'a>(&'a self, said: &'a Said) -> impl Iterator<Item = Body> + 'a {
        let pieces = match said {
            Said::Text(_) => 1,
            Said::File(file) => file.pieces(),
        };
        (0..pieces).map(move |piece| match (self, said) {
            (Self::File { bytes, .. }, Said::File(file)) => {
                let start = piece as usize * PIECE;
                let end = bytes.len().min(start + PIECE);
                Body::Piece { file: file.clone(), piece, bytes: bytes[start..end].to_vec() }
            }
            (Self::Text(text), _) => Body::Text(text.clone()),
            (Self::File { .. }, Said::Text(_)) => unreachable!("a file says a file"),
        })
    }
}
