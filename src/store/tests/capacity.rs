//! The store at its limits of ids and index entries. Refused adds change nothing, reads still work, and duplicates are
//! still recognised.

use super::*;
use crate::api::{MaxKeys, Setting};
use crate::store::index::Indexes;

#[test]
fn ids_run_out_cleanly() {
    let memory = SparseMemory::default();
    let capacity = Capacity { last_id: 5, ..Capacity::default() };
    let mut store = create_with(&memory, Configuration::default(), capacity);
    for number in 0..5 {
        add(&mut store, b"k", &[number], 1).unwrap();
    }
    let before = (memory.snapshot(), answers(&store));
    assert_eq!(add(&mut store, b"k", &[9], 1), Err(AddError::IdsExhausted { last: 5 }));
    assert_eq!(add(&mut store, b"new", &[9], 1), Err(AddError::IdsExhausted { last: 5 }));
    assert_eq!(add(&mut store, b"k", &[4], 1).unwrap(), Added { id: 5, duplicate: true });
    assert!((memory.snapshot(), answers(&store)) == before);
}

#[test]
fn the_index_fills_up_cleanly() {
    let memory = SparseMemory::default();
    let capacity = Capacity { index_entries: 4, ..Capacity::default() };
    let mut store = create_with(&memory, Configuration::default(), capacity);
    for number in 0..3 {
        add(&mut store, &[number], &[number], 1).unwrap();
    }
    add(&mut store, &[0], b"x", 1).unwrap();
    let before = (memory.snapshot(), answers(&store));
    for key_id in [&[0][..], b"new"] {
        assert_eq!(add(&mut store, key_id, b"y", 1), Err(AddError::IndexFull { max: 4 }));
    }
    assert!(add(&mut store, &[0], b"x", 1).unwrap().duplicate);
    assert!((memory.snapshot(), answers(&store)) == before);
    assert_eq!(status(&store, 0).index_entries, 4);
}

#[test]
fn a_heap_without_room_for_the_index_takes_no_message() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    // A shard of this index would not fit into any address space.
    store.indexes = Indexes::for_messages(&store.state.seed(), 1 << 62);
    let before = (memory.snapshot(), answers(&store));
    assert_eq!(add(&mut store, b"k", b"x", 1), Err(AddError::LowMemory));
    assert!((memory.snapshot(), answers(&store)) == before);
    store.indexes = Indexes::for_messages(&store.state.seed(), 0);
    assert_eq!(add(&mut store, b"k", b"x", 1).map(|added| added.id), Ok(1));
}

/// Strangers reach their limit of keys first. Known keys still take messages.
#[test]
fn keys_run_out_cleanly() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    store.set_settings(&[Setting::max_keys(MaxKeys { all: 3, strangers: 2 })], 0).unwrap();
    add(&mut store, b"one", b"x", 1).unwrap();
    add(&mut store, b"two", b"x", 1).unwrap();
    let before = (memory.snapshot(), answers(&store));
    assert_eq!(add(&mut store, b"three", b"x", 1), Err(AddError::KeysFull { max: 2 }));
    assert!((memory.snapshot(), answers(&store)) == before);
    let by_member = |store: &mut Store, key_id| {
        store.add_message(NewMessageRef { key_id, ciphertext: b"x", send_key: None }, &admin(), 1)
    };
    assert_eq!(by_member(&mut store, b"three").map(|added| added.id), Ok(3));
    assert_eq!(by_member(&mut store, b"four"), Err(AddError::KeysFull { max: 3 }));
    add(&mut store, b"three", b"y", 1).unwrap();
    assert_eq!(status(&store, 0).keys, 3);
    answers(&store);
}
