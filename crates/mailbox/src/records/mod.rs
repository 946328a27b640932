//! The contents of the store: rows, their keys and their bytes.
//!
//! ```text
//! table      key                                          value
//! device     "own"                                        Own: this device's secrets, and where its mail goes
//! device     identity 32                                  Peer: a device that is written to or writes
//! contact    address 29                                   Contact
//! account    "own"                                        vodozemac's
//! account    "own" | inbox 29                             vodozemac's, as it was when this older inbox was replaced
//! session    identity 32 | session id 32                  vodozemac's
//! cursor     inbox 29, or key id 20 of a shared inbox     Position
//! cursor     "entries", "shown", "queued"                 Counter
//! cursor     "behind"                                     Behind: this store is an old copy
//! message    'e' | number 8                               Entry of the log
//! message    'p' | identity 32 | message id 16 | piece 4  bytes of a piece, format 2
//! message    's' | key id 20 | id 4                       bytes of a file of a shared inbox, format 2
//! procedure  "file" | identity 32 | message id 16         Arriving
//! procedure  "claim" | what is claimed                    Claim
//! procedure  "shared" | key id 20                         Shared
//! directory  "pins"                                       Pins
//! directory  "memory"                                     Memory
//! directory  "own"                                        Registered
//! directory  "asked"                                      Asked
//! directory  "label" | label                              Known
//! outbox     inbox 29, or key id 20 | number 8            Queued
//! pending    inbox 29 | id 4                              Waiting
//! seen       key id 20 | salt 32                          Seen: a message of a shared inbox
//! ```
//!
//! Format 1 of each value is postcard's encoding of its struct, field by field. Fields are never reordered. A changed
//! struct gets another format.

mod directory;
mod log;

pub(crate) use directory::{Asked, Known, Memory, Pins, Registered};
pub use log::{Entry, Event, Said, With};

use crate::wire::content::{File, Id};
use crate::{Address, Error};
use crypto_store::{Field, Row, Snapshot, Tx, fields};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

const FORMAT: u8 = 1;
/// The format of a piece: its bytes.
pub(crate) const PIECE: u8 = 2;
/// Key of this device's rows.
pub(crate) const OWN: &str = "own";
/// Key of the finding that this store is an old copy.
pub(crate) const BEHIND: &str = "behind";
/// Key id of a shared inbox.
pub type SharedId = [u8; 20];
/// Identity key of a device.
pub(crate) type Identity = [u8; 32];

/// A secret of 32 bytes, wiped when it is dropped and not printed.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Seed(pub [u8; 32]);

/// The network and the canister where mail is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Address of the network.
    pub url: String,
    /// The root key that must sign certificates, in DER.
    pub root_key: Vec<u8>,
    /// Bytes of the message canister's principal.
    pub canister: Vec<u8>,
}

/// This device.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Own {
    pub place: Place,
    /// Signs cards. Its principal is the address.
    pub address: Seed,
    /// Signs the calls that send messages, and nothing else.
    pub sender: Seed,
    /// The send key of the inboxes.
    pub send_key: Seed,
    pub inboxes: Vec<Inbox>,
}

/// An inbox of this device.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Inbox {
    /// Its principal is the key id.
    pub owner: Seed,
    /// Opens envelopes.
    pub hpke: Seed,
    /// Public key for first messages.
    pub fallback: [u8; 32],
    /// In seconds since 1970.
    pub made: u64,
}

/// A device of another person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub address: Address,
    /// Its bundle, as the directory encodes it.
    pub bundle: Vec<u8>,
    /// Ids of its sessions, the one in which a message last arrived first.
    pub sessions: Vec<[u8; 32]>,
    /// The number of the content last sent to it.
    pub sent: u64,
    /// Numbers that came from it.
    pub received: crate::window::Window,
    /// Whether an introduction was sent to it.
    pub introduced: bool,
    /// The send key of its inbox.
    pub send_key: Vec<u8>,
    /// When a session was last begun because a message did not open, in seconds since 1970.
    pub renewed: u64,
}

impl Peer {
    /// A device with which no message was exchanged yet.
    pub fn new(address: Address, bundle: Vec<u8>) -> Self {
        Self {
            address,
            bundle,
            sessions: Vec::new(),
            sent: 0,
            received: Default::default(),
            introduced: false,
            send_key: Vec::new(),
            renewed: 0,
        }
    }
}

/// The trust in a contact's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Trust {
    /// The contact wrote, and the user has not added it. No message is sent to it.
    Unknown,
    /// Its devices have changed. No message is sent to it until its card is added again.
    Changed,
    /// The card came by another channel, not through the mailbox.
    Added,
    /// The user compared the address with the person.
    Verified,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// The name that the user gave. Empty: none.
    pub name: String,
    /// The trust in its keys.
    pub trust: Trust,
    /// When its card was made, in seconds since 1970.
    pub issued: u64,
    /// Identity keys of its devices.
    pub devices: Vec<Identity>,
    /// Its label, as the directory encodes it. `None`: it was added by a card.
    pub label: Option<Vec<u8>>,
}

/// The position through which an inbox was read.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Id of the last message that was read.
    pub id: u32,
    /// Epoch, id, rank and chain value of the newest message that was verified.
    pub seen: Option<(u64, u32, u32, [u8; 32])>,
    /// Id through which messages were acknowledged.
    pub acknowledged: u32,
    /// The inbox's label in the store's proofs. `None`: the canister does not know the inbox yet.
    pub label: Option<[u8; 32]>,
    /// Number of messages that were not envelopes for this inbox.
    pub junk: u64,
    /// Number and bytes of the letters in `pending`.
    pub waiting: (u32, u64),
}

/// A counter.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Counter(pub u64);

/// This store is an old copy: it had read an inbox through `position`, which was acknowledged through `acknowledged`.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Behind {
    pub position: u32,
    pub acknowledged: u32,
}

/// A key that several people share, in the web page's format, with its state.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Shared {
    pub name: String,
    /// The master key of the format.
    pub master: Seed,
    /// The caller that reads the inbox, and does nothing else. If reads are closed, an admin of the canister can let it read.
    pub caller: Seed,
    /// The number of the last sealed message.
    pub sent: u64,
}

/// A message of a shared inbox that is in the log.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Seen;

/// An incomplete file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Arriving {
    pub file: File,
    pub pieces: u32,
}

/// The holder of a task that one process at a time should do.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub boot: String,
    /// The process, as the crypto store encodes holders.
    pub process: [u8; crypto_store::Holder::RECORD],
    /// Tells the claims of one process apart.
    pub holder: [u8; 16],
    /// The end of the claim, in milliseconds since boot.
    pub until: u64,
}

/// A sealed message to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Queued {
    /// The number of its log entry. 0: none.
    pub entry: u64,
    /// When it was sealed, in milliseconds since 1970.
    pub since: u64,
    pub send_key: Vec<u8>,
    /// The exact bytes that are sent until the canister has them.
    pub envelope: Vec<u8>,
}

/// A letter that did not open yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// When it was received, in milliseconds since 1970.
    pub since: u64,
    pub letter: Vec<u8>,
}

/// A struct that is stored as a row.
pub(crate) trait Record: Serialize + DeserializeOwned {
    type Field: Field;
    fn field(format: u8, bytes: Vec<u8>) -> Self::Field;
    fn parts(field: &Self::Field) -> (u8, &[u8]);
}

macro_rules! records {
    ($($record:ident in $table:ident;)*) => {$(
        impl Record for $record {
            type Field = fields::$table;

            fn field(format: u8, bytes: Vec<u8>) -> Self::Field {
                fields::$table { format, bytes }
            }

            fn parts(field: &Self::Field) -> (u8, &[u8]) {
                (field.format, &field.bytes)
            }
        }
    )*};
}

records! {
    Own in Device;
    Peer in Device;
    Contact in Contact;
    Position in Cursor;
    Counter in Cursor;
    Behind in Cursor;
    Arriving in Procedure;
    Claim in Procedure;
    Queued in Outbox;
    Waiting in Pending;
    Shared in Procedure;
    Seen in Seen;
    Pins in DirectoryMemory;
    Memory in DirectoryMemory;
    Registered in DirectoryMemory;
    Asked in DirectoryMemory;
    Known in DirectoryMemory;
    Entry in Message;
}

fn decode<R: Record>(field: &R::Field) -> Result<R, Error> {
    let (format, bytes) = R::parts(field);
    let table = R::Field::TABLE;
    postcard::from_bytes(bytes)
        .ok()
        .filter(|_| format == FORMAT)
        .ok_or(Error::Store(crypto_store::Error::Decode { table, format }))
}

/// Reads rows in a transaction or a snapshot.
pub(crate) trait Rows {
    fn one<F: Field>(&self, key: &[u8]) -> Result<Option<crypto_store::Held<F>>, crypto_store::Error>;
    fn some<F: Field>(&self, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Row<F>>, crypto_store::Error>;

    /// A record.
    fn record<R: Record>(&self, key: impl AsRef<[u8]>) -> Result<Option<R>, Error> {
        self.one::<R::Field>(key.as_ref())?.map(|held| decode(&*held.value)).transpose()
    }

    /// At most `limit` records whose keys begin with `prefix` and follow `after`, with their keys.
    fn records<R: Record>(&self, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, R)>, Error> {
        let rows = self.some::<R::Field>(prefix, after, limit)?;
        rows.into_iter().map(|row| Ok((row.key, decode(&*row.held.value)?))).collect()
    }
}

impl Rows for Tx<'_> {
    fn one<F: Field>(&self, key: &[u8]) -> Result<Option<crypto_store::Held<F>>, crypto_store::Error> {
        self.get(key)
    }

    fn some<F: Field>(&self, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Row<F>>, crypto_store::Error> {
        self.range(prefix, after, limit)
    }
}

impl Rows for Snapshot<'_> {
    fn one<F: Field>(&self, key: &[u8]) -> Result<Option<crypto_store::Held<F>>, crypto_store::Error> {
        self.get(key)
    }

    fn some<F: Field>(&self, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Row<F>>, crypto_store::Error> {
        self.range(prefix, after, limit)
    }
}

/// Writes a record. It replaces an older one with this key.
pub(crate) fn put<R: Record>(tx: &mut Tx<'_>, key: impl AsRef<[u8]>, record: &R) -> Result<(), Error> {
    let bytes = postcard::to_stdvec(record).expect("a vector takes everything");
    tx.put(key, R::field(FORMAT, bytes))?;
    Ok(())
}

/// Deletes a record.
pub(crate) fn delete<R: Record>(tx: &mut Tx<'_>, key: impl AsRef<[u8]>) -> Result<(), Error> {
    tx.delete::<R::Field>(key)?;
    Ok(())
}

/// Key of an entry of the log.
pub(crate) fn entry_key(number: u64) -> [u8; 9] {
    let mut key = [b'e'; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The number in an entry's key.
pub(crate) fn entry_number(key: &[u8]) -> u64 {
    u64::from_be_bytes(*key.last_chunk().expect("an entry's key ends with its number"))
}

/// Takes the next number of the log.
pub(crate) fn next_number(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let Counter(last) = tx.record("entries")?.unwrap_or_default();
    put(tx, "entries", &Counter(last + 1))?;
    Ok(last + 1)
}

/// Takes the next number of the outbox, at least `least`. All inboxes count together: the cards of two people may name one inbox,
/// and no row may replace another.
pub(crate) fn next_queued(tx: &mut Tx<'_>, least: u64) -> Result<u64, Error> {
    let Counter(last) = tx.record("queued")?.unwrap_or_default();
    let number = least.max(last + 1);
    put(tx, "queued", &Counter(number))?;
    Ok(number)
}

/// Appends an entry to the log.
pub(crate) fn append(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), Error> {
    let number = next_number(tx)?;
    put(tx, entry_key(number), entry)
}

/// Key of a session.
pub(crate) fn session_key(identity: &Identity, session: &[u8; 32]) -> Vec<u8> {
    [&identity[..], session].concat()
}

/// Key of a file's bytes in a shared inbox.
pub(crate) fn shared_file_key(inbox: &SharedId, id: u32) -> Vec<u8> {
    [b"s", &inbox[..], &id.to_be_bytes()].concat()
}

/// Keys of an arriving file: the key of its record, and the prefix of its pieces.
pub(crate) fn file_keys(identity: &Identity, id: &Id) -> (Vec<u8>, Vec<u8>) {
    ([b"file", &identity[..], id].concat(), [b"p", &identity[..], id].concat())
}
