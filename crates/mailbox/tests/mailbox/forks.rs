//! A network that is set back behind the mailboxes' knowledge, and then shows another history.

use crate::people::Person;
use crate::storm::network::Network;

const TOLD: &str = "bob: the directory shows another history than before: it was set back or forked: ";

#[test]
fn a_store_and_a_directory_that_are_set_back_or_forked_are_reported_and_not_used() {
    let network = Network::start();
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(|name| {
        let person = Person::at(name, &network.url(), network.canister);
        person.run(&["directory", &network.directory.to_text(), "--certified-only"]).code(0);
        person
    });
    bob.run(&["register", "bob"]).code(0);
    let before = network.copy();
    carol.run(&["register", "carol"]).code(0);
    alice.run(&["contacts", "find", "bob"]).code(0);
    bob.knows(&alice);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello\n");
    assert_eq!(alice.run(&["monitor"]).code(0).stdout, "bob: as before\n");

    network.go_back_to(&before);
    bob.run(&["receive"]).code(1).says("its store is another than before");
    // More messages than before, of which those that bob has seen are others.
    dave.knows(&bob);
    dave.run(&["send", "bob", "-m", "hello"]).code(0);
    dave.run(&["send", "bob", "-m", "again"]).code(0);
    let told = bob.run(&["receive"]).code(1).says("another message stands at rank 2 than the one seen before");
    assert_eq!(told.stdout, "");
    let told = alice.run(&["monitor"]).code(1).stdout;
    assert!(told.starts_with(TOLD), "{told}");
    // The log has as many entries as before, but one is different.
    dave.run(&["register", "dave"]).code(0);
    let told = alice.run(&["monitor"]).code(1).stdout;
    assert!(told.starts_with(TOLD), "{told}");
    alice.run(&["contacts", "find", "dave"]).code(1).says("the directory shows another history than before");
    assert!(alice.run(&["contacts", "list"]).code(0).stdout.starts_with("bob\tadded\t"), "it is unchanged");
}
