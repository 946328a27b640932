//! New keys.

use crate::network::Network;
use crate::people::Person;

/// The key ids of the inboxes in the outbox.
fn inboxes(person: &Person) -> Vec<String> {
    let outbox = person.run(&["outbox"]).code(0).stdout;
    outbox.lines().map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn contacts_learn_new_keys_and_the_old_inbox_is_read_on() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "first"]).code(0);
    bob.run(&["receive"]).code(0);
    bob.run(&["send", "alice", "-m", "hello"]).code(0);
    alice.run(&["receive"]).code(0);
    // Carol has the card, and has not written yet. Her first message needs the old fallback key.
    let carol = Person::new("carol", &network);
    carol.knows(&bob);
    assert_eq!(bob.run(&["keys", "rotate"]).code(0).stdout, "a new inbox; 1 devices of contacts are told\n");
    alice.run(&["send", "bob", "-m", "to the old inbox"]).code(0);
    carol.run(&["send", "bob", "-m", "by the old card"]).code(0);
    alice.run(&["receive"]).code(0);
    alice.run(&["send", "bob", "-m", "to the new inbox"]).code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), ["first", "to the old inbox", "by the old card", "to the new inbox"]);
    // While Alice's device writes to one inbox, Carol's writes to another.
    network.set(message_canister::api::Setting::writes(message_canister::api::Writes::members));
    alice.run(&["send", "bob", "-m", "waits"]).code(3);
    carol.run(&["send", "bob", "-m", "waits"]).code(3);
    assert_ne!(inboxes(&alice), inboxes(&carol));
    // A first message to the new card opens with the new fallback key.
    network.set(message_canister::api::Setting::writes(message_canister::api::Writes::anyone));
    let dave = Person::new("dave", &network);
    dave.knows(&bob);
    dave.run(&["send", "bob", "-m", "by the new card"]).code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received().last().unwrap(), "by the new card");
}

#[test]
fn there_are_eight_inboxes_at_most() {
    let network = Network::start();
    let bob = Person::new("bob", &network);
    for _ in 1..8 {
        bob.run(&["keys", "rotate"]).code(0);
    }
    bob.run(&["keys", "rotate"]).code(1).says("there are 8 inboxes, the maximum, until");
}
