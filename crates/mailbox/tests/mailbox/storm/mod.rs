//! Two people write to each other through everything that can go wrong: each message comes exactly once, in the order of its
//! sender, or a sentence says which do not.
//!
//! - `people`: who acts;
//! - `faults`: what goes wrong;
//! - `replica`, `network`: where;
//! - `account`: what is checked.
//!
//! What is sent follows from a seed, and what goes wrong and when; how the processes then meet does not.
//! `MESSAGE_CANISTER_TEST_SCALE` makes it 10,000 messages.

mod account;
mod faults;
pub mod network;
mod people;
mod replica;

use account::Account;
use faults::{Fate, Weather};
use network::Network;
use people::{FOLLOWERS, Party, What};
use std::sync::atomic::Ordering;
use std::thread::scope;
use test_support::{Random, bytes};

/// A word that occurs in everything that is said, and nowhere else.
const WORD: &str = "xylophone-4714";
const SEED: u64 = 23;
/// Processes of a person that send at once.
const SENDERS: usize = 3;
/// What each of them sends in a round.
const TURNS: usize = 2;

/// How much is sent.
struct Size {
    /// How often all weathers come.
    cycles: usize,
    /// Messages of a turn.
    lines: usize,
}

impl Size {
    fn asked() -> Self {
        let scale = std::env::var("MESSAGE_CANISTER_TEST_SCALE").ok().and_then(|scale| scale.parse::<u64>().ok());
        let (messages, cycles) = if scale.unwrap_or(1) > 1 { (10_000_usize, 4) } else { (300, 1) };
        Self { cycles, lines: messages.div_ceil(cycles * Weather::ALL.len() * 2 * SENDERS * TURNS) }
    }

    /// The round of the last weather.
    fn rounds(&self) -> impl Iterator<Item = (usize, Weather)> {
        (0..self.cycles).flat_map(|_| Weather::ALL).enumerate()
    }
}

fn lines(who: &str, round: usize, sender: usize, turn: usize, number: usize) -> What {
    What::Lines((0..number).map(|line| format!("{WORD} {who} {round} {sender} {turn} {line}")).collect())
}

/// A file that has the word in its name and its bytes.
fn file(who: &str, round: usize, length: usize) -> What {
    let said = WORD.bytes().chain(bytes(round as u64, length)).collect();
    What::File(format!("{WORD}-{who}-{round}"), said)
}

/// Sends from one thread what a sender sends in a round.
fn write(party: &Party, size: &Size, round: usize, sender: usize) {
    let mut random = Random::of(&[SEED, party.person.name.len() as u64, round as u64, sender as u64]);
    for turn in 0..TURNS {
        let what = lines(party.person.name, round, sender, turn, size.lines);
        party.send(&what, &Fate::of_sender(&mut random));
    }
    if sender == 0 {
        let length = random.between(1, 50_000) as usize;
        party.send(&file(party.person.name, round, length), &Fate::of_sender(&mut random));
    }
}

/// Ends the processes that receive, also where a check fails.
struct Ends<'a>(&'a [Party; 2]);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(Party::end);
    }
}

#[test]
fn each_message_comes_once_and_in_order_or_a_sentence_says_which_do_not() {
    let size = Size::asked();
    let network = Network::start();
    let parties = [Party::new("alice", "bob", &network), Party::new("bob", "alice", &network)];
    let [alice, bob] = &parties;
    for party in &parties {
        party.person.run(&["contacts", "find", party.to]).code(0);
    }
    // Each knows the other, and has a file of several pieces.
    for party in &parties {
        party.send(&lines(party.person.name, 1_000, 0, 0, 1), &Fate::Lives);
        party.send(&file(party.person.name, 1_000, 2_500_000), &Fate::Lives);
    }
    parties.iter().for_each(|party| drop(party.receive().code(0)));

    let mut random = Random::of(&[SEED]);
    let mut extra = 0;
    scope(|scope| {
        let _ends = Ends(&parties);
        for (number, party) in parties.iter().enumerate() {
            for follower in 0..FOLLOWERS {
                let random = Random::of(&[SEED, number as u64, follower]);
                scope.spawn(move || party.follow(random));
            }
        }
        for (round, weather) in size.rounds() {
            let start = std::time::Instant::now();
            weather.comes(&network, bob);
            std::thread::scope(|scope| {
                for party in &parties {
                    for sender in 0..SENDERS {
                        let size = &size;
                        scope.spawn(move || write(party, size, round, sender));
                    }
                }
                weather.strikes(&network, alice, bob, &mut random);
            });
            weather.passes(&network, alice, bob, |who| {
                extra += 1;
                lines(who, 2_000 + extra, 0, 0, 2)
            });
            println!("{round}: {weather:?} took {:.1?}", start.elapsed());
        }
    });
    for party in &parties {
        // What killed commands have stored is sent before.
        party.send(&lines(party.person.name, 9_999, 0, 0, 1), &Fate::Lives);
        assert_eq!(party.person.run(&["outbox"]).code(0).stdout, "");
    }
    for party in &parties {
        party.receive().code(0);
        assert_eq!(party.person.run(&["status"]).code(0).stdout.lines().last(), Some("junk: 0"));
    }

    for (from, to) in [(alice, bob), (bob, alice)] {
        let Account { sent, came, missing, late } = account::check(from, to);
        println!("of {sent} messages to {}, {came} came, {late} of them late; {missing} numbers are missing", from.to);
        assert!(missing > 0 || from.person.name == "bob", "retention has dropped some of Alice's");
    }
    for party in &parties {
        let [sending, receiving] = &party.hits;
        println!("{}: {sending:?} {receiving:?}", party.person.name);
        for hits in [sending, receiving] {
            assert!(hits.killed.load(Ordering::Relaxed) > 0 && hits.stopped.load(Ordering::Relaxed) > 0, "{hits:?}");
        }
        account::check_secrecy(party);
    }
}
