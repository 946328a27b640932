//! This device's own label.

use super::{Listed, decoded, label_of, text_of};
use crate::mailbox::{Mailbox, account, own};
use crate::network::Network;
use crate::records::{Own, Registered, Rows, put};
use crate::{Error, random, seconds};
use client::directory::Draft;
use client::directory::api::{BundleError, Submission, UpdateError, View};
use client::{CallError, Transport};
use directory_core::bundle::Bundle;
use directory_core::entry::Kind;
use directory_core::hash::Hash;
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::signatures::Signatures;
use ed25519_dalek::{Signer, SigningKey};
use std::time::Duration;

/// How long a registration waits until it is proved: tries, and the time between them.
const TRIES: (u32, Duration) = (120, Duration::from_secs(1));
/// A bundle that is so old is published again, in seconds: 30 days.
const REPUBLISH: u64 = 30 * 24 * 3_600;
/// The row of the table.
const REGISTERED: &str = "own";

impl Mailbox {
    /// Registers the address, or a name, waits until look-ups prove it, and publishes this device's keys under it. Returns the
    /// label. It may be repeated after an error.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], [`Error::Name`], [`Error::Lookup`], [`Error::Taken`], [`Error::Update`], [`Error::Bundle`],
    /// [`Error::NotRatified`] or [`Error::NotListed`] where it was sent and is not proved yet, and those of the store.
    pub async fn register(&self, network: &impl Network, name: Option<&str>) -> Result<String, Error> {
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        let label = match name {
            Some(name) => label_of(name)?,
            None => Label::Address(*own.address().bytes()),
        };
        let (mut client, _) = self.directory(network).await?;
        let verified = client.lookup(&label, View::newest, None).await.map_err(Error::Lookup)?;
        if verified.state.is_none() {
            let realm = client.trusted().realm;
            let first = first(&own, own.profile(&account)?, realm, verified.index, &label)?;
            match client.update(&first).await {
                // Somebody's entry waits for its epoch: the look-ups that follow show whose it is.
                Ok(_) | Err(CallError::Refused(UpdateError::Pending { .. })) => {}
                Err(error) => return Err(Error::Update(error)),
            }
        }
        let Listed { verified, .. } = self.proved(network, client.transport(), &label).await?;
        if verified.state.is_none_or(|state| state.newest().policy != policy_of(&own)) {
            return Err(Error::Taken(text_of(&label)));
        }
        let registered = Registered { label: label.encode(), index: verified.index };
        self.store.write(move |tx| put(tx, REGISTERED, &registered)).await?;
        self.publish(network).await?;
        Ok(text_of(&label))
    }

    /// Looks a label up until an entry is proved.
    async fn proved(&self, network: &impl Network, clock: &impl Transport, label: &Label) -> Result<Listed, Error> {
        let mut left = TRIES.0;
        loop {
            let error = match self.look_up(network, label).await {
                Ok(listed) if listed.verified.state.is_some() => return Ok(listed),
                Ok(_) => Error::NotListed(text_of(label)),
                Err(error @ Error::NotRatified(_)) => error,
                Err(error) => return Err(error),
            };
            left -= 1;
            if left == 0 {
                return Err(error);
            }
            clock.pause(TRIES.1).await;
        }
    }

    /// Publishes this device's keys, where it is registered.
    ///
    /// # Errors
    ///
    /// [`Error::Bundle`], and those of the store.
    pub async fn publish(&self, network: &impl Network) -> Result<(), Error> {
        let Some(Registered { label, index }) = self.registered().await? else { return Ok(()) };
        let label = decoded(&label);
        let (client, _) = self.directory(network).await?;
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        let bundle = own.bundle(&account, client.trusted().realm, index, seconds());
        match client.put_bundle(&label, &bundle.encode()).await {
            // Another process was faster.
            Ok(()) | Err(CallError::Refused(BundleError::NotNewer { .. })) => Ok(()),
            Err(error) => Err(Error::Bundle(error)),
        }
    }

    /// One's own entry must be what this device has registered. Keys that are old are published again.
    pub(super) async fn check_own(&self, network: &impl Network, label: &Label) -> Result<String, Error> {
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        let listed = self.look_up(network, label).await?;
        let state = listed.verified.state.as_ref().ok_or_else(|| Error::NotListed(text_of(label)))?;
        let is_own = state.newest().policy == policy_of(&own)
            && listed.verified.profile == Some(own.profile(&account)?.encode())
            && state.newest().kind == Kind::Set;
        if !is_own {
            return Err(Error::Foreign { label: text_of(label), version: state.newest().version });
        }
        let inbox = own.inbox().id();
        let is_fresh = |bundle: &Bundle| bundle.content.inbox == inbox && bundle.content.issued + REPUBLISH > seconds();
        if listed.bundles.iter().any(is_fresh) {
            return Ok("yours, as registered".into());
        }
        self.publish(network).await?;
        Ok("yours, as registered; keys published again".into())
    }

    pub(super) async fn registered(&self) -> Result<Option<Registered>, Error> {
        self.store.read(|snapshot| snapshot.record(REGISTERED)).await
    }
}

/// Version 0 of a label, for the address of this device.
fn first(own: &Own, profile: Profile, realm: Hash, index: Hash, label: &Label) -> Result<Submission, Error> {
    let key = SigningKey::from_bytes(&own.address.0);
    let draft = Draft::first(realm, index, label, policy_of(own), &profile, random()?);
    let public = public_of(own);
    let signature = key.sign(&draft.entry.signed_bytes()).to_bytes();
    let address = matches!(label, Label::Address(_))
        .then(|| AddressProof { key: public, signature: key.sign(&address_bytes(&draft.entry)).to_bytes() });
    let signatures = Signatures::new(vec![(public, signature)]).expect("it is one");
    Ok(draft.signed(signatures, Signatures::default(), address.as_ref()))
}

fn public_of(own: &Own) -> Key {
    let key = SigningKey::from_bytes(&own.address.0).verifying_key();
    Key::new(key.to_bytes()).expect("a key of a seed is a key")
}

fn policy_of(own: &Own) -> Policy {
    Policy::new(vec![public_of(own)], 1).expect("one of one")
}
