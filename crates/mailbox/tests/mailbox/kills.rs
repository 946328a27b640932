//! Many processes on each side are killed at any moment. Each message arrives exactly once, in the order of its sender.

use crate::network::Network;
use crate::people::Person;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SENDERS: usize = 3;
const TURNS: usize = 10;
const LINES: usize = 4;

/// Sends from one thread. In each turn a process reads lines from a pipe. Every third process is killed.
fn send(person: &Person, sender: usize) {
    for turn in 0..TURNS {
        let lines: String = (0..LINES).map(|line| format!("{sender} {turn} {line}\n")).collect();
        let mut child = person.start_piped(&["send", "bob", "-", "--lines"]);
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        if turn % 3 == 2 {
            std::thread::sleep(Duration::from_millis(20 + 23 * (sender + turn) as u64 % 150));
            child.kill().unwrap();
        }
        child.wait().unwrap();
    }
}

#[test]
fn each_message_comes_exactly_once_though_processes_of_both_sides_are_killed() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (alice, bob, is_done) = (&alice, &bob, &is_done);
        let senders: Vec<_> = (0..SENDERS).map(|sender| scope.spawn(move || send(alice, sender))).collect();
        for receiver in 0..2_u64 {
            scope.spawn(move || {
                for turn in 0.. {
                    if is_done.load(Ordering::Relaxed) {
                        break;
                    }
                    let mut child = bob.start_piped(&["receive"]);
                    if turn % 2 == 0 {
                        std::thread::sleep(Duration::from_millis(30 + (61 * (receiver + turn)) % 200));
                        child.kill().unwrap();
                    }
                    child.wait_with_output().unwrap();
                }
            });
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        is_done.store(true, Ordering::Relaxed);
    });
    // A killed sender's claim is taken over after a while.
    let start = Instant::now();
    alice.run(&["send", "bob", "-m", "the last", "--wait", "60"]).code(0);
    assert!(start.elapsed() < Duration::from_secs(60));
    bob.run(&["receive"]).code(0);

    let sent: Vec<String> = crate::people::texts(&alice.log(), "sent");
    assert_eq!(bob.received(), sent, "messages stored by a killed process are sent by the others, in its order");
    // The stored part of each turn is a whole transaction. Turns that were not killed are complete.
    let mut turns = BTreeMap::<_, usize>::new();
    for text in &sent {
        let words: Vec<_> = text.split(' ').collect();
        if let [sender, turn, _] = words[..] {
            *turns.entry((sender.to_owned(), turn.parse::<usize>().unwrap())).or_default() += 1;
        }
    }
    assert!(turns.values().all(|lines| *lines == LINES));
    let whole = (0..TURNS).filter(|turn| turn % 3 != 2).count() * SENDERS;
    assert!(turns.keys().filter(|(_, turn)| turn % 3 != 2).count() == whole);
    let events = bob.log();
    assert!(events.iter().all(|entry| entry["event"] == "received"), "nothing is missing or unopened: {events:?}");
}

#[test]
fn a_hundred_processes_at_once_on_one_store_all_succeed() {
    const PROCESSES: usize = 100;
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| alice.start_piped(&["send", "bob", "-m", &number.to_string(), "--wait", "120"]))
        .collect();
    for child in children {
        crate::people::Done::of(child.wait_with_output().unwrap()).code(0);
    }
    assert_eq!(alice.run(&["outbox"]).code(0).stdout, "");
    bob.run(&["receive"]).code(0);
    assert_eq!(bob.received(), crate::people::texts(&alice.log(), "sent"));
    assert_eq!(bob.received().len(), PROCESSES);
}
