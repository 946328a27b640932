//! Each key's messages form a list with a head, linked in both directions.

use message_canister::api::*;
use message_canister::limits::MAX_LOOKUP_ITEMS;

use crate::support::{Inbox, bytes, first_page, new_message};

const KEYS: u32 = 7;
const MESSAGES: u32 = 200;

/// The key of the n-th message: some keys have many, the last has few.
fn key_of(n: u32) -> Vec<u8> {
    let key = if n.is_multiple_of(50) { KEYS } else { n * n % KEYS };
    bytes(key, 20 + key as usize * 5)
}

/// An inbox with messages of several keys, interleaved.
fn filled() -> Inbox {
    let inbox = Inbox::new();
    for n in 1..=MESSAGES {
        let added = inbox.add_message(&key_of(n), &n.to_le_bytes());
        assert_eq!(added, Ok(Added { id: n, duplicate: false }), "ids in order of insertion");
    }
    inbox
}

fn ids_of(key_id: &[u8]) -> Vec<Id> {
    (1..=MESSAGES).filter(|&n| key_of(n) == key_id).collect()
}

fn all_keys() -> Vec<Vec<u8>> {
    let mut keys: Vec<_> = (1..=MESSAGES).map(key_of).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn links_lead_through_a_keys_messages_and_no_others() {
    let inbox = filled();
    for key_id in all_keys() {
        let ids = ids_of(&key_id);
        let mut forward = vec![];
        let mut id = inbox.get_min_message_id_by_key(&key_id).expect("a good key").expect("the key has messages");
        let mut before = 0;
        while id != 0 {
            let message = inbox.get_message_by_id(id).expect("links lead to messages").message;
            assert_eq!(message.key_id, key_id, "message {id} is of the key");
            assert_eq!(message.prev_id, before, "message {id} links back to where the walk came from");
            forward.push(id);
            before = id;
            id = message.next_id;
        }
        assert_eq!(forward, ids, "from the first on, all messages of the key, oldest first");
        assert_eq!(inbox.get_max_message_id_by_key(&key_id), Ok(Some(before)), "the walk ends at the last");
    }
}

#[test]
fn a_page_of_a_key_is_what_its_links_lead_through() {
    let inbox = filled();
    for key_id in all_keys() {
        let mut ids = ids_of(&key_id);
        for order in [Order::ascending, Order::descending] {
            let page = inbox.get_messages_by_key(&key_id, first_page(order)).expect("a page");
            let shown: Vec<_> = page.messages.iter().map(|message| message.id).collect();
            assert_eq!(shown, ids, "{order:?}");
            assert_eq!(page.next, 0, "nothing is left");
            ids.reverse();
        }
    }
}

/// The head of a key without messages.
fn no_messages() -> KeyHead {
    KeyHead {
        min_id: 0,
        max_id: 0,
        count: 0,
        bytes: 0,
        rank: 0,
        acknowledged_id: 0,
        quota: Quota::default(),
        full_since: 0,
    }
}

#[test]
fn heads_of_many_keys_come_in_one_call() {
    let inbox = filled();
    let mut asked: Vec<_> = all_keys();
    asked.insert(1, b"unknown".to_vec());
    asked.push(asked[0].clone());
    let heads = inbox.get_key_heads(&asked).expect("few keys");
    let expected = asked.iter().map(|key_id| {
        let ids = ids_of(key_id);
        let (&min_id, &max_id) = ids.first().zip(ids.last())?;
        let count = ids.len() as u32;
        Some(KeyHead { min_id, max_id, count, bytes: 4 * u64::from(count), rank: count, ..no_messages() })
    });
    assert_eq!(heads, expected.collect::<Vec<_>>(), "one answer for each key asked for, in that order");
}

#[test]
fn heads_follow_every_add() {
    let inbox = Inbox::new();
    let (ours, theirs) = (bytes(1, 41), bytes(2, 41));
    let mut head: Option<KeyHead> = None;
    for n in 1..=40u32 {
        let is_ours = n % 3 == 1;
        let key_id = if is_ours { &ours } else { &theirs };
        inbox.add_message(key_id, &n.to_le_bytes()).expect("stored");
        if is_ours {
            let min_id = head.map_or(n, |head| head.min_id);
            let count = head.map_or(0, |head| head.count) + 1;
            let bytes = 4 * u64::from(count);
            head = Some(KeyHead { min_id, max_id: n, count, bytes, rank: count, ..no_messages() });
        }
        assert_eq!(inbox.get_key_heads(std::slice::from_ref(&ours)), Ok(vec![head]), "after message {n}");
    }
}

#[test]
fn as_many_heads_as_the_limit_come_in_one_call() {
    let inbox = Inbox::new();
    let keys: Vec<_> = (0..MAX_LOOKUP_ITEMS as u32).map(|n| bytes(n, 64)).collect();
    let batch: Vec<_> = keys.iter().map(|key_id| new_message(key_id, b"hello")).collect();
    let added = inbox.add_messages(&batch).expect("a batch of the largest size");
    assert!(added.iter().all(Result::is_ok), "all of it is stored");
    let heads = inbox.get_key_heads(&keys).expect("as many as allowed");
    let one = KeyHead { count: 1, bytes: 5, rank: 1, ..no_messages() };
    let expected = (1..=MAX_LOOKUP_ITEMS as u32).map(|id| Some(KeyHead { min_id: id, max_id: id, ..one }));
    assert_eq!(heads, expected.collect::<Vec<_>>(), "the head of each");
    assert_eq!(inbox.store_status().keys, MAX_LOOKUP_ITEMS as u32, "as many keys");
}
