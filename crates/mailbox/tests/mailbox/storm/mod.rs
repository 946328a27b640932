//! Two people write to each other while everything fails that can fail. Each message arrives exactly once, in the order of its
//! sender, or is reported as missing.
//!
//! - `people`: the two people and their processes;
//! - `faults`: the faults;
//! - `replica`, `network`: the network, and a replica that may lie;
//! - `account`: the checks.
//!
//! The messages and the faults follow from a seed. The interleaving of the processes does not. `MESSAGE_CANISTER_TEST_SCALE`
//! makes it 10,000 messages.

mod account;
pub mod faults;
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

/// A word that occurs in every message, and nowhere else.
const WORD: &str = "xylophone-4714";
const SEED: u64 = 23;
/// Number of a person's processes that send at once.
const SENDERS: usize = 3;
/// Number of commands that each of them runs in a round.
const TURNS: usize = 2;

/// The amount of messages.
struct Size {
    /// How often all faults come.
    cycles: usize,
    /// Messages of a turn.
    lines: usize,
}

impl Size {
    fn asked() -> Self {
        let (messages, cycles) = if test_support::scale() > 1 { (10_000_usize, 4) } else { (300, 1) };
        // Up to a third of the commands are killed before they store anything.
        let turns = 2 * cycles * Weather::ALL.len() * 2 * SENDERS * TURNS;
        Self { cycles, lines: (3 * messages).div_ceil(turns) }
    }

    /// Each round with its fault.
    fn rounds(&self) -> impl Iterator<Item = (usize, Weather)> {
        (0..self.cycles).flat_map(|_| Weather::ALL).enumerate()
    }
}

fn lines(who: &str, round: usize, sender: usize, turn: usize, number: usize) -> What {
    What::Lines((0..number).map(|line| format!("{WORD} {who} {round} {sender} {turn} {line}")).collect())
}

/// A file whose name and bytes contain the word.
fn file(who: &str, round: usize, length: usize) -> What {
    let said = WORD.bytes().chain(bytes(round as u64, length)).collect();
    What::File(format!("{WORD}-{who}-{round}"), said)
}

/// Sends a sender's messages of a round, from one thread.
fn write(party: &Party, size: &Size, round: usize, sender: usize) {
    let mut random = Random::of(&[SEED, party.person.name.len() as u64, round as u64, sender as u64]);
    for turn in 0..TURNS {
        let what = lines(party.person.name, round, sender, turn, size.lines);
        // Each fault hits at least one process a round, however fast the machine is.
        let fate = match (sender, turn) {
            (1, 0) => Fate::KILLED_AT_ONCE,
            (2, 0) => Fate::STOPPED_AT_ONCE,
            _ => Fate::of_sender(&mut random),
        };
        party.send(&what, &fate);
    }
    if sender == 0 {
        let length = random.between(1, 50_000) as usize;
        party.send(&file(party.person.name, round, length), &Fate::of_sender(&mut random));
    }
}

/// Ends the processes that receive, also if a check fails.
struct Ends<'a>(&'a [Party; 2]);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(Party::end);
    }
}

#[test]
fn each_message_arrives_once_and_in_order_or_is_reported_as_missing() {
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
        // This command also sends the messages that killed commands have stored.
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
