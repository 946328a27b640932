//! Two people write to each other.

use crate::network::Network;
use crate::people::{Done, Person, json, texts};
use message_canister::api::{Reads, Setting, Writes};
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn two_people_who_have_each_others_cards_write_to_each_other() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "hello Bob"]).code(0);
    let shown = bob.run(&["receive"]).code(0);
    assert_eq!(shown.stdout, "1\talice: hello Bob\n");
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "", "shown once");
    bob.pipe(&["send", "alice", "-"], "hello\nAlice\n").code(0);
    alice.pipe(&["send", "bob", "-", "--lines"], "one\ntwo\n\nthree\n").code(0);
    assert_eq!(texts(&json(&bob.run(&["receive", "--json"]).code(0).stdout), "received"), ["one", "two", "three"]);
    assert_eq!(texts(&json(&alice.run(&["receive", "--json"]).code(0).stdout), "received"), ["hello\nAlice\n"]);
    assert_eq!(texts(&alice.log(), "sent"), ["hello Bob", "one", "two", "three"]);
    let counted: Vec<_> = bob.log().iter().filter_map(|entry| entry["counted"].as_u64()).collect();
    assert_eq!(counted, [2, 3, 4, 5], "the introduction was the first");
    assert_eq!(alice.run(&["outbox"]).code(0).stdout, "");
    let status = bob.run(&["status"]).code(0).stdout;
    assert!(status.contains("read through: 7\nacknowledged through: 7\n"), "{status}");
}

#[test]
fn a_text_controls_no_terminal_and_none_of_its_lines_looks_like_an_entry() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "hello\n2\tcarol: forged\r\u{1b}[2J\u{202e}"]).code(0);
    let shown = "1\talice: hello\n\t2\tcarol: forged\u{fffd}\u{fffd}[2J\u{fffd}\n";
    assert_eq!(bob.run(&["receive"]).code(0).stdout, shown);
}

/// The production settings: each key is read by its owner only.
#[test]
fn they_do_so_where_reads_are_closed() {
    let network = Network::with(vec![Setting::reads(Reads::owners)]);
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "hello Bob"]).code(0);
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: hello Bob\n");
    bob.run(&["send", "alice", "-m", "hello Alice"]).code(0);
    assert_eq!(alice.run(&["receive"]).code(0).stdout, "2\tbob: hello Alice\n");
}

#[test]
fn a_message_that_is_refused_for_now_is_kept_and_sent_with_the_next() {
    let network = Network::with(vec![Setting::writes(Writes::members)]);
    let (alice, bob) = Person::pair(&network);
    alice
        .run(&["send", "bob", "-m", "first"])
        .code(3)
        .says("not sent yet: the canister takes messages only from members");
    assert_eq!(alice.run(&["log"]).code(0).stdout, "1\tto bob: first (not sent yet)\n");
    assert!(alice.run(&["outbox"]).code(0).stdout.starts_with("2\tfor inbox "), "with the introduction");
    network.set(Setting::writes(Writes::anyone));
    alice.run(&["send", "bob", "-m", "second"]).code(0);
    assert_eq!(alice.run(&["log"]).code(0).stdout, "1\tto bob: first\n2\tto bob: second\n");
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: first\n2\talice: second\n");
}

#[test]
fn without_a_network_messages_are_queued_and_receiving_is_an_error() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    drop(network);
    alice.run(&["send", "bob", "-m", "later"]).code(3).says("not sent yet");
    assert!(alice.run(&["outbox"]).code(0).stdout.starts_with("2\tfor inbox "));
    bob.run(&["receive"]).code(1).says("the inbox was not claimed: no answer came");
}

#[test]
fn both_may_write_first_at_once() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "from Alice"]).code(0);
    bob.run(&["send", "alice", "-m", "from Bob"]).code(0);
    alice.run(&["receive"]).code(0);
    bob.run(&["receive"]).code(0);
    for turn in 0..3 {
        alice.run(&["send", "bob", "-m", &format!("{turn} from Alice")]).code(0);
        bob.run(&["send", "alice", "-m", &format!("{turn} from Bob")]).code(0);
        alice.run(&["receive"]).code(0);
        bob.run(&["receive"]).code(0);
    }
    let expected = |name| ["", "0 ", "1 ", "2 "].map(|turn| format!("{turn}from {name}"));
    assert_eq!(bob.received(), expected("Alice"));
    assert_eq!(alice.received(), expected("Bob"));
}

#[test]
fn junk_in_an_inbox_is_counted_and_stops_nothing() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "first"]).code(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let log = alice.run(&["send", "bob", "-m", "second"]).code(0);
    assert_eq!(log.stdout, "");
    runtime.block_on(async {
        let client = network.operator().await;
        // The store is open: anybody can list the inbox's messages, and add to it.
        let messages = client.get_messages_by_range(
            1,
            4,
            client::api::Cursor { after: 0, order: client::api::Order::ascending, limit: 100 },
        );
        let messages = messages.await.unwrap().messages;
        let (inbox, envelope) = (&messages[0].key_id, &messages[2].ciphertext);
        for junk in [&b"MCSL\x01 junk"[..], &[1; 400], &[1], &[envelope, &[0][..]].concat()] {
            client.add_message(inbox, junk).await.unwrap();
        }
    });
    alice.run(&["send", "bob", "-m", "third"]).code(0);
    let received = bob.run(&["receive"]).code(0).says("4 messages are junk");
    assert_eq!(received.stdout, "1\talice: first\n2\talice: second\n3\talice: third\n");
}

/// Receives until a text has come.
fn await_text(person: &Person, text: &str) {
    let start = Instant::now();
    while !person.run(&["receive"]).code(0).stdout.contains(text) {
        assert!(start.elapsed() < Duration::from_secs(30), "{text} does not come");
    }
}

#[test]
fn lines_are_sent_as_they_come_and_a_refused_one_is_tried_again() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let mut sending = alice.start_piped(&["send", "bob", "-", "--lines"]);
    let mut lines = sending.stdin.take().unwrap();
    for text in ["first", "second"] {
        writeln!(lines, "{text}").unwrap();
        await_text(&bob, text);
    }
    network.set(Setting::writes(Writes::members));
    writeln!(lines, "refused").unwrap();
    let mut told = BufReader::new(sending.stderr.take().unwrap()).lines();
    let line = told.next().unwrap().unwrap();
    assert_eq!(line, "mailbox: not sent yet: the canister takes messages only from members");
    network.set(Setting::writes(Writes::anyone));
    await_text(&bob, "refused");
    drop(lines);
    assert!(sending.wait().unwrap().success());
    assert!(told.next().is_none());
    // The end of input is not waited for where nothing can be sent.
    let mut nobody = alice.start_piped(&["send", "nobody", "-", "--lines"]);
    let _lines = nobody.stdin.take().unwrap();
    Done::of(nobody.wait_with_output().unwrap()).code(1).says("there is no contact 'nobody'");
}

#[test]
fn what_was_read_before_a_line_that_cannot_be_sent_is_sent() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let lines = format!("first\n{}\nlast\n", "x".repeat(1_000_001));
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(1).says("line 2 of standard input has more than");
    assert_eq!(bob.run(&["receive"]).code(0).stdout, "1\talice: first\n");
}

#[test]
fn following_beside_other_processes_shows_new_messages_and_ends_cleanly_at_a_signal() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    let mut following = bob.start_piped(&["receive", "--follow", "--json"]);
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    for text in ["first", "second"] {
        alice.run(&["send", "bob", "-m", text]).code(0);
        bob.run(&["send", "alice", "-m", "while it follows"]).code(0);
        let line = lines.next().unwrap().unwrap();
        assert_eq!(texts(&json(&line), "received"), [text]);
    }
    let ended = Command::new("kill").args(["-TERM", &following.id().to_string()]).status().unwrap();
    assert!(ended.success());
    assert!(following.wait().unwrap().success());
    assert!(lines.next().is_none());
}
