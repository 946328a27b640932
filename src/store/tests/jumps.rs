//! Any place of a key's list is found in a few dozen steps, however long the list is and whatever was dropped.

use super::*;
use crate::api::{Bound, Setting};
use std::cell::Cell;
use test_support::Random;

const MESSAGES: u32 = 3_000;

/// A store with a key of many messages between those of another key. So many of the newest are live.
fn long_list(live: u32) -> Store {
    let mut store = create(&SparseMemory::default());
    store.set_settings(&[Setting::max_messages(Bound::AtMost(live))], 0).unwrap();
    let mut random = Random::of(&[1]);
    for number in 0..MESSAGES {
        if random.below(4) == 0 {
            add(&mut store, b"other", &number.to_le_bytes(), EPOCH + number / 3).unwrap();
        }
        add(&mut store, b"key", &number.to_le_bytes(), EPOCH + number / 3).unwrap();
    }
    store
}

/// Id, time and rank of the key's live messages, found one by one.
fn one_by_one(store: &Store) -> Vec<(Id, u32, u32)> {
    let mut messages = Vec::new();
    let mut id = store.find_key(b"key").unwrap().1.head.last_id;
    while id >= store.inbox.first_id() {
        messages.push((id, store.inbox.timestamp(id), MESSAGES - messages.len() as u32));
        id = store.inbox.prev_of(id);
    }
    messages.reverse();
    messages
}

/// Maximum number of steps to one of `messages`.
fn bound(messages: usize) -> f64 {
    2.5 * (messages as f64).log2() + 8.0
}

#[test]
fn every_message_is_a_few_steps_from_the_newest() {
    for live in [10, 500, 2_000, u32::MAX] {
        let store = long_list(live);
        let messages = one_by_one(&store);
        let newest = messages.last().unwrap().0;
        for (target, _, rank) in &messages {
            assert_eq!(store.links.rank_and_bytes(*target).0, *rank);
            let steps = store.steps_to(newest, *target).len();
            assert!(steps as f64 <= bound(messages.len()), "{steps} steps to {target} of {}", messages.len());
        }
    }
}

/// The walk of a read looks at no more messages than twice the steps.
#[test]
fn a_walk_looks_at_few_messages() {
    let store = long_list(2_000);
    let messages = one_by_one(&store);
    let newest = messages.last().unwrap().0;
    for (target, ..) in &messages {
        let looks = Cell::new(0);
        let found = store.oldest_from(newest, |id| {
            looks.set(looks.get() + 1);
            id >= *target
        });
        assert_eq!(found, *target);
        assert!(f64::from(looks.get()) <= 2.0 * bound(messages.len()), "{} looks for {target}", looks.get());
    }
}

#[test]
fn entering_by_id_time_and_rank_is_the_linear_scan() {
    let store = long_list(700);
    let messages = one_by_one(&store);
    let (first, last) = (messages[0], messages[messages.len() - 1]);
    let first_of = |start, order| {
        let cursor = KeyCursor { start, order, limit: 1, prove: false };
        let page = at(&store, 0).records_by_key(b"key", cursor).unwrap();
        page.records().next().map(|record| record.id())
    };
    let up = |belongs: &dyn Fn(&(Id, u32, u32)) -> bool| messages.iter().find(|m| belongs(m)).map(|m| m.0);
    let down = |belongs: &dyn Fn(&(Id, u32, u32)) -> bool| messages.iter().rfind(|m| belongs(m)).map(|m| m.0);
    for id in first.0 - 3..store.inbox.next_id() {
        assert_eq!(first_of(Start::after(id), Order::ascending), up(&|m| m.0 > id), "after {id}");
        assert_eq!(first_of(Start::after(id), Order::descending), down(&|m| m.0 < id), "before {id}");
    }
    for second in first.1 - 2..=last.1 + 2 {
        assert_eq!(first_of(Start::time(second), Order::ascending), up(&|m| m.1 >= second), "from {second}");
        assert_eq!(first_of(Start::time(second), Order::descending), down(&|m| m.1 <= second), "until {second}");
    }
    for rank in first.2 - 2..=last.2 + 2 {
        assert_eq!(first_of(Start::rank(rank), Order::ascending), up(&|m| m.2 >= rank), "from rank {rank}");
        assert_eq!(first_of(Start::rank(rank), Order::descending), down(&|m| m.2 <= rank), "to rank {rank}");
    }
}
