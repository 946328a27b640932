//! A sealed store takes no message. In one epoch an id is assigned only once.

use super::*;
use crate::api::{Acknowledged, BatchError, ClaimError, KeyError, OwnerProof};
use ::proofs::seen::{Broken, Continued, Seen};
use ::proofs::verify::Verified;
use serde_bytes::ByteBuf;

/// A second of the store's life.
const NOW: u32 = 2_000;

#[test]
fn a_sealed_store_takes_no_message_and_does_everything_else() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let owner = person(1);
    store.change_key(b"key", &[owned_by(&owner)], &admin(), NOW).unwrap();
    add(&mut store, b"key", b"text", NOW).unwrap();
    store.seal();
    store.seal();
    assert!(store.is_sealed());
    let before = memory.to_image();
    for text in [b"text", b"more"] {
        assert_eq!(add(&mut store, b"key", text, u32::MAX - 1), Err(AddError::Sealed), "a duplicate, or not");
    }
    assert_eq!(store.add_messages(&[], &admin(), NOW), Err(BatchError::Sealed));
    assert_eq!(memory.to_image(), before, "nothing has changed");
    assert_eq!(store.acknowledge_one(b"key", 1, &owner, NOW), Ok(Acknowledged { messages: 1 }));
    store.change_key(b"another", &[owned_by(&owner)], &admin(), NOW).unwrap();
    answers(&store);
    assert!(open(&memory).is_sealed(), "after an upgrade, too");
}

#[test]
fn a_store_is_resumed_with_the_next_second_as_its_epoch() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    assert_eq!(store.resume(NOW), None, "it is not sealed");
    store.seal();
    store.take_changed_root();
    let epoch = NOW + 1;
    assert_eq!(store.resume(NOW), Some(epoch.into()));
    assert!(!store.is_sealed());
    assert!(store.take_changed_root().is_some(), "the root commits to the epoch");
    assert_eq!(add(&mut store, b"key", b"text", NOW), Err(AddError::Sealed), "the second is not over");
    assert_eq!(add(&mut store, b"key", b"text", epoch).unwrap().id, 1);
    assert_eq!(store.resume(NOW), None);
    let store = open(&memory);
    assert_eq!((store.view(Sight::All, || NOW).get_status().epoch, store.is_sealed()), (epoch.into(), false));
}

/// A snapshot has two lives, resumed at any times. If one of them has assigned an id before the other is resumed, their
/// epochs differ.
#[test]
fn two_lives_of_a_snapshot_give_out_ids_under_different_epochs() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    add(&mut store, b"key", b"before", NOW).unwrap();
    store.seal();
    let snapshot = memory.to_image();
    let resumed_at = |second| {
        let mut store = open(&SparseMemory::from_image(&snapshot));
        assert!(store.is_sealed(), "a restored snapshot wakes sealed");
        let epoch = store.resume(second).unwrap();
        (store, epoch)
    };
    let mut both = 0;
    for first in NOW..NOW + 4 {
        for second in first..NOW + 4 {
            let ((mut one, epoch), (mut other, other_epoch)) = (resumed_at(first), resumed_at(second));
            if add(&mut one, b"key", b"one", second).is_ok() {
                assert_eq!(add(&mut other, b"key", b"other", second + 1).unwrap().id, 2, "the id is given out again");
                assert!(other_epoch > epoch, "resumed at {first} and {second}");
                both += 1;
            }
        }
    }
    assert_eq!(both, 6);
}

/// Even if the clock shows no later second, the epoch is later.
#[test]
fn each_resume_has_a_later_epoch() {
    let mut store = create(&SparseMemory::default());
    let mut resume = || {
        store.seal();
        store.resume(EPOCH).unwrap()
    };
    assert_eq!([resume(), resume(), resume()], [1, 2, 3].map(|more| u64::from(EPOCH) + more));
}

#[test]
fn no_key_is_opened_while_the_heap_is_close_to_its_limit() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let owner = person(1);
    let own = owner.principal();
    add(&mut store, own.as_slice(), b"text", NOW).unwrap();
    store.set_low_memory();
    let before = memory.to_image();
    assert_eq!(add(&mut store, b"new", b"text", NOW), Err(AddError::LowMemory));
    assert_eq!(store.change_key(b"new", &[owned_by(&owner)], &admin(), NOW), Err(KeyError::LowMemory));
    let salted = Sha256::new().chain_update(SALTED_OWNER).chain_update(own).chain_update([3; 16]).finalize();
    let claim = OwnerProof::salt(ByteBuf::from([3; 16]));
    assert_eq!(store.claim_key(&salted, &claim, &owner, NOW), Err(ClaimError::LowMemory));
    assert_eq!(memory.to_image(), before, "nothing has changed");
    assert!(store.view(Sight::All, || NOW).get_status().store.unwrap().low_memory);
    assert_eq!(add(&mut store, own.as_slice(), b"more", NOW).unwrap().id, 2, "keys that are there go on");
    assert_eq!(store.acknowledge_one(own.as_slice(), 2, &owner, NOW), Ok(Acknowledged { messages: 2 }));
    answers(&store);
    let mut store = open(&memory);
    assert_eq!(add(&mut store, b"new", b"text", NOW).unwrap().id, 3, "an upgrade makes a new heap");
}

/// The whole list of a key, as a reader verifies it.
fn verified(store: &Store) -> Verified {
    reader::verified(store, b"key", reader::cursor(Order::ascending, Start::beginning, 100), NOW).1
}

/// A reader of one life of a snapshot remembers messages that show it that another life was restored. A reader who
/// remembers only messages of both lives notices nothing.
#[test]
fn readers_tell_the_lives_of_a_snapshot_apart() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    add(&mut store, b"key", b"before", NOW).unwrap();
    let of_both = Seen::newest(&verified(&store)).unwrap();
    store.seal();
    let snapshot = memory.to_image();
    let epoch = store.resume(NOW).unwrap();
    add(&mut store, b"key", b"in one life", NOW + 1).unwrap();
    let of_one = Seen::newest(&verified(&store)).unwrap();
    assert_eq!((of_one.epoch, of_one.id), (epoch, 2));

    let mut other = open(&SparseMemory::from_image(&snapshot));
    let early = Broken::Epoch { seen: epoch, found: EPOCH.into() };
    assert_eq!(of_one.continued_by(&verified(&other)), Err(early), "it is not resumed yet");
    other.resume(NOW + 1).unwrap();
    assert_eq!(of_one.continued_by(&verified(&other)), Ok(Continued::Restored), "the message that was seen is gone");
    add(&mut other, b"key", b"in the other life", NOW + 2).unwrap();
    assert_eq!(of_one.continued_by(&verified(&other)), Ok(Continued::Restored), "another message has its id");
    for life in [&store, &other] {
        assert_eq!(of_both.continued_by(&verified(life)), Ok(Continued::Extends));
    }
}

/// The attack that the seal prevents.
#[test]
fn a_snapshot_that_was_not_sealed_forks() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    add(&mut store, b"key", b"before", NOW).unwrap();
    let snapshot = memory.to_image();
    add(&mut store, b"key", b"in one life", NOW).unwrap();
    let seen = Seen::newest(&verified(&store)).unwrap();
    let mut other = open(&SparseMemory::from_image(&snapshot));
    add(&mut other, b"key", b"in the other life", NOW).unwrap();
    assert_eq!(seen.continued_by(&verified(&other)), Err(Broken::Forked { rank: 2 }));
}
