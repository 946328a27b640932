//! A terminal gets a bar and colours, and a pipe or a file does not.

use crate::network::Network;
use crate::people::Person;
use message_canister::api::{Bound, Setting};
use std::fs;

#[test]
fn a_large_file_shows_a_bar_on_a_terminal_only() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let file = alice.path("film");
    fs::write(&file, vec![7; 5_500_000]).unwrap();
    let file = file.to_str().unwrap();
    let shown = alice.on_terminal(&["send", "bob", file]);
    assert!(shown.contains("sent [") && shown.contains(" of 6"), "{shown:?}");
    assert!(!alice.on_terminal(&["send", "bob", "-m", "hello"]).contains("sent ["));
    let shown = bob.on_terminal(&["receive"]);
    assert!(shown.contains("received [") && shown.contains("film of 5500000 bytes"), "{shown:?}");
    assert_eq!(alice.run(&["send", "bob", file]).code(0).stderr, "");
    assert_eq!(bob.run(&["receive"]).code(0).stderr, "");
}

#[test]
fn warnings_are_in_colour_on_a_terminal_only() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "first"]).code(0);
    bob.run(&["receive"]).code(0);
    network.set(Setting::max_messages(Bound::AtMost(1)));
    alice.pipe(&["send", "bob", "-", "--lines"], "a\nb\nc\n").code(0);
    let shown = bob.on_terminal(&["receive"]);
    assert!(shown.contains("\u{1b}[33m") && shown.contains("were dropped before they were read"), "{shown:?}");
    assert!(shown.contains("\talice: c\r\n"), "what people say has no colour: {shown:?}");
    let log = bob.run(&["log"]).code(0).stdout;
    assert!(log.contains("were dropped") && !log.contains('\u{1b}'), "{log:?}");
    assert!(!bob.on_terminal(&["log", "--json"]).contains('\u{1b}'));
}
