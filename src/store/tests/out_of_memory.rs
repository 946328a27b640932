//! Invariant 5 when memory refuses to grow. Adds and batches are tried at every size at which they could be refused. A
//! refused one changes no byte and no answer, and succeeds once there is room.

use super::*;
use crate::api::AddError;
use crate::memory::BUCKET_PAGES;
use crate::store::NewMessageRef;
use crate::store::inbox::SEGMENT_RECORDS;
use ic_stable_structures::Memory;

/// Adds grow the payloads, the inbox or both at once. Each is tried under every limit that could matter.
#[test]
fn a_refused_add_changes_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let mut refused = 0;
    for number in 0..60u32 {
        let ciphertext = vec![number as u8; 1_900_000];
        let before = memory.snapshot();
        let size = memory.size();
        for limit in [0, 1, BUCKET_PAGES / 2, BUCKET_PAGES - 1].map(|spare| size + spare) {
            memory.set_limit(Some(limit));
            match store.add_message(&key(number % 3, 41), &ciphertext, 1) {
                Ok(_) => break,
                Err(error) => {
                    assert_eq!(error, AddError::StorageFull);
                    assert!(memory.snapshot() == before, "message {number}, limit {limit}: memory has changed");
                    refused += 1;
                }
            }
        }
        memory.set_limit(None);
        assert_eq!(store.add_message(&key(number % 3, 41), &ciphertext, 1).unwrap().id, number + 1);
    }
    assert!(refused >= 4 * 5, "only {refused} refusals: growth was not reached");
    assert_eq!(answers(&store).messages.len(), 60);
    assert_eq!(answers(&open(&memory)), answers(&store));
}

/// The inbox's third segment needs its second bucket.
#[test]
fn a_refused_add_that_grows_the_inbox_changes_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let mut refused = 0;
    for number in 0..3 * SEGMENT_RECORDS {
        memory.set_limit(Some(memory.size()));
        let add = |store: &mut Store| store.add_message(b"k", &number.to_le_bytes(), 1);
        if let Err(error) = add(&mut store) {
            assert_eq!(error, AddError::StorageFull);
            let before = memory.snapshot();
            let status = store.view(|| 0).get_status();
            assert_eq!(add(&mut store), Err(AddError::StorageFull));
            assert!(memory.snapshot() == before && store.view(|| 0).get_status() == status);
            refused += 1;
            memory.set_limit(None);
            assert_eq!(add(&mut store).unwrap().id, number + 1);
        }
    }
    assert_eq!(refused, 1, "the inbox should have needed one bucket");
    assert_eq!(store.view(|| 0).get_key_head(b"k").unwrap().unwrap().count, 3 * SEGMENT_RECORDS);
    assert_eq!(violations(&store), Vec::<String>::new());
}

/// In a batch each item is independent: small ones are stored after a large one that found no room.
#[test]
fn a_batch_stores_what_fits() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    memory.set_limit(Some(memory.size()));
    let large = vec![1; 1_999_000];
    let batch: Vec<Vec<u8>> =
        (0..12u8).map(|n| [large.as_slice(), &[n]].concat()).chain((0..3).map(|n| vec![n])).collect();
    let items: Vec<_> = batch.iter().map(|ciphertext| NewMessageRef { key_id: b"key", ciphertext }).collect();
    let results = store.add_messages(&items, 5).unwrap();
    let stored: Vec<u32> = results.iter().filter_map(|result| result.as_ref().ok()).map(|added| added.id).collect();
    assert!(results.contains(&Err(AddError::StorageFull)), "everything fitted");
    assert!(results[12..].iter().all(Result::is_ok), "small items were refused: {results:?}");
    assert_eq!(stored, (1..=stored.len() as u32).collect::<Vec<_>>());
    assert_eq!(answers(&open(&memory)), answers(&store));
}

/// A store that does not fit is not created in part.
#[test]
fn creation_reports_a_memory_that_is_too_small() {
    for limit in [0, 1, 2, BUCKET_PAGES, 3 * BUCKET_PAGES] {
        let memory = SparseMemory::default();
        memory.set_limit(Some(limit));
        assert!(Store::create(memory, Settings::default(), Capacity::default()).is_err(), "fitted into {limit} pages");
    }
}
