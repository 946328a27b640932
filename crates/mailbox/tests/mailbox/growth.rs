//! The store's size. `scripts/bench-client mailbox` measures the mailbox's other costs.

use crate::network::Network;
use crate::people::Person;

/// Bytes of the database. The write-ahead log beside it stays below 4 MiB.
fn bytes(person: &Person) -> u64 {
    std::fs::metadata(person.folder().join("store/store.sqlite")).unwrap().len()
}

#[test]
fn the_store_of_a_sender_grows_by_less_than_2_2_times_texts_of_1_kib_once_sent() {
    let network = Network::start();
    let (alice, _bob) = Person::pair(&network);
    let lines: String = (0..1_000).map(|number| format!("{number:04} {}\n", "x".repeat(1_018))).collect();
    let before = bytes(&alice);
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0);
    let first = bytes(&alice);
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0);
    let grown = |from, to| (to - from) as f64 / lines.len() as f64;
    let (first, next) = (grown(before, first), grown(first, bytes(&alice)));
    println!("the first 1,000: {first:.2} times, the next: {next:.2}");
    // The first ones make room for the outbox, which is used again.
    assert!(next < 2.2, "{next:.2}");
}
