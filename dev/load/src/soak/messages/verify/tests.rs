//! A store with a fault must not pass the verification.

use candid::Principal;
use message_canister::api::{CheckReport, Message, Page, Role, Setting};

use super::*;
use crate::draft::{Draft, key_id};
use crate::soak::messages::installs::settings;

/// Number of keys. The messages take turns among them.
const LISTS: u32 = 3;
/// Number of messages.
const COUNT: u32 = 30;
/// Length of a message in bytes.
const LENGTH: usize = 50;
/// Messages in a page.
const PAGE: usize = 7;

/// A store as a canister shows it, except for the injected fault.
struct Shown {
    messages: Vec<Message>,
    heads: Vec<Option<KeyHead>>,
    roles: Vec<(Principal, Role)>,
    settings: Vec<Setting>,
    version: u64,
    violations: Vec<String>,
    /// The message that is missing in pages by key.
    hidden_by_key: Id,
    /// The message that is missing in pages by time.
    hidden_by_time: Id,
}

impl Shown {
    fn message(&mut self, id: Id) -> &mut Message {
        &mut self.messages[id as usize - 1]
    }
}

impl Store for Shown {
    async fn glance(&self) -> Verdict<Glance> {
        let next_id = self.messages.last().map_or(0, |message| message.id) + 1;
        let (settings, version) = (self.settings.clone(), self.version);
        let owned = self.heads.iter().skip(SHARED_KEYS.into());
        let acknowledged = owned.map(|head| head.map_or(0, |head| head.acknowledged_id)).collect();
        let roles = self.roles.clone();
        Ok(Glance { first_id: 1, next_id, messages: next_id - 1, acknowledged, roles, settings, version })
    }

    async fn page(&self, of: Of, cursor: Cursor) -> Verdict<Page> {
        let belongs = |message: &Message| match of {
            Of::Range(first, last) => (first..=last).contains(&message.id),
            Of::Key(key) => message.key_id == key_id(key) && message.id != self.hidden_by_key,
            Of::Time(from, until) => (from..=until).contains(&message.timestamp) && message.id != self.hidden_by_time,
        };
        let mut messages: Vec<Message> = self.messages.iter().filter(|message| belongs(message)).cloned().collect();
        if cursor.order == Order::descending {
            messages.reverse();
        }
        let begin = messages.iter().position(|message| message.id == cursor.after).map_or(0, |at| at + 1);
        messages.drain(..begin);
        let length = PAGE.min(cursor.limit as usize);
        let more = messages.len() > length;
        messages.truncate(length);
        let next = messages.last().filter(|_| more).map_or(0, |message| message.id);
        Ok(Page { messages, next, first_id: 1, gap: false, proof: None })
    }

    async fn heads(&self) -> Verdict<Vec<Option<KeyHead>>> {
        Ok(self.heads.clone())
    }

    async fn check(&self, _cursor: CheckCursor) -> Verdict<CheckReport> {
        Ok(CheckReport { checked: COUNT, next: None, violations: self.violations.clone() })
    }
}

/// A correct store and its model: the messages that were sent, and the latest installation.
fn good() -> (Mutex<Model>, Shown) {
    let mut model = Model::default();
    let first = model.installs.begin();
    model.installs.confirm(first);
    let second = model.installs.begin();
    model.installs.confirm(second);
    let messages = (1..=COUNT).map(|id| {
        let key = (id % LISTS) as u16;
        let draft = Draft { key, number: id.into(), length: LENGTH };
        let (message, hash) = draft.message();
        let place = model.draft(draft, hash);
        model.begin(&[place]);
        Message {
            id,
            timestamp: 1_000 + id / 4,
            key_id: message.key_id,
            next_id: if id + LISTS <= COUNT { id + LISTS } else { 0 },
            prev_id: id.saturating_sub(LISTS),
            hash: hash.to_vec().into(),
            ciphertext: message.ciphertext,
        }
    });
    let messages = messages.collect();
    let head = |key: u16| {
        let min_id = if key == 0 { LISTS } else { key.into() };
        let count = COUNT / LISTS;
        let opened = KeyHead {
            min_id: 0,
            max_id: 0,
            count: 0,
            bytes: 0,
            rank: 0,
            acknowledged_id: 0,
            quota: quota_of(key),
            full_since: 0,
        };
        if owner_of(key).is_some() {
            return Some(opened);
        }
        (u32::from(key) < LISTS).then_some(KeyHead {
            min_id,
            max_id: min_id + COUNT - LISTS,
            count,
            bytes: u64::from(count) * LENGTH as u64,
            rank: count,
            ..opened
        })
    };
    let shown = Shown {
        messages,
        heads: (0..KEYS).map(head).collect(),
        roles: rights::roles(),
        settings: settings(second).to_vec(),
        version: 9,
        violations: Vec::new(),
        hidden_by_key: 0,
        hidden_by_time: 0,
    };
    (Mutex::new(model), shown)
}

#[tokio::test]
async fn a_good_store_passes_again_and_again() {
    let (model, shown) = good();
    let mut verifier = Verifier::default();
    // The calls have no outcome, and are found to be executed once.
    for (depth, landed) in [(Depth::Restart, COUNT as usize), (Depth::Everything, 0), (Depth::Restart, 0)] {
        assert_eq!(verifier.verify(&model, &shown, depth).await, Ok(Found { messages: COUNT, landed }), "{depth:?}");
    }
}

/// The comparison after a restart notices each fault and names it.
#[tokio::test]
async fn a_fault_after_a_restart_is_noticed() {
    type Fault = fn(&mut Shown);
    let faults: [(&str, Fault, &str); 22] = [
        ("a message is missing", |shown| drop(shown.messages.remove(11)), "in place of 12"),
        ("the last message is missing", |shown| drop(shown.messages.pop()), "30 is known, but the last id is 29"),
        (
            "two ids are swapped",
            |shown| {
                (shown.message(4).id, shown.message(5).id) = (5, 4);
                shown.messages.swap(3, 4);
            },
            "has the id",
        ),
        ("an id comes twice", |shown| shown.message(12).id = 11, "has the id 11 too"),
        ("a list is cut in the middle", |shown| shown.message(9).next_id = 0, "are not linked"),
        ("a list is cut backwards", |shown| shown.message(9).prev_id = 0, "are not linked"),
        ("a link leads elsewhere", |shown| shown.message(9).next_id = 13, "are not linked"),
        (
            "a list does not end",
            |shown| shown.message(COUNT).next_id = COUNT + LISTS,
            "the last message has a successor",
        ),
        ("a list does not begin", |shown| shown.message(3).prev_id = 2, "the first message has a predecessor"),
        ("a time has changed", |shown| shown.message(9).timestamp += 1, "too"),
        ("a byte has changed", |shown| shown.message(9).ciphertext[7] ^= 1, "the bytes of message 9"),
        ("a message is of nobody", |shown| shown.message(9).hash[7] ^= 1, "sent by nobody"),
        ("a key has changed", |shown| shown.message(9).key_id = key_id(7), "sent by nobody"),
        (
            "a head is wrong",
            |shown| shown.heads[1].as_mut().expect("it has messages").max_id -= LISTS,
            "the head of key 1",
        ),
        (
            "a head's bytes are wrong",
            |shown| shown.heads[1].as_mut().expect("it is there").bytes -= 1,
            "the head of key 1",
        ),
        ("a head is missing", |shown| shown.heads[2] = None, "the head of key 2"),
        ("pages by time lack a message", |shown| shown.hidden_by_time = 1, "from 1000 to 1000"),
        ("a role is lost", |shown| shown.roles.truncate(1), "the roles are"),
        (
            "nobody acknowledged that",
            |shown| shown.heads[24].as_mut().expect("it is owned").acknowledged_id = 7,
            "acknowledged through 7",
        ),
        ("an owned key is forgotten", |shown| shown.heads[25] = None, "the head of key 25"),
        ("an upgrade is lost", |shown| shown.settings = settings(0).to_vec(), "was confirmed"),
        ("the canister has an older version", |shown| shown.version -= 1, "version 9 was shown"),
    ];
    for (what, fault, named) in faults {
        let (model, mut shown) = good();
        let mut verifier = Verifier::default();
        assert!(verifier.verify(&model, &shown, Depth::Restart).await.is_ok());
        fault(&mut shown);
        let Violation(message) = verifier.verify(&model, &shown, Depth::Restart).await.expect_err(what);
        assert!(message.contains(named), "{what}: {message}");
    }
}

/// Only the comparison of everything notices these faults.
#[tokio::test]
async fn a_fault_of_pages_and_of_the_canisters_own_check_is_noticed() {
    type Fault = fn(&mut Shown);
    let faults: [(&str, Fault, &str); 3] = [
        ("pages by key lack a message", |shown| shown.hidden_by_key = 12, "Key(0)"),
        ("pages by time lack a message", |shown| shown.hidden_by_time = 10, "Time(0"),
        ("the check finds something", |shown| shown.violations.push("a broken invariant".into()), "a broken invariant"),
    ];
    for (what, fault, named) in faults {
        let (model, mut shown) = good();
        fault(&mut shown);
        let verdict = Verifier::default().verify(&model, &shown, Depth::Everything).await;
        let Violation(message) = verdict.expect_err(what);
        assert!(message.contains(named), "{what}: {message}");
    }
}
