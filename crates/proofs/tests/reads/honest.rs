//! True answers are verified, with true verdicts.

use crate::store::{Store, question};
use proofs::verify::{Entry, Key, Order};
use proptest::prelude::*;

/// One operation of a store.
#[derive(Clone, Debug)]
pub enum Event {
    Add { key: u8, content: u64 },
    Acknowledge { key: u8, share: u8 },
    Drop { share: u8 },
    MaxAge(u32),
    Pass(u32),
    Seal,
}

pub fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        12 => (0..5u8, any::<u64>()).prop_map(|(key, content)| Event::Add { key, content }),
        1 => (0..5u8, any::<u8>()).prop_map(|(key, share)| Event::Acknowledge { key, share }),
        1 => (0..100u8).prop_map(|share| Event::Drop { share }),
        1 => prop_oneof![Just(0u32), 5..40u32].prop_map(Event::MaxAge),
        3 => (0..6u32).prop_map(Event::Pass),
        1 => Just(Event::Seal),
    ];
    prop::collection::vec(event, 0..120)
}

pub fn key(number: u8) -> Vec<u8> {
    vec![b'k', number]
}

pub fn store(events: &[Event]) -> Store {
    let mut store = Store::new(3);
    for event in events {
        match *event {
            Event::Add { key: number, content } => store.add(&key(number), content),
            Event::Acknowledge { key: number, share } => {
                if let Some(list) = store.lists.get_mut(&key(number)) {
                    let through = list.messages.len() * usize::from(share) / 255;
                    list.acknowledged = list.acknowledged.max(through);
                }
            }
            Event::Drop { share } => {
                let live = store.next_id - store.state.first_id;
                store.state.first_id += live * u32::from(share) / 100;
            }
            Event::MaxAge(age) => store.state.max_age = age,
            Event::Pass(seconds) => store.now += seconds,
            Event::Seal => store.state.epoch += 1,
        }
    }
    store
}

pub fn entries(store: &Store) -> impl Strategy<Value = Entry> + use<> {
    let (last, now) = (store.next_id + 2, store.now);
    prop_oneof![
        Just(Entry::Start),
        (1..last).prop_map(Entry::After),
        (now - 60..=now + 1).prop_map(Entry::Time),
        (1..40u32).prop_map(Entry::Rank),
    ]
}

pub fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Ascending), Just(Order::Descending)]
}

/// A store and a question to it: key, order, start, limit.
pub type Asked = (Store, Vec<u8>, Order, Entry, usize);

pub fn asked() -> impl Strategy<Value = Asked> {
    events().prop_flat_map(|events| {
        let store = store(&events);
        let entry = entries(&store);
        (Just(store), (0..6u8).prop_map(key), orders(), entry, 1..12usize)
    })
}

proptest! {
    #[test]
    fn a_true_page_is_verified((store, key, order, entry, limit) in asked()) {
        let answer = store.page(&key, order, entry, limit);
        let expected = store.expected(&key, order, entry);
        let proof = proofs::page::PageProof::from_bytes(&answer.proof.to_bytes()).expect("its own encoding is readable");
        prop_assert_eq!(&proof, &answer.proof);
        let verified = proof.verify(&question(&key, order, entry), &answer.shown, &store.root(), store.now());
        let verified = verified.map_err(|error| TestCaseError::fail(format!("{error} {proof:?}")))?;
        prop_assert_eq!(verified.head, store.lists.get(&key).map(crate::store::head));
        // Where a page ends at the newest message, more can only be above it in ascending order if there is more.
        if expected.len() > answer.shown.len() {
            prop_assert!(verified.more);
        } else if order == Order::Descending {
            prop_assert!(!verified.more);
        }
    }

    #[test]
    fn true_heads_are_verified(events in events()) {
        let store = store(&events);
        let keys: Vec<_> = (0..7).map(key).collect();
        let labels: Vec<_> = keys.iter().map(|key| proofs::hash::label(&store.state.salt, key)).collect();
        let witnesses = labels.iter().map(|label| store.witness(label)).collect();
        let proof = proofs::heads::HeadsProof { state: store.state, witnesses };
        let proof = proofs::heads::HeadsProof::from_bytes(&proof.to_bytes()).expect("its own encoding is readable");
        let heads: Vec<_> = keys.iter().map(|key| store.lists.get(key).map(crate::store::head)).collect();
        let keys: Vec<_> = keys.iter().map(|key| Key::Id(key)).collect();
        prop_assert_eq!(proof.verify(&keys, &store.root()), Ok(heads));
    }
}
