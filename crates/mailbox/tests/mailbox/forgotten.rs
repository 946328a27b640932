//! An inbox that the canister has forgotten.

use crate::network::Network;
use crate::people::Person;
use message_canister::api::{Bound, Quota, Setting};
use std::time::{Duration, Instant};

/// The canister drops messages and forgets keys at full minutes.
const PATIENCE: Duration = Duration::from_secs(200);

#[test]
fn an_inbox_that_had_no_messages_for_long_is_claimed_again_with_its_send_key() {
    let network = Network::start();
    let (alice, bob) = Person::pair_in_touch(&network);
    bob.run(&["doctor"]).code(0);
    network.set(Setting::max_age_seconds(Bound::AtMost(1)));
    network.set(Setting::idle_seconds(Bound::AtMost(1)));
    let start = Instant::now();
    let told = loop {
        let doctor = bob.run(&["doctor"]);
        if doctor.code == Some(1) {
            break doctor.stdout;
        }
        assert!(start.elapsed() < PATIENCE, "{}", doctor.stdout);
        std::thread::sleep(Duration::from_secs(1));
    };
    assert!(told.contains("inbox: WRONG: the canister has forgotten whose it is"), "{told}");
    network.set(Setting::idle_seconds(Bound::Unlimited));
    network.set(Setting::max_age_seconds(Bound::Unlimited));
    // Strangers may fill a quarter of the inbox: one message. Alice shows the send key.
    network.set(Setting::key_quota(Quota { messages: Bound::AtMost(4), bytes: Bound::Unlimited }));
    alice.run(&["send", "bob", "-m", "to an inbox that is not claimed"]).code(0);
    alice.run(&["send", "bob", "-m", "beyond the share of strangers"]).code(3).says("the inbox has been full");
    assert!(bob.run(&["doctor"]).code(1).stdout.contains("inbox: WRONG: the canister has forgotten whose it is"));
    bob.run(&["receive"]).code(0);
    bob.run(&["doctor"]).code(0);
    alice.pipe(&["send", "bob", "-", "--lines"], "a\nb\n").code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), crate::people::texts(&alice.log(), "sent"));
}
