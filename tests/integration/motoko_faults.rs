//! The proven faults of the earlier implementation, in Motoko. Each test shows that this canister does not have one.

use message_canister::api::*;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_PAGE_MESSAGES};
use serde_bytes::Bytes;

use crate::model::too_long;
use crate::support::client::of_key;
use crate::support::{Inbox, bytes, embedded, first_page, new_message, page_after, sha256};

fn ids(page: Result<Page, PageError>) -> Vec<Id> {
    page.expect("a page").messages.iter().map(|message| message.id).collect()
}

/// Thirty messages, ten for each of three keys in turn.
fn filled() -> Inbox {
    let inbox = Inbox::new();
    for n in 1..=30u32 {
        inbox.add_message(&bytes(n % 3, 41), &bytes(n, 100)).expect("stored");
    }
    inbox
}

/// There, the upper bound of a key's range was ignored.
#[test]
fn the_upper_bound_of_a_range_is_not_ignored() {
    let inbox = filled();
    for order in [Order::ascending, Order::descending] {
        let mut found = ids(inbox.get_messages_by_range(5, 11, first_page(order)));
        found.sort_unstable();
        assert_eq!(found, (5..=11).collect::<Vec<_>>(), "ids 5 to 11 and no more, {order:?}");
        let page = inbox.get_messages_by_key(&bytes(1, 41), page_after(0, order, 4)).expect("a page");
        assert_eq!(page.messages.len(), 4, "four messages of a key and no more, {order:?}");
        assert_ne!(page.next, 0, "and it is said that more is left, {order:?}");
    }
}

/// There, a key's range came newest first and an id range oldest first.
#[test]
fn keys_and_ranges_come_in_the_same_order() {
    let inbox = filled();
    let key_id = bytes(1, 41);
    for (order, ascends) in [(Order::ascending, true), (Order::descending, false)] {
        for found in [
            ids(inbox.get_messages_by_range(1, 30, first_page(order))),
            ids(inbox.get_messages_by_key(&key_id, first_page(order))),
            ids(inbox.get_messages_by_time(0, u32::MAX, first_page(order))),
        ] {
            assert!(found.len() >= 10, "all of them");
            assert!(found.windows(2).all(|pair| (pair[0] < pair[1]) == ascends), "{order:?}, but came as {found:?}");
        }
    }
}

/// There, ids beyond the last returned phantom records of zeros.
#[test]
fn ids_beyond_the_last_return_no_phantoms() {
    let inbox = filled();
    for id in [31, 32, 1_000, u32::MAX] {
        assert_eq!(inbox.get_message_by_id(id), Err(GetError::UnknownId { id, last: 30 }), "id {id} is none");
    }
    let page = inbox.get_messages_by_range(29, 40, first_page(Order::ascending)).expect("a page");
    assert_eq!(page.messages.iter().map(|message| message.id).collect::<Vec<_>>(), [29, 30], "only what there is");
    assert!(page.messages.iter().all(|message| message.ciphertext == bytes(message.id, 100)), "and all of it is real");
    assert_eq!(
        ids(inbox.get_messages_by_range(31, 40, first_page(Order::ascending))),
        [0; 0],
        "nothing behind the last"
    );
}

/// There, anybody who saw a ciphertext could store it first under their own key, and the recipient never got it.
#[test]
fn the_same_ciphertext_under_a_second_key_is_linked_to_it() {
    let inbox = filled();
    let (thief, recipient) = (b"thief".as_slice(), b"recipient".as_slice());
    assert_eq!(inbox.add_message(thief, b"sealed"), Ok(Added { id: 31, duplicate: false }), "posted first by a thief");
    assert_eq!(inbox.add_message(recipient, b"sealed"), Ok(Added { id: 32, duplicate: false }), "and then as meant");
    assert_eq!(ids(inbox.get_messages_by_key(recipient, first_page(Order::ascending))), [32], "the recipient gets it");
    assert_eq!(ids(inbox.get_messages_by_key(thief, first_page(Order::ascending))), [31], "the thief has a copy");
}

/// There, 10,000 key ids that collide in CRC-32, the language's hash of blobs, made a victim's add 40 times as
/// expensive.
#[test]
fn forged_key_ids_make_no_add_dearer() {
    let target = crc32(b"the victim's");
    let forged = |n: u32| forge(&bytes(n, 37), target);
    assert_eq!(crc32(&forged(7)), target, "the forgery collides");
    let cost_after = |key: &dyn Fn(u32) -> Vec<u8>| {
        let (engine, inbox) = embedded::inbox();
        for first in (0..10_000).step_by(1_000) {
            let batch: Vec<_> = (first..first + 1_000).map(|n| new_message(&key(n), &n.to_le_bytes())).collect();
            inbox.add_messages(&batch).expect("a good batch");
        }
        assert_eq!(inbox.store_status().keys, 10_000, "as many keys");
        // The most expensive of a hundred: the victim's keys collide with all of the others.
        let costs = (20_000..20_100).map(|n| {
            inbox.add_message(&key(n), b"for the victim").expect("stored");
            embedded::usage(&engine, &inbox).instructions
        });
        costs.max().expect("a hundred adds")
    };
    let plain = cost_after(&|n| bytes(n, 41));
    let attacked = cost_after(&forged);
    assert!(attacked < plain * 3 / 2, "an add costs {attacked} instructions among forged keys, {plain} among others");
}

/// The same with ciphertexts whose hashes were ground to start alike.
#[test]
fn ground_hashes_make_no_add_dearer() {
    let starts_alike = |n: &u32| sha256(&n.to_le_bytes()).starts_with(&[7]) && sha256(&n.to_le_bytes())[1] >> 5 == 3;
    let ground: Vec<u32> = (0u32..).filter(starts_alike).take(1_100).collect();
    let cost_after = |text: &dyn Fn(usize) -> Vec<u8>| {
        let (engine, inbox) = embedded::inbox();
        let batch: Vec<_> = (0..1_000).map(|n| new_message(b"key", &text(n))).collect();
        inbox.add_messages(&batch).expect("a good batch");
        let costs = (1_000..1_100).map(|n| {
            inbox.add_message(b"key", &text(n)).expect("stored");
            embedded::usage(&engine, &inbox).instructions
        });
        costs.max().expect("a hundred adds")
    };
    let plain = cost_after(&|n| (n as u32).to_le_bytes().to_vec());
    let attacked = cost_after(&|n| ground[n].to_le_bytes().to_vec());
    assert!(attacked < plain * 3 / 2, "an add costs {attacked} instructions among ground hashes, {plain} among others");
}

/// There, a batch that failed half-way kept what it had written and lost the ids.
#[test]
fn a_batch_that_fails_half_way_returns_the_ids_of_what_it_stored() {
    let inbox = filled();
    let batch = [
        new_message(b"key", b"first"),
        new_message(b"key", b""),
        new_message(b"", b"third"),
        new_message(b"key", b"fourth"),
    ];
    let results = inbox.add_messages(&batch).expect("the batch as a whole is good");
    assert_eq!(results[0], Ok(Added { id: 31, duplicate: false }), "stored, and its id is known");
    assert_eq!(results[1], Err(AddError::CiphertextEmpty), "refused");
    assert_eq!(results[2], Err(AddError::KeyIdLength(too_long(0, 64))), "refused");
    assert_eq!(results[3], Ok(Added { id: 32, duplicate: false }), "stored, and its id is known");
    assert_eq!(inbox.get_max_message_id(), Ok(32), "nothing else was stored");
}

/// There, input was hashed before it was checked.
#[test]
fn input_is_checked_before_it_is_hashed() {
    let (engine, inbox) = embedded::inbox();
    let cost = |key_id: &[u8], text: &[u8]| {
        let stored = inbox.add_message(key_id, text).is_ok();
        (stored, embedded::usage(&engine, &inbox).instructions)
    };
    let (stored, hashed) = cost(b"key", &bytes(1, MAX_CIPHERTEXT_BYTES));
    assert!(stored && hashed > 100_000_000, "hashing two megabytes costs a lot: {hashed}");
    for (key_id, text) in [(&b"key"[..], bytes(2, MAX_CIPHERTEXT_BYTES + 1)), (b"", bytes(3, MAX_CIPHERTEXT_BYTES))] {
        let (stored, refused) = cost(key_id, &text);
        assert!(!stored && refused < hashed / 15, "refusing costs {refused} instructions, storing {hashed}");
    }
}

/// There, neither sizes nor counts had a cap.
#[test]
fn sizes_and_counts_have_a_cap() {
    let inbox = Inbox::new();
    let text = bytes(1, MAX_CIPHERTEXT_BYTES + 1);
    let refused = AddError::CiphertextTooLarge(too_long(text.len(), MAX_CIPHERTEXT_BYTES));
    assert_eq!(inbox.add_message(b"key", &text), Err(refused), "a ciphertext that is too large");
    let batch: Vec<_> = (0..=MAX_BATCH_MESSAGES as u32).map(|n| new_message(b"key", &n.to_le_bytes())).collect();
    let refused = BatchError::BatchTooLong(too_long(batch.len(), MAX_BATCH_MESSAGES));
    assert_eq!(inbox.add_messages(&batch), Err(refused), "a batch that is too long");
    let limits = inbox.get_status().limits;
    assert!(limits.last_id < u32::MAX && limits.index_entries < u64::MAX, "ids and indexes end by a rule");
}

/// There, a range without bounds trapped.
#[test]
fn an_unbounded_range_gives_a_page() {
    let inbox = Inbox::new();
    for first in [0, 800, 1_600] {
        let batch: Vec<_> = (first..first + 800u32).map(|n| new_message(b"key", &n.to_le_bytes())).collect();
        inbox.add_messages(&batch).expect("a good batch");
    }
    for n in 0..3 {
        inbox.add_message(b"key", &bytes(n, MAX_CIPHERTEXT_BYTES)).expect("stored");
    }
    for order in [Order::ascending, Order::descending] {
        let page = inbox.get_messages_by_range(1, u32::MAX, first_page(order)).expect("a page, not a trap");
        assert!((1..=MAX_PAGE_MESSAGES as usize).contains(&page.messages.len()), "a page of a good length, {order:?}");
        assert_ne!(page.next, 0, "and more is left, {order:?}");
        let raw = candid::encode_args((Bytes::new(b"key"), of_key(first_page(order)))).expect("encoded");
        let reply = inbox.query_raw("get_messages_by_key", raw).expect("a page, not a trap");
        assert!(reply.len() < 2 << 20, "a reply of {} bytes, {order:?}", reply.len());
    }
}

/// CRC-32 as in IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    !crc32_state(bytes)
}

fn crc32_state(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |state, byte| state >> 8 ^ crc32_table((state ^ u32::from(*byte)) & 0xff))
}

fn crc32_table(index: u32) -> u32 {
    (0..8).fold(index, |value, _| if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 })
}

/// Four more bytes that give `prefix` this CRC-32.
fn forge(prefix: &[u8], target: u32) -> Vec<u8> {
    let by_high_byte = |high: u32| {
        let index = (0..256).find(|&index| crc32_table(index) >> 24 == high);
        index.expect("the table's high bytes are all different")
    };
    // Backwards from the target over four bytes that are still 0.
    let before = (0..4).fold(!target, |state, _| {
        let index = by_high_byte(state >> 24);
        (state ^ crc32_table(index)) << 8 | index
    });
    [prefix, &(before ^ crc32_state(prefix)).to_le_bytes()].concat()
}
