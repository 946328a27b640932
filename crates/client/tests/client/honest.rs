//! Honest replies verify: from every start, in both orders, in every phase of a key's life.

use client::api::*;
use client::proofs::seen::Seen;
use client::{CallError, Client, Lie, Trust};
use test_support::now;

use crate::stored::{Stored, key};

/// A change of a store.
pub type Change = fn(&Stored);

/// Ten messages of [`key`], each followed by one of another.
pub fn filled() -> Stored {
    let stored = Stored::new();
    for n in 1..=10 {
        assert_eq!(stored.add(&key(), &format!("message {n}")), 2 * n - 1);
        stored.add(b"other", &format!("other {n}"));
    }
    stored
}

fn assert_verified(trust: Trust) {
    assert!(matches!(trust, Trust::Verified { as_of } if as_of > 1_700_000_000), "{trust:?}");
}

/// The ids that a reader gets, three in a page, all verified, and its memory afterwards.
fn read(client: &Client<Stored>, start: Start, order: Order) -> (Vec<Id>, Option<Seen>) {
    let (mut pages, mut ids) = (client.messages_of_key(&key(), order, start).with_limit(3), vec![]);
    while let Some(page) = now(pages.next()).unwrap_or_else(|error| panic!("{start:?} {order:?}: {error}")) {
        assert_verified(page.trust);
        ids.extend(page.value.messages.iter().map(|message| message.id));
    }
    (ids, pages.seen())
}

#[test]
fn pages_verify_from_every_start_in_both_orders_before_and_after_acknowledging_and_dropping() {
    let phases: [(Change, Id); 4] = [
        (|_| (), 1),
        (|stored| stored.acknowledge(5), 7),
        (|stored| stored.set(Setting::max_messages(Bound::AtMost(12))), 9),
        (|stored| stored.acknowledge(19), 20),
    ];
    let client = filled().client();
    for (change, first) in phases {
        change(client.transport());
        let live = |ids: &[Id]| ids.iter().copied().filter(|id| *id >= first).collect::<Vec<_>>();
        let all: Vec<Id> = (1..=10).map(|n| 2 * n - 1).collect();
        let second = crate::stored::now();
        for (start, above, below) in [
            (Start::beginning, 0, 20),
            (Start::after(4), 5, 4),
            (Start::after(10), 11, 10),
            (Start::after(19), 20, 18),
            (Start::time(1_000), 0, 0),
            (Start::time(second + 1_000), 20, 20),
            (Start::rank(1), 1, 1),
            (Start::rank(6), 11, 11),
            (Start::rank(50), 20, 20),
        ] {
            let upwards: Vec<_> = all.iter().copied().filter(|id| *id >= above).collect();
            assert_eq!(read(&client, start, Order::ascending).0, live(&upwards), "{start:?} up, live from {first}");
            let downwards: Vec<_> = all.iter().rev().copied().filter(|id| *id <= below).collect();
            assert_eq!(read(&client, start, Order::descending).0, live(&downwards), "{start:?} down, from {first}");
        }
        let heads = now(client.read_key_heads(&[key(), b"nobody".to_vec(), b"other".to_vec()])).expect("they verify");
        assert_verified(heads.trust);
        let known: Vec<_> = heads.value.heads.iter().map(|head| head.map(|head| head.rank)).collect();
        assert_eq!(known, [Some(10), None, Some(10)]);
        for id in live(&all) {
            let found = now(client.read_message(id)).expect("it verifies");
            assert_verified(found.trust);
            assert_eq!(found.value.message.id, id);
        }
    }
}

#[test]
fn a_reader_that_comes_back_goes_on_from_what_it_has_seen() {
    let client = filled().client();
    let (_, seen) = read(&client, Start::beginning, Order::ascending);
    let seen = seen.expect("the key has messages");
    assert_eq!((seen.id, seen.rank), (19, 10));
    client.transport().add(&key(), "one more");
    let mut pages = client.messages_of_key(&key(), Order::ascending, Start::after(19)).with_seen(seen);
    let page = now(pages.next()).expect("it verifies").expect("there is one more");
    assert_eq!(page.value.messages[0].id, 21);
    assert_eq!(pages.seen().map(|seen| seen.rank), Some(11));
}

#[test]
fn a_key_of_a_store_with_closed_reads_is_verified_by_its_label() {
    let stored = filled();
    let label = stored.label();
    stored.set(Setting::reads(Reads::owners));
    let client = stored.client();
    let error = now(client.read_message(3)).expect_err("the label is not known");
    assert!(error.to_string().contains("the key's label is not known"), "{error}");
    let client = client.with_label(&key(), label);
    assert_eq!(read(&client, Start::beginning, Order::ascending).0.len(), 10);
    assert_verified(now(client.read_message(3)).expect("it verifies").trust);
    assert_verified(now(client.read_key_heads(&[key()])).expect("it verifies").trust);
}

/// The proof would show another key's leaf.
#[test]
fn a_store_with_closed_reads_does_not_prove_absence_and_an_update_settles_it() {
    let stored = Stored::new();
    stored.add(b"other", "message");
    let label = stored.label();
    stored.set(Setting::reads(Reads::owners));
    let client = stored.client().with_label(&key(), label);
    let no_proof = |client: &Client<Stored>| {
        let page = now(client.messages_of_key(&key(), Order::ascending, Start::beginning).next());
        let heads = now(client.read_key_heads(&[key()]));
        matches!(page, Err(CallError::Lie(Lie::NoProof))) && matches!(heads, Err(CallError::Lie(Lie::NoProof)))
    };
    assert!(no_proof(&client), "nothing is taken for absent unproved");
    let certified = now(client.certified_key_heads(&[key()])).expect("it is answered");
    assert_eq!(certified.value.heads, [None]);
    assert_verified(certified.trust);
    // A liar who withholds the proof is detected in the same way.
    client.transport().add(&key(), "message");
    assert_eq!(read(&client, Start::beginning, Order::ascending).0, [2]);
    client.transport().lie(|page: &mut Page| *page = Page { messages: vec![], next: 0, proof: None, ..page.clone() });
    let denied = now(client.messages_of_key(&key(), Order::ascending, Start::beginning).next());
    assert!(matches!(denied, Err(CallError::Lie(Lie::NoProof))), "{denied:?}");
    let certified = now(client.certified_key_heads(&[key()])).expect("it is answered");
    assert_eq!(certified.value.heads[0].map(|head| head.rank), Some(1));
}
