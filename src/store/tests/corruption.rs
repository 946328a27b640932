//! Foreign memory is refused, and so is a header with any field corrupted.

use super::*;
use crate::api::{LookupError, OtherError, PageError};
use crate::store::OpenError;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use stable::header::HeaderError;

/// The memories by their ids, as errors name them.
const MEMORIES: [&str; 6] = ["inbox", "payloads", "state", "links", "keys", "trie"];

fn region(memory: &SparseMemory, id: u8) -> VirtualMemory<SparseMemory> {
    MemoryManager::init(memory.clone()).get(MemoryId::new(id))
}

/// Overwrites some bytes in one memory of a filled store and returns the error of opening it.
fn open_with(id: u8, offset: u64, bytes: &[u8]) -> OpenError {
    let memory = SparseMemory::default();
    fill(&mut create(&memory), 60);
    region(&memory, id).write(offset, bytes);
    let before = memory.snapshot();
    let error = Store::open(memory.clone(), Capacity::default()).err().expect("a corrupted header was accepted");
    assert!(memory.snapshot() == before, "a refused memory was written to");
    assert!(!error.to_string().is_empty());
    error
}

fn header_error(id: u8, offset: u64, bytes: &[u8]) -> HeaderError {
    match open_with(id, offset, bytes) {
        OpenError::Memory { memory, error } if memory == MEMORIES[usize::from(id)] => error,
        error => panic!("memory {id}: {error}"),
    }
}

#[test]
fn each_header_field_is_checked() {
    for (id, magic, record, pages) in [
        (0, b"MCIN", 84, 84),
        (1, b"MCPL", 1, 128),
        (2, b"MCST", 0, 0),
        (3, b"MCLN", 84, 84),
        (4, b"MCKY", 232, 0),
        (5, b"MCTR", 76, 0),
    ] {
        assert_eq!(header_error(id, 0, b"XXXX"), HeaderError::Magic { found: *b"XXXX", expected: *magic });
        assert_eq!(header_error(id, 4, &[1]), HeaderError::Version { found: 1, expected: 2 });
        assert_eq!(header_error(id, 8, &[7]), HeaderError::RecordBytes { found: 7, expected: record });
        assert_eq!(header_error(id, 12, &[9]), HeaderError::SegmentPages { found: 9, expected: pages });
        assert_eq!(header_error(id, 23, &[128]), HeaderError::IncompatibleFeatures { unknown: 1 << 63 });
    }
}

#[test]
fn unknown_compatible_features_are_left_alone() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    fill(&mut store, 60);
    for id in 0..6 {
        region(&memory, id).write(24, &[0xff; 8]);
    }
    let expected = answers(&store);
    let mut store = open(&memory);
    assert_eq!(answers(&store), expected);
    add(&mut store, b"k", b"after", 1).unwrap();
    for id in 0..6 {
        let mut bytes = [0; 8];
        region(&memory, id).read(24, &mut bytes);
        assert_eq!(bytes, [0xff; 8]);
    }
}

#[test]
fn the_segment_table_is_checked() {
    for id in [0, 1, 3] {
        assert!(matches!(header_error(id, 40, &[200]), HeaderError::MappedSegments { end: 200, .. }));
        assert!(matches!(header_error(id, 32, &[0xff; 8]), HeaderError::MappedSegments { .. }));
        assert!(matches!(header_error(id, 65_536, &[99]), HeaderError::SegmentTable { logical: 0, physical: 99, .. }));
    }
    // The table maps the second segment to the place of the first.
    let memory = SparseMemory::default();
    fill(&mut create(&memory), 320);
    region(&memory, 1).write(65_540, &[0]);
    let error = Store::open(memory, Capacity::default()).err();
    assert!(matches!(
        error,
        Some(OpenError::Memory { error: HeaderError::SegmentTable { logical: 1, physical: 0, .. }, .. })
    ));
}

/// The keys and the trie's nodes are slots with a free list.
#[test]
fn the_ends_of_slots_are_checked() {
    for id in [4, 5] {
        assert!(matches!(header_error(id, 32, &[0; 4]), HeaderError::Slots { end: 0, .. }));
        assert!(matches!(header_error(id, 32, &[0xff; 4]), HeaderError::Slots { end: u32::MAX, .. }));
        assert!(matches!(header_error(id, 36, &[0xff; 4]), HeaderError::Slots { free: u32::MAX, .. }));
        assert!(matches!(header_error(id, 40, &[0xff; 4]), HeaderError::Slots { count: u32::MAX, .. }));
        // A slot is missing, and none is free.
        assert!(matches!(header_error(id, 40, &[1]), HeaderError::Slots { count: 1, free: 0, .. }));
    }
}

#[test]
fn a_stream_shorter_than_its_records_is_refused() {
    assert!(matches!(header_error(1, 40, &[0]), HeaderError::StreamEnd { mapped: 0, .. }));
}

#[test]
fn foreign_memory_is_refused_and_left_as_it_is() {
    for first in [&b"DIDL"[..], b"MGR\x02", b"MGR\x01\0\0\x80\0", b""] {
        let memory = SparseMemory::default();
        memory.grow(300);
        memory.write(0, first);
        let before = memory.snapshot();
        assert!(matches!(Store::open(memory.clone(), Capacity::default()).err(), Some(OpenError::Foreign(_))));
        assert!(memory.snapshot() == before);
    }
    assert!(matches!(Store::open(SparseMemory::default(), Capacity::default()).err(), Some(OpenError::Foreign(_))));
}

/// A record that this release does not know stops the rebuild, and so the upgrade.
#[test]
fn unknown_records_are_refused() {
    use crate::store::RebuildError;
    let record = 5 * 65_536 + 84 * 2;
    for (offset, byte, expected) in [
        (0, 99, RebuildError::Id { expected: 3, found: 99 }),
        (8, 65, RebuildError::Unknown { id: 3 }),
        (8, 0, RebuildError::Unknown { id: 3 }),
        (78, 1, RebuildError::Unknown { id: 3 }),
        (79, 2, RebuildError::Unknown { id: 3 }),
    ] {
        let memory = SparseMemory::default();
        fill(&mut create(&memory), 40);
        let mut sound = [0; 84];
        region(&memory, 0).read(record, &mut sound);
        region(&memory, 0).write(record + offset, &[byte]);
        let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
        assert_eq!(store.rebuild_step(), Err(expected));
        assert!(!expected.to_string().is_empty());
        // The store remembers the failure, and no step retries.
        assert_eq!((store.rebuild_failure(), store.rebuild_step()), (Some(expected), Err(expected)));
        assert_eq!(status(&store, 0).rebuild_failure, Some(expected.to_string()));
        // Reads that need no index still work.
        assert_eq!(at(&store, 0).record_by_id(1).map(|record| record.id()), Ok(1));
        let progress = store.rebuild_progress().unwrap();
        assert_eq!(add(&mut store, b"k", b"c", 1), Err(AddError::Unavailable(progress)));
        // A retry starts from the first message. It succeeds once the damage is repaired.
        assert!(store.retry_rebuild() && store.rebuild_failure().is_none(), "it begins anew");
        assert_eq!(store.rebuild_step(), Err(expected), "still damaged");
        region(&memory, 0).write(record, &sound);
        assert!(store.retry_rebuild());
        assert_eq!(store.rebuild_step(), Ok(Rebuilt::Done));
        assert!(!store.retry_rebuild(), "nothing has failed");
        answers(&store);
    }
}

/// Damaged numbers of a key are an error of every call about it. Other keys still work, and so does the timer.
#[test]
fn a_key_with_damaged_numbers_is_an_error_of_its_own_calls() {
    // Of the second key, from its head on: newest id, acknowledged id and rank; then the erased id.
    const KEY: u64 = 65_536 + 232;
    for (offset, number) in [(76, 1_000), (76, u32::MAX), (76 + 44, 9), (76 + 48, 9), (148, 9), (148, u32::MAX)] {
        let memory = SparseMemory::default();
        let mut store = create(&memory);
        for (key_id, owner) in [(b"sound", person(1)), (b"wrong", person(2))] {
            store.change_key(key_id, &[owned_by(&owner)], &admin(), EPOCH).unwrap();
            for number in 0..3u8 {
                add(&mut store, key_id, &[key_id[0], number], EPOCH).unwrap();
            }
        }
        store.acknowledge_one(b"wrong", 4, &person(2), EPOCH).unwrap();
        region(&memory, 4).write(KEY + offset, &number.to_le_bytes());
        let mut store = open(&memory);
        let view = at(&store, EPOCH);
        let other = |error: &OtherError| assert_eq!(error.code, 1, "{error:?}");
        for order in [Order::ascending, Order::descending] {
            for start in [Start::beginning, Start::after(2), Start::time(0), Start::rank(2)] {
                let cursor = KeyCursor { start, order, limit: 9, prove: true };
                match view.records_by_key(b"wrong", cursor) {
                    Err(PageError::Other(error)) => other(&error),
                    page => panic!("{number} at {offset}: {page:?}"),
                }
                assert!(view.records_by_key(b"sound", cursor).is_ok());
            }
        }
        for error in [
            view.get_key_heads(&[b"sound", b"wrong"]).err(),
            view.get_min_message_id_by_key(b"wrong").err(),
            view.get_max_message_id_by_key(b"wrong").err(),
        ] {
            match error {
                Some(LookupError::Other(error)) => other(&error),
                answer => panic!("{number} at {offset}: {answer:?}"),
            }
        }
        assert_eq!(view.get_key_heads(&[b"sound"]).map(|heads| heads.len()), Ok(1));
        let report = view.check(CheckCursor::default()).unwrap();
        assert!(!report.violations.is_empty(), "a check reports it");
        let before = memory.snapshot();
        assert!(matches!(add(&mut store, b"wrong", b"more", EPOCH), Err(AddError::Other(error)) if error.code == 1));
        let acknowledged = store.acknowledge_one(b"wrong", 6, &person(2), EPOCH);
        assert!(matches!(acknowledged, Err(AckError::Other(error)) if error.code == 1));
        assert!(memory.snapshot() == before, "nothing has changed");
        store.erase_while(|| true);
        assert!(!store.has_to_erase());
        add(&mut store, b"sound", b"more", EPOCH).unwrap();
    }
}
