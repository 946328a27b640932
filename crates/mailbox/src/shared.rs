//! Shared inboxes: keys that several people have, in the web page's format (`docs/sealing.md`).
//!
//! Everybody who has the passphrase or the key file can read and write. Nothing proves who wrote. The mailbox does not
//! acknowledge these messages, because others read them too.

use crate::contacts::{self, checked};
use crate::inbox::Received;
use crate::mailbox::Mailbox;
use crate::network::Network;
use crate::reading::{Read, Step, pages_behind, read_next};
use crate::records::{
    Entry, Event, PIECE, Position, Queued, Rows, Said, Seed, Seen, Shared, SharedId, With, append, entry_key,
    next_number, next_queued, put, shared_file_key,
};
use crate::sending::Letter;
use crate::wire::content::File;
use crate::{Error, millis, random};
use ::sealing::{Content, Key, salt_of};
use client::api::Message;
use client::proofs::verify::Refused;
use client::{CallError, Lie};
use crypto_store::{Tx, fields};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Maximum number of shared inboxes.
const MAX_SHARED: usize = 100;
/// Maximum size of a message in bytes: the canister's limit.
const MAX_SEALED: usize = 2_000_000;
/// The file name that replaces one that is not legal.
const NO_NAME: &str = "file";
const PREFIX: &[u8] = b"shared";

/// The secret that the members of a shared inbox have.
pub enum Secret {
    /// A passphrase. Deriving the key takes about a second.
    Passphrase(Zeroizing<String>),
    /// The bytes of a key file.
    File(Zeroizing<Vec<u8>>),
}

impl Mailbox {
    /// Adds a shared inbox under a name. Returns its key id.
    ///
    /// # Errors
    ///
    /// [`Error::SharedKey`], [`Error::Name`], [`Error::NameTaken`], [`Error::NameOfShared`], [`Error::TooManyShared`], and
    /// those of the store.
    pub async fn add_shared(&self, name: &str, secret: &Secret) -> Result<SharedId, Error> {
        let name = checked(name)?.to_owned();
        let scope = self.own().await?.place.canister;
        let key = match secret {
            Secret::Passphrase(passphrase) => Key::from_passphrase(passphrase, &scope),
            Secret::File(bytes) => Key::from_file(bytes, &scope),
        };
        let key = key.map_err(Error::SharedKey)?;
        let id = id_of(&key);
        let shared = Shared { name, master: Seed(*key.master()), caller: Seed(random()?), sent: 0 };
        self.store
            .write(move |tx| {
                let all = all(tx)?;
                if all.iter().any(|(other, known)| known.name == shared.name && *other != id) {
                    return Err(Error::NameOfShared(shared.name.clone()));
                }
                if let Some((address, contact)) = contacts::named(tx, &shared.name)? {
                    return Err(Error::NameTaken { name: contact.name, address });
                }
                let number = all.len();
                let shared = match all.into_iter().find(|(known, _)| *known == id) {
                    Some((_, known)) => Shared { name: shared.name.clone(), ..known },
                    None if number >= MAX_SHARED => return Err(Error::TooManyShared { limit: MAX_SHARED }),
                    None => shared,
                };
                put(tx, key_of(&id), &shared)?;
                Ok(id)
            })
            .await
    }

    /// Key ids and names of the shared inboxes.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn shared(&self) -> Result<Vec<(SharedId, String)>, Error> {
        let all = self.store.read(|snapshot| all(snapshot)).await?;
        Ok(all.into_iter().map(|(id, shared)| (id, shared.name.clone())).collect())
    }

    /// Reads the shared inboxes to their ends.
    pub(crate) async fn receive_shared(&self, network: &impl Network, received: &mut Received) -> Result<(), Error> {
        for (id, shared) in self.store.read(|snapshot| all(snapshot)).await? {
            while !self.read_shared(network, id, &shared, received).await? {}
        }
        Ok(())
    }

    /// Reads a shared inbox from its position to its end. False: another process has read meanwhile, and so it ended early.
    async fn read_shared(
        &self,
        network: &impl Network,
        id: SharedId,
        shared: &Shared,
        received: &mut Received,
    ) -> Result<bool, Error> {
        let client = network.client(&shared.caller.0);
        let key = shared.key();
        let mut pages = pages_behind(&client, &id, &self.position(id).await?);
        loop {
            let Read { page, step } = match read_next(&mut pages, received).await {
                Ok(Some(read)) => read,
                Ok(None) => return Ok(true),
                Err(error) => {
                    let reason = reason_not_to_read(error)?;
                    received.not_read.push((shared.name.clone(), reason));
                    return Ok(true);
                }
            };
            let stored = Stored {
                messages: page.messages.iter().map(|message| Opened::of(message, &key)).collect(),
                dropped: page.gap.then_some(page.first_id),
                step,
            };
            let Some((messages, junk)) = self.store.write(move |tx| stored.store(tx, id)).await? else {
                return Ok(false);
            };
            received.messages += messages;
            received.junk += junk;
        }
    }
}

/// The reason why one shared inbox is not read and the others are.
fn reason_not_to_read(error: Error) -> Result<String, Error> {
    match error {
        Error::Page(CallError::Refused(error)) => Ok(format!("the canister answered {error:?}")),
        // Where reads are closed, the label that proofs need is known to a key's owner only.
        Error::Page(CallError::Lie(Lie::NoProof | Lie::Page(Refused::LabelUnknown))) => {
            Ok("the canister does not prove its messages, as where reads are closed".into())
        }
        error => Err(error),
    }
}

/// A message of a page: its content, if it opened, and the salt that identifies it.
struct Opened {
    id: u32,
    time: u32,
    content: Option<([u8; 32], Content)>,
}

impl Opened {
    fn of(message: &Message, key: &Key) -> Self {
        let content = ::sealing::open(&message.ciphertext, &message.key_id, key).ok();
        let content = content.zip(salt_of(&message.ciphertext)).map(|(content, salt)| (*salt, content));
        Self { id: message.id, time: message.timestamp, content }
    }
}

struct Stored {
    messages: Vec<Opened>,
    dropped: Option<u32>,
    step: Step,
}

impl Stored {
    /// Stores the messages. Returns their number, and the number of junk among them. `None`: another process has read on, and
    /// nothing is stored.
    fn store(self, tx: &mut Tx<'_>, inbox: SharedId) -> Result<Option<(u64, u64)>, Error> {
        let mut position = tx.record::<Position>(inbox)?.unwrap_or_default();
        let is_first = position.id == 0;
        if !position.takes(&self.step) {
            return Ok(None);
        }
        let (mut messages, mut junk) = (0, 0);
        let with = Some(With::Shared(inbox));
        // A gap before this mailbox joined is not reported.
        if let Some(first_id) = self.dropped.filter(|_| !is_first) {
            append(tx, &Entry { at: millis(), with, event: Event::Dropped { first_id } })?;
        }
        for Opened { id, time, content } in self.messages {
            messages += 1;
            let Some((salt, content)) = content else {
                junk += 1;
                continue;
            };
            // This mailbox sent it, or somebody stored it again.
            let seen = seen_key(&inbox, &salt);
            if tx.record::<Seen>(&seen)?.is_some() {
                continue;
            }
            put(tx, seen, &Seen)?;
            let said = match content {
                Content::Text(text) => Said::Text(text),
                Content::File { name, bytes } => {
                    let (size, hash) = (bytes.len() as u64, Sha256::digest(&bytes).into());
                    tx.put(shared_file_key(&inbox, id), fields::Message { format: PIECE, bytes })?;
                    let name = if File::is_name(&name) { name } else { NO_NAME.into() };
                    Said::File(File { name, size, hash })
                }
            };
            append(tx, &Entry { at: millis(), with, event: Event::Shared { id, time, said } })?;
        }
        position.junk += junk;
        put(tx, inbox, &position)?;
        Ok(Some((messages, junk)))
    }
}

/// Seals letters for a shared inbox. Returns their numbers in the log.
pub(crate) fn seal(
    tx: &mut Tx<'_>,
    inbox: SharedId,
    mut shared: Shared,
    letters: Vec<Letter>,
) -> Result<Vec<u64>, Error> {
    let key = shared.key();
    let mut entries = Vec::new();
    for letter in letters {
        let said = letter.said();
        let content = match letter {
            Letter::Text(text) => Content::Text(text),
            Letter::File { name, bytes } => Content::File { name, bytes },
        };
        let envelope = ::sealing::seal(&content, &key, MAX_SEALED).map_err(Error::Shared)?;
        let salt = salt_of(&envelope).expect("it was just sealed");
        put(tx, seen_key(&inbox, salt), &Seen)?;
        let entry = next_number(tx)?;
        shared.sent += 1;
        let queued = Queued { entry, since: millis(), send_key: Vec::new(), envelope };
        let number = next_queued(tx, shared.sent)?;
        put(tx, [&inbox[..], &number.to_be_bytes()].concat(), &queued)?;
        let event = Event::Sent { id: random()?, said, waiting: 1, failed: None };
        put(tx, entry_key(entry), &Entry { at: millis(), with: Some(With::Shared(inbox)), event })?;
        entries.push(entry);
    }
    put(tx, key_of(&inbox), &shared)?;
    Ok(entries)
}

/// The shared inbox with this name.
pub(crate) fn named(rows: &impl Rows, name: &str) -> Result<Option<(SharedId, Shared)>, Error> {
    Ok(all(rows)?.into_iter().find(|(_, shared)| shared.name == name))
}

/// Adds a shared inbox from a backup. It is read from its beginning.
pub(crate) fn restore(tx: &mut Tx<'_>, id: &SharedId, shared: &Shared) -> Result<(), Error> {
    put(tx, key_of(id), shared)
}

/// All shared inboxes.
pub(crate) fn all(rows: &impl Rows) -> Result<Vec<(SharedId, Shared)>, Error> {
    let rows = rows.records::<Shared>(PREFIX, b"", MAX_SHARED)?;
    let id = |key: &[u8]| *key.last_chunk().expect("the key ends with the key id");
    Ok(rows.into_iter().map(|(key, shared)| (id(&key), shared)).collect())
}

impl Shared {
    fn key(&self) -> Key {
        Key::from_master(Zeroizing::new(self.master.0))
    }
}

fn id_of(key: &Key) -> SharedId {
    key.id().try_into().expect("key ids of the format have 20 bytes")
}

fn key_of(id: &SharedId) -> Vec<u8> {
    [PREFIX, id].concat()
}

fn seen_key(inbox: &SharedId, salt: &[u8; 32]) -> Vec<u8> {
    [&inbox[..], salt].concat()
}
