//! The store at its limits of ids and index entries. Refused adds change nothing, reads still work, and duplicates are
//! still recognised.

use super::*;
use crate::api::AddError;

fn create_with(memory: &SparseMemory, capacity: Capacity) -> Store {
    Store::create(memory.clone(), Settings::default(), capacity).unwrap()
}

#[test]
fn ids_run_out_cleanly() {
    let memory = SparseMemory::default();
    let capacity = Capacity { last_id: 5, ..Capacity::default() };
    let mut store = create_with(&memory, capacity);
    for number in 0..5 {
        store.add_message(b"k", &[number], 1).unwrap();
    }
    let before = (memory.snapshot(), answers(&store));
    assert_eq!(store.add_message(b"k", &[9], 1), Err(AddError::IdsExhausted { last: 5 }));
    assert_eq!(store.add_message(b"new", &[9], 1), Err(AddError::IdsExhausted { last: 5 }));
    assert_eq!(store.add_message(b"k", &[4], 1).unwrap(), crate::api::Added { id: 5, duplicate: true });
    assert!((memory.snapshot(), answers(&store)) == before);
}

#[test]
fn the_index_fills_up_cleanly() {
    let memory = SparseMemory::default();
    let capacity = Capacity { index_entries: 10, ..Capacity::default() };
    let mut store = create_with(&memory, capacity);
    for number in 0..3 {
        store.add_message(&[number], &[number], 1).unwrap();
    }
    // Nine entries: one more message of a known key fits, a new key does not.
    assert_eq!(store.add_message(b"new", b"x", 1), Err(AddError::IndexFull { max: 10 }));
    store.add_message(&[0], b"x", 1).unwrap();
    let before = (memory.snapshot(), answers(&store));
    assert_eq!(store.add_message(&[0], b"y", 1), Err(AddError::IndexFull { max: 10 }));
    assert!(store.add_message(&[0], b"x", 1).unwrap().duplicate);
    assert!((memory.snapshot(), answers(&store)) == before);
    assert_eq!(store.view(|| 0).get_status().index_entries, 10);
}
