//! Messages that the canister drops or refuses.

use crate::network::Network;
use crate::people::{Person, json, texts};
use message_canister::api::{Bound, Budget, Rate, Setting};

fn lines(numbers: std::ops::RangeInclusive<u32>) -> String {
    numbers.map(|number| format!("{number}\n")).collect()
}

#[test]
fn messages_dropped_unread_are_reported_with_the_missing_numbers() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "first"]).code(0);
    bob.run(&["receive"]).code(0);
    network.set(Setting::max_messages(Bound::AtMost(10)));
    alice.pipe(&["send", "bob", "-", "--lines"], &lines(1..=25)).code(0);
    let shown = json(&bob.run(&["receive", "--json"]).code(0).stdout);
    assert_eq!(shown[0]["event"], "dropped");
    assert_eq!(shown[1]["event"], "missing");
    // The introduction is number 1, "first" number 2, the last line number 27.
    assert_eq!(shown[1]["first"], 3);
    let last = shown[1]["last"].as_u64().unwrap();
    let came: Vec<_> = shown.iter().filter_map(|entry| entry["counted"].as_u64()).collect();
    assert_eq!(came, (last + 1..=27).collect::<Vec<_>>(), "exactly the missing numbers are reported");
    assert!((1..=10).contains(&came.len()), "{came:?}");
    let log = bob.run(&["log"]).code(0).stdout;
    assert!(log.contains("were dropped before they were read"), "{log}");
    assert!(log.contains(&format!("alice: message numbers 3 to {last} have not arrived")), "{log}");
}

#[test]
fn messages_that_were_all_dropped_unread_are_reported_once() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "first"]).code(0);
    bob.run(&["receive"]).code(0);
    network.set(Setting::max_messages(Bound::AtMost(10)));
    alice.run(&["send", "bob", "-m", "lost"]).code(0);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let others = network.operator().await;
        for number in 0..10_u8 {
            others.add_message(b"another key", &[number]).await.unwrap();
        }
    });
    let shown = json(&bob.run(&["receive", "--json"]).code(0).stdout);
    assert_eq!((shown.len(), &shown[0]["event"]), (1, &"dropped".into()));
    assert_eq!(bob.run(&["receive", "--json"]).code(0).stdout, "");
}

#[test]
fn a_budget_that_refuses_delays_messages_and_loses_none() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let tight = Budget { items: Bound::AtMost(Rate { per_second: 1, burst: 1 }), ..Budget::default() };
    network.set(Setting::strangers(tight));
    // One batch may use up minutes of the budget.
    let sent = alice.pipe(&["send", "bob", "-", "--lines"], &lines(1..=200));
    assert!([Some(0), Some(3)].contains(&sent.code), "{sent:?}");
    alice
        .run(&["send", "bob", "-m", "refused"])
        .code(3)
        .says("not sent yet: the canister takes no messages from strangers now");
    network.set(Setting::strangers(Budget::default()));
    bob.run(&["receive"]).code(0);
    alice.run(&["send", "bob", "-m", "the last"]).code(0);
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), texts(&alice.log(), "sent"));
    assert_eq!(bob.received().len(), 202);
}
