//! Commands that wait for another process, and whose wait ends.

use crate::gate::Gate;
use crate::network::Network;
use crate::people::{Done, Person, texts};
use crate::storm::faults::signal;
use std::fs::File;
use std::time::{Duration, Instant};

#[test]
fn a_store_that_stays_busy_is_told_by_exit_code_5_and_nothing_is_sent() {
    let network = Network::start();
    let (alice, bob) = Person::pair_in_touch(&network);
    let before = alice.log();
    let queue = File::open(alice.folder().join("store/queue.lock")).unwrap();
    queue.lock().unwrap();
    alice.run(&["send", "bob", "-m", "during"]).code(5).says("the store was busy for 10s");
    queue.unlock().unwrap();
    assert_eq!(alice.log(), before);
    alice.run(&["send", "bob", "-m", "after"]).code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), ["hello", "after"]);
}

#[test]
fn send_waits_as_long_as_it_was_told_for_a_stopped_sender_and_says_that_it_is_queued() {
    let network = Network::start();
    let gate = Gate::before(network.url());
    let alice = Person::at("alice", &gate.url(), network.canister);
    let bob = Person::new("bob", &network);
    alice.knows(&bob);
    bob.knows(&alice);

    let held = gate.close("add_messages");
    let sender = alice.start_piped(&["send", "bob", "-m", "first"]);
    held.is_held();
    signal(&sender, "STOP");
    drop(held);

    let start = Instant::now();
    alice.run(&["send", "bob", "-m", "second", "--wait", "2"]).code(3).says("after 2 s another process");
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(25), "{waited:?}");
    assert_eq!(texts(&alice.log(), "sent"), ["first", "second"]);

    signal(&sender, "CONT");
    Done::of(sender.wait_with_output().unwrap()).code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), ["first", "second"], "the sender that continued sent both");
}
