//! An upgrade keeps everything: every answer is the same before and after it.

use message_canister::api::*;
use message_canister::limits::MAX_CIPHERTEXT_BYTES;

use crate::model::{Facts, Model};
use crate::support::client::{init_argument, of_key};
use crate::support::snapshot::Snapshot;
use crate::support::{Inbox, START_SECONDS, bytes, first_page, new_message, page_after};
use test_support::artifact::canister_wasm;

/// Stores in both the inbox and its model, at the same second.
fn add(inbox: &Inbox, model: &mut Model, offset: u32, key_id: &[u8], ciphertext: &[u8]) {
    inbox.set_clock(offset);
    let expected = model.at(START_SECONDS + offset).add_message(key_id, ciphertext);
    assert_eq!(inbox.add_message(key_id, ciphertext), expected, "stored");
}

fn assert_as_modelled(inbox: &Inbox, model: &Model) {
    assert_eq!(Facts::from(inbox.get_status()), model.facts(), "the status");
    for id in 0..=model.last() + 1 {
        assert!(inbox.get_message_by_id(id) == model.get_message_by_id(id), "message {id}");
    }
    for hash in model.hashes() {
        assert!(inbox.get_message_by_hash(&hash) == model.get_message_by_hash(&hash), "hash {hash:?}");
    }
    for order in [Order::ascending, Order::descending] {
        for after in [0, 1, model.last() / 2, model.last()] {
            let page = page_after(after, order, 100);
            let range = inbox.get_messages_by_range(1, u32::MAX, page);
            assert!(range == model.get_messages_by_range(1, u32::MAX, page), "ids after {after}, {order:?}");
            let time = inbox.get_messages_by_time(0, u32::MAX, page);
            assert!(time == model.get_messages_by_time(0, u32::MAX, page), "times after {after}, {order:?}");
        }
        for key_id in model.key_ids() {
            let page = first_page(order);
            let list = inbox.get_messages_by_key(key_id, page);
            assert!(list == model.get_messages_by_key(key_id, of_key(page)), "list of {key_id:?}, {order:?}");
        }
    }
    let keys: Vec<_> = model.key_ids().cloned().collect();
    for keys in keys.chunks(1_000) {
        assert_eq!(inbox.get_key_heads(keys), model.get_key_heads(keys), "heads");
    }
    inbox.assert_all_invariants();
}

#[test]
fn every_answer_is_the_same_after_an_upgrade() {
    let inbox = Inbox::new();
    let mut model = Model::default();
    for n in 0..150u32 {
        // Keys of all lengths, the same ciphertexts under several of them, sizes up to many pages.
        let key_id = bytes(n % 11, 1 + (n as usize % 11) * 6);
        let length = [1, 64, 180, 5_000, 70_000][n as usize % 5];
        add(&inbox, &mut model, n / 10, &key_id, &bytes(n % 40, length));
    }
    assert_as_modelled(&inbox, &model);
    inbox.upgrade(None);
    assert_as_modelled(&inbox, &model);
    for n in 150..200u32 {
        add(&inbox, &mut model, 20, &bytes(n % 13, 41), &bytes(n, 200));
    }
    inbox.upgrade(None);
    inbox.upgrade(None);
    assert_as_modelled(&inbox, &model);
}

#[test]
fn an_empty_store_upgrades() {
    let inbox = Inbox::new();
    inbox.upgrade(None);
    assert_as_modelled(&inbox, &Model::default());
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 1, duplicate: false }), "and takes messages");
}

#[test]
fn the_largest_messages_survive() {
    let inbox = Inbox::new();
    let mut model = Model::default();
    for n in 0..12 {
        add(&inbox, &mut model, 0, &bytes(n % 3, 64), &bytes(n, MAX_CIPHERTEXT_BYTES));
    }
    inbox.upgrade(None);
    assert_as_modelled(&inbox, &model);
}

#[test]
fn many_keys_survive() {
    let inbox = Inbox::new();
    let mut model = Model::default();
    for first in (0..4_000u32).step_by(1_000) {
        let batch: Vec<_> = (first..first + 1_000).map(|n| new_message(&bytes(n, 41), &bytes(n, 30))).collect();
        assert_eq!(inbox.add_messages(&batch), model.at(START_SECONDS).add_messages(&batch), "stored");
    }
    inbox.upgrade(None);
    let keys: Vec<_> = model.key_ids().cloned().collect();
    assert_eq!(keys.len(), 4_000, "as many keys as messages");
    for keys in keys.chunks(1_000) {
        assert_eq!(inbox.get_key_heads(keys), model.get_key_heads(keys), "heads");
    }
    assert_eq!(Facts::from(inbox.get_status()), model.facts(), "the status");
    inbox.assert_all_invariants();
}

/// `pre_upgrade` does nothing and stable memory holds everything: an upgrade writes none of it.
#[test]
fn an_upgrade_writes_nothing() {
    let inbox = Inbox::new();
    for n in 0..50u32 {
        inbox.add_message(&bytes(n % 5, 41), &bytes(n, 100)).expect("stored");
    }
    let before = Snapshot::of(&inbox);
    inbox.upgrade(None);
    before.assert_same(&inbox, "an upgrade");
}

#[test]
fn stable_memory_moves_to_another_canister() {
    let from = Inbox::new();
    let mut model = Model::default();
    for n in 0..60u32 {
        add(&from, &mut model, n / 7, &bytes(n % 4, 41), &bytes(n, 150));
    }
    let to = Inbox::new();
    to.add_message(b"key", b"a message from before").expect("stored");
    to.platform.set_stable_memory(to.id, from.platform.stable_memory(from.id));
    to.upgrade(None);
    assert_as_modelled(&to, &model);
}

/// Foreign memory is refused with a clear trap, and not changed.
#[test]
fn foreign_stable_memory_is_refused() {
    let inbox = Inbox::new();
    inbox.add_message(b"key", b"text").expect("stored");
    let ours = inbox.platform.stable_memory(inbox.id);
    let foreign = [vec![], vec![0; 65_536], bytes(1, 65_536), [b"SSL\x01".to_vec(), vec![1; 200_000]].concat()];
    for image in foreign {
        inbox.platform.set_stable_memory(inbox.id, image.clone());
        let reject = inbox.begin_upgrade(None).expect_err("foreign memory must be refused");
        assert!(reject.is_trap(), "by a trap, got {reject:?}");
        assert!(reject.message.contains("stable memory"), "the reason must name stable memory: {}", reject.message);
        let after = inbox.platform.stable_memory(inbox.id);
        assert!(after.starts_with(&image), "the memory that was refused must be as it was");
    }
    inbox.platform.set_stable_memory(inbox.id, ours);
    inbox.upgrade(None);
    assert_eq!(inbox.get_message_by_id(1).expect("it is still there").message.ciphertext, b"text", "our own is taken");
}

/// An argument that cannot be decoded leaves the running release in place.
#[test]
fn a_bad_argument_fails_the_upgrade_and_changes_nothing() {
    let inbox = Inbox::new();
    inbox.add_message(b"key", b"text").expect("stored");
    let before = Snapshot::of(&inbox);
    let trailing = [init_argument(None), vec![0]].concat();
    for arg in [b"DIDL".to_vec(), bytes(1, 50), trailing] {
        let upgraded = inbox.platform.upgrade(inbox.id, canister_wasm(), arg);
        let reject = upgraded.expect_err("a malformed argument must be refused");
        assert!(reject.is_trap(), "by a trap, got {reject:?}");
    }
    before.assert_same(&inbox, "upgrades with malformed arguments");
}
