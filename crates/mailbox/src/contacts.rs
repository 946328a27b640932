//! Contacts, and the trust in their keys.

use crate::mailbox::{Mailbox, own};
use crate::records::{Contact, Entry, Event, Identity, Peer, Rows, Trust, With, append, put};
use crate::wire::card::{self, Card};
use crate::{Address, Error, millis, seconds, shared};
use crypto_store::Tx;
use directory_core::bundle::Bundle;

/// Maximum number of contacts, including unknown ones.
pub const MAX_CONTACTS: usize = 1_000;
/// Maximum number of unknown contacts.
pub const MAX_UNKNOWN: usize = 500;
const MAX_NAME: usize = 64;

impl Mailbox {
    /// Adds the person of a card under a name, or replaces a contact's card by a newer one. Returns the address.
    ///
    /// The card did not come through the mailbox, so its devices are trusted.
    ///
    /// # Errors
    ///
    /// [`Error::Card`], [`Error::OldCard`], [`Error::OwnCard`], [`Error::OtherCanister`], [`Error::Name`],
    /// [`Error::NameTaken`], [`Error::TooManyContacts`], and those of the store.
    pub async fn add_contact(&self, card: &str, name: &str) -> Result<Address, Error> {
        self.add_card(card::verify(&card::from_text(card)?, seconds())?, name, None).await
    }

    /// Adds the person of a card under a name. `label`: the directory's label that the card was made from.
    pub(crate) async fn add_card(&self, card: Card, name: &str, label: Option<Vec<u8>>) -> Result<Address, Error> {
        let name = checked(name)?.to_owned();
        self.store
            .write(move |tx| {
                let own = own(tx)?;
                if card.address == own.address() {
                    return Err(Error::OwnCard);
                }
                if card.canister != own.place.canister {
                    return Err(Error::OtherCanister(card.canister));
                }
                check_free(tx, &name, &card.address)?;
                let known = tx.record::<Contact>(card.address.bytes())?;
                if known.is_none() {
                    check_room(tx, MAX_CONTACTS, |_| true)?;
                }
                let trust = match known.as_ref().map(|known| (known.trust, known.devices == identities(&card))) {
                    Some((Trust::Verified, true)) => Trust::Verified,
                    _ => Trust::Added,
                };
                take_card(tx, &card, known.as_ref())?;
                put(
                    tx,
                    card.address.bytes(),
                    &Contact { name, trust, issued: card.issued, devices: identities(&card), label },
                )?;
                Ok(card.address)
            })
            .await
    }

    /// Records that the user compared a contact's address with the person. An unknown contact gets the name.
    ///
    /// # Errors
    ///
    /// [`Error::NoContact`], [`Error::OtherAddress`], [`Error::Name`], [`Error::NameTaken`], [`Error::Untrusted`] where the
    /// contact's devices have changed, and those of the store.
    pub async fn verify_contact(&self, name: &str, address: Address) -> Result<(), Error> {
        let name = checked(name)?.to_owned();
        self.store
            .write(move |tx| {
                if let Some((found, _)) = named(tx, &name)?
                    && found != address
                {
                    return Err(Error::OtherAddress { given: address, found });
                }
                let contact = tx.record::<Contact>(address.bytes())?;
                let contact = contact.ok_or_else(|| Error::NoContact(address.to_string()))?;
                if contact.trust == Trust::Changed {
                    return Err(Error::Untrusted { address, trust: Trust::Changed });
                }
                put(tx, address.bytes(), &Contact { name, trust: Trust::Verified, ..contact })
            })
            .await
    }

    /// All contacts, by address.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn contacts(&self) -> Result<Vec<(Address, Contact)>, Error> {
        self.store.read(|snapshot| all(snapshot)).await
    }
}

/// All contacts, by address.
pub(crate) fn all(rows: &impl Rows) -> Result<Vec<(Address, Contact)>, Error> {
    let contacts = rows.records::<Contact>(b"", b"", MAX_CONTACTS)?;
    Ok(contacts.into_iter().map(|(key, contact)| (address_of(&key), contact)).collect())
}

/// The contact with this name or address. Fails if nothing may be sent to it.
pub(crate) fn writable(rows: &impl Rows, to: &str) -> Result<(Address, Contact), Error> {
    let found = match to.parse::<Address>() {
        Ok(address) => rows.record(address.bytes())?.map(|contact| (address, contact)),
        Err(_) => named(rows, to)?,
    };
    let (address, contact): (_, Contact) = found.ok_or_else(|| Error::NoContact(to.into()))?;
    if contact.trust < Trust::Added {
        return Err(Error::Untrusted { address, trust: contact.trust });
    }
    Ok((address, contact))
}

/// Processes the card that a contact or an unknown person sent. Returns the person's new trust, or `None` if there is nothing
/// to report.
pub(crate) fn introduce(tx: &mut Tx<'_>, card: &Card) -> Result<Option<Trust>, Error> {
    let known = tx.record::<Contact>(card.address.bytes())?;
    if known.is_none() {
        check_room(tx, MAX_UNKNOWN, |contact| contact.trust == Trust::Unknown)?;
        check_room(tx, MAX_CONTACTS, |_| true)?;
    }
    if let Some(known) = &known
        && card.issued <= known.issued
    {
        return Ok(None);
    }
    let devices = identities(card);
    let label = known.as_ref().and_then(|known| known.label.clone());
    let (name, trust, news) = match &known {
        None => (String::new(), Trust::Unknown, Some(Trust::Unknown)),
        Some(known) if known.trust == Trust::Unknown || known.devices == devices => {
            (known.name.clone(), known.trust, None)
        }
        Some(known) => (known.name.clone(), Trust::Changed, Some(Trust::Changed)),
    };
    take_card(tx, card, known.as_ref())?;
    put(tx, card.address.bytes(), &Contact { name, trust, issued: card.issued, devices, label })?;
    Ok(news)
}

/// Stores a card's devices with their bundles.
pub(crate) fn take_card(tx: &mut Tx<'_>, card: &Card, known: Option<&Contact>) -> Result<(), Error> {
    if let Some(known) = known
        && card.issued < known.issued
    {
        return Err(Error::OldCard { issued: card.issued, known: known.issued });
    }
    for device in &card.devices {
        let bundle = device.bundle.encode();
        let peer = match tx.record::<Peer>(device.identity)? {
            // No card may take over another person's device.
            Some(peer) if peer.address != card.address => return Err(Error::Card(card::CardError::Device)),
            Some(peer) => {
                // A send key belongs to one inbox. An introduction brings the send key of a new inbox.
                let is_same_inbox = bundle_inbox(&peer.bundle) == device.bundle.content.inbox;
                let send_key = if is_same_inbox { peer.send_key } else { Vec::new() };
                Peer { bundle, send_key, ..peer }
            }
            None => Peer::new(card.address, bundle),
        };
        put(tx, device.identity, &peer)?;
    }
    Ok(())
}

fn bundle_inbox(bundle: &[u8]) -> Vec<u8> {
    Bundle::decode(bundle).expect("it was checked with its card").content.inbox
}

/// Appends an event about a contact to the log.
pub(crate) fn tell(tx: &mut Tx<'_>, address: Address, event: Event) -> Result<(), Error> {
    append(tx, &Entry { at: millis(), with: Some(With::Person(address)), event })
}

pub(crate) fn identities(card: &Card) -> Vec<Identity> {
    card.devices.iter().map(|device| device.identity).collect()
}

pub(crate) fn named(rows: &impl Rows, name: &str) -> Result<Option<(Address, Contact)>, Error> {
    Ok(all(rows)?.into_iter().find(|(_, contact)| contact.name == name))
}

pub(crate) fn checked(name: &str) -> Result<&str, Error> {
    let is_name = (1..=MAX_NAME).contains(&name.len())
        && !name.contains(|character: char| character.is_control() || character.is_whitespace())
        && name.parse::<Address>().is_err();
    if is_name { Ok(name) } else { Err(Error::Name(name.into())) }
}

fn check_free(rows: &impl Rows, name: &str, address: &Address) -> Result<(), Error> {
    if shared::named(rows, name)?.is_some() {
        return Err(Error::NameOfShared(name.into()));
    }
    match named(rows, name)? {
        Some((other, _)) if other != *address => Err(Error::NameTaken { name: name.into(), address: other }),
        _ => Ok(()),
    }
}

fn check_room(rows: &impl Rows, limit: usize, counts: impl Fn(&Contact) -> bool) -> Result<(), Error> {
    let number = all(rows)?.iter().filter(|(_, contact)| counts(contact)).count();
    if number >= limit { Err(Error::TooManyContacts { limit }) } else { Ok(()) }
}

fn address_of(key: &[u8]) -> Address {
    Address::from_bytes(key.try_into().expect("a contact's key is an address"))
}
