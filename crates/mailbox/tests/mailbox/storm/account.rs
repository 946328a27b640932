//! Checks all messages from one person to the other: each arrived once and in order, or was reported as missing by its number.

use super::faults::LIE;
use super::people::{Party, What};
use crate::people::Done;
use crate::secrets::{assert_no_key, files_with};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The outcome.
pub struct Account {
    /// Messages in the sender's log.
    pub sent: usize,
    /// How many of them arrived.
    pub came: usize,
    /// Numbers that were reported as missing and never arrived.
    pub missing: usize,
    /// Messages that arrived after they were reported as missing.
    pub late: usize,
}

/// A message that arrived.
struct Came {
    /// The number of the content.
    number: u64,
    said: Value,
}

/// Reads both logs. Compares them with each other and with the messages of the commands.
pub fn check(from: &Party, to: &Party) -> Account {
    let sent = sent(from);
    let log = to.person.log();
    let (mut came, mut told, mut highest, mut late) = (BTreeMap::new(), BTreeSet::new(), 0, 0);
    for entry in &log {
        match entry["event"].as_str().unwrap() {
            "missing" => told.extend(entry["first"].as_u64().unwrap()..=entry["last"].as_u64().unwrap()),
            "received" => {
                let number = entry["counted"].as_u64().unwrap();
                let is_late = told.remove(&number);
                assert!(
                    number > highest || is_late,
                    "{number} arrived after {highest}, and was not reported as missing"
                );
                (highest, late) = (highest.max(number), late + usize::from(is_late));
                let id = entry["id"].as_str().unwrap().to_owned();
                let again = came.insert(id, Came { number, said: entry["said"].clone() });
                assert!(again.is_none(), "{entry} came twice");
            }
            "sent" | "dropped" | "changed" => {}
            other => panic!("{other}: {entry}"),
        }
    }
    let mut walk = Walk { told: &told, last: 0, waited: 0 };
    for (id, said) in &sent {
        walk.pass(said, came.get(id));
    }
    assert_eq!(walk.waited, 0, "the last message arrived, so all missing numbers were reported");
    assert!(came.keys().all(|id| sent.iter().any(|(other, _)| other == id)), "nobody else wrote");

    for Done { code, stderr, .. } in &*to.receives.lock().unwrap() {
        let is_lied_to = *code == Some(1) && stderr.contains(LIE);
        assert!(matches!(code, None | Some(0)) || is_lied_to, "{code:?}: {stderr}");
    }
    check_files(from, to, &log);
    let shown = to.shown();
    let unseen: Vec<_> = log
        .iter()
        .filter(|entry| entry["event"] != "sent" && !shown.contains(&entry["number"].as_u64().unwrap()))
        .collect();
    assert!(unseen.is_empty(), "never shown: {unseen:?}");
    Account { sent: sent.len(), came: came.len(), missing: told.len(), late }
}

/// The messages of the sender's log, with ids, in its order. A command that ended has stored all of its messages. A killed one
/// has stored all or none, and a refused one none.
fn sent(from: &Party) -> Vec<(String, Value)> {
    let log = from.person.log();
    let sent: Vec<_> = log.iter().filter(|entry| entry["event"] == "sent").collect();
    let mut places = BTreeMap::new();
    for (place, entry) in sent.iter().enumerate() {
        assert!(entry["failed"].is_null() && entry["waiting"] == 0, "{entry}");
        let word = entry["said"]["text"].as_str().or(entry["said"]["file"].as_str()).unwrap();
        assert!(places.insert(word, place).is_none(), "{word} is there twice");
    }
    for (what, Done { code, stderr, .. }) in &*from.sends.lock().unwrap() {
        let words = what.words();
        let found: Vec<usize> = words.iter().filter_map(|word| places.get(word.as_str())).copied().collect();
        let is_whole = found.first().is_some_and(|first| found.iter().copied().eq(*first..first + words.len()));
        match code {
            Some(0 | 3) => assert!(is_whole, "each once, without gaps: {words:?}"),
            None => assert!(is_whole || found.is_empty(), "a killed command stores all or nothing: {words:?}"),
            // A later command sent it.
            Some(1) => {}
            other => panic!("{other:?}: {stderr}"),
        }
    }
    sent.into_iter().map(|entry| (entry["id"].as_str().unwrap().into(), entry["said"].clone())).collect()
}

/// Walks along the sent messages.
struct Walk<'a> {
    /// Numbers that were reported as missing and did not arrive.
    told: &'a BTreeSet<u64>,
    /// The number of the last message that arrived.
    last: u64,
    /// Number of sent messages after it that did not arrive.
    waited: usize,
}

impl Walk<'_> {
    fn pass(&mut self, said: &Value, came: Option<&Came>) {
        let Some(came) = came else {
            self.waited += numbers(said);
            return;
        };
        assert_eq!(&came.said, said, "it arrives unchanged");
        let first = came.number + 1 - numbers(said) as u64;
        assert!(first > self.last, "{said} has the number {}, after {}", came.number, self.last);
        let told = self.told.range(self.last + 1..first).count();
        assert_eq!(
            told, self.waited,
            "the missing numbers between {} and {first} are those that were reported",
            self.last
        );
        (self.last, self.waited) = (came.number, 0);
    }
}

/// Number of numbers that a message takes: one, or one for each piece of a file.
fn numbers(said: &Value) -> usize {
    const PIECE: u64 = mailbox::wire::content::PIECE as u64;
    said["size"].as_u64().map_or(1, |size| size.div_ceil(PIECE).max(1) as usize)
}

/// Checks that received files have the bytes that were sent.
fn check_files(from: &Party, to: &Party, log: &[Value]) {
    for (at, entry) in log.iter().filter(|entry| entry["event"] == "received").enumerate() {
        let Some(name) = entry["said"]["file"].as_str() else { continue };
        let saved = to.person.path(&format!("saved-{at}"));
        to.person.run(&["save", &entry["number"].to_string(), saved.to_str().unwrap()]).code(0);
        assert!(std::fs::read(saved).unwrap() == std::fs::read(from.person.path(name)).unwrap(), "{name}");
    }
}

/// Checks that no file of the mailbox contains a message or a key.
pub fn check_secrecy(party: &Party) {
    assert_eq!(files_with(&party.person, super::WORD.as_bytes()), Vec::<PathBuf>::new());
    assert_no_key(&party.person);
    // The search finds a known value.
    let control = party.person.folder().join("control");
    std::fs::write(&control, super::WORD).unwrap();
    assert_eq!(files_with(&party.person, super::WORD.as_bytes()), [control]);
}

impl What {
    /// The entry as the log shows it.
    fn words(&self) -> Vec<String> {
        match self {
            Self::Lines(lines) => lines.clone(),
            Self::File(name, _) => vec![name.clone()],
        }
    }
}

mod tests {
    use super::*;
    use serde_json::json;

    /// Walks along messages with these numbers. `None`: the message did not arrive.
    fn walk(told: &[u64], numbers: &[Option<u64>]) {
        let told = told.iter().copied().collect();
        let (mut walk, said) = (Walk { told: &told, last: 0, waited: 0 }, json!({ "text": "x" }));
        for number in numbers {
            walk.pass(&said, number.map(|number| Came { number, said: said.clone() }).as_ref());
        }
    }

    #[test]
    fn missing_numbers_that_were_reported_are_accepted() {
        walk(&[3, 4], &[Some(2), None, None, Some(5), Some(6)]);
    }

    #[test]
    #[should_panic(expected = "those that were reported")]
    fn a_missing_message_without_a_report_is_noticed() {
        walk(&[3], &[Some(2), None, None, Some(5)]);
    }

    #[test]
    #[should_panic(expected = "those that were reported")]
    fn a_report_of_a_message_that_arrived_is_noticed() {
        walk(&[3, 4], &[Some(2), None, Some(5)]);
    }

    #[test]
    #[should_panic(expected = "after 5")]
    fn another_order_than_the_senders_is_noticed() {
        walk(&[], &[Some(5), Some(4)]);
    }
}
