//! Messages come back byte for byte. A message is the pair of key id and ciphertext.

use message_canister::api::*;
use message_canister::limits::{MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES};
use serde_bytes::ByteBuf;

use crate::support::{Inbox, START_SECONDS, bytes, first_page, sha256};

/// Adds, and expects the message to be new.
fn added(inbox: &Inbox, key_id: &[u8], ciphertext: &[u8]) -> Id {
    let added = inbox.add_message(key_id, ciphertext).expect("a good message is stored");
    assert!(!added.duplicate, "the pair is new");
    added.id
}

fn stored(key_id: &[u8], ciphertext: &[u8]) -> Stored {
    Stored { key_id: ByteBuf::from(key_id), hash: ByteBuf::from(sha256(ciphertext)) }
}

#[test]
fn ciphertexts_of_every_kind_of_length_come_back() {
    let inbox = Inbox::new();
    let lengths =
        [1, 2, 31, 32, 33, 55, 56, 63, 64, 65, 4_095, 4_096, 65_535, 65_536, 65_537, 1_048_576, MAX_CIPHERTEXT_BYTES];
    let key_id = bytes(1, 41);
    for (place, &length) in lengths.iter().enumerate() {
        let ciphertext = bytes(length as u32, length);
        let id = added(&inbox, &key_id, &ciphertext);
        assert_eq!(id as usize, place + 1, "ids count from 1");
    }
    for (place, &length) in lengths.iter().enumerate() {
        let id = place as Id + 1;
        let ciphertext = bytes(length as u32, length);
        let expected = Message {
            id,
            timestamp: START_SECONDS,
            key_id: ByteBuf::from(key_id.as_slice()),
            next_id: if id as usize == lengths.len() { 0 } else { id + 1 },
            prev_id: id - 1,
            hash: ByteBuf::from(sha256(&ciphertext)),
            ciphertext: ByteBuf::from(ciphertext),
        };
        let hash = expected.hash.clone();
        let expected = Found { message: expected, first_id: 1, proof: None };
        assert!(inbox.get_message_by_hash(&hash).as_ref() == Ok(&expected), "by hash, {length} bytes");
        assert!(inbox.get_message_by_id(id) == Ok(expected), "by id, {length} bytes");
    }
    inbox.assert_all_invariants();
}

#[test]
fn key_ids_of_every_length_come_back() {
    let inbox = Inbox::new();
    for length in 1..=MAX_KEY_ID_BYTES {
        let id = added(&inbox, &bytes(9, length), b"sealed");
        assert_eq!(id as usize, length, "the same ciphertext under another key is another message");
    }
    for length in 1..=MAX_KEY_ID_BYTES {
        let key_id = bytes(9, length);
        let id = length as Id;
        let message = inbox.get_message_by_id(id).expect("it was stored").message;
        assert_eq!(message.key_id, key_id, "a key id of {length} bytes");
        assert_eq!(message.ciphertext, b"sealed", "the ciphertext beside a key id of {length} bytes");
        assert_eq!(inbox.get_min_message_id_by_key(&key_id), Ok(Some(id)), "first of a key of {length} bytes");
        assert_eq!(inbox.get_max_message_id_by_key(&key_id), Ok(Some(id)), "last of a key of {length} bytes");
    }
    inbox.assert_all_invariants();
}

#[test]
fn adding_a_pair_again_returns_its_id_and_stores_nothing() {
    let inbox = Inbox::new();
    let (key_id, ciphertext) = (bytes(1, 41), bytes(2, 180));
    let id = added(&inbox, &key_id, &ciphertext);
    added(&inbox, &key_id, b"something in between");
    let before = inbox.get_status();
    let again = inbox.add_message(&key_id, &ciphertext);
    assert_eq!(again, Ok(Added { id, duplicate: true }), "sending twice is harmless");
    assert_eq!(inbox.get_status(), before, "a duplicate stores nothing");
}

#[test]
fn keys_that_look_alike_are_different_keys() {
    let inbox = Inbox::new();
    // Key ids that agree in the record's bytes, in everything except the length, or in everything
    // except the last byte.
    let head = vec![7; 23];
    let keys = [
        vec![7; 22],
        head.clone(),
        [head.clone(), vec![0]].concat(),
        [head.clone(), vec![0, 0]].concat(),
        [head.clone(), vec![1]].concat(),
        [vec![7; 22], vec![0]].concat(),
        vec![0],
        vec![0, 0],
        vec![0; 23],
        vec![0; 24],
    ];
    for (place, key_id) in keys.iter().enumerate() {
        assert_eq!(added(&inbox, key_id, b"one for each") as usize, place + 1, "key {key_id:?} has nothing yet");
    }
    for (place, key_id) in keys.iter().enumerate() {
        let page = inbox.get_messages_by_key(key_id, first_page(Order::ascending)).expect("a page");
        let ids: Vec<_> = page.messages.iter().map(|message| message.id as usize).collect();
        assert_eq!(ids, [place + 1], "key {key_id:?} has its own message and no other");
        let found = inbox.has_messages(&[stored(key_id, b"one for each")]);
        assert_eq!(found, Ok(vec![Some(place as Id + 1)]), "the pair of key {key_id:?}");
    }
    inbox.assert_all_invariants();
}

#[test]
fn a_hash_gives_the_newest_message_with_it() {
    let inbox = Inbox::new();
    for key in 1..=5 {
        let id = added(&inbox, &bytes(key, 20), b"for all of them");
        let message = inbox.get_message_by_hash(&sha256(b"for all of them")).expect("it is stored").message;
        assert_eq!(message.id, id, "the newest after {key} keys");
        assert_eq!(message.key_id, bytes(key, 20), "and its key");
    }
    assert_eq!(inbox.get_message_by_hash(&sha256(b"never sent")), Err(GetError::NotFound), "an absent hash");
}

#[test]
fn was_it_stored_is_answered_for_pairs() {
    let inbox = Inbox::new();
    let (alice, bob) = (bytes(1, 20), bytes(2, 41));
    let first = added(&inbox, &alice, b"hello");
    let second = added(&inbox, &bob, b"hello");
    let third = added(&inbox, &bob, b"only for bob");
    let asked = [
        stored(&alice, b"hello"),
        stored(&bob, b"hello"),
        stored(&bob, b"only for bob"),
        stored(&alice, b"only for bob"),
        stored(&bytes(3, 20), b"hello"),
        stored(&alice, b"never sent"),
    ];
    let expected = vec![Some(first), Some(second), Some(third), None, None, None];
    assert_eq!(inbox.has_messages(&asked), Ok(expected), "pairs, in the order asked for");
    assert_eq!(inbox.has_messages(&[]), Ok(vec![]), "nothing asked");
}

#[test]
fn an_empty_store_answers_every_question() {
    let inbox = Inbox::new();
    assert_eq!(inbox.get_min_message_id(), Ok(0), "no first id");
    assert_eq!(inbox.get_max_message_id(), Ok(0), "no last id");
    assert_eq!(inbox.get_message_by_id(1), Err(GetError::UnknownId { id: 1, last: 0 }), "no message");
    assert_eq!(inbox.get_message_by_hash(&[0; 32]), Err(GetError::NotFound), "no hash");
    assert_eq!(inbox.get_min_message_id_by_key(b"key"), Ok(None), "no key");
    assert_eq!(inbox.get_max_message_id_by_key(b"key"), Ok(None), "no key");
    assert_eq!(inbox.get_key_heads(&[b"key".to_vec()]), Ok(vec![None]), "no key");
    assert_eq!(inbox.has_messages(&[stored(b"key", b"text")]), Ok(vec![None]), "no pair");
    let empty = Page { messages: vec![], next: 0, first_id: 1, gap: false, proof: None };
    for order in [Order::ascending, Order::descending] {
        let cursor = first_page(order);
        assert_eq!(inbox.get_messages_by_range(1, u32::MAX, cursor).as_ref(), Ok(&empty), "no range, {order:?}");
        assert_eq!(inbox.get_messages_by_key(b"key", cursor).as_ref(), Ok(&empty), "no list, {order:?}");
        assert_eq!(inbox.get_messages_by_time(0, u32::MAX, cursor).as_ref(), Ok(&empty), "no time, {order:?}");
    }
    inbox.assert_all_invariants();
}
