//! The contacts to whom messages may be sent.

use crate::network::Network;
use crate::people::{Done, Person};
use client::plain::is_control;

#[test]
fn an_unknown_sender_is_shown_and_cannot_be_answered_until_the_address_is_verified() {
    let network = Network::start();
    let (alice, bob) = (Person::new("alice", &network), Person::new("bob", &network));
    alice.knows(&bob);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    let address = alice.address();
    let shown = bob.run(&["receive"]).code(0).stdout;
    assert_eq!(shown, format!("1\t{address} writes to you and is not one of your contacts\n2\t{address}: hello\n"));
    bob.run(&["send", &address, "-m", "hello"]).code(1).says("you have not added");
    let other = bob.address();
    bob.run(&["contacts", "verify", "alice", &other]).code(1).says("there is no contact");
    bob.run(&["contacts", "verify", "alice", &address]).code(0);
    bob.run(&["send", "alice", "-m", "hello too"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "2\tbob: hello too\n");
}

#[test]
fn a_compared_address_that_differs_is_reported() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let eve = Person::new("eve", &network);
    alice.run(&["contacts", "verify", "bob", &eve.address()]).code(1).says("do not write to it");
    alice.run(&["contacts", "verify", "bob", &bob.address()]).code(0);
    let typo = bob.address().replacen(|_: char| true, "z", 1);
    alice.run(&["contacts", "verify", "bob", &typo]).code(1).says("is not an address");
    assert!(alice.run(&["contacts", "list"]).code(0).stdout.starts_with("bob\tverified\t"));
}

#[test]
fn invalid_cards_are_refused_with_the_reason() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let card = std::fs::read_to_string(bob.card()).unwrap();
    let add = |text: &str, name: &str| -> Done { alice.pipe(&["contacts", "add", "-", "--as", name], text) };
    add("nonsense", "carol").code(1).says("a card is one line that begins with mailbox-card:");
    add(&card.replacen("AAA", "AAB", 1), "bob").code(1);
    for name in ["bob smith", "bob\u{7}", "bob\u{9b}31m", "bob\u{202e}", "\u{2066}bob"] {
        let refused = add(&card, name).code(1).says("cannot be a name");
        assert!(!refused.stderr.trim_end().contains(is_control), "{}", refused.stderr);
    }
    let eve = std::fs::read_to_string(Person::new("eve", &network).card()).unwrap();
    add(&eve, "bob").code(1).says("is the name of");
    let own = std::fs::read_to_string(alice.card()).unwrap();
    add(&own, "me").code(1).says("your own card");
    let elsewhere = Network::start();
    // A canister of another installation may have the same id: then nothing tells them apart.
    assert_eq!(elsewhere.canister, network.canister);
    alice.run(&["send", "nobody", "-m", "hello"]).code(1).says("there is no contact 'nobody'");
    alice.run(&["send", "bob", "-m", ""]).code(1).says("the text is empty");
    alice.run(&["send", "bob", "/dev/zero"]).code(1).says("/dev/zero: a file has at most 64 MiB");
}

#[test]
fn errors_about_arguments_and_folders_say_what_to_do() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    alice.run(&["send"]).code(1).says("Usage: mailbox send");
    alice.run(&["send", "bob"]).code(1);
    alice.run(&["send", "bob", "-m", "hello", "--lines"]).code(1);
    assert!(alice.run(&["--help"]).code(0).stdout.contains("Exit codes:"));
    let none = alice.path("none");
    alice.run(&["--mailbox", none.to_str().unwrap(), "status"]).code(1).says("make one with 'mailbox init'");
    let canister = network.canister.to_text();
    alice.run(&["init", "--canister", &canister]).code(1).says("there is a mailbox already");
    let init = |words: &[&str]| alice.run(&[&["--mailbox", none.to_str().unwrap(), "init"], words].concat());
    init(&["--canister", &canister, "--network", "nonsense"]).code(1).says("nonsense: ");
    init(&["--canister", "nonsense"]).code(1).says("'nonsense' is no canister id");
    assert!(!none.exists());
    alice.run(&["directory", "nonsense"]).code(1).says("'nonsense' is no canister id");
    alice.run(&["monitor"]).code(0).says("Nothing was looked up");
}
