//! The mailbox's errors. A call that returns an error has changed nothing.

use crate::wire::card::CardError;
use crate::{Address, date, refusal};
use client::api::{KeyError, LookupError, PageError};
use client::directory::api::{BundleError, LookupError as LabelError, UpdateError};
use client::{CallError, Lie, api};
use directory_core::verify::VerifyError;
use std::fmt;
use std::path::PathBuf;

/// The reason why a call failed.
#[derive(Debug)]
pub enum Error {
    /// An error of the store, for instance that another process holds its lock.
    Store(crypto_store::Error),
    /// An error of the key file.
    KeyFile(key_cache::local::FileError),
    /// The passphrase does not open the mailbox, or could not be set.
    Passphrase(key_cache::local::PassphraseError),
    /// The kernel's keyring cannot be used.
    Keyring(key_cache::local::KeyringError),
    /// The mailbox of this folder needs its passphrase.
    Locked(PathBuf),
    /// The key cache's thread cannot be started.
    KeyCache(std::io::Error),
    /// An error of the operating system.
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        error: std::io::Error,
    },
    /// There is a mailbox in the folder already.
    Exists(PathBuf),
    /// There is no mailbox in the folder.
    NoMailbox(PathBuf),
    /// The network's address or canister cannot be used.
    Place(String),
    /// The card is not valid.
    Card(CardError),
    /// A newer card of this address was seen before.
    OldCard {
        /// When it was made, in seconds since 1970.
        issued: u64,
        /// When the newest was made.
        known: u64,
    },
    /// The card is the mailbox's own.
    OwnCard,
    /// The card's mail goes to another canister.
    OtherCanister(Vec<u8>),
    /// A name that no contact can have: it is empty, longer than 64 bytes, an address, or has blanks or control characters.
    Name(String),
    /// Another contact has the name.
    NameTaken {
        /// The name.
        name: String,
        /// The address of that contact.
        address: Address,
    },
    /// A shared inbox has the name.
    NameOfShared(String),
    /// The maximum number of contacts is reached.
    TooManyContacts {
        /// The limit.
        limit: usize,
    },
    /// No contact has this name or address.
    NoContact(String),
    /// The contact has another address. Do not write to it.
    OtherAddress {
        /// The address that was given.
        given: Address,
        /// The contact's.
        found: Address,
    },
    /// The user has not added the contact, or its devices have changed.
    Untrusted {
        /// The contact.
        address: Address,
        /// The contact's trust.
        trust: crate::Trust,
    },
    /// The keys of all devices of the contact have expired: a new card is needed.
    Expired(Address),
    /// A device published unusable keys. This is its identity key.
    DeviceKeys([u8; 32]),
    /// A device of the card is one of another person.
    DeviceTaken(Address),
    /// A text is empty or too long.
    Text {
        /// Its bytes.
        length: usize,
    },
    /// A file is too long.
    FileSize {
        /// Its bytes.
        size: u64,
    },
    /// A file's name cannot be sent.
    FileName(String),
    /// A message was not sealed for a shared inbox.
    Shared(::sealing::SealError),
    /// The secret yields no key of a shared inbox.
    SharedKey(::sealing::KeyError),
    /// The maximum number of shared inboxes is reached.
    TooManyShared {
        /// The limit.
        limit: usize,
    },
    /// There is no file under this number of the log.
    NoFile(u64),
    /// The canister's store is not the same as before: it has never assigned the position.
    OtherStore {
        /// The id through which the inbox was read.
        position: u32,
    },
    /// The inbox was acknowledged further than this store has read it: the store is an old copy.
    Behind {
        /// The id through which the inbox was read.
        position: u32,
        /// The id through which it was acknowledged.
        acknowledged: u32,
    },
    /// A page of the inbox was not read, or does not verify.
    Page(CallError<PageError>),
    /// The inbox's head was not read, or does not verify.
    Heads(CallError<LookupError>),
    /// The canister did not return the inbox's label.
    Claim(CallError<api::ClaimError>),
    /// The canister did not take the send key.
    SendKey(CallError<KeyError>),
    /// The maximum number of inboxes is reached.
    TooManyInboxes {
        /// The limit.
        limit: usize,
        /// When the oldest one is dropped, in seconds since 1970.
        until: u64,
    },
    /// A backup was not made or not opened.
    Backup(String),
    /// The mailbox has made no request for this label that the registrar's answer could belong to.
    NoRequest(String),
    /// No directory is pinned.
    NoDirectory,
    /// The directory, or its stored pins, cannot be used.
    Directory(String),
    /// A look-up failed, or its answer does not verify.
    Lookup(CallError<LabelError>),
    /// The directory did not take the entry.
    Update(CallError<UpdateError>),
    /// The directory did not take or show bundles, or one does not verify.
    Bundle(CallError<BundleError>),
    /// Too few verifiers have signed the label's keys.
    NotRatified(String),
    /// The directory proves that the label has no entry, or it is closed.
    NotListed(String),
    /// Somebody else has the label.
    Taken(String),
    /// The directory shows an entry of the own label that this device did not make.
    Foreign {
        /// The label.
        label: String,
        /// The entry's version.
        version: u32,
    },
    /// The system has no random bytes.
    Random(getrandom::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::KeyFile(error) => error.fmt(f),
            Self::Passphrase(error) => error.fmt(f),
            Self::Keyring(error) => error.fmt(f),
            Self::Locked(path) => write!(f, "{}: the mailbox is locked and needs its passphrase", path.display()),
            Self::KeyCache(error) => write!(f, "the key cache does not start: {error}"),
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Exists(path) => write!(f, "{}: there is a mailbox already", path.display()),
            Self::NoMailbox(path) => write!(f, "{}: there is no mailbox; make one with 'mailbox init'", path.display()),
            Self::Place(why) => write!(f, "{why}"),
            Self::Card(error) => error.fmt(f),
            Self::OldCard { issued, known } => {
                let [issued, known] = [*issued, *known].map(date);
                write!(
                    f,
                    "the card was made at {issued}, but a newer one, made at {known}, is known: ask for a new one"
                )
            }
            Self::OwnCard => write!(f, "this is your own card"),
            Self::OtherCanister(canister) => write!(
                f,
                "the card's mail goes to another canister ({})",
                candid::Principal::try_from_slice(canister).map_or("malformed".into(), |canister| canister.to_text())
            ),
            Self::Name(name) => {
                write!(f, "'{name}' cannot be a name: 1 to 64 bytes, no blanks, no control characters, no address")
            }
            Self::NameTaken { name, address } => write!(f, "'{name}' is the name of {address}"),
            Self::NameOfShared(name) => write!(f, "'{name}' is the name of a shared inbox"),
            Self::TooManyContacts { limit } => write!(f, "there are {limit} contacts, the maximum"),
            Self::NoContact(name) => write!(
                f,
                "there is no contact '{name}': use 'mailbox contacts add' for a card, or 'mailbox contacts find'"
            ),
            Self::OtherAddress { given, found } => {
                write!(f, "the contact's address is {found}, not {given}: do not write to it")
            }
            Self::Untrusted { address, trust: crate::Trust::Changed } => {
                write!(f, "{address} has other devices than before: add a new card that you got from the person")
            }
            Self::Untrusted { address, .. } => {
                write!(f, "you have not added {address}, who has written to you: add a card, or verify the address")
            }
            Self::Expired(address) => write!(f, "the keys of {address} have expired: ask for a new card"),
            Self::DeviceKeys(identity) => {
                write!(f, "the contact's device {} published unusable keys", hex::encode(identity))
            }
            Self::DeviceTaken(address) => write!(f, "a device of this card already belongs to {address}"),
            Self::Text { length: 0 } => write!(f, "the text is empty"),
            Self::Text { length } => write!(f, "a text has 1 to 1,000,000 bytes, not {length}: send a file"),
            Self::FileSize { size } => write!(f, "a file has at most 64 MiB, not {size} bytes"),
            Self::FileName(name) => write!(f, "a file cannot be sent under the name '{}'", name.escape_debug()),
            Self::Shared(error) => error.fmt(f),
            Self::SharedKey(error) => error.fmt(f),
            Self::TooManyShared { limit } => write!(f, "there are {limit} shared inboxes, the maximum"),
            Self::NoFile(number) => write!(f, "there is no received file with the number {number}"),
            Self::OtherStore { position } => {
                write!(f, "the canister has never assigned id {position}: its store is not the one from before")
            }
            Self::Behind { position, acknowledged } => write!(
                f,
                "the inbox was acknowledged through {acknowledged}, and this store has read through {position}: the store \
                 is an old copy, and must not be used"
            ),
            Self::Page(error) => write!(f, "the inbox was not read: {error}"),
            Self::Heads(error) => write!(f, "the inbox's head was not read: {error}"),
            Self::Claim(error) => write!(f, "the inbox was not claimed: {}", refusal::of_owner(error)),
            Self::SendKey(error) => write!(f, "the canister did not take the send key: {}", refusal::of_owner(error)),
            Self::TooManyInboxes { limit, until } => {
                write!(f, "there are {limit} inboxes, the maximum, until the oldest is dropped at {}", date(*until))
            }
            Self::Backup(why) => write!(f, "the backup: {why}"),
            Self::NoRequest(label) => {
                write!(f, "this mailbox made no request for {label}: 'mailbox register' makes one")
            }
            Self::NoDirectory => write!(f, "no directory is pinned: name one with 'mailbox directory'"),
            Self::Directory(why) => write!(f, "the directory: {why}"),
            Self::Lookup(error) if self.is_other_history() => {
                write!(f, "the directory shows another history than before, it was set back or forked: {error}")
            }
            Self::Lookup(error) => write!(f, "the look-up failed: {error}"),
            Self::Update(error) => write!(f, "the directory did not take the entry: {error}"),
            Self::Bundle(error) => {
                write!(f, "the directory did not store the devices' keys, or they cannot be used: {error}")
            }
            Self::NotRatified(label) => {
                write!(f, "too few verifiers have signed the keys of {label}: try again in a minute")
            }
            Self::NotListed(label) => write!(f, "the directory proves that {label} has no keys"),
            Self::Taken(label) => write!(f, "{label} belongs to somebody else"),
            Self::Foreign { label, version } => write!(
                f,
                "version {version} of {label} has keys that this device did not register: somebody else speaks for you"
            ),
            Self::Random(error) => write!(f, "the system returned no random bytes: {error}"),
        }
    }
}

impl Error {
    /// Whether receiving may succeed later: no answer came, the canister is not ready, or a budget that refills refused the call.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Page(error) => error.is_passing(),
            Self::Heads(error) => error.is_passing(),
            Self::Claim(error) => error.is_passing() || refusal::is_limited(error),
            Self::SendKey(error) => error.is_passing() || refusal::is_limited(error),
            _ => false,
        }
    }

    /// Whether the directory's log does not continue the one that the mailbox has seen.
    pub(crate) fn is_other_history(&self) -> bool {
        matches!(
            self,
            Self::Lookup(
                CallError::Lie(Lie::Lookup(VerifyError::FromKnown(_)))
                    | CallError::Refused(LabelError::UnknownLog { .. })
            )
        )
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::KeyFile(error) => Some(error),
            Self::Card(error) => Some(error),
            Self::Io { error, .. } => Some(error),
            Self::Page(error) => Some(error),
            Self::Heads(error) => Some(error),
            Self::Claim(error) => Some(error),
            Self::SendKey(error) => Some(error),
            _ => None,
        }
    }
}

impl From<crypto_store::Error> for Error {
    fn from(error: crypto_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<CardError> for Error {
    fn from(error: CardError) -> Self {
        Self::Card(error)
    }
}
