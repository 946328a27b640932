//! Strangers who flood an inbox.

use crate::attackers::card_of;
use crate::network::Network;
use crate::people::{Person, texts};
use client::api::NewMessage;
use mailbox::wire::envelope::{self, Address};
use mailbox::wire::letter::{Letter, id_of};
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

/// A stranger who has the card sends letters that, as far as the mailbox knows, may open later.
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
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let stranger = network.operator().await;
        for batch in flood.chunks(500) {
            assert!(stranger.add_messages(batch).await.unwrap().iter().all(Result::is_ok));
        }
    });
    alice.run(&["send", "bob", "-m", "behind"]).code(0);
    let told = bob.run(&["receive"]).code(4);
    assert_eq!(told.stdout, "1\talice: before\n2\talice: behind\n");
    let told = told.says("mailbox: 1000 messages cannot be opened yet");
    told.says("mailbox: 20 messages did not open, and never will");
    alice.run(&["send", "bob", "-m", "again"]).code(0);
    bob.run(&["receive"]).code(4);
    assert_eq!(bob.received(), texts(&alice.log(), "sent"));
}
