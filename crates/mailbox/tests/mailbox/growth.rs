//! What it costs: printed, for a quiet machine. Run with `--ignored --nocapture figures`.

use crate::network::Network;
use crate::people::Person;
use client::api::NewMessage;
use mailbox::wire::content::{Body, Content};
use mailbox::wire::envelope::{self, Address};
use mailbox::wire::letter::{Letter, id_of};
use std::time::{Duration, Instant};
use vodozemac::olm::{Account, OlmMessage, SessionConfig};

const MESSAGES: usize = 1_000;

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Bytes of the database. The write-ahead log beside it stays below 4 MiB.
fn bytes(person: &Person) -> u64 {
    std::fs::metadata(person.folder().join("store/store.sqlite")).unwrap().len()
}

fn lines() -> String {
    (0..MESSAGES).map(|number| format!("{number:04} {}\n", "x".repeat(1_018))).collect()
}

#[test]
fn the_store_of_a_sender_grows_by_less_than_2_2_times_texts_of_1_kib_once_sent() {
    let network = Network::start();
    let (alice, _bob) = Person::pair(&network);
    let lines = lines();
    let before = bytes(&alice);
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0);
    let first = bytes(&alice);
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0);
    let grown = |from, to| (to - from) as f64 / lines.len() as f64;
    let (first, next) = (grown(before, first), grown(first, bytes(&alice)));
    println!("the first {MESSAGES}: {first:.2} times, the next: {next:.2}");
    // The first ones make room for an outbox too, which is used again.
    assert!(next < 2.2, "{next:.2}");
}

/// The time to open envelopes and ratchets of texts of 1 KiB, with nothing verified and nothing stored.
fn alone(number: usize) -> Duration {
    let (secret, public) = envelope::new_keys();
    let place = Address { canister: &[1; 10], inbox: &[7; 29] };
    let (sender, mut recipient) = (Account::new(), Account::new());
    recipient.generate_fallback_key();
    let fallback = recipient.fallback_key().into_values().next().unwrap();
    let config = SessionConfig::version_1;
    let mut sending = sender.create_outbound_session(config(), recipient.curve25519_key(), fallback).unwrap();
    let mut seal = |number| {
        let content = Content { number, time: 0, id: [0; 16], body: Body::Text("x".repeat(1_024)) };
        let message = sending.encrypt(&*content.encode()).unwrap();
        let letter = Letter { sender: sender.curve25519_key().to_bytes(), session: id_of(&sending), message };
        envelope::seal(&letter.encode(), &public, &place).unwrap()
    };
    let first = seal(1);
    let sealed: Vec<_> = (0..number as u64).map(|at| seal(at + 2)).collect();
    let open = |sealed: &[u8]| Letter::decode(&envelope::open(sealed, &secret, &place).unwrap()).unwrap();
    let OlmMessage::PreKey(begin) = open(&first).message else { panic!("the first messages are pre-key messages") };
    let mut session = recipient.create_inbound_session(config(), sender.curve25519_key(), &begin).unwrap().session;
    timed(|| {
        for sealed in &sealed {
            Content::decode(&session.decrypt(&open(sealed).message).unwrap()).unwrap();
        }
    })
}

/// The shortest time of a batch of 1,000 messages of 180 bytes.
fn batch(network: &Network) -> Duration {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let operator = network.operator().await;
        let mut best = Duration::MAX;
        for round in 0..10 {
            let message = |at: usize| NewMessage {
                key_id: vec![3; 29].into(),
                ciphertext: [&[round; 172][..], &at.to_be_bytes()].concat().into(),
                send_key: None,
            };
            let messages: Vec<_> = (0..MESSAGES).map(message).collect();
            let start = Instant::now();
            assert!(operator.add_messages(&messages).await.unwrap().iter().all(Result::is_ok));
            best = best.min(start.elapsed());
        }
        best
    })
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
    let lines = lines();
    let sent = timed(|| alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0));
    println!("{MESSAGES} messages of 1 KiB sealed and sent: {sent:.2?}");
    alice.pipe(&["send", "bob", "-", "--lines"], &lines).code(0);
    let received = timed(|| bob.run(&["receive"]).code(0));
    println!("{} messages of 1 KiB received, verified, committed and printed: {received:.2?}", 2 * MESSAGES);
    println!("opening as many envelopes and ratchets alone, on one core: {:.2?}", alone(2 * MESSAGES));
    let short: String = (0..MESSAGES).map(|number| format!("{number}\n")).collect();
    let sent = timed(|| alice.pipe(&["send", "bob", "-", "--lines"], &short).code(0));
    println!(
        "{MESSAGES} short messages from one command: {sent:.2?}; a batch of as many of 180 bytes: {:.2?}",
        batch(&network)
    );
    let path = alice.path("large");
    std::fs::write(&path, vec![7; 64 << 20]).unwrap();
    let sent = timed(|| alice.run(&["send", "bob", path.to_str().unwrap()]).code(0));
    let received = timed(|| bob.run(&["receive"]).code(0));
    println!("a file of 64 MiB sent: {sent:.2?}; received: {received:.2?}");
}
