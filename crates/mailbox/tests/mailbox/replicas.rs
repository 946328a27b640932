//! A replica of the directory that leaves out, repeats and replays answers: nothing of it is believed, and no contact changes.

use crate::attackers::seconds;
use crate::directory::person;
use crate::network::{Network, operator};
use crate::people::Person;
use candid::{CandidType, Empty, Principal, decode_one, encode_one};
use client::agent::AgentTransport;
use client::directory::api::{Found, Published, View};
use client::directory::{DirectoryClient, Draft, pin, published};
use client::{CallError, Certificates, Client, Failure, Lie, Transport};
use directory_core::bundle::{Bundle, BundleError, Content, MAX_LIFETIME};
use directory_core::entry::Entry;
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::profile::{Device, Profile};
use directory_core::proof::Proof;
use directory_core::signatures::Signatures;
use directory_core::verify::{Trusted, Verified};
use ed25519_dalek::{Signer, SigningKey};
use mailbox::{Address, Agents, Certified, Contact, Error, Mailbox, Trust};
use serde_bytes::ByteBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::block_in_place;

const MONTH: u64 = 30 * 24 * 3_600;

/// Changes the reply of a method.
type Change = Arc<dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync>;

/// The network of a mailbox, with a replica that lies about the directory.
struct Replica {
    agents: Agents,
    change: Arc<Mutex<Change>>,
}

impl Replica {
    fn is_honest(&self) {
        *self.change.lock().unwrap() = Arc::new(|_, reply| reply);
    }

    /// From now on the replies of a method are changed.
    fn changes<T>(&self, method: &'static str, change: impl Fn(&mut T) + Send + Sync + 'static)
    where
        T: CandidType + for<'a> candid::Deserialize<'a>,
    {
        *self.change.lock().unwrap() = Arc::new(move |asked, reply| {
            if asked != method {
                return reply;
            }
            let mut answer = decode_one::<Result<T, Empty>>(&reply).unwrap().unwrap();
            change(&mut answer);
            encode_one(Ok::<T, Empty>(answer)).unwrap()
        });
    }

    fn shows(&self, bundles: &[&Bundle]) {
        let bytes: Vec<_> = bundles.iter().map(|bundle| ByteBuf::from(bundle.encode())).collect();
        self.changes("get_bundles", move |shown: &mut Vec<ByteBuf>| shown.clone_from(&bytes));
    }
}

/// The way to the directory through the replica.
#[derive(Clone)]
struct Through {
    honest: AgentTransport,
    change: Arc<Mutex<Change>>,
}

impl Transport for Through {
    async fn update(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.honest.update(method, arg).await
    }

    async fn query(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let reply = self.honest.query(method, arg).await?;
        let change = self.change.lock().unwrap().clone();
        Ok(change(method, reply))
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        self.honest.certificates()
    }

    async fn pause(&self, duration: Duration) {
        self.honest.pause(duration).await;
    }
}

impl mailbox::Network for Replica {
    type Transport = Through;

    fn client(&self, _: &[u8; 32]) -> Client<Through> {
        panic!("no mail is sent here")
    }

    fn directory(&self, canister: Principal, trusted: Trusted) -> DirectoryClient<Through> {
        let honest = self.agents.directory(canister, trusted.clone()).transport().clone();
        DirectoryClient::new(Through { honest, change: self.change.clone() }, trusted)
    }

    async fn certified(&self) -> Result<Certified, Failure> {
        self.agents.certified().await
    }

    async fn configuration(&self, canister: Principal) -> Result<Published, Error> {
        self.agents.configuration(canister).await
    }
}

/// A person's mailbox in this process, and its replica. No other process may use it meanwhile.
async fn mailbox_of(person: &Person) -> (Mailbox, Replica) {
    let mailbox = Mailbox::open(&person.folder()).await.unwrap();
    let agents = Agents::new(&mailbox.place().await.unwrap()).unwrap();
    let replica = Replica { agents, change: Arc::new(Mutex::new(Arc::new(|_, reply| reply))) };
    (mailbox, replica)
}

/// A client of the honest directory.
async fn directory_of(network: &Network) -> DirectoryClient<AgentTransport> {
    let transport = AgentTransport::new(operator(&network.url()).await, network.directory);
    let trusted = pin(&published(&transport).await.unwrap(), &network.directory, Vec::new(), 3_600).unwrap();
    DirectoryClient::new(transport, trusted)
}

/// The owner of a label, whose devices are numbers.
struct Owner {
    client: DirectoryClient<AgentTransport>,
    label: Label,
    key: SigningKey,
    newest: Verified,
}

impl Owner {
    /// Registers a label for these devices.
    async fn of(network: &Network, name: &str, devices: &[u8]) -> Self {
        let mut client = directory_of(network).await;
        let (label, key) = (Label::Name(name.into()), SigningKey::from_bytes(&[80; 32]));
        let newest = client.lookup(&label, View::newest, None).await.unwrap();
        let mut owner = Self { client, label, key, newest };
        owner.enters(devices, network.canister).await;
        owner
    }

    fn address(&self) -> Address {
        Address::of(&Key::of(&self.key))
    }

    /// Enters the devices, and the canister of their mail.
    async fn enters(&mut self, devices: &[u8], canister: Principal) {
        let mut devices: Vec<_> = devices.iter().map(|number| device(*number)).collect();
        devices.sort_by_key(|device| device.signing);
        let canister = canister.as_slice();
        let profile = Profile::new(devices, [&[1, canister.len() as u8], canister].concat()).unwrap();
        let (realm, index, policy) = (self.client.trusted().realm, self.newest.index, Policy::one(Key::of(&self.key)));
        let draft = match self.newest.state.as_ref().map(|state| state.newest()) {
            None => Draft::first(realm, index, &self.label, policy, &profile, [1; 16]),
            Some(newest) => Draft::next(newest, &self.label, policy, &profile, [2; 16]),
        };
        let (entry, own): (Entry, _) = (draft.entry.clone(), Signatures::by(&self.key, &draft.entry.signed_bytes()));
        self.client.update(&draft.signed(own, Signatures::default(), None)).await.unwrap();
        while self.newest.state.as_ref().is_none_or(|state| *state.newest() != entry) {
            self.client.transport().pause(Duration::from_millis(200)).await;
            self.newest = self.client.lookup(&self.label, View::newest, None).await.unwrap();
        }
    }

    /// A bundle of a device.
    fn bundle(&self, number: u8, issued: u64) -> Bundle {
        let content = Content {
            realm: self.client.trusted().realm,
            index: self.newest.index,
            device: device(number).signing,
            hpke: [number; 32],
            fallback: [number; 32],
            issued,
            expiry: issued + MAX_LIFETIME,
            inbox: vec![number; 29],
        };
        let signature = SigningKey::from_bytes(&[number; 32]).sign(&content.signed_bytes()).to_bytes();
        Bundle { content, signature }
    }

    async fn publishes(&self, bundle: &Bundle) {
        self.client.put_bundle(&self.label, &bundle.encode()).await.unwrap();
    }
}

fn device(number: u8) -> Device {
    Device { signing: Key::of(&SigningKey::from_bytes(&[number; 32])), identity: [number; 32] }
}

async fn contact(mailbox: &Mailbox) -> Contact {
    let [(_, contact)] = &mailbox.contacts().await.unwrap()[..] else { panic!("there is one") };
    contact.clone()
}

#[track_caller]
fn is_not_newer(result: Result<(), Error>) {
    let lie = matches!(result, Err(Error::Bundle(CallError::Lie(Lie::Bundle(BundleError::NotNewer { .. })))));
    assert!(lie, "{result:?}");
}

/// The error in words.
#[track_caller]
fn said<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_has_the_devices_that_are_proved_whatever_bundles_are_shown() {
    let network = block_in_place(Network::start);
    let alice = block_in_place(|| person("alice", &network));
    let mut bob = Owner::of(&network, "bob", &[1, 2]).await;
    let [one, two] = [1, 2].map(|number| bob.bundle(number, seconds()));
    bob.publishes(&one).await;
    bob.publishes(&two).await;
    let (mailbox, replica) = mailbox_of(&alice).await;

    replica.shows(&[&one]);
    let withheld = said(mailbox.find_contact(&replica, "bob", "bob").await);
    assert!(withheld.contains("the keys of all devices of bob"), "{withheld}");
    assert!(mailbox.contacts().await.unwrap().is_empty());
    replica.is_honest();
    let address = mailbox.find_contact(&replica, "bob", "bob").await.unwrap();
    mailbox.verify_contact("bob", address).await.unwrap();

    for shown in [vec![&one, &two], vec![&two, &one], vec![&one], vec![&two]] {
        replica.shows(&shown);
        mailbox.refresh_contact(&replica, address).await.unwrap();
        assert_eq!(contact(&mailbox).await.trust, Trust::Verified, "{shown:?}");
    }
    for shown in [vec![&one, &one], vec![&one, &two, &one]] {
        replica.shows(&shown);
        is_not_newer(mailbox.refresh_contact(&replica, address).await);
        assert_eq!(contact(&mailbox).await.trust, Trust::Verified, "{shown:?}");
    }
    // Another device is a change, whether its keys are shown or not.
    replica.shows(&[&two]);
    bob.enters(&[2, 3], network.canister).await;
    mailbox.refresh_contact(&replica, address).await.unwrap();
    assert_eq!(contact(&mailbox).await.trust, Trust::Changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_withheld_for_a_while_is_not_replaced_by_an_older_one() {
    let network = block_in_place(Network::start);
    let alice = block_in_place(|| person("alice", &network));
    let bob = Owner::of(&network, "bob", &[1]).await;
    let (old, newest) = (bob.bundle(1, seconds() - 60), bob.bundle(1, seconds()));
    bob.publishes(&old).await;
    bob.publishes(&newest).await;
    let (mailbox, replica) = mailbox_of(&alice).await;
    let address = mailbox.find_contact(&replica, "bob", "bob").await.unwrap();
    is_not_newer({
        replica.shows(&[&old]);
        mailbox.refresh_contact(&replica, address).await
    });
    for _ in 0..2 {
        replica.shows(&[]);
        let none = mailbox.refresh_contact(&replica, address).await;
        assert!(matches!(none, Err(Error::Expired(_))), "{none:?}");
    }
    replica.shows(&[&old]);
    is_not_newer(mailbox.refresh_contact(&replica, address).await);
}

/// Leaves the profile out of an answer.
fn withhold_profile(found: &mut Found) {
    let mut proof = Proof::decode(&found.proof).unwrap();
    if let Some(found) = &mut proof.found {
        found.opened = None;
    }
    found.proof = ByteBuf::from(proof.encode());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_withheld_is_neither_an_absent_label_nor_a_foreign_one() {
    let network = block_in_place(Network::start);
    let bob = block_in_place(|| {
        let bob = person("bob", &network);
        bob.run(&["register", "bob"]).code(0);
        bob
    });
    Owner::of(&network, "carol", &[1]).await;
    let (mailbox, replica) = mailbox_of(&bob).await;
    replica.changes("lookup", withhold_profile);
    let withheld = |said: String| assert!(said.contains("has an entry, but does not show its devices"), "{said}");
    withheld(said(mailbox.find_contact(&replica, "carol", "carol").await));
    let [finding] = &mailbox.monitor(&replica).await.unwrap()[..] else { panic!("bob has a label") };
    withheld(finding.result.clone().unwrap_err());
    withheld(said(mailbox.register(&replica, Some("bob"), None).await));
    // No second version was made.
    let state = directory_of(&network)
        .await
        .lookup(&Label::Name("bob".into()), View::newest, None)
        .await
        .unwrap()
        .state
        .unwrap();
    assert_eq!(state.newest().version, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_are_renewed_by_name_and_by_address() {
    let network = block_in_place(Network::start);
    let alice = block_in_place(|| person("alice", &network));
    let bob = Owner::of(&network, "bob", &[1]).await;
    let (mailbox, replica) = mailbox_of(&alice).await;
    bob.publishes(&bob.bundle(1, seconds() - 2 * MONTH)).await;
    mailbox.find_contact(&replica, "bob", "bob").await.unwrap();
    for (to, age) in [(bob.address().to_string(), MONTH), ("bob".into(), 0)] {
        let newer = bob.bundle(1, seconds() - age);
        bob.publishes(&newer).await;
        mailbox.renew_contact(&replica, &to).await.unwrap();
        assert_eq!(contact(&mailbox).await.issued, newer.content.issued, "{to}");
    }
    mailbox.renew_contact(&replica, "nobody").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_whose_mail_goes_to_another_canister_is_not_written_to() {
    let network = block_in_place(Network::start);
    let alice = block_in_place(|| person("alice", &network));
    let mut bob = Owner::of(&network, "bob", &[1]).await;
    bob.publishes(&bob.bundle(1, seconds())).await;
    let (mailbox, replica) = mailbox_of(&alice).await;
    let address = mailbox.find_contact(&replica, "bob", "bob").await.unwrap();
    bob.enters(&[1], network.directory).await;
    mailbox.refresh_contact(&replica, address).await.unwrap();
    assert_eq!(contact(&mailbox).await.trust, Trust::Changed);
    let refused = mailbox.find_contact(&replica, "bob", "bob").await;
    assert!(matches!(refused, Err(Error::OtherCanister(_))), "{refused:?}");
}
