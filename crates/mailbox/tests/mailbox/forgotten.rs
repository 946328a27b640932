//! An inbox that the canister has forgotten.

use crate::network::Network;
use crate::people::Person;
use message_canister::api::{Bound, Quota, Reads, Setting};
use std::time::{Duration, Instant};

/// The canister drops messages and forgets keys at full minutes.
const PATIENCE: Duration = Duration::from_secs(200);

/// Waits until the canister has forgotten the inboxes of people who have no messages there. Returns what `doctor` says of it.
fn forget(network: &Network, person: &Person) -> String {
    network.set(Setting::max_age_seconds(Bound::AtMost(1)));
    network.set(Setting::idle_seconds(Bound::AtMost(1)));
    let start = Instant::now();
    let told = loop {
        let doctor = person.run(&["doctor"]);
        if doctor.code == Some(1) {
            break doctor.stdout;
        }
        assert!(start.elapsed() < PATIENCE, "{}", doctor.stdout);
        std::thread::sleep(Duration::from_secs(1));
    };
    network.set(Setting::idle_seconds(Bound::Unlimited));
    network.set(Setting::max_age_seconds(Bound::Unlimited));
    told
}

#[test]
fn an_inbox_that_had_no_messages_for_long_is_claimed_again_with_its_send_key() {
    let network = Network::start();
    let (alice, bob) = Person::pair_in_touch(&network);
    bob.run(&["doctor"]).code(0);
    let told = forget(&network, &bob);
    assert!(told.contains("inbox: WRONG: the canister has forgotten the owner of this inbox"), "{told}");
    // Strangers may fill a quarter of the inbox: one message. Alice shows the send key.
    network.set(Setting::key_quota(Quota { messages: Bound::AtMost(4), bytes: Bound::Unlimited }));
    alice.run(&["send", "bob", "-m", "to an inbox that is not claimed"]).code(0);
    alice.run(&["send", "bob", "-m", "beyond the share of strangers"]).code(3).says("the inbox is full");
    assert!(
        bob.run(&["doctor"])
            .code(1)
            .stdout
            .contains("inbox: WRONG: the canister has forgotten the owner of this inbox")
    );
    bob.run(&["receive"]).code(0);
    bob.run(&["doctor"]).code(0);
    alice.pipe(&["send", "bob", "-", "--lines"], "a\nb\n").code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), crate::people::texts(&alice.log(), "sent"));
}

#[test]
fn where_reads_are_closed_a_forgotten_inbox_is_set_up_again_and_stops_no_other_inbox() {
    let network = Network::with(vec![Setting::reads(Reads::owners)]);
    let (alice, bob) = Person::pair_in_touch(&network);
    bob.run(&["doctor"]).code(0);
    bob.run(&["keys", "rotate"]).code(0);
    bob.run(&["receive"]).code(0);
    alice.run(&["receive"]).code(0);
    let told = forget(&network, &bob);
    assert!(told.contains("inbox: WRONG:"), "{told}");
    // Nobody has written.
    bob.run(&["receive"]).code(0);
    bob.run(&["doctor"]).code(0);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), crate::people::texts(&alice.log(), "sent"));
}
