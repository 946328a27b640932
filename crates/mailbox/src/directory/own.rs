//! This device's own label.

use super::{Listed, REPUBLISH, check_profile, decoded, label_of};
use crate::mailbox::{Mailbox, account, own};
use crate::network::Network;
use crate::records::{Asked, Own, Registered, Rows, put};
use crate::{Error, random, seconds};
use client::directory::api::{BundleError, Changes, Submission, UpdateError, View};
use client::directory::{DirectoryClient, Draft, label_text, request};
use client::{CallError, Transport};
use directory_core::bundle::Bundle;
use directory_core::bytes::DecodeError;
use directory_core::change::State;
use directory_core::entry::Kind;
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::proof::Proof;
use directory_core::registration::Request;
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use directory_core::verify::Verified;
use ed25519_dalek::{Signer, SigningKey};
use std::time::Duration;

/// Wait until a registration is proved: number of tries, and the time between them.
const TRIES: (u32, Duration) = (120, Duration::from_secs(1));
/// Seconds between two automatic look-ups of the own label.
const DAY: u64 = 24 * 3_600;
/// Key of the row.
const REGISTERED: &str = "own";
const ASKED: &str = "asked";

impl Mailbox {
    /// Registers the address, or a name, waits until look-ups prove it, and publishes this device's keys under it. It may be
    /// repeated after an error. If a registrar vouches for registrations, the first call makes a request, and a later one passes
    /// the registrar's answer.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], [`Error::Name`], [`Error::Lookup`], [`Error::Taken`], [`Error::Update`], [`Error::Bundle`],
    /// [`Error::NoRequest`] for an answer to none, [`Error::NotRatified`] or [`Error::NotListed`] where it was sent and is not
    /// proved yet, and those of the store.
    pub async fn register(
        &self,
        network: &impl Network,
        name: Option<&str>,
        vouched: Option<Signatures>,
    ) -> Result<Registration, Error> {
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        let label = match name {
            Some(name) => label_of(name)?,
            None => Label::Address(*own.address().bytes()),
        };
        let (mut client, _) = self.directory(network).await?;
        let verified = client.lookup(&label, View::newest, None).await.map_err(Error::Lookup)?;
        check_profile(&label, &verified)?;
        let entry = Entered { policy: policy_of(&own), profile: own.profile(&account)? };
        if !entry.is_proved(&verified) {
            let realm = client.trusted().realm;
            let draft = |opening| match verified.state.as_ref().map(State::newest) {
                None => Ok(Draft::first(realm, verified.index, &label, entry.policy.clone(), &entry.profile, opening)),
                // Another device of this address has registered it.
                Some(newest) if newest.policy == entry.policy && newest.kind == Kind::Set => {
                    Ok(Draft::next(newest, &label, entry.policy.clone(), &entry.profile, opening))
                }
                Some(_) => Err(Error::Taken(label_text(&label))),
            };
            let needs_registrar = verified.state.is_none() && !client.trusted().registrars.is_empty();
            let opening = if !needs_registrar {
                random()?
            } else if vouched.is_some() {
                let asked = self.store.read(|snapshot| snapshot.record::<Asked>(ASKED)).await?;
                let asked = asked.filter(|asked| asked.label == label.encode());
                asked.ok_or_else(|| Error::NoRequest(label_text(&label)))?.opening
            } else {
                let update = signed(&own, draft(self.opening_for(&label).await?)?, &label, Signatures::default());
                return Ok(Registration::Asked(request(&client, &label, &update).await?));
            };
            match client.update(&signed(&own, draft(opening)?, &label, vouched.unwrap_or_default())).await {
                // The label has an update in the open epoch. The look-ups that follow show whose it is.
                Ok(_) | Err(CallError::Refused(UpdateError::Pending { .. })) => {}
                Err(error) => return Err(Error::Update(error)),
            }
        }
        let index = self.proved(network, client.transport(), &label, &entry).await?.index;
        let registered = Registered { label: label.encode(), index, checked: seconds() };
        self.store.write(move |tx| put(tx, REGISTERED, &registered)).await?;
        self.publish(network).await?;
        Ok(Registration::Done(label_text(&label)))
    }

    /// The opening of the entry in the registrar's request. The registrar's answer is valid only for this entry.
    async fn opening_for(&self, label: &Label) -> Result<[u8; 16], Error> {
        let asked = Asked { label: label.encode(), opening: random()? };
        self.store
            .write(move |tx| match tx.record::<Asked>(ASKED)? {
                Some(before) if before.label == asked.label => Ok(before.opening),
                _ => put(tx, ASKED, &asked).map(|()| asked.opening),
            })
            .await
    }

    /// Looks a label up until the entry is proved.
    async fn proved(
        &self,
        network: &impl Network,
        clock: &impl Transport,
        label: &Label,
        entry: &Entered,
    ) -> Result<Verified, Error> {
        let mut left = TRIES.0;
        loop {
            let error = match self.look_up(network, label).await {
                Ok(Listed { verified, .. }) if entry.is_proved(&verified) => return Ok(verified),
                Ok(Listed { verified, .. }) => match verified.state {
                    Some(state) if state.newest().policy != entry.policy => {
                        return Err(Error::Taken(label_text(label)));
                    }
                    _ => Error::NotListed(label_text(label)),
                },
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

    /// Looks this device's own label up, at most once a day. Returns the fault, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Mailbox::find_contact`]; [`Error::Foreign`].
    pub async fn watch(&self, network: &impl Network) -> Result<(), Error> {
        match self.registered().await? {
            // No time since then: the clock was ahead.
            Some(registered) if seconds().checked_sub(registered.checked).is_none_or(|since| since >= DAY) => {
                self.check_own(network, &decoded(&registered.label)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Looks this device's own label up, if it has one. Returns the label and the result. Old keys are published again.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub(crate) async fn check_own_label(
        &self,
        network: &impl Network,
    ) -> Result<Option<(String, Result<String, Error>)>, Error> {
        let Some(registered) = self.registered().await? else { return Ok(None) };
        let label = decoded(&registered.label);
        Ok(Some((label_text(&label), self.check_own(network, &label).await)))
    }

    /// Publishes this device's keys, if it is registered.
    ///
    /// # Errors
    ///
    /// [`Error::Bundle`], and those of the store.
    pub async fn publish(&self, network: &impl Network) -> Result<(), Error> {
        let Some(Registered { label, index, .. }) = self.registered().await? else { return Ok(()) };
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

    /// Checks that the own entry is the one that this device has registered. Publishes old keys again.
    async fn check_own(&self, network: &impl Network, label: &Label) -> Result<String, Error> {
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        let listed = self.look_up(network, label).await?;
        let state = listed.verified.state.as_ref().ok_or_else(|| Error::NotListed(label_text(label)))?;
        let entry = Entered { policy: policy_of(&own), profile: own.profile(&account)? };
        if !entry.is_proved(&listed.verified) {
            return Err(Error::Foreign { label: label_text(label), version: state.newest().version });
        }
        self.store
            .write(|tx| match tx.record::<Registered>(REGISTERED)? {
                Some(registered) => put(tx, REGISTERED, &Registered { checked: seconds(), ..registered }),
                None => Ok(()),
            })
            .await?;
        let inbox = own.inbox().id();
        let is_fresh = |bundle: &Bundle| {
            bundle.content.inbox == inbox && bundle.content.issued.saturating_add(REPUBLISH) > seconds()
        };
        if listed.bundles.iter().any(is_fresh) {
            return Ok("yours, as registered".into());
        }
        self.publish(network).await?;
        Ok("yours, as registered; keys published again".into())
    }

    async fn registered(&self) -> Result<Option<Registered>, Error> {
        self.store.read(|snapshot| snapshot.record(REGISTERED)).await
    }
}

/// This device's label, and when a look-up last confirmed its registered entry, in seconds since 1970.
pub(crate) fn last_look(rows: &impl Rows) -> Result<Option<(String, u64)>, Error> {
    let registered: Option<Registered> = rows.record(REGISTERED)?;
    Ok(registered.map(|registered| (label_text(&decoded(&registered.label)), registered.checked)))
}

/// Stores a label as if it had been registered.
#[cfg(test)]
pub(crate) fn test_register(tx: &mut crypto_store::Tx<'_>, name: &str, checked: u64) -> Result<(), Error> {
    put(tx, REGISTERED, &Registered { label: label_of(name)?.encode(), index: [0; 32], checked })
}

/// The policy and the profile that this device has registered under its label.
struct Entered {
    policy: Policy,
    profile: Profile,
}

impl Entered {
    /// Whether a look-up proves them.
    fn is_proved(&self, verified: &Verified) -> bool {
        let is_own = |state: &State| state.newest().policy == self.policy && state.newest().kind == Kind::Set;
        verified.state.as_ref().is_some_and(is_own) && verified.profile == Some(self.profile.encode())
    }
}

/// The result of [`Mailbox::register`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The label is registered.
    Done(String),
    /// The registrar must vouch for it. This is the request, one line of text.
    Asked(String),
}

/// The request to the registrar.
async fn request<T: Transport>(client: &DirectoryClient<T>, label: &Label, new: &Submission) -> Result<String, Error> {
    let asked = request::lookup(label, View::newest, 0, Changes::newest);
    let found = client.send(asked).await.map_err(Error::Lookup)?;
    let bad = |why: DecodeError| Error::Directory(format!("its proof: {why:?}"));
    let vrf = Proof::decode(&found.proof).map_err(bad)?.vrf;
    let update = Update::decode(&new.update).map_err(bad)?;
    let request = Request { label: label.clone(), vrf, update };
    // The registrar would refuse a request that does not verify.
    let checked = request.check(&client.trusted().realm, &client.trusted().vrf);
    checked.map_err(|error| Error::Directory(error.to_string()))?;
    Ok(request.to_text())
}

/// An entry, signed with the key of this device's address.
fn signed(own: &Own, draft: Draft, label: &Label, vouched: Signatures) -> Submission {
    let key = SigningKey::from_bytes(&own.address.0);
    let is_first = draft.entry.version == 0;
    let address = (is_first && matches!(label, Label::Address(_)))
        .then(|| AddressProof { key: Key::of(&key), signature: key.sign(&address_bytes(&draft.entry)).to_bytes() });
    let signatures = Signatures::by(&key, &draft.entry.signed_bytes());
    draft.signed(signatures, vouched, address.as_ref())
}

fn policy_of(own: &Own) -> Policy {
    Policy::one(Key::of(&SigningKey::from_bytes(&own.address.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Agents;
    use crate::mailbox::test_mailbox;

    #[tokio::test]
    async fn the_own_label_is_due_after_a_day_and_after_the_clock_was_set_back() {
        let (_folder, mailbox) = test_mailbox().await;
        let network = Agents::new(&mailbox.place().await.unwrap()).unwrap();
        let now = seconds();
        for (checked, is_due) in [(now, false), (now - DAY, true), (now + 2 * DAY, true)] {
            mailbox.store.write(move |tx| test_register(tx, "bob", checked)).await.unwrap();
            let watched = mailbox.watch(&network).await;
            // A look-up needs a directory.
            assert_eq!(matches!(watched, Err(Error::NoDirectory)), is_due, "{checked}: {watched:?}");
        }
    }
}
