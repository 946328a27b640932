//! Well-formed calls with bad values. Each has a typed error that carries the offending value, and changes nothing.

use message_canister::api::*;
use message_canister::limits::{MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, MAX_LOOKUP_ITEMS};
use serde_bytes::ByteBuf;

use crate::model::too_long;
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, bytes, first_page, page_after};

const LAST: Id = 6;

/// An inbox with six messages, of two keys in turn.
fn filled() -> Inbox {
    let inbox = Inbox::new();
    for n in 1..=LAST {
        inbox.add_message(key(n), &n.to_le_bytes()).expect("stored");
    }
    inbox
}

fn key(n: u32) -> &'static [u8] {
    if n % 2 == 1 { b"odd" } else { b"even" }
}

/// Key ids of a wrong length, each with the length in its error.
fn wrong_keys() -> [(Vec<u8>, TooLong); 3] {
    [0, MAX_KEY_ID_BYTES + 1, 1_000_000].map(|length| (bytes(1, length), too_long(length, MAX_KEY_ID_BYTES)))
}

/// Hashes of a wrong length, and that length.
fn wrong_hashes() -> [(Vec<u8>, u32); 4] {
    [0, 31, 33, 1_000_000].map(|length| (bytes(1, length), length as u32))
}

#[test]
fn key_ids_of_a_wrong_length() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for (key_id, wrong) in wrong_keys() {
        let what = format!("a key id of {} bytes", key_id.len());
        assert_eq!(inbox.add_message(&key_id, b"text"), Err(AddError::KeyIdLength(wrong)), "{what}");
        let page = inbox.get_messages_by_key(&key_id, first_page(Order::ascending));
        assert_eq!(page, Err(PageError::KeyIdLength(wrong)), "{what}");
        let refused = LookupError::KeyIdLength(wrong);
        assert_eq!(inbox.get_min_message_id_by_key(&key_id), Err(refused.clone()), "{what}");
        assert_eq!(inbox.get_max_message_id_by_key(&key_id), Err(refused.clone()), "{what}");
        let heads = inbox.get_key_heads(&[b"odd".to_vec(), key_id.clone()]);
        assert_eq!(heads, Err(refused.clone()), "{what}");
        let pair = Stored { key_id: ByteBuf::from(key_id), hash: ByteBuf::from([0; 32]) };
        assert_eq!(inbox.has_messages(&[pair]), Err(refused), "{what}");
    }
    before.assert_same(&inbox, "calls with key ids of a wrong length");
}

#[test]
fn ciphertexts_of_a_wrong_length() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    assert_eq!(inbox.add_message(b"odd", b""), Err(AddError::CiphertextEmpty), "no ciphertext");
    for length in [MAX_CIPHERTEXT_BYTES + 1, 2_090_000] {
        let refused = AddError::CiphertextTooLarge(too_long(length, MAX_CIPHERTEXT_BYTES));
        assert_eq!(inbox.add_message(b"odd", &bytes(1, length)), Err(refused), "a ciphertext of {length} bytes");
    }
    before.assert_same(&inbox, "ciphertexts of a wrong length");
}

#[test]
fn hashes_of_a_wrong_length() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for (hash, length) in wrong_hashes() {
        let refused = GetError::HashLength { length, expected: 32 };
        assert_eq!(inbox.get_message_by_hash(&hash), Err(refused), "a hash of {length} bytes");
        let pair = Stored { key_id: ByteBuf::from("odd"), hash: ByteBuf::from(hash) };
        let refused = LookupError::HashLength { length, expected: 32 };
        assert_eq!(inbox.has_messages(&[pair]), Err(refused), "a pair with a hash of {length} bytes");
    }
    before.assert_same(&inbox, "hashes of a wrong length");
}

#[test]
fn ids_that_were_never_given_out() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for id in [0, LAST + 1, u32::MAX - 1, u32::MAX] {
        let refused = GetError::UnknownId { id, last: LAST };
        assert_eq!(inbox.get_message_by_id(id), Err(refused), "id {id}");
    }
    // The check of the keys starts at the id after the last.
    for from in [LAST + 2, u32::MAX] {
        let refused = CheckError::UnknownId { id: from, last: LAST };
        let cursor = CheckCursor { id: from, key: 0 };
        assert_eq!(inbox.check(cursor), Err(refused), "a check from id {from}");
    }
    before.assert_same(&inbox, "unknown ids");
}

#[test]
fn ranges_that_are_none() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for order in [Order::ascending, Order::descending] {
        let cursor = first_page(order);
        for (min, max) in [(0, 3), (0, 0), (0, u32::MAX), (3, 2), (u32::MAX, 1), (LAST + 2, LAST + 1)] {
            let refused = PageError::InvalidRange { min, max };
            assert_eq!(inbox.get_messages_by_range(min, max, cursor), Err(refused), "ids {min} to {max}, {order:?}");
        }
        for (from, until) in [(1, 0), (u32::MAX, u32::MAX - 1)] {
            let refused = PageError::InvalidRange { min: from, max: until };
            assert_eq!(inbox.get_messages_by_time(from, until, cursor), Err(refused), "seconds {from} to {until}");
        }
    }
    before.assert_same(&inbox, "ranges that are none");
}

#[test]
fn pages_of_no_messages() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for order in [Order::ascending, Order::descending] {
        let cursor = page_after(0, order, 0);
        assert_eq!(inbox.get_messages_by_range(1, 3, cursor), Err(PageError::LimitZero), "by range, {order:?}");
        assert_eq!(inbox.get_messages_by_key(b"odd", cursor), Err(PageError::LimitZero), "by key, {order:?}");
        assert_eq!(inbox.get_messages_by_key(b"nobody", cursor), Err(PageError::LimitZero), "no key, {order:?}");
        assert_eq!(inbox.get_messages_by_time(0, 9, cursor), Err(PageError::LimitZero), "by time, {order:?}");
    }
    before.assert_same(&inbox, "pages of no messages");
}

#[test]
fn cursors_that_were_never_an_id() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for order in [Order::ascending, Order::descending] {
        let by_key = |key_id: &[u8], after| inbox.get_messages_by_key(key_id, page_after(after, order, 5));
        for after in [LAST + 1, u32::MAX] {
            let refused = Err(PageError::UnknownCursor { after });
            assert_eq!(by_key(b"odd", after), refused, "{after} was never an id");
            assert_eq!(by_key(b"nobody", after), refused, "{after} was never an id, for an unknown key either");
        }
        for after in [2, 4, LAST] {
            assert!(by_key(b"odd", after).is_ok(), "message {after} need not be of the key");
        }
        for after in [LAST + 1, u32::MAX] {
            let cursor = page_after(after, order, 5);
            let refused = Err(PageError::UnknownCursor { after });
            assert_eq!(inbox.get_messages_by_range(1, 9, cursor), refused, "by range: {after} was never an id");
            assert_eq!(inbox.get_messages_by_time(0, u32::MAX, cursor), refused, "by time: {after} was never an id");
        }
    }
    before.assert_same(&inbox, "unknown cursors");
}

#[test]
fn more_items_than_a_call_may_ask_for() {
    let inbox = filled();
    let before = Snapshot::of(&inbox);
    for items in [MAX_LOOKUP_ITEMS + 1, 20_000] {
        let refused = LookupError::BatchTooLong(too_long(items, MAX_LOOKUP_ITEMS));
        let keys = vec![b"odd".to_vec(); items];
        assert_eq!(inbox.get_key_heads(&keys), Err(refused.clone()), "{items} heads");
        let pair = Stored { key_id: ByteBuf::from("odd"), hash: ByteBuf::from([0; 32]) };
        assert_eq!(inbox.has_messages(&vec![pair; items]), Err(refused), "{items} pairs");
    }
    before.assert_same(&inbox, "lookups of too many items");
}
