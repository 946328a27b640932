//! The check of all messages that one person wrote to the other: each came once and in order, or a sentence says by its number
//! that it did not.

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
    /// Of them those that came.
    pub came: usize,
    /// Numbers that the recipient was told of as missing, and that never came.
    pub missing: usize,
    /// Messages that came after they were told as missing.
    pub late: usize,
}

/// A message that came.
struct Came {
    /// The number of the content.
    number: u64,
    said: Value,
}

/// Reads the logs of both, and checks them against each other and what was meant.
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
                assert!(number > highest || is_late, "{number} came behind {highest}, and nothing said so");
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
    assert_eq!(walk.waited, 0, "the last message came, so what is missing was told");
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

/// The messages of the sender's log, with ids, in its order. A command that ended has sent all of its messages. A killed one has
/// sent all or nothing, and a refused one nothing.
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
            Some(0 | 3) => assert!(is_whole, "each once, one behind the other: {words:?}"),
            None => assert!(is_whole || found.is_empty(), "a killed command stores all or nothing: {words:?}"),
            // It was sent by a later command.
            Some(1) => {}
            other => panic!("{other:?}: {stderr}"),
        }
    }
    sent.into_iter().map(|entry| (entry["id"].as_str().unwrap().into(), entry["said"].clone())).collect()
}

/// Goes along what was sent.
struct Walk<'a> {
    /// Numbers that are told as missing and did not come.
    told: &'a BTreeSet<u64>,
    /// The number of the last message that came.
    last: u64,
    /// Numbers of messages behind it that did not come.
    waited: usize,
}

impl Walk<'_> {
    fn pass(&mut self, said: &Value, came: Option<&Came>) {
        let Some(came) = came else {
            self.waited += numbers(said);
            return;
        };
        assert_eq!(&came.said, said, "it came as it was sent");
        let first = came.number + 1 - numbers(said) as u64;
        assert!(first > self.last, "{said} has the number {}, behind {}", came.number, self.last);
        let told = self.told.range(self.last + 1..first).count();
        assert_eq!(told, self.waited, "what is missing between {} and {first} is what was told", self.last);
        (self.last, self.waited) = (came.number, 0);
    }
}

/// Numbers that a message takes: one, or that of each piece of a file.
fn numbers(said: &Value) -> usize {
    const PIECE: u64 = mailbox::wire::content::PIECE as u64;
    said["size"].as_u64().map_or(1, |size| size.div_ceil(PIECE).max(1) as usize)
}

/// Files that came have the bytes that were sent.
fn check_files(from: &Party, to: &Party, log: &[Value]) {
    for (at, entry) in log.iter().filter(|entry| entry["event"] == "received").enumerate() {
        let Some(name) = entry["said"]["file"].as_str() else { continue };
        let saved = to.person.path(&format!("saved-{at}"));
        to.person.run(&["save", &entry["number"].to_string(), saved.to_str().unwrap()]).code(0);
        assert!(std::fs::read(saved).unwrap() == std::fs::read(from.person.path(name)).unwrap(), "{name}");
    }
}

/// Nothing of what was said and no key is in any file of the mailbox.
pub fn check_secrecy(party: &Party) {
    assert_eq!(files_with(&party.person, super::WORD.as_bytes()), Vec::<PathBuf>::new());
    assert_no_key(&party.person);
    // The scan finds what is there.
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

    /// Goes along messages of these numbers, none for one that did not come.
    fn walk(told: &[u64], numbers: &[Option<u64>]) {
        let told = told.iter().copied().collect();
        let (mut walk, said) = (Walk { told: &told, last: 0, waited: 0 }, json!({ "text": "x" }));
        for number in numbers {
            walk.pass(&said, number.map(|number| Came { number, said: said.clone() }).as_ref());
        }
    }

    #[test]
    fn what_is_missing_as_told_is_right() {
        walk(&[3, 4], &[Some(2), None, None, Some(5), Some(6)]);
    }

    #[test]
    #[should_panic(expected = "is what was told")]
    fn a_message_that_is_missing_and_was_not_told_is_noticed() {
        walk(&[3], &[Some(2), None, None, Some(5)]);
    }

    #[test]
    #[should_panic(expected = "is what was told")]
    fn one_that_was_told_as_missing_and_is_not_is_noticed() {
        walk(&[3, 4], &[Some(2), None, Some(5)]);
    }

    #[test]
    #[should_panic(expected = "behind 5")]
    fn another_order_than_the_senders_is_noticed() {
        walk(&[], &[Some(5), Some(4)]);
    }
}
