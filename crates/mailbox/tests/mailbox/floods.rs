//! Strangers who flood an inbox.

use crate::attackers::card_of;
use crate::network::Network;
use crate::people::{Person, texts};
use client::api::NewMessage;
use directory_core::bundle::{Bundle, Content as Keys, MAX_LIFETIME};
use directory_core::policy::Key;
use directory_core::profile::Device;
use ed25519_dalek::{Signer, SigningKey};
use mailbox::MAX_UNKNOWN;
use mailbox::wire::card::{self, Card};
use mailbox::wire::content::{Body, Content};
use mailbox::wire::envelope::{self, Address};
use mailbox::wire::letter::{Letter, id_of};
use std::time::SystemTime;
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};

/// Maximum number of waiting letters of an inbox.
const WAIT: usize = 1_000;
const LETTERS: usize = WAIT + 20;

/// A session, and a message of it that is none of its first ones.
pub fn later_message() -> (Session, OlmMessage) {
    let (sender, mut recipient) = (Account::new(), Account::new());
    recipient.generate_fallback_key();
    let fallback = recipient.fallback_key().into_values().next().unwrap();
    let config = SessionConfig::version_1;
    let mut sending = sender.create_outbound_session(config(), recipient.curve25519_key(), fallback).unwrap();
    let OlmMessage::PreKey(first) = sending.encrypt(b"first").unwrap() else { panic!("the first one begins") };
    let mut session = recipient.create_inbound_session(config(), sender.curve25519_key(), &first).unwrap().session;
    let message = session.encrypt(b"later").unwrap();
    (session, message)
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn add(network: &Network, messages: &[NewMessage]) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let stranger = network.operator().await;
        for batch in messages.chunks(500) {
            assert!(stranger.add_messages(batch).await.unwrap().iter().all(Result::is_ok));
        }
    });
}

/// A stranger with an own address introduces himself and writes. Returns the address, and both messages.
fn stranger(number: u16, to: &Card) -> (String, [NewMessage; 2]) {
    let key = |first: u8| {
        let mut seed = [first; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        SigningKey::from_bytes(&seed)
    };
    let (own, device, account) = (key(1), key(2), Account::new());
    let address = mailbox::Address::of(&Key::of(&own));
    let (realm, index) = card::place_of(&address);
    let keys = Keys {
        realm,
        index,
        device: Key::of(&device),
        hpke: envelope::new_keys().1,
        fallback: [9; 32],
        issued: now(),
        expiry: now() + MAX_LIFETIME,
        inbox: vec![7; 29],
    };
    let signature = device.sign(&keys.signed_bytes()).to_bytes();
    let listed = Device { signing: Key::of(&device), identity: account.curve25519_key().to_bytes() };
    let card = card::sign(&own, now(), &to.canister, &[(listed, Bundle { content: keys, signature })]).unwrap();

    let keys = &to.devices[0].bundle.content;
    let public = Curve25519PublicKey::from_bytes;
    let session = account.create_outbound_session(
        SessionConfig::version_1(),
        public(to.devices[0].identity),
        public(keys.fallback),
    );
    let mut session = session.unwrap();
    let place = Address { canister: &to.canister, inbox: &keys.inbox };
    let bodies = [Body::Introduction { send_key: Vec::new(), card }, Body::Text("hello".into())];
    let mut count = 0;
    let messages = bodies.map(|body| {
        count += 1;
        let content = Content { number: count, time: 0, id: [count as u8; 16], body };
        let message = session.encrypt(&*content.encode()).unwrap();
        let sender = account.curve25519_key().to_bytes();
        let letter = Letter { sender, session: id_of(&session), message }.encode();
        let ciphertext = envelope::seal(&letter, &keys.hpke, &place).unwrap().into();
        NewMessage { key_id: keys.inbox.clone().into(), ciphertext, send_key: None }
    });
    (address.to_string(), messages)
}

/// Strangers beyond the limit are told by their number. The canister has taken their messages, so they do not know it.
#[test]
fn five_hundred_strangers_are_shown_and_the_next_one_is_not_until_one_of_them_is_verified() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let card = card_of(&bob);
    let strangers: Vec<_> = (0..=MAX_UNKNOWN as u16).map(|number| stranger(number, &card)).collect();
    add(&network, &strangers.iter().flat_map(|(_, messages)| messages.clone()).collect::<Vec<_>>());
    alice.run(&["send", "bob", "-m", "a contact"]).code(0);
    // The text of the last stranger waits for an introduction.
    let received = bob.run(&["receive"]).code(4).says("mailbox: 1 strangers wrote who are not shown").stdout;
    let (last, shown) = strangers.split_last().unwrap();
    let expected = |(number, (address, _)): (usize, &(String, _))| {
        let number = 2 * number + 1;
        format!("{number}\t{address} writes to you and is not one of your contacts\n{}\t{address}: hello\n", number + 1)
    };
    let expected: String = shown.iter().enumerate().map(expected).collect();
    assert_eq!(received, format!("{expected}{}\talice: a contact\n", 2 * MAX_UNKNOWN + 1));
    bob.run(&["send", &last.0, "-m", "who?"]).code(1).says("there is no contact");

    bob.run(&["contacts", "verify", "friend", &shown[0].0]).code(0);
    let (address, messages) = stranger(1_000, &card);
    add(&network, &messages);
    let received = bob.run(&["receive"]).code(4).stdout;
    assert!(received.contains(&format!("\t{address}: hello\n")), "{received}");
}

/// A stranger who has the card makes letters that may open later, for all that the mailbox can know.
#[test]
fn letters_of_sessions_that_nobody_knows_wait_bounded_and_stop_nobody_else() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "before"]).code(0);
    let card = card_of(&bob);
    let keys = &card.devices[0].bundle.content;
    let (session, message) = later_message();
    // The flood names a contact as its sender. The log does not.
    let sender = card_of(&alice).devices[0].identity;
    let letter = Letter { sender, session: id_of(&session), message }.encode();
    let place = Address { canister: &card.canister, inbox: &keys.inbox };
    let flood: Vec<_> = (0..LETTERS)
        .map(|_| NewMessage {
            key_id: keys.inbox.clone().into(),
            ciphertext: envelope::seal(&letter, &keys.hpke, &place).unwrap().into(),
            send_key: None,
        })
        .collect();
    add(&network, &flood);
    alice.run(&["send", "bob", "-m", "behind"]).code(0);
    let told = bob.run(&["receive"]).code(4);
    assert_eq!(told.stdout, "1\talice: before\n2\talice: behind\n");
    let told = told.says("mailbox: 1000 messages cannot be opened yet");
    told.says("mailbox: 20 messages did not open, and never will");
    alice.run(&["send", "bob", "-m", "again"]).code(0);
    bob.run(&["receive"]).code(4);
    assert_eq!(bob.received(), texts(&alice.log(), "sent"));
}
