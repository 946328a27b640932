//! The directory: where others find the keys of this device, and where it finds theirs, with proofs.
//!
//! Keys are used only when a quorum of the directory's verifiers stands behind them. By an explicit setting, for development,
//! the platform's certificate is enough.

use crate::mailbox::{Mailbox, account, own};
use crate::network::Network;
use crate::records::{Known, Memory, Own, Pins, Registered, Rows, Trust, put};
use crate::wire::card::{Card, Device, canister_of};
use crate::{Address, Contact, Error, Event, contacts, random, seconds};
use candid::Principal;
use client::CallError;
use client::Transport;
use client::directory::api::{BundleError, Changes, Opened, Published, Submission, View};
use client::directory::{DirectoryClient, pin, request};
use crypto_store::Tx;
use directory_core::bundle::Bundle;
use directory_core::change::State;
use directory_core::checkpoint::Checkpoint;
use directory_core::commitment::commit;
use directory_core::entry::{Entry, Kind};
use directory_core::hash::ZERO;
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::proof::Proof;
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use directory_core::verify::{self, Trusted, Verified};
use ed25519_dalek::{Signer, SigningKey};
use serde_bytes::ByteBuf;
use std::time::Duration;

/// Cosignatures of verifiers may be an hour old, in seconds.
const MAX_AGE: u64 = 3_600;
/// How long a registration waits for its epoch to close: tries, and the time between them.
const TRIES: (u32, Duration) = (90, Duration::from_secs(1));
/// A bundle that is so old is published again, in seconds: 30 days.
const REPUBLISH: u64 = 30 * 24 * 3_600;
/// Rows of the table.
const PINS: &str = "pins";
const MEMORY: &str = "memory";
const REGISTERED: &str = "own";

/// What the directory says of a label.
struct Listed {
    verified: Verified,
    bundles: Vec<Bundle>,
}

/// What [`Mailbox::monitor`] found of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The label.
    pub label: String,
    /// What is right, or wrong.
    pub result: Result<String, String>,
}

impl Mailbox {
    /// Takes a directory, whose configuration is read once and then pinned. Returns the configuration's hash, which the user
    /// compares over another channel: what is read is what one replica says.
    ///
    /// `certified_only`: keys are used though no verifier stands behind them; for development.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] where it cannot be read or pinned, and those of the store.
    pub async fn set_directory(
        &self,
        network: &impl Network,
        canister: Principal,
        certified_only: bool,
    ) -> Result<[u8; 32], Error> {
        let published = network.configuration(canister).await?;
        let pins = Pins { canister: canister.as_slice().to_vec(), published, certified_only };
        let trusted = pins.trusted()?;
        self.store
            .write(move |tx| {
                let known: Option<Pins> = tx.record(PINS)?;
                if known.is_some_and(|known| known.canister != pins.canister || known.published != pins.published) {
                    return Err(Error::Directory("another directory is pinned".into()));
                }
                put(tx, PINS, &pins)
            })
            .await?;
        Ok(trusted.configuration)
    }

    /// Registers the address, or a name, and publishes this device's keys under it. Returns the label.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], [`Error::Lookup`], [`Error::Taken`], [`Error::Update`], [`Error::Bundle`], and those of the store.
    pub async fn register(&self, network: &impl Network, name: Option<&str>) -> Result<String, Error> {
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        let label = match name {
            Some(name) => label_of(name)?,
            None => Label::Address(*own.address().bytes()),
        };
        let (client, _) = self.directory(network).await?;
        // The index is proved by the directory's VRF, whether or not the label has an entry.
        let found =
            client.send(request::lookup(&label, View::newest, 0, Changes::newest)).await.map_err(Error::Lookup)?;
        let malformed = |why: String| Error::Directory(format!("the directory's proof: {why}"));
        let proof = Proof::decode(&found.proof).map_err(|error| malformed(format!("{error:?}")))?;
        let index = client.trusted().vrf.verify(&label.encode(), &proof.vrf);
        let index = index.map_err(|error| malformed(format!("{error:?}")))?;
        let key = SigningKey::from_bytes(&own.address.0);
        let policy = policy_of(&own);
        match proof.found.as_ref().and_then(|found| found.updates.last()) {
            Some((_, update)) if update.entry.policy == policy => {}
            Some(_) => return Err(Error::Taken(text_of(&label))),
            None => {
                let profile = own.profile(&account)?.encode();
                let opening: [u8; 16] = random()?;
                let entry = Entry {
                    realm: client.trusted().realm,
                    index,
                    version: 0,
                    previous: ZERO,
                    kind: Kind::Set,
                    commitment: commit(&opening, &label, 0, &profile),
                    policy,
                    recovery: None,
                };
                let public = Key::new(key.verifying_key().to_bytes()).expect("a key of a seed is a key");
                let signature = key.sign(&entry.signed_bytes()).to_bytes();
                let proof = AddressProof { key: public, signature: key.sign(&address_bytes(&entry)).to_bytes() };
                let update = Update {
                    signatures: Signatures::new(vec![(public, signature)]).expect("it is one"),
                    registration: Signatures::default(),
                    entry,
                };
                let submission = Submission {
                    label: ByteBuf::from(label.encode()),
                    update: ByteBuf::from(update.encode()),
                    opened: Some(Opened { opening: ByteBuf::from(opening), profile: ByteBuf::from(profile) }),
                    address: name.is_none().then(|| ByteBuf::from(proof.encode())),
                };
                client.update(&submission).await.map_err(Error::Update)?;
            }
        }
        let registered = Registered { label: label.encode(), index };
        self.store.write(move |tx| put(tx, REGISTERED, &registered)).await?;
        // The directory takes bundles once the epoch of the entry has closed.
        for left in (0..TRIES.0).rev() {
            match self.publish(network).await {
                Err(Error::Bundle(CallError::Refused(BundleError::UnknownLabel | BundleError::NoProfile)))
                    if left > 0 =>
                {
                    client.transport().pause(TRIES.1).await;
                }
                published => return published.map(|()| text_of(&label)),
            }
        }
        unreachable!("the last try returns")
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

    /// Adds the person of a label, by a look-up that is verified. Returns the address.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], [`Error::Lookup`], [`Error::NotRatified`], [`Error::NotListed`], [`Error::Bundle`], and those of
    /// [`Mailbox::add_contact`].
    pub async fn find_contact(&self, network: &impl Network, label: &str, name: &str) -> Result<Address, Error> {
        let label = label_of(label)?;
        let card = self.card_of(network, &label).await?;
        self.add_card(card, name, Some(label.encode())).await
    }

    /// Looks a contact that came from the directory up again, and takes newer keys. A contact whose devices are others than
    /// before is not written to any more.
    ///
    /// # Errors
    ///
    /// As [`Mailbox::find_contact`].
    pub async fn refresh_contact(&self, network: &impl Network, address: Address) -> Result<(), Error> {
        let contact = self.store.read(move |snapshot| snapshot.record::<Contact>(address.bytes())).await?;
        let Some(label) = contact.and_then(|contact| contact.label) else { return Ok(()) };
        let label = decoded(&label);
        let card = self.card_of(network, &label).await?;
        self.store.write(move |tx| refresh(tx, address, &card)).await
    }

    /// Looks this device's own label and all contacts up. One's own entry must be what this device has registered.
    ///
    /// # Errors
    ///
    /// [`Error::NoDirectory`], and those of the store.
    pub async fn monitor(&self, network: &impl Network) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        if let Some(registered) = self.registered().await? {
            let label = decoded(&registered.label);
            findings.push(Finding {
                label: text_of(&label),
                result: self.check_own(network, &label).await.map_err(|error| error.to_string()),
            });
        }
        for (address, contact) in self.contacts().await? {
            let Some(label) = contact.label else { continue };
            let refreshed = self.refresh_contact(network, address).await;
            let trust = self.contacts().await?.into_iter().find(|(other, _)| *other == address);
            let result = match (refreshed, trust.map(|(_, contact)| contact.trust)) {
                (Err(error), _) => Err(error.to_string()),
                (Ok(()), Some(Trust::Changed)) => Err("has other keys than before: ask the person".into()),
                (Ok(()), _) => Ok("as before".into()),
            };
            findings.push(Finding { label: text_of(&decoded(&label)), result });
        }
        Ok(findings)
    }

    async fn check_own(&self, network: &impl Network, label: &Label) -> Result<String, Error> {
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

    /// Looks a label up, and makes a card of what is proved.
    async fn card_of(&self, network: &impl Network, label: &Label) -> Result<Card, Error> {
        let listed = self.look_up(network, label).await?;
        let not_listed = || Error::NotListed(text_of(label));
        let state = listed.verified.state.as_ref().ok_or_else(not_listed)?;
        let profile = listed.verified.profile.as_ref().ok_or_else(not_listed)?;
        let unusable =
            |why: &str| Error::Directory(format!("the entry of {} is not a mailbox's: {why}", text_of(label)));
        let profile = Profile::decode(profile).map_err(|_| unusable("its profile"))?;
        let entry = state.in_force(listed.verified.head.time).ok_or_else(not_listed)?;
        let [key] = entry.policy.keys() else { return Err(unusable("its policy has several keys")) };
        let canister = canister_of(profile.application()).map_err(|_| unusable("its profile"))?;
        let device = |bundle: &Bundle| {
            let device = profile.devices().iter().find(|device| device.signing == bundle.content.device)?;
            Some(Device { identity: device.identity, bundle: bundle.clone() })
        };
        let devices: Vec<_> = listed.bundles.iter().filter_map(device).collect();
        let issued = listed.bundles.iter().map(|bundle| bundle.content.issued).max();
        let issued = issued.ok_or_else(|| Error::Expired(Address::of(key)))?;
        Ok(Card { address: Address::of(key), issued, canister, devices })
    }

    /// Looks a label up and remembers what is to be remembered.
    async fn look_up(&self, network: &impl Network, label: &Label) -> Result<Listed, Error> {
        let key = known_key(label);
        let known = self.store.read(move |snapshot| snapshot.record::<Known>(&key)).await?;
        let state = known.as_ref().map(Known::state).transpose()?;
        let (mut client, certified_only) = self.directory(network).await?;
        let view = if certified_only { View::newest } else { View::ratified };
        let verified = client.lookup(label, view, state.as_ref()).await.map_err(Error::Lookup)?;
        if !certified_only && !matches!(verified.trust, verify::Trust::Ratified { .. }) {
            return Err(Error::NotRatified(text_of(label)));
        }
        let seen: Vec<_> =
            known.iter().flat_map(|known| &known.bundles).filter_map(|it| Bundle::decode(it).ok()).collect();
        let bundles = match verified.profile {
            Some(_) => client.bundles(label, &verified, &seen).await.map_err(Error::Bundle)?,
            None => Vec::new(),
        };
        let memory = Memory::of(&verified.memory);
        let known = verified.state.as_ref().map(|state| Known::of(state, &bundles));
        let key = known_key(label);
        self.store
            .write(move |tx| {
                if tx.record::<Memory>(MEMORY)?.is_none_or(|stored| stored.size <= memory.size) {
                    put(tx, MEMORY, &memory)?;
                }
                match known {
                    Some(known) => put(tx, key, &known),
                    None => Ok(()),
                }
            })
            .await?;
        Ok(Listed { verified, bundles })
    }

    /// A client of the pinned directory, which remembers; and whether a certificate is enough.
    async fn directory<N: Network>(&self, network: &N) -> Result<(DirectoryClient<N::Transport>, bool), Error> {
        let read = self
            .store
            .read(|snapshot| Ok::<_, Error>((snapshot.record::<Pins>(PINS)?, snapshot.record::<Memory>(MEMORY)?)));
        let (pins, memory) = read.await?;
        let pins = pins.ok_or(Error::NoDirectory)?;
        let client = network.directory(pins.principal()?, pins.trusted()?);
        Ok((memory.iter().fold(client, |client, memory| client.with_memory(memory.get())), pins.certified_only))
    }

    async fn registered(&self) -> Result<Option<Registered>, Error> {
        self.store.read(|snapshot| snapshot.record(REGISTERED)).await
    }
}

/// Takes what the directory says of a contact.
fn refresh(tx: &mut Tx<'_>, address: Address, card: &Card) -> Result<(), Error> {
    let Some(contact) = tx.record::<Contact>(address.bytes())? else { return Ok(()) };
    let devices = contacts::identities(card);
    if card.address != address || devices != contact.devices {
        if contact.trust != Trust::Changed {
            put(tx, address.bytes(), &Contact { trust: Trust::Changed, ..contact })?;
            contacts::tell(tx, address, Event::Changed)?;
        }
        return Ok(());
    }
    if card.issued > contact.issued {
        contacts::take_card(tx, card, Some(&contact))?;
        put(tx, address.bytes(), &Contact { issued: card.issued, ..contact })?;
    }
    Ok(())
}

impl Pins {
    fn principal(&self) -> Result<Principal, Error> {
        Principal::try_from_slice(&self.canister).map_err(|error| Error::Directory(error.to_string()))
    }

    fn trusted(&self) -> Result<Trusted, Error> {
        let published: Published =
            candid::decode_one(&self.published).map_err(|error| Error::Directory(error.to_string()))?;
        pin(&published, &self.principal()?, Vec::new(), MAX_AGE).map_err(|error| Error::Directory(error.to_string()))
    }
}

impl Memory {
    fn of(memory: &verify::Memory) -> Self {
        Self { size: memory.log.size, root: memory.log.root, ratified: memory.ratified }
    }

    fn get(&self) -> verify::Memory {
        verify::Memory { log: Checkpoint { size: self.size, root: self.root }, ratified: self.ratified }
    }
}

impl Known {
    fn of(state: &State, bundles: &[Bundle]) -> Self {
        Self {
            entry: state.newest().encode(),
            time: state.time(),
            replaced: state.replaced().map(Entry::encode),
            bundles: bundles.iter().map(Bundle::encode).collect(),
        }
    }

    fn state(&self) -> Result<State, Error> {
        let bad = || Error::Directory("what was remembered of a label cannot be read".into());
        let entry = Entry::decode(&self.entry).map_err(|_| bad())?;
        let replaced = self.replaced.as_ref().map(|bytes| Entry::decode(bytes)).transpose().map_err(|_| bad())?;
        State::from_parts(entry, self.time, replaced).ok_or_else(bad)
    }
}

/// The label of a name or an address.
fn label_of(text: &str) -> Result<Label, Error> {
    if let Ok(address) = text.parse::<Address>() {
        return Ok(Label::Address(*address.bytes()));
    }
    let label = Label::Name(text.to_owned());
    Label::decode(&label.encode()).map_err(|_| Error::Name(text.into()))
}

fn text_of(label: &Label) -> String {
    match label {
        Label::Registrar => "the registrar".into(),
        Label::Address(bytes) => Address::from_bytes(*bytes).to_string(),
        Label::Name(name) => name.clone(),
    }
}

fn decoded(label: &[u8]) -> Label {
    Label::decode(label).expect("it was encoded when it was stored")
}

fn known_key(label: &Label) -> Vec<u8> {
    [b"label", &label.encode()[..]].concat()
}

fn policy_of(own: &Own) -> Policy {
    let key = SigningKey::from_bytes(&own.address.0).verifying_key();
    let key = Key::new(key.to_bytes()).expect("a key of a seed is a key");
    Policy::new(vec![key], 1).expect("one of one")
}
