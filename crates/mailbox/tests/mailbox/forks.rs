//! A network that is set back behind the mailboxes' knowledge, and then shows another history.

use crate::gate::Gate;
use crate::people::{Done, Person};
use crate::storm::network::Network;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use test_support::proxy::{Between, Proxy};

/// Counts questions for labels.
#[derive(Default)]
struct LookUps(AtomicUsize);

impl Between for LookUps {
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        let is_lookup = memchr::memmem::find(&body, b"lookup").is_some();
        self.0.fetch_add(usize::from(is_lookup), Ordering::SeqCst);
        Some((path.into(), body))
    }

    fn response(&self, _: &str, _: &[u8], body: Vec<u8>) -> Vec<u8> {
        body
    }
}

/// Attempts of a look-up whose answer may come of a replica that is behind.
const ATTEMPTS: usize = 4;
const TOLD: &str = "the directory shows another history than before, it was set back or forked: ";

#[test]
fn a_store_and_a_directory_that_are_set_back_or_forked_are_reported_and_not_used() {
    let network = Network::start();
    let (look_ups, url) = (Arc::new(LookUps::default()), network.url());
    let proxy = Proxy::start(move || url.clone(), Arc::clone(&look_ups));
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(|name| {
        let person = Person::at(name, &proxy.url(), network.canister);
        person.run(&["directory", &network.directory.to_text(), "--certified-only"]).code(0);
        person
    });
    bob.run(&["register", "bob"]).code(0);
    let before = network.copy();
    carol.run(&["register", "carol"]).code(0);
    for name in ["bob", "carol"] {
        alice.run(&["contacts", "find", name]).code(0);
    }
    bob.knows(&alice);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello\n");
    let monitored = alice.run(&["monitor"]).code(0).stdout;
    assert!(
        monitored.lines().count() == 2 && monitored.lines().all(|line| line.ends_with(": as before")),
        "{monitored}"
    );

    network.go_back_to(&before);
    bob.run(&["receive"]).code(1).says("rank 2 was seen before: an older state");
    // More messages than before, of which those that bob has seen are others.
    dave.knows(&bob);
    dave.run(&["send", "bob", "-m", "hello"]).code(0);
    dave.run(&["send", "bob", "-m", "again"]).code(0);
    let told = bob.run(&["receive"]).code(1).says("another message stands at rank 2 than the one seen before");
    assert_eq!(told.stdout, "");
    // A replica that is behind is waited for, once and not for each label.
    let before = look_ups.0.load(Ordering::SeqCst);
    let told = alice.run(&["monitor"]).code(1).stdout;
    assert_eq!(look_ups.0.load(Ordering::SeqCst) - before, ATTEMPTS);
    for name in ["bob", "carol"] {
        assert!(told.lines().any(|line| line.starts_with(&format!("{name}: {TOLD}"))), "{told}");
    }
    // As many entries as before, of which one is another.
    dave.run(&["register", "dave"]).code(0);
    let told = alice.run(&["monitor"]).code(1).stdout;
    assert!(told.contains(TOLD), "{told}");
    alice.run(&["contacts", "find", "dave"]).code(1).says("the directory shows another history than before");
    let contacts = alice.run(&["contacts", "list"]).code(0).stdout;
    assert!(
        contacts.contains("bob\tadded\t") && contacts.contains("carol\tadded\t"),
        "they are as they were: {contacts}"
    );
}

#[test]
fn an_answer_of_another_history_than_another_process_has_seen_meanwhile_is_not_used() {
    let network = Network::start();
    let gate = Gate::before(network.url());
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(|name| {
        let person = Person::at(name, &gate.url(), network.canister);
        person.run(&["directory", &network.directory.to_text(), "--certified-only"]).code(0);
        person
    });
    bob.run(&["register", "bob"]).code(0);
    alice.run(&["contacts", "find", "bob"]).code(0);
    bob.run(&["receive"]).code(0);
    let before = network.copy();

    // One history, which one process of Alice and one of Bob see.
    carol.run(&["register", "carol"]).code(0);
    carol.knows(&bob);
    for text in ["first", "second"] {
        carol.run(&["send", "bob", "-m", text]).code(0);
    }
    let look_up = gate.close("get_bundles");
    let finding = alice.start_piped(&["contacts", "find", "carol"]);
    look_up.is_held();
    let page = gate.close("get_messages_by_key");
    let reading = bob.start_piped(&["receive"]);
    page.is_held();

    // Another history, which other processes of theirs see meanwhile.
    network.go_back_to(&before);
    dave.run(&["register", "dave"]).code(0);
    dave.knows(&bob);
    dave.run(&["send", "bob", "-m", "other"]).code(0);
    alice.run(&["contacts", "find", "dave"]).code(0);
    bob.run(&["receive"]).code(0);

    drop((look_up, page));
    Done::of(finding.wait_with_output().unwrap()).code(1).says("the directory proves that carol has no keys");
    Done::of(reading.wait_with_output().unwrap()).code(0);
    assert_eq!(bob.received(), ["other"]);
    let contacts = alice.run(&["contacts", "list"]).code(0).stdout;
    assert!(contacts.contains("dave\tadded") && !contacts.contains("carol"), "{contacts}");
}
