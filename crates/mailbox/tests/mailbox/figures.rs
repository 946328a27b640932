//! What it costs: printed, for a quiet machine. Run with `--ignored --nocapture figures`.

use crate::network::Network;
use crate::people::Person;
use std::time::{Duration, Instant};

const MESSAGES: usize = 1_000;

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn bytes(person: &Person) -> u64 {
    std::fs::metadata(person.folder().join("store/store.sqlite")).unwrap().len()
}

#[test]
#[ignore = "it measures"]
fn figures() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    bob.run(&["receive"]).code(0);
    let start = timed(|| alice.run(&["status"]).code(0));
    let one = timed(|| alice.run(&["send", "bob", "-m", "hello"]).code(0));
    println!("a command from start to end, without the network: {start:.0?}; one message sent: {one:.0?}");
    let before = bytes(&alice);
    let lines: String = (0..MESSAGES).map(|number| format!("{number:04} {}\n", "x".repeat(1_018))).collect();
    let sent = timed(|| alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0));
    println!("{MESSAGES} messages of 1 KiB sealed and sent: {sent:.2?}");
    let first = bytes(&alice);
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0);
    let grown = |from, to| (to - from) as f64 / lines.len() as f64;
    let (first, next) = (grown(before, first), grown(first, bytes(&alice)));
    println!("the sender's database grew by {first:.2} times the texts, by the next as many by {next:.2}");
    let received = timed(|| bob.run(&["receive"]).code(0));
    println!("{} messages of 1 KiB received, verified, committed and printed: {received:.2?}", 2 * MESSAGES);
    let path = alice.path("large");
    std::fs::write(&path, vec![7; 64 << 20]).unwrap();
    let sent = timed(|| alice.run(&["send", "bob", path.to_str().unwrap()]).code(0));
    let received = timed(|| bob.run(&["receive"]).code(0));
    println!("a file of 64 MiB sent: {sent:.2?}; received: {received:.2?}");
}
