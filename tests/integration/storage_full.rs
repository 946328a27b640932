//! Stable memory cannot grow: adds return `StorageFull` and change nothing, reads still work, and adds work again once
//! there is room. The embedded engine refuses the growth.

use local_ic::LocalIc;
use message_canister::api::*;
use message_canister::limits::MAX_CIPHERTEXT_BYTES;
use std::rc::Rc;

use crate::support::client::init_argument;
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, bytes, embedded, first_page, new_message};
use test_support::Platform;
use test_support::artifact::canister_wasm;

const WASM_PAGE: u64 = 65_536;

fn pages(inbox: &Inbox) -> u64 {
    inbox.store_status().stable_bytes / WASM_PAGE
}

/// Adds the largest messages until there is no room for another. Returns the number stored.
fn fill(inbox: &Inbox) -> u32 {
    let mut stored = inbox.store_status().messages;
    loop {
        match inbox.add_message(&bytes(stored % 3, 41), &bytes(stored, MAX_CIPHERTEXT_BYTES)) {
            Ok(added) => assert!(!added.duplicate, "each is new"),
            Err(AddError::StorageFull) => return stored,
            Err(error) => panic!("a full store must answer StorageFull, got {error:?}"),
        }
        stored += 1;
        assert!(stored < 100, "a limit of few megabytes must be met");
    }
}

/// An inbox that cannot grow beyond its present size.
fn full() -> (Rc<LocalIc>, Inbox, u32) {
    let (engine, inbox) = embedded::inbox();
    engine.set_stable_memory_limit(inbox.id, Some(pages(&inbox)));
    let stored = fill(&inbox);
    (engine, inbox, stored)
}

#[test]
fn a_refused_add_changes_nothing() {
    let (_engine, inbox, stored) = full();
    let before = Snapshot::of(&inbox);
    for n in 0..5 {
        let refused = inbox.add_message(&bytes(n, 41), &bytes(900 + n, MAX_CIPHERTEXT_BYTES));
        assert_eq!(refused, Err(AddError::StorageFull), "for a known key and for new ones");
    }
    before.assert_same(&inbox, "adds to a full store");
    assert_eq!(inbox.get_max_message_id(), Ok(stored), "no id is lost");
}

#[test]
fn reads_duplicates_and_whatever_still_fits_go_on() {
    let (_engine, inbox, stored) = full();
    for id in 1..=stored {
        let n = id - 1;
        let text = bytes(n, MAX_CIPHERTEXT_BYTES);
        assert!(inbox.get_message_by_id(id).expect("stored").message.ciphertext == text, "message {id} is there");
        let again = inbox.add_message(&bytes(n % 3, 41), &text);
        assert_eq!(again, Ok(Added { id, duplicate: true }), "message {id} is known");
    }
    let page = inbox.get_messages_by_key(&bytes(0, 41), first_page(Order::descending)).expect("a page");
    assert_eq!(page.messages.len(), 1, "pages go on");
    let small = inbox.add_message(&bytes(0, 41), b"a small one");
    assert_eq!(small, Ok(Added { id: stored + 1, duplicate: false }), "a small message still fits the last segment");
    inbox.assert_all_invariants();
}

#[test]
fn in_a_batch_each_item_finds_room_or_not() {
    let (_engine, inbox, stored) = full();
    let large = bytes(77, 1_900_000);
    let batch = [new_message(b"key", b"one"), new_message(b"key", &large), new_message(b"key", b"two")];
    let fresh = |id| Ok(Added { id, duplicate: false });
    let expected = vec![fresh(stored + 1), Err(AddError::StorageFull), fresh(stored + 2)];
    assert_eq!(inbox.add_messages(&batch), Ok(expected), "the large one alone has no room");
    inbox.assert_all_invariants();
}

#[test]
fn adds_go_on_once_there_is_room_again() {
    let (engine, inbox, stored) = full();
    inbox.upgrade(None);
    assert_eq!(inbox.add_message(b"key", &bytes(77, MAX_CIPHERTEXT_BYTES)), Err(AddError::StorageFull), "still full");
    engine.set_stable_memory_limit(inbox.id, None);
    let added = inbox.add_message(b"key", &bytes(77, MAX_CIPHERTEXT_BYTES));
    assert_eq!(added, Ok(Added { id: stored + 1, duplicate: false }), "the limit is lifted");
    inbox.assert_all_invariants();
}

/// Memory grows in buckets: every limit between two sizes ends the store at the lower one.
#[test]
fn every_limit_ends_the_store_at_what_fits_below_it() {
    let (engine, inbox) = embedded::inbox();
    let empty = pages(&inbox);
    let mut sizes = vec![empty];
    while sizes.len() < 3 {
        let n = inbox.store_status().messages;
        inbox.add_message(&bytes(n % 3, 41), &bytes(n, MAX_CIPHERTEXT_BYTES)).expect("stored");
        if pages(&inbox) > sizes[sizes.len() - 1] {
            sizes.push(pages(&inbox));
        }
    }
    drop(engine);
    for (below, above) in [(sizes[0], sizes[1]), (sizes[1], sizes[2])] {
        let mut stored = vec![];
        for limit in [below, below + 1, (below + above) / 2, above - 1, above] {
            let (engine, inbox) = embedded::inbox();
            engine.set_stable_memory_limit(inbox.id, Some(limit));
            stored.push(fill(&inbox));
            assert!(pages(&inbox) <= limit, "no more than {limit} pages");
            inbox.assert_all_invariants();
        }
        assert!(
            stored[..4].iter().all(|&count| count == stored[0]),
            "limits from {below} to below {above}: {stored:?}"
        );
        assert!(stored[4] > stored[0], "one bucket more holds more messages: {stored:?}");
    }
}

#[test]
fn an_installation_without_room_is_refused_and_leaves_nothing() {
    let engine = embedded::start();
    let id = engine.create();
    let (_, installed) = embedded::inbox();
    let needed = pages(&installed);
    for limit in [0, 1, 2, needed / 2, needed - 1] {
        engine.set_stable_memory_limit(id, Some(limit));
        let reject = Platform::install(&engine, id, canister_wasm(), init_argument(None)).expect_err("no room");
        assert!(reject.is_trap(), "{limit} pages must be refused by a trap, got {reject:?}");
        assert!(reject.message.contains("stable memory"), "the reason must name stable memory: {}", reject.message);
        assert_eq!(engine.get_stable_memory(id).len(), 0, "nothing is left behind");
    }
    engine.set_stable_memory_limit(id, Some(needed));
    Platform::install(&engine, id, canister_wasm(), init_argument(None)).expect("exactly enough");
}
