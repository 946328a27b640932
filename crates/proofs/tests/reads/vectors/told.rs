//! Stores, and the answers that a reader gets from them.

use super::format::{KeyText, Message, PageVector, verified};
use crate::store::{Answer, Store, head};
use proofs::hash::Hash;
use proofs::page::PageProof;
use proofs::verify::{Entry, Order, Shown};
use serde_json::Value;

/// The key of most questions.
pub const KEY: &[u8] = b"a";
/// When the first message was stored.
pub const START: u32 = 1_800_000_000;

/// Three keys with 20 messages each, one a second in turn: the message of [`KEY`] with rank `r` has the id `3r - 2` and was
/// stored `3(r - 1)` seconds after [`START`].
pub fn three_keys() -> Store {
    // Under this salt the ways of the first key and of `no such key` have two nodes.
    let mut store = Store::new(46);
    for number in 0..60 {
        store.add(&[b'a' + (number % 3) as u8], number);
        store.now += 1;
    }
    store
}

/// Everything before rank 4 has been dropped.
pub fn dropped() -> Store {
    let mut store = three_keys();
    store.state.first_id = 10;
    store
}

/// Everything through rank 5 has been acknowledged.
pub fn acknowledged() -> Store {
    let mut store = three_keys();
    store.lists.get_mut(KEY).expect("it is there").acknowledged = 5;
    store
}

/// Everything through rank 7 is too old.
pub fn aged() -> Store {
    let mut store = three_keys();
    store.state.max_age = 40;
    store
}

/// One key, whose message of rank `r` has the id `r`.
pub fn one_key(messages: u64) -> Store {
    let mut store = Store::new(4);
    for content in 0..messages {
        store.add(KEY, content);
        store.now += 1;
    }
    store
}

/// One key, whose messages have these ids.
pub fn with_ids(ids: &[u32]) -> Store {
    let mut store = Store::new(4);
    for id in ids {
        store.add_as(KEY, *id);
        store.now += 1;
    }
    store
}

/// Reads are closed: the salt in the state is 0.
pub fn closed() -> Store {
    let mut store = Store::new(0);
    for content in 0..3 {
        store.add(KEY, content);
    }
    store
}

/// Everything that a reader receives, and that a liar can change.
#[derive(Clone)]
pub struct Told {
    pub key: KeyText,
    pub order: Order,
    pub entry: Entry,
    pub root: Hash,
    pub time: u64,
    pub clock: u64,
    pub shown: Vec<Shown>,
    pub proof: PageProof,
}

impl Told {
    /// The true answer to a question for a page of [`KEY`].
    pub fn truth(store: &Store, order: Order, entry: Entry, limit: usize) -> Self {
        Self::truth_of(store, KEY, order, entry, limit)
    }

    /// The true answer to a question for a page of any key.
    pub fn truth_of(store: &Store, key: &[u8], order: Order, entry: Entry, limit: usize) -> Self {
        let Answer { shown, proof } = store.page(key, order, entry, limit);
        let key = KeyText::Id(hex::encode(key));
        Self { key, order, entry, root: store.root(), time: store.now(), clock: store.now(), shown, proof }
    }

    /// Messages of [`KEY`] from one rank through another, with a true proof of them, whatever was asked.
    pub fn ranks(store: &Store, order: Order, entry: Entry, ranks: std::ops::RangeInclusive<usize>) -> Self {
        let shown: Vec<_> = store.lists[KEY].messages[ranks.start() - 1..*ranks.end()].iter().map(shown).collect();
        Self { proof: store.prove(KEY, order, entry, &shown), shown, ..Self::truth(store, order, entry, 1) }
    }

    /// No messages, with a true proof of the neighbours of the entry.
    pub fn nothing(store: &Store, order: Order, entry: Entry) -> Self {
        let proof = store.prove(KEY, order, entry, &[]);
        Self { proof, shown: Vec::new(), ..Self::truth(store, order, entry, 1) }
    }

    pub fn vector(&self, name: &str, expected: Value) -> PageVector {
        self.with_bytes(name, &self.proof.to_bytes(), expected)
    }

    pub fn with_bytes(&self, name: &str, proof: &[u8], expected: Value) -> PageVector {
        let Self { key, order, entry, root, time, clock, shown, .. } = self;
        PageVector {
            name: name.to_owned(),
            key: key.clone(),
            order: *order,
            entry: *entry,
            root: hex::encode(root),
            time: *time,
            clock: *clock,
            shown: shown.iter().map(Message::from).collect(),
            proof: hex::encode(proof),
            expected,
        }
    }
}

/// The true answer, and the true verdict from the store.
pub fn honest(name: &str, store: &Store, key: &[u8], order: Order, entry: Entry, limit: usize) -> PageVector {
    let told = Told::truth_of(store, key, order, entry, limit);
    let list = store.lists.get(key);
    let oldest = told.shown.first().map(|oldest| oldest.id);
    let place = oldest.and_then(|id| list?.messages.iter().position(|message| message.fields.id == id));
    let more = store.expected(key, order, entry).len() > told.shown.len();
    told.vector(name, verified(list.map(head), store.state, place.map_or(0, |place| place as u32 + 1), more))
}

fn shown(message: &crate::store::Stored) -> Shown {
    let proofs::chain::Fields { hash, id, prev_id, timestamp, len, .. } = message.fields;
    Shown { id, prev_id, timestamp, len, hash }
}
