//! In a batch each message has its own result, and a refused message does not undo another.

use message_canister::api::*;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES};

use crate::model::too_long;
use crate::support::{Inbox, bytes, new_message};

fn fresh(id: Id) -> Result<Added, AddError> {
    Ok(Added { id, duplicate: false })
}

fn duplicate(id: Id) -> Result<Added, AddError> {
    Ok(Added { id, duplicate: true })
}

#[test]
fn bad_items_fail_alone() {
    let inbox = Inbox::new();
    inbox.add_message(b"alice", b"earlier").expect("stored");
    let batch = [
        new_message(b"alice", b"one"),
        new_message(b"", b"two"),
        new_message(b"alice", b"earlier"),
        new_message(b"bob", b""),
        new_message(b"bob", b"three"),
        new_message(&bytes(1, MAX_KEY_ID_BYTES + 1), b"four"),
        new_message(b"bob", b"three"),
        new_message(b"alice", b"three"),
        new_message(&bytes(1, MAX_KEY_ID_BYTES), b"five"),
    ];
    let expected = vec![
        fresh(2),
        Err(AddError::KeyIdLength(too_long(0, MAX_KEY_ID_BYTES))),
        duplicate(1),
        Err(AddError::CiphertextEmpty),
        fresh(3),
        Err(AddError::KeyIdLength(too_long(MAX_KEY_ID_BYTES + 1, MAX_KEY_ID_BYTES))),
        duplicate(3),
        fresh(4),
        fresh(5),
    ];
    assert_eq!(inbox.add_messages(&batch), Ok(expected), "one result for each item, in their order");
    assert_eq!(inbox.get_max_message_id(), Ok(5), "the good ones are stored, and take no ids for the bad ones");
    for (id, text) in [(2, "one"), (3, "three"), (4, "three"), (5, "five")] {
        let message = inbox.get_message_by_id(id).expect("stored").message;
        assert_eq!(message.ciphertext, text.as_bytes(), "message {id}");
    }
    inbox.assert_all_invariants();
}

#[test]
fn an_oversized_item_does_not_undo_the_others() {
    let inbox = Inbox::new();
    let batch = [
        new_message(b"alice", b"before"),
        new_message(b"alice", &bytes(1, MAX_CIPHERTEXT_BYTES + 1)),
        new_message(b"alice", b"after"),
    ];
    let too_large = AddError::CiphertextTooLarge(too_long(MAX_CIPHERTEXT_BYTES + 1, MAX_CIPHERTEXT_BYTES));
    assert_eq!(inbox.add_messages(&batch), Ok(vec![fresh(1), Err(too_large), fresh(2)]), "the middle one fails alone");
}

#[test]
fn a_batch_stores_what_single_adds_would() {
    let (single, batched) = (Inbox::new(), Inbox::new());
    let items: Vec<_> = (0..120u32).map(|n| (bytes(n % 9, 41), bytes(n % 50, 1 + n as usize % 70))).collect();
    let one_by_one: Vec<_> = items.iter().map(|(key_id, text)| single.add_message(key_id, text)).collect();
    let batch: Vec<_> = items.iter().map(|(key_id, text)| new_message(key_id, text)).collect();
    assert_eq!(batched.add_messages(&batch), Ok(one_by_one), "the same results");
    for id in 1..=single.get_max_message_id().expect("an id") {
        assert_eq!(batched.get_message_by_id(id), single.get_message_by_id(id), "the same message {id}");
    }
    batched.assert_all_invariants();
}

#[test]
fn a_batch_may_be_empty_or_as_long_as_the_limit_and_no_longer() {
    let inbox = Inbox::new();
    assert_eq!(inbox.add_messages(&[]), Ok(vec![]), "nothing to store");
    let mut batch: Vec<_> = (0..=MAX_BATCH_MESSAGES as u32).map(|n| new_message(b"key", &n.to_le_bytes())).collect();
    let refused = BatchError::BatchTooLong(too_long(MAX_BATCH_MESSAGES + 1, MAX_BATCH_MESSAGES));
    assert_eq!(inbox.add_messages(&batch), Err(refused), "one too many");
    assert_eq!(inbox.get_max_message_id(), Ok(0), "nothing of it was stored");
    batch.pop();
    let expected = (1..=MAX_BATCH_MESSAGES as Id).map(fresh).collect();
    assert_eq!(inbox.add_messages(&batch), Ok(expected), "as many as allowed");
    inbox.assert_all_invariants();
}

#[test]
fn a_batch_as_large_as_an_ingress_message_is_stored() {
    let inbox = Inbox::new();
    // With the envelope just under 2 MiB.
    let batch: Vec<_> = (0..20).map(|n| new_message(&bytes(n, 41), &bytes(n, 104_000))).collect();
    let expected = (1..=20).map(fresh).collect();
    assert_eq!(inbox.add_messages(&batch), Ok(expected), "twenty large messages");
    for (place, item) in batch.iter().enumerate() {
        let message = inbox.get_message_by_id(place as Id + 1).expect("stored").message;
        assert!(message.ciphertext == item.ciphertext, "message {} comes back byte for byte", place + 1);
    }
}
