//! Shared inboxes: the mailbox opens and makes messages in the web page's format.

use crate::network::Network;
use crate::people::{Person, json};
use message_canister::api::{Reads, Setting};
use sealing::{Content, Key, OpenError, open, seal};
use std::fs;

const SECRET: [u8; 32] = [7; 32];

/// A mailbox with the shared inbox `family`, added by its key file.
fn member(name: &'static str, network: &Network) -> Person {
    let person = Person::new(name, network);
    let file = person.path("family.key");
    fs::write(&file, SECRET).unwrap();
    person.run(&["shared", "add", "family", "--key", file.to_str().unwrap()]).code(0).says("Nothing proves who wrote");
    person
}

#[test]
fn messages_of_the_page_open_and_sent_messages_open_there() {
    let network = Network::start();
    let alice = member("alice", &network);
    // The message is sealed as by the page: `sealing` and the page are tested with the same vectors.
    let key = Key::from_file(&SECRET, network.canister.as_slice()).unwrap();
    let sealed = |content| seal(&content, &key, 2_000_000).unwrap();
    let text = sealed(Content::Text("from the page".into()));
    let file = sealed(Content::File { name: "../a".into(), bytes: b"bytes".to_vec() });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let page = network.operator().await;
        for ciphertext in [&text[..], b"junk", &file] {
            page.add_message(key.id(), ciphertext).await.unwrap();
        }
    });
    let shown = alice.run(&["receive"]).code(0).says("1 messages are junk").stdout;
    assert_eq!(shown, "1\tin family: from the page\n2\tin family: file file of 5 bytes\n");
    let saved = alice.path("saved");
    alice.run(&["save", "2", saved.to_str().unwrap()]).code(0);
    assert_eq!(fs::read(saved).unwrap(), b"bytes");

    alice.run(&["send", "family", "-m", "from Alice"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "", "own messages are not shown again");
    assert_eq!(alice.run(&["log", "--after", "2"]).code(0).stdout, "3\tto family: from Alice\n");
    runtime.block_on(async {
        let page = network.operator().await;
        let start = client::api::Start::after(3);
        let mut messages = page.messages_of_key(key.id(), client::api::Order::ascending, start);
        let message = messages.next().await.unwrap().unwrap().value.messages.pop().unwrap();
        let opened = open(&message.ciphertext, key.id(), &key);
        assert_eq!(opened, Ok(Content::Text("from Alice".into())));
        let other = Key::from_file(&[8; 32], network.canister.as_slice()).unwrap();
        assert_eq!(open(&message.ciphertext, key.id(), &other), Err(OpenError::OtherKey));
    });
}

#[test]
fn members_share_a_passphrase_and_a_wrong_one_finds_nothing() {
    let network = Network::start();
    let (alice, bob) = (Person::new("alice", &network), Person::new("bob", &network));
    let add = |person: &Person, passphrase: &str| {
        person.pipe(&["shared", "add", "family", "--secret-fd", "0"], &format!("{passphrase}\n")).code(0).stdout
    };
    let id = add(&alice, "six random words that nobody guesses");
    assert_eq!(add(&bob, "six random words that nobody guesses"), id);
    let carol = Person::new("carol", &network);
    assert_ne!(add(&carol, "six random words that somebody guesses"), id);
    alice.run(&["send", "family", "-m", "hello"]).code(0);
    let entry = json(&bob.run(&["receive", "--json"]).code(0).stdout).remove(0);
    assert_eq!(
        (&entry["event"], &entry["with"], &entry["said"]["text"]),
        (&"shared".into(), &"family".into(), &"hello".into())
    );
    assert_eq!(carol.run(&["receive"]).code(0).stdout, "");
}

#[test]
fn names_are_unique_and_large_files_are_refused() {
    let network = Network::start();
    let (alice, bob) = (member("alice", &network), Person::new("bob", &network));
    alice.knows(&bob);
    let file = alice.path("family.key");
    let key = file.to_str().unwrap();
    alice.run(&["shared", "add", "bob", "--key", key]).code(1).says("is the name of");
    let card = bob.card();
    alice.run(&["contacts", "add", card.to_str().unwrap(), "--as", "family"]).code(1).says("of a shared inbox");
    // Else a message to the person would be sealed for all members.
    alice.run(&["contacts", "verify", "family", &bob.address()]).code(1).says("of a shared inbox");
    alice.run(&["shared", "add", "relatives", "--key", key]).code(0);
    assert!(alice.run(&["shared", "list"]).code(0).stdout.starts_with("relatives\t"), "renamed, not doubled");
    let short = alice.path("short.key");
    fs::write(&short, [7; 31]).unwrap();
    alice.run(&["shared", "add", "x", "--key", short.to_str().unwrap()]).code(1).says("at least 32");
    let large = alice.path("large");
    fs::write(&large, vec![7; 2_000_000]).unwrap();
    alice.run(&["send", "relatives", large.to_str().unwrap()]).code(1).says("at most 2000000");
    assert_eq!(alice.run(&["log"]).code(0).stdout, "", "nothing has changed");
}

#[test]
fn where_reads_are_closed_a_shared_inbox_is_reported_and_stops_no_other_inbox() {
    let network = Network::with(vec![Setting::reads(Reads::owners)]);
    let (alice, bob) = (member("alice", &network), member("bob", &network));
    alice.knows(&bob);
    bob.knows(&alice);
    for person in [&alice, &bob] {
        person.run(&["receive"]).code(0).says("family was not read");
    }
    alice.run(&["send", "family", "-m", "to all"]).code(0);
    alice.run(&["send", "bob", "-m", "to Bob"]).code(0);
    let received = bob.run(&["receive"]).code(0).says("family was not read");
    assert!(received.stdout.ends_with("alice: to Bob\n"), "{}", received.stdout);
}
