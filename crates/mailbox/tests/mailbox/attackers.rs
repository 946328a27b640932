//! Somebody who keeps the wire format and none of the rules, and what the others notice of it.

use crate::floods::later_message;
use crate::network::Network;
use crate::people::Person;
use client::api::{Bound, NewMessage, Quota, Setting, Writes};
use directory_core::bundle::{self, Bundle, MAX_LIFETIME};
use directory_core::policy::Key;
use directory_core::profile;
use ed25519_dalek::SigningKey;
use mailbox::Address;
use mailbox::wire::INBOX;
use mailbox::wire::card::{self, Card, SignedDevice};
use mailbox::wire::content::{Body, Content, File, PIECE};
use mailbox::wire::envelope::{self, Address as Place};
use mailbox::wire::letter::{Letter, id_of};
use sealing::Key as SharedKey;
use sha2::{Digest, Sha256};
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{Account, Session, SessionConfig};

pub fn seconds() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

pub fn card_of(person: &Person) -> Card {
    let text = person.run(&["id"]).code(0).stdout;
    card::verify(&card::from_text(&text).unwrap(), seconds()).unwrap()
}

/// Writes to one person.
pub struct Attacker {
    account: Account,
    address: SigningKey,
    session: Session,
    victim: Card,
    sent: u64,
}

impl Attacker {
    pub fn of(victim: &Person) -> Self {
        let (account, victim) = (Account::new(), card_of(victim));
        let key = |bytes| Curve25519PublicKey::from_bytes(bytes);
        let device = &victim.devices[0];
        let (identity, fallback) = (key(device.identity), key(device.bundle.content.fallback));
        let session = account.create_outbound_session(SessionConfig::version_1(), identity, fallback).unwrap();
        Self { account, address: SigningKey::from_bytes(&[77; 32]), session, victim, sent: 0 }
    }

    pub fn address(&self) -> Address {
        Address::of(&Key::of(&self.address))
    }

    /// A device that the attacker lists, and its bundle, in which `change` changes something. It may be anybody's.
    pub fn lists(&self, identity: [u8; 32], change: impl FnOnce(&mut bundle::Content)) -> SignedDevice {
        let account = Account::new();
        let signing = Key::new(*account.ed25519_key().as_bytes()).unwrap();
        let (realm, index) = card::place_of(&self.address());
        let (issued, inbox) = (seconds(), vec![7; 29]);
        let (hpke, fallback) = (envelope::new_keys().1, envelope::new_keys().1);
        let expiry = issued + MAX_LIFETIME;
        let mut content = bundle::Content { realm, index, device: signing, hpke, fallback, issued, expiry, inbox };
        change(&mut content);
        let signature = account.sign(content.signed_bytes()).to_bytes();
        (profile::Device { signing, identity }, Bundle { content, signature })
    }

    pub fn own(&self, change: impl FnOnce(&mut bundle::Content)) -> SignedDevice {
        self.lists(self.account.curve25519_key().to_bytes(), change)
    }

    pub fn card(&self, issued: u64, devices: &[SignedDevice]) -> Vec<u8> {
        card::sign(&self.address, issued, &self.victim.canister, devices).unwrap()
    }

    /// Has the victim's user add a card, as `mallory`.
    pub fn is_added_by(&self, victim: &Person, card: &[u8]) {
        victim.pipe(&["contacts", "add", "-", "--as", "mallory"], &card::to_text(card)).code(0);
    }

    pub fn introduction(card: Vec<u8>) -> Body {
        Body::Introduction { send_key: Vec::new(), card }
    }

    /// Sends a content in the attacker's session.
    pub fn writes(&mut self, network: &Network, id: u8, body: Body) {
        self.sent += 1;
        let content = Content { number: self.sent, time: 0, id: [id; 16], body }.encode();
        let message = self.session.encrypt(&*content).unwrap();
        let letter =
            Letter { sender: self.account.curve25519_key().to_bytes(), session: id_of(&self.session), message };
        self.puts(network, &letter);
    }

    /// Sends a message of a session that the victim does not have.
    pub fn disturbs(&self, network: &Network) {
        let (session, message) = later_message();
        let sender = self.account.curve25519_key().to_bytes();
        self.puts(network, &Letter { sender, session: id_of(&session), message });
    }

    fn puts(&self, network: &Network, letter: &Letter) {
        let keys = &self.victim.devices[0].bundle.content;
        let place = Place { canister: &self.victim.canister, inbox: &keys.inbox };
        let ciphertext = envelope::seal(&letter.encode(), &keys.hpke, &place).unwrap().into();
        let new = NewMessage { key_id: keys.inbox.clone().into(), ciphertext, send_key: None };
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let added = network.operator().await.add_messages(&[new]).await.unwrap();
            assert!(added.iter().all(Result::is_ok), "{added:?}");
        });
    }
}

fn text(text: &str) -> Body {
    Body::Text(text.into())
}

#[test]
fn a_stranger_who_lists_somebody_elses_device_keeps_nobody_out_and_speaks_for_nobody() {
    let network = Network::start();
    let (alice, bob) = (Person::new("alice", &network), Person::new("bob", &network));
    let mut mallory = Attacker::of(&alice);
    let bobs = mallory.lists(card_of(&bob).devices[0].identity, |_| ());
    let card = mallory.card(seconds(), &[mallory.own(|_| ()), bobs]);
    mallory.writes(&network, 1, Attacker::introduction(card));
    alice.run(&["receive"]).code(0);
    // Bob, whom Alice has not added, has his device's key.
    bob.knows(&alice);
    bob.run(&["send", "alice", "-m", "hello"]).code(0);
    let address = bob.address();
    let shown = alice.run(&["receive"]).code(0).stdout;
    assert_eq!(shown, format!("2\t{address} writes to you and is not one of your contacts\n3\t{address}: hello\n"));
    alice.knows(&bob);
    alice.run(&["send", "bob", "-m", "hello too"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "2\talice: hello too\n");
}

#[test]
fn a_device_that_a_stranger_has_listed_is_its_owners_once_the_user_brings_the_card() {
    let network = Network::start();
    let (alice, bob) = (Person::new("alice", &network), Person::new("bob", &network));
    let mut mallory = Attacker::of(&alice);
    let bobs = mallory.lists(card_of(&bob).devices[0].identity, |_| ());
    let card = mallory.card(seconds(), &[mallory.own(|_| ()), bobs]);
    mallory.writes(&network, 1, Attacker::introduction(card.clone()));
    alice.run(&["receive"]).code(0);
    alice.knows(&bob);
    bob.knows(&alice);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    bob.run(&["send", "alice", "-m", "hello too"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "2\talice: hello\n");
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "3\tbob: hello too\n");
    // Nobody takes a device from a contact.
    let add = ["contacts", "add", "-", "--as", "mallory"];
    alice.pipe(&add, &card::to_text(&card)).code(1).says(&format!("already belongs to {}", bob.address()));
}

#[test]
fn a_card_that_is_refused_leaves_no_device_behind() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let mut mallory = Attacker::of(&alice);
    let bobs = mallory.lists(card_of(&bob).devices[0].identity, |_| ());
    let card = mallory.card(seconds(), &[mallory.own(|_| ()), bobs]);
    mallory.writes(&network, 1, Attacker::introduction(card));
    mallory.writes(&network, 2, text("unannounced"));
    let told = alice.run(&["receive"]).code(4);
    assert_eq!(told.stdout, "");
    told.says("1 messages cannot be opened yet");
}

#[test]
fn a_device_that_is_not_on_the_card_any_more_writes_no_more() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    bob.run(&["send", "alice", "-m", "before"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "1\tbob: before\n");
    let (backup, new) = (bob.path("backup"), bob.path("new"));
    bob.pipe(&["backup", backup.to_str().unwrap(), "--new-fd", "0"], "correct horse\n").code(0);
    let folder = ["--mailbox", new.to_str().unwrap()];
    let restore = [&folder[..], &["restore", backup.to_str().unwrap(), "--secret-fd", "0"]].concat();
    bob.pipe(&restore, "correct horse\n").code(0);
    let card = bob.run(&[&folder[..], &["id"]].concat()).code(0).stdout;
    alice.pipe(&["contacts", "add", "-", "--as", "bob"], &card).code(0);
    // Somebody has stolen the device that Bob has replaced.
    bob.run(&["send", "alice", "-m", "from the thief"]).code(0);
    let shown = alice.run(&["receive"]).code(4).stdout;
    assert!(shown.ends_with("its device is not on the sender's card any more\n"), "{shown}");
    assert!(!shown.contains("thief"), "{shown}");
    bob.run(&[&folder[..], &["send", "alice", "-m", "from Bob"]].concat()).code(0);
    assert!(alice.run(&["receive"]).code(0).stdout.ends_with("\tbob: from Bob\n"));
}

#[test]
fn a_contact_with_keys_that_nothing_can_be_sealed_to_stops_no_mail() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let mut mallory = Attacker::of(&alice);
    let issued = seconds();
    mallory.is_added_by(&alice, &mallory.card(issued, &[mallory.own(|_| ())]));
    let bad = mallory.card(issued + 1, &[mallory.own(|content| content.hpke = [0; 32])]);
    let add = ["contacts", "add", "-", "--as", "mallory"];
    alice.pipe(&add, &card::to_text(&bad)).code(1).says("unusable keys");
    mallory.writes(&network, 1, Attacker::introduction(bad));
    // Alice's device answers a message that does not open.
    mallory.disturbs(&network);
    bob.run(&["send", "alice", "-m", "hello"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(4).stdout, "1\tbob: hello\n");
}

#[test]
fn a_person_whose_mail_goes_to_another_canister_is_not_written_to() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    let mut mallory = Attacker::of(&alice);
    let issued = seconds();
    let (here, moved) = (mallory.card(issued, &[mallory.own(|_| ())]), mallory.own(|_| ()));
    let moved = card::sign(&mallory.address, issued + 1, network.directory.as_slice(), &[moved]).unwrap();
    mallory.writes(&network, 1, Attacker::introduction(moved.clone()));
    alice.run(&["receive"]);
    assert_eq!(alice.run(&["contacts", "list"]).code(0).stdout, "", "a stranger who could not be answered");
    mallory.is_added_by(&alice, &here);
    mallory.writes(&network, 2, Attacker::introduction(moved));
    alice.run(&["receive"]);
    alice.run(&["send", "mallory", "-m", "hello"]).code(1).says("has other devices than before");
}

#[test]
fn a_card_that_names_somebody_elses_inbox_replaces_nothing_in_the_outbox() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let mallory = Attacker::of(&alice);
    let inbox = card_of(&bob).devices[0].bundle.content.inbox.clone();
    let card = mallory.card(seconds(), &[mallory.own(|content| content.inbox = inbox)]);
    mallory.is_added_by(&alice, &card);
    network.set(Setting::writes(Writes::members));
    alice.run(&["send", "bob", "-m", "hello"]).code(3);
    alice.run(&["send", "mallory", "-m", "hello"]).code(3);
    let outbox = alice.run(&["outbox"]).code(0).stdout;
    assert!(outbox.starts_with("4\tfor inbox "), "each with its introduction: {outbox}");
    network.set(Setting::writes(Writes::anyone));
    alice.run(&["send", "bob", "-m", "again"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello\n2\talice: again\n");
}

#[test]
fn a_card_with_an_inbox_of_another_length_is_refused_and_stops_no_mail() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let mut mallory = Attacker::of(&alice);
    let issued = seconds();
    mallory.is_added_by(&alice, &mallory.card(issued, &[mallory.own(|_| ())]));
    let bobs = card_of(&bob).devices[0].bundle.content.inbox.clone();
    assert_eq!(bobs.len(), INBOX);
    for (id, inbox) in [(1, bobs[..1].to_vec()), (2, [&bobs[..], &[0]].concat())] {
        let card = mallory.card(issued + 1, &[mallory.own(|content| content.inbox = inbox)]);
        let add = ["contacts", "add", "-", "--as", "mallory"];
        alice.pipe(&add, &card::to_text(&card)).code(1).says("unusable keys");
        mallory.writes(&network, id, Attacker::introduction(card));
    }
    alice.run(&["receive"]);
    alice.run(&["send", "mallory", "-m", "hello"]).code(0);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello\n");
}

/// The key ids of shared inboxes are shorter than those of devices, so a card may name an inbox that begins with one.
#[test]
fn a_full_inbox_that_begins_with_the_key_id_of_a_shared_one_stops_no_mail_to_it() {
    const SECRET: [u8; 32] = [5; 32];
    let network = Network::start();
    let (alice, bob) = (Person::new("alice", &network), Person::new("bob", &network));
    for person in [&alice, &bob] {
        let file = person.path("family.key");
        std::fs::write(&file, SECRET).unwrap();
        person.run(&["shared", "add", "family", "--key", file.to_str().unwrap()]).code(0);
    }
    let mallory = Attacker::of(&alice);
    let shared = SharedKey::from_file(&SECRET, network.canister.as_slice()).unwrap();
    let inbox = [shared.id(), &[0; 9]].concat();
    let card = mallory.card(seconds(), &[mallory.own(|content| content.inbox.clone_from(&inbox))]);
    mallory.is_added_by(&alice, &card);
    // Strangers may fill a quarter of an inbox: one message.
    network.set(Setting::key_quota(Quota { messages: Bound::AtMost(4), bytes: Bound::Unlimited }));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        network.operator().await.add_message(&inbox, b"full").await.unwrap();
    });
    // More than a call takes.
    let file = alice.path("film");
    std::fs::write(&file, vec![7; 3_000_000]).unwrap();
    alice.run(&["send", "mallory", file.to_str().unwrap()]).code(3).says("the inbox is full");
    alice.run(&["send", "family", "-m", "hello"]).code(3).says("the inbox is full");
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\tin family: hello\n");
}

#[test]
fn a_file_that_came_stays_whatever_its_sender_sends_later() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    let mut mallory = Attacker::of(&alice);
    mallory.is_added_by(&alice, &mallory.card(seconds(), &[mallory.own(|_| ())]));
    let whole = b"an offer".to_vec();
    let file = File { name: "offer".into(), size: whole.len() as u64, hash: Sha256::digest(&whole).into() };
    mallory.writes(&network, 1, Body::Piece { file, piece: 0, bytes: whole.clone() });
    // The second pieces of files, the first of them of the same id. More than four are too many, and are dropped.
    for id in 1..=5 {
        let file = File { name: "part".into(), size: PIECE as u64 + 1, hash: [id; 32] };
        mallory.writes(&network, id, Body::Piece { file, piece: 1, bytes: vec![id] });
    }
    alice.run(&["receive"]);
    let path = alice.path("offer");
    alice.run(&["save", "1", path.to_str().unwrap()]).code(0);
    assert_eq!(std::fs::read(path).unwrap(), whole);
}
