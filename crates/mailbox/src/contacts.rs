//! Contacts, and the trust in their keys.

use crate::mailbox::{Mailbox, own};
use crate::records::{Contact, Entry, Event, Identity, Peer, Rows, Trust, With, append, put};
use crate::wire::INBOX;
use crate::wire::card::{self, Card, Device};
use crate::wire::envelope::is_usable;
use crate::{Address, Error, millis, seconds, shared};
use client::plain::{is_control, plain};
use crypto_store::Tx;
use directory_core::bundle::Bundle;
use std::collections::BTreeSet;

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
    /// [`Error::NameTaken`], [`Error::NameOfShared`], [`Error::TooManyContacts`], [`Error::DeviceKeys`],
    /// [`Error::DeviceTaken`], and those of the store.
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
                    check_room(tx, Trust::Added)?;
                }
                let trust = match &known {
                    Some(known) if known.trust == Trust::Verified && are_same(&known.devices, &identities(&card)) => {
                        Trust::Verified
                    }
                    _ => Trust::Added,
                };
                take_card(tx, &card, known.as_ref(), None)?;
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
    /// [`Error::NoContact`], [`Error::OtherAddress`], [`Error::Name`], [`Error::NameOfShared`], [`Error::Untrusted`] where the
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
                check_free(tx, &name, &address)?;
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
    let (address, contact) = named_or_at(rows, to)?.ok_or_else(|| Error::NoContact(to.into()))?;
    if contact.trust < Trust::Added {
        return Err(Error::Untrusted { address, trust: contact.trust });
    }
    Ok((address, contact))
}

/// Takes the card that a device sent. Returns the person's new trust, or `None` if there is nothing to tell.
pub(crate) fn introduce(tx: &mut Tx<'_>, card: &Card, sender: &Identity) -> Result<Option<Trust>, Error> {
    let known = tx.record::<Contact>(card.address.bytes())?;
    if known.is_none() {
        check_room(tx, Trust::Unknown)?;
    }
    if let Some(known) = &known
        && card.issued <= known.issued
    {
        return Ok(None);
    }
    // Nobody reads an inbox here of somebody whose mail goes to another canister.
    let is_here = card.canister == own(tx)?.place.canister;
    if !is_here && known.as_ref().is_none_or(|known| known.trust == Trust::Unknown) {
        return Ok(None);
    }
    let devices = identities(card);
    let label = known.as_ref().and_then(|known| known.label.clone());
    let (name, trust, news) = match &known {
        None => (String::new(), Trust::Unknown, Some(Trust::Unknown)),
        Some(known) if known.trust == Trust::Unknown || (is_here && are_same(&known.devices, &devices)) => {
            (known.name.clone(), known.trust, None)
        }
        Some(known) => (known.name.clone(), Trust::Changed, Some(Trust::Changed)),
    };
    take_card(tx, card, known.as_ref(), Some(sender))?;
    put(tx, card.address.bytes(), &Contact { name, trust, issued: card.issued, devices, label })?;
    Ok(news)
}

/// Writes the devices of a card, with the keys that change. `sender`: the device that sent the card, and has shown that it has
/// its identity key; `None`: the user brought the card. After an error nothing is written.
pub(crate) fn take_card(
    tx: &mut Tx<'_>,
    card: &Card,
    known: Option<&Contact>,
    sender: Option<&Identity>,
) -> Result<(), Error> {
    if let Some(known) = known
        && card.issued < known.issued
    {
        return Err(Error::OldCard { issued: card.issued, known: known.issued });
    }
    for Device { identity, bundle } in &card.devices {
        let keys = &bundle.content;
        let is_inbox = keys.inbox.len() == INBOX;
        if !is_inbox || ![identity, &keys.hpke, &keys.fallback].into_iter().all(is_usable) {
            return Err(Error::DeviceKeys(*identity));
        }
        let peer = tx.record::<Peer>(identity)?.filter(|peer| peer.address != card.address);
        if let Some(peer) = peer
            && !may_take_over(tx, identity, &peer, sender)?
        {
            return Err(Error::DeviceTaken(peer.address));
        }
    }
    for Device { identity, bundle } in &card.devices {
        let (address, bundle) = (card.address, bundle.encode());
        let peer = match tx.record::<Peer>(identity)? {
            Some(peer) if peer.address != address => {
                forget_device(tx, identity, &peer.address)?;
                Peer { address, bundle, send_key: Vec::new(), introduced: false, ..peer }
            }
            Some(peer) => {
                // A send key belongs to an inbox. An introduction brings the new one.
                let is_same_inbox = bundle_inbox(&peer.bundle) == bundle_inbox(&bundle);
                let send_key = if is_same_inbox { peer.send_key } else { Vec::new() };
                Peer { bundle, send_key, ..peer }
            }
            None => Peer::new(address, bundle),
        };
        put(tx, identity, &peer)?;
    }
    Ok(())
}

/// Whether a card may take over a device that another person's card has listed. Anybody can list any device: only a letter of
/// it shows that it has its identity key. So its own letter is worth more than a list, and a card that the user brought more
/// than one of somebody whom the user has not added.
fn may_take_over(tx: &Tx<'_>, identity: &Identity, peer: &Peer, sender: Option<&Identity>) -> Result<bool, Error> {
    match sender {
        Some(sender) => Ok(sender == identity && peer.received.is_empty()),
        None => Ok(!is_added(tx, &peer.address)?),
    }
}

/// Takes a device off the list of a person.
fn forget_device(tx: &mut Tx<'_>, identity: &Identity, address: &Address) -> Result<(), Error> {
    let Some(mut contact) = tx.record::<Contact>(address.bytes())? else { return Ok(()) };
    contact.devices.retain(|device| device != identity);
    put(tx, address.bytes(), &contact)
}

/// Whether the user has added a person, whose devices may have changed since.
pub(crate) fn is_added(tx: &Tx<'_>, address: &Address) -> Result<bool, Error> {
    let contact = tx.record::<Contact>(address.bytes())?;
    Ok(contact.is_some_and(|contact| contact.trust >= Trust::Changed))
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

/// Whether two lists have the same devices, in any order.
pub(crate) fn are_same(one: &[Identity], other: &[Identity]) -> bool {
    BTreeSet::from_iter(one) == BTreeSet::from_iter(other)
}

/// The contact with this name or address.
pub(crate) fn named_or_at(rows: &impl Rows, to: &str) -> Result<Option<(Address, Contact)>, Error> {
    match to.parse::<Address>() {
        Ok(address) => Ok(rows.record(address.bytes())?.map(|contact| (address, contact))),
        Err(_) => named(rows, to),
    }
}

pub(crate) fn named(rows: &impl Rows, name: &str) -> Result<Option<(Address, Contact)>, Error> {
    Ok(all(rows)?.into_iter().find(|(_, contact)| contact.name == name))
}

pub(crate) fn checked(name: &str) -> Result<&str, Error> {
    let is_name = (1..=MAX_NAME).contains(&name.len())
        && !name.contains(|character: char| is_control(character) || character.is_whitespace())
        && name.parse::<Address>().is_err();
    if is_name { Ok(name) } else { Err(Error::Name(plain(name))) }
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

/// Whether one more contact may be stored, of this trust.
fn check_room(rows: &impl Rows, trust: Trust) -> Result<(), Error> {
    let contacts = all(rows)?;
    let unknown = contacts.iter().filter(|(_, contact)| contact.trust == Trust::Unknown).count();
    if trust == Trust::Unknown && unknown >= MAX_UNKNOWN {
        return Err(Error::TooManyContacts { limit: MAX_UNKNOWN });
    }
    if contacts.len() >= MAX_CONTACTS {
        return Err(Error::TooManyContacts { limit: MAX_CONTACTS });
    }
    Ok(())
}

fn address_of(key: &[u8]) -> Address {
    Address::from_bytes(key.try_into().expect("a contact's key is an address"))
}
