//! Native tests of the store alone, without the platform's rollback.

mod capacity;
mod check;
mod corruption;
mod golden;
mod memory;
mod out_of_memory;
mod rebuild;
mod retention;
mod seed;

use super::{Capacity, MessageStore, Rebuilt, Seed};
use crate::api::{CheckCursor, Cursor, KeyHead, Message, Order, Settings};
use memory::SparseMemory;

type Store = MessageStore<SparseMemory>;

fn create(memory: &SparseMemory) -> Store {
    Store::create(memory.clone(), Settings::default(), Capacity::default()).unwrap()
}

fn open(memory: &SparseMemory) -> Store {
    let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
    while store.rebuild_step().unwrap() == Rebuilt::Unfinished {}
    store
}

/// A key id of `len` bytes, different for each number.
fn key(number: u32, len: usize) -> Vec<u8> {
    number.to_le_bytes().into_iter().cycle().take(len).collect()
}

/// Answers to every kind of query, to compare a store before and after.
#[derive(Debug, PartialEq)]
struct Answers {
    messages: Vec<Message>,
    lists: Vec<(Vec<u8>, Option<KeyHead>, Vec<u32>)>,
    newest: Vec<u32>,
    entries: u64,
}

/// Collects the answers to every kind of query, and checks every invariant.
fn answers(store: &Store) -> Answers {
    assert_eq!(violations(store), Vec::<String>::new());
    let last = store.view(|| 0).get_max_message_id();
    let messages: Vec<_> = (1..=last).map(|id| store.view(|| 0).get_message_by_id(id).unwrap().message).collect();
    let mut keys: Vec<Vec<u8>> = messages.iter().map(|message| message.key_id.to_vec()).collect();
    keys.sort();
    keys.dedup();
    let lists = keys
        .into_iter()
        .map(|key| (key.clone(), store.view(|| 0).get_key_head(&key).unwrap(), list(store, &key)))
        .collect();
    let newest = messages
        .iter()
        .map(|message| store.view(|| 0).get_message_by_hash(&message.hash).unwrap().message.id)
        .collect();
    Answers { messages, lists, newest, entries: store.view(|| 0).get_status().index_entries }
}

fn list(store: &Store, key_id: &[u8]) -> Vec<u32> {
    let mut ids = Vec::new();
    let mut after = 0;
    loop {
        let cursor = Cursor { after, order: Order::ascending, limit: 1_000 };
        let page = store.view(|| 0).get_messages_by_key(key_id, cursor).unwrap();
        ids.extend(page.messages.iter().map(|message| message.id));
        if page.next == 0 {
            return ids;
        }
        after = page.next;
    }
}

fn violations(store: &Store) -> Vec<String> {
    let mut violations = Vec::new();
    let mut next = Some(CheckCursor::default());
    while let Some(cursor) = next {
        let report = store.view(|| 0).check(cursor).unwrap();
        violations.extend(report.violations);
        next = report.next;
    }
    violations
}

/// Fills a store with keys of many lengths, equal ciphertexts under several keys, and extents that cross segments.
fn fill(store: &mut Store, messages: u32) {
    for number in 0..messages {
        let key = key(number % 7, [1, 20, 22, 23, 24, 41, 64][number as usize % 7]);
        let len = if number % 50 == 49 { 1_500_000 } else { 1 + number as usize * 37 % 400 };
        let ciphertext: Vec<u8> = (0..len).map(|at| (at as u32 ^ (number / 2)) as u8).collect();
        store.add_message(&key, &ciphertext, 1_700_000_000 + number / 3).unwrap();
    }
}
