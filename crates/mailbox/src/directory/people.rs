//! People in the directory.

use super::{REPUBLISH, decoded, label_of};
use crate::mailbox::{Mailbox, own};
use crate::network::Network;
use crate::records::{Identity, Rows, Trust, put};
use crate::wire::card::{Card, Device, canister_of};
use crate::{Address, Contact, Error, Event, contacts, seconds};
use client::directory::label_text;
use crypto_store::Tx;
use directory_core::bundle::Bundle;
use directory_core::label::Label;
use directory_core::profile::Profile;

/// A label that [`Mailbox::monitor`] looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The label.
    pub label: String,
    /// Its state, or the fault.
    pub result: Result<String, String>,
}

impl Mailbox {
    /// Adds the person of a label, by a look-up that is verified. Returns the address.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], [`Error::Lookup`], [`Error::NotRatified`], [`Error::NotListed`], [`Error::Bundle`], and those of
    /// [`Mailbox::add_contact`].
    pub async fn find_contact(&self, network: &impl Network, label: &str, name: &str) -> Result<Address, Error> {
        let label = label_of(label)?;
        let (card, devices) = self.card_of(network, &label).await?;
        // Mail goes to every device of the contact. A device that is left out now would look like a new one later.
        if !contacts::are_same(&contacts::identities(&card), &devices) {
            let label = label_text(&label);
            return Err(Error::Directory(format!(
                "it does not show the keys of all devices of {label}: they have expired, or a replica withholds them"
            )));
        }
        self.add_card(card, name, Some(label.encode())).await
    }

    /// Looks a contact from the directory up again, and takes newer keys. If a contact's devices have changed, no more messages
    /// are sent to it.
    ///
    /// # Errors
    ///
    /// As [`Mailbox::find_contact`].
    pub async fn refresh_contact(&self, network: &impl Network, address: Address) -> Result<(), Error> {
        let contact = self.store.read(move |snapshot| snapshot.record::<Contact>(address.bytes())).await?;
        let Some(label) = contact.and_then(|contact| contact.label) else { return Ok(()) };
        let (card, devices) = self.card_of(network, &decoded(&label)).await?;
        self.store.write(move |tx| refresh(tx, address, &card, &devices)).await
    }

    /// Looks the contact with this name or address up again if it is from the directory and its newest keys are a month old. Keys
    /// expire, and devices publish new ones each month.
    ///
    /// # Errors
    ///
    /// As [`Mailbox::find_contact`].
    pub async fn renew_contact(&self, network: &impl Network, to: &str) -> Result<(), Error> {
        let to = to.to_owned();
        match self.store.read(move |snapshot| contacts::named_or_at(snapshot, &to)).await? {
            Some((address, contact)) if contact.issued.saturating_add(REPUBLISH) <= seconds() => {
                self.refresh_contact(network, address).await
            }
            _ => Ok(()),
        }
    }

    /// Looks this device's own label and all contacts up. The own entry must be the one that this device has registered.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], and those of the store.
    pub async fn monitor(&self, network: &impl Network) -> Result<Vec<Finding>, Error> {
        let (mut findings, mut other_history) = (Vec::new(), None);
        if let Some((label, result)) = self.check_own_label(network).await? {
            findings.push(Finding { label, result: result.map_err(|error| told(&error, &mut other_history)) });
        }
        for (address, contact) in self.contacts().await? {
            let Some(label) = contact.label else { continue };
            let result = match &other_history {
                // Each further look-up would take seconds to find the same.
                Some(text) => Err(String::clone(text)),
                None => match self.has_changed(network, address).await {
                    Ok(false) => Ok("as before".into()),
                    Ok(true) => Err("has other keys than before: ask the person".into()),
                    Err(error) => Err(told(&error, &mut other_history)),
                },
            };
            findings.push(Finding { label: label_text(&decoded(&label)), result });
        }
        Ok(findings)
    }

    /// Looks a contact up again. Returns whether its devices have changed.
    async fn has_changed(&self, network: &impl Network, address: Address) -> Result<bool, Error> {
        self.refresh_contact(network, address).await?;
        let contact = self.store.read(move |snapshot| snapshot.record::<Contact>(address.bytes())).await?;
        Ok(contact.is_some_and(|contact| contact.trust == Trust::Changed))
    }

    /// Looks a label up, and makes a card from the proved entry. Returns it with all devices of the proved profile. The card has
    /// only those whose bundles are shown.
    async fn card_of(&self, network: &impl Network, label: &Label) -> Result<(Card, Vec<Identity>), Error> {
        let listed = self.look_up(network, label).await?;
        let not_listed = || Error::NotListed(label_text(label));
        let state = listed.verified.state.as_ref().ok_or_else(not_listed)?;
        let profile = listed.verified.profile.as_ref().ok_or_else(not_listed)?;
        let unusable =
            |why: &str| Error::Directory(format!("the entry of {} is not a mailbox's: {why}", label_text(label)));
        let profile = Profile::decode(profile).map_err(|_| unusable("its profile"))?;
        let entry = state.in_force(listed.verified.head.time).ok_or_else(not_listed)?;
        let [key] = entry.policy.keys() else { return Err(unusable("its policy has several keys")) };
        // A proof of the newest entry alone does not show who made the first one.
        if matches!(label, Label::Address(address) if address != Address::of(key).bytes()) {
            return Err(unusable("it has the key of another address"));
        }
        let canister = canister_of(profile.application()).map_err(|_| unusable("its profile"))?;
        let device = |bundle: &Bundle| {
            let device = profile.devices().iter().find(|device| device.signing == bundle.content.device)?;
            Some(Device { identity: device.identity, bundle: bundle.clone() })
        };
        let devices: Vec<_> = listed.bundles.iter().filter_map(device).collect();
        let issued = listed.bundles.iter().map(|bundle| bundle.content.issued).max();
        let issued = issued.ok_or_else(|| Error::Expired(Address::of(key)))?;
        let proved = profile.devices().iter().map(|device| device.identity).collect();
        Ok((Card { address: Address::of(key), issued, canister, devices }, proved))
    }
}

/// A fault in words. Keeps them in `other_history` if the directory shows another history than before.
fn told(error: &Error, other_history: &mut Option<String>) -> String {
    let text = error.to_string();
    if error.is_other_history() {
        *other_history = Some(text.clone());
    }
    text
}

/// Takes the directory's newest keys of a contact. `devices`: those of its proved profile.
fn refresh(tx: &mut Tx<'_>, address: Address, card: &Card, devices: &[Identity]) -> Result<(), Error> {
    let Some(contact) = tx.record::<Contact>(address.bytes())? else { return Ok(()) };
    // Nobody reads an inbox here of somebody whose mail goes to another canister.
    let is_here = card.canister == own(tx)?.place.canister;
    if card.address != address || !is_here || !contacts::are_same(devices, &contact.devices) {
        if contact.trust != Trust::Changed {
            put(tx, address.bytes(), &Contact { trust: Trust::Changed, ..contact })?;
            contacts::tell(tx, address, Event::Changed)?;
        }
        return Ok(());
    }
    // In a card of the same time, a device may have newer keys: only the newest bundle of all was shown before.
    if card.issued >= contact.issued {
        contacts::take_card(tx, card, Some(&contact), None)?;
        put(tx, address.bytes(), &Contact { issued: card.issued, ..contact })?;
    }
    Ok(())
}
