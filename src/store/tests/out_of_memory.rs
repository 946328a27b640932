//! Invariant 5 when memory refuses to grow. Adds and batches are tried at every size at which they could be refused. A
//! refused one changes no byte and no answer. It succeeds once there is room.

use super::*;
use crate::api::{ClaimError, KeyError, OwnerProof};
use crate::memory::StableMemory;
use crate::store::keys::KEY_BYTES;
use stable::manager::BUCKET_PAGES;

/// Adds grow the payloads, the inbox or both at once. Each is tried under every limit that could matter.
#[test]
fn a_refused_add_changes_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let mut refused = 0;
    for number in 0..30u32 {
        let ciphertext = vec![number as u8; 1_900_000];
        let before = memory.snapshot();
        let size = memory.size();
        for limit in [0, 1, BUCKET_PAGES / 2, BUCKET_PAGES - 1].map(|spare| size + spare) {
            memory.set_limit(Some(limit));
            match add(&mut store, &key(number % 3, 41), &ciphertext, 1) {
                Ok(_) => break,
                Err(error) => {
                    assert_eq!(error, AddError::StorageFull);
                    assert!(memory.snapshot() == before, "message {number}, limit {limit}: memory has changed");
                    refused += 1;
                }
            }
        }
        memory.set_limit(None);
        assert_eq!(add(&mut store, &key(number % 3, 41), &ciphertext, 1).unwrap().id, number + 1);
    }
    assert!(refused >= 4 * 3, "only {refused} refusals: growth was not reached");
    assert_eq!(answers(&store).messages.len(), 30);
    assert_eq!(answers(&open(&memory)), answers(&store));
}

/// The third segment of the records needs their second bucket, and so does that of the links.
#[test]
fn a_refused_add_that_grows_records_and_links_changes_nothing() {
    let memory = SparseMemory::default();
    let mut store = after_many(&memory, 9 * SEGMENT_SLOTS - 2, 2);
    memory.set_limit(Some(memory.size()));
    let mut add = |number: u32| super::add(&mut store, b"k", &number.to_le_bytes(), 1);
    add(1).unwrap();
    assert_eq!(add(2).map(|added| added.id), Ok(9 * SEGMENT_SLOTS));
    // Room for one of the two buckets is not enough.
    for spare in [0, BUCKET_PAGES, 2 * BUCKET_PAGES - 1] {
        let before = memory.snapshot();
        memory.set_limit(Some(memory.size() + spare));
        assert_eq!(add(3), Err(AddError::StorageFull), "{spare} pages are left");
        assert!(memory.snapshot() == before);
    }
    memory.set_limit(Some(memory.size() + 2 * BUCKET_PAGES));
    assert_eq!(add(3).map(|added| added.id), Ok(9 * SEGMENT_SLOTS + 1));
    assert_eq!(violations(&store), Vec::<String>::new());
    assert_eq!(violations(&open(&memory)), Vec::<String>::new());
}

/// In a batch each message is independent: small ones are stored after a large one that found no room.
#[test]
fn a_batch_stores_what_fits() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    memory.set_limit(Some(memory.size()));
    let large = vec![1; 1_999_000];
    let batch: Vec<Vec<u8>> =
        (0..12u8).map(|n| [large.as_slice(), &[n]].concat()).chain((0..3).map(|n| vec![n])).collect();
    let items: Vec<_> =
        batch.iter().map(|ciphertext| NewMessageRef { key_id: b"key", ciphertext, send_key: None }).collect();
    let results = store.add_messages(&items, &anonymous(), 5).unwrap();
    let stored: Vec<u32> = results.iter().filter_map(|result| result.as_ref().ok()).map(|added| added.id).collect();
    assert!(results.contains(&Err(AddError::StorageFull)), "everything fitted");
    assert!(results[12..].iter().all(Result::is_ok), "small items were refused: {results:?}");
    assert_eq!(stored, (1..=stored.len() as u32).collect::<Vec<_>>());
    assert_eq!(answers(&open(&memory)), answers(&store));
}

/// A store that does not fit is not created in part.
#[test]
fn creation_reports_a_memory_that_is_too_small() {
    for limit in [0, 1, 2, BUCKET_PAGES, 7 * BUCKET_PAGES] {
        let memory = SparseMemory::default();
        memory.set_limit(Some(limit));
        assert!(
            Store::create(memory, Configuration::default(), Capacity::default(), EPOCH).is_err(),
            "fitted into {limit} pages"
        );
    }
}

/// A new key needs memory too, whether an add or `set_key` opens it.
#[test]
fn a_refused_key_changes_nothing() {
    let memory = SparseMemory::default();
    add(&mut create(&memory), b"known", b"x", 1).unwrap();
    // Its bucket is as full of keys as after many of them.
    let keys = StableMemory::open(memory.clone()).unwrap().keys();
    keys.grow(BUCKET_PAGES - keys.size());
    let places = ((BUCKET_PAGES - 1) * 65_536 / KEY_BYTES as u64) as u32;
    keys.write(32, &(places + 1).to_le_bytes());
    keys.write(40, &places.to_le_bytes());
    let mut store = open(&memory);
    memory.set_limit(Some(memory.size()));
    let before = memory.snapshot();
    let owner = [owned_by(&person(1))];
    assert_eq!(add(&mut store, b"new", b"x", 1), Err(AddError::StorageFull));
    assert_eq!(store.change_key(b"new", &owner, &admin(), 1), Err(KeyError::StorageFull));
    let proof = OwnerProof::salt(vec![3; 16].into());
    let salted = salted_key_id(&person(1));
    assert_eq!(store.claim_key(&salted, &proof, &person(1), 1), Err(ClaimError::StorageFull));
    assert!(memory.snapshot() == before);
    add(&mut store, b"known", b"y", 1).unwrap();
    memory.set_limit(None);
    add(&mut store, b"new", b"x", 1).unwrap();
    store.claim_key(&salted, &proof, &person(1), 1).unwrap();
    assert_eq!((list(&store, b"new"), store.keys.len()), (vec![3], places + 2));
}
