//! The checker finds damage. Each test breaks one invariant in a different way.

use super::*;
use crate::api::{Bound, Setting};
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager};

/// Overwrites one byte of a store's memory and returns the violations that the checker finds.
fn broken_by(memory_id: u8, address: u64, byte: u8) -> Vec<String> {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..10u8 {
        add(&mut store, &[number % 2; 30], &[number; 100], 1_000 + u32::from(number)).unwrap();
    }
    assert_eq!(violations(&store), Vec::<String>::new());
    MemoryManager::init(memory.clone()).get(MemoryId::new(memory_id)).write(address, &[byte]);
    violations(&store)
}

fn record(id: u64) -> u64 {
    5 * 65_536 + 84 * (id - 1)
}

fn says(violations: &[String], invariant: u32, what: &str) -> bool {
    violations.iter().any(|text| text.starts_with(&format!("invariant {invariant}, ")) && text.contains(what))
}

#[test]
fn a_wrong_id_or_kind_is_found() {
    assert!(says(&broken_by(0, record(4), 9), 1, "message 4"));
    assert!(says(&broken_by(0, record(4) + 79, 2), 1, "message 4"));
}

#[test]
fn a_timestamp_out_of_order_is_found() {
    assert!(says(&broken_by(0, record(4) + 4, 0), 1, "message 4: stored at"));
}

#[test]
fn a_broken_link_is_found() {
    assert!(says(&broken_by(0, record(4) + 32, 7), 2, "message 4: next_id 7 does not lead back"));
    assert!(says(&broken_by(0, record(4) + 32, 0), 2, "message 4: ends its list"));
    assert!(says(&broken_by(0, record(4) + 36, 1), 2, "message 4: prev_id 1 does not lead back"));
    assert!(says(&broken_by(0, record(4) + 36, 0), 7, "message 4: is its key's first message"));
}

#[test]
fn a_changed_key_is_found() {
    assert!(says(&broken_by(0, record(4) + 9, 7), 2, "message 4: its key is not known"));
    assert!(says(&broken_by(1, 5 * 65_536 + 3 * 107 + 100, 7), 2, "message 4: its key is not known"));
}

#[test]
fn a_changed_hash_or_ciphertext_is_found() {
    assert!(says(&broken_by(0, record(4) + 40, 7), 3, "message 4: not found by its hash"));
    assert!(says(&broken_by(0, record(4) + 40, 7), 4, "message 4: its ciphertext has another hash"));
    assert!(says(&broken_by(1, 5 * 65_536 + 3 * 107, 7), 4, "message 4: its ciphertext has another hash"));
}

/// The flag says that a ciphertext was overwritten, but it was not.
#[test]
fn a_wrong_flag_is_found() {
    let violations = broken_by(0, record(4) + 79, 1);
    assert!(says(&violations, 4, "message 4: is marked as overwritten"));
    assert!(says(&violations, 2, "message 4: is overwritten, but not acknowledged"));
}

#[test]
fn a_misplaced_extent_is_found() {
    assert!(says(&broken_by(0, record(4) + 72, 7), 4, "message 4: extent starts at"));
    assert!(says(&broken_by(0, record(10) + 80, 200), 4, "message 10: extent ends at"));
}

/// Each byte of a record is damaged in several ways. The check finds a violation and never panics. Key ids of 41 bytes
/// have a tail in the payload stream, so a damaged record may place its tail anywhere.
#[test]
fn no_damage_of_a_record_stops_the_check() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..10u8 {
        add(&mut store, &[number % 2; 41], &[number; 100], 1_000 + u32::from(number)).unwrap();
    }
    let inbox = MemoryManager::init(memory.clone()).get(MemoryId::new(0));
    for id in [1, 4, 9, 10] {
        for at in 0..84 {
            let mut byte = [0];
            inbox.read(record(id) + at, &mut byte);
            for damaged in [0, 1, 0x7f, 0xff].into_iter().filter(|&damaged| damaged != byte[0]) {
                inbox.write(record(id) + at, &[damaged]);
                // A damaged timestamp may still lie between those of its neighbours.
                let found = !violations(&store).is_empty() || (4..8).contains(&at);
                assert!(found, "byte {at} of message {id} is {damaged}: nothing is found");
                inbox.write(record(id) + at, &byte);
            }
        }
    }
    assert_eq!(violations(&store), Vec::<String>::new());
    inbox.write(record(4) + 75, &[1]);
    assert!(says(&violations(&store), 4, "message 4: extent"));
}

/// The extent starts below the mapped segments.
#[test]
fn an_extent_before_the_stream_is_found() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    store.set_settings(&[Setting::max_messages(Bound::AtMost(5))], 0).unwrap();
    for number in 0..30u8 {
        add(&mut store, &[number % 2; 41], &vec![number; 1_000_000], 1).unwrap();
    }
    assert_eq!(violations(&store), Vec::<String>::new());
    MemoryManager::init(memory.clone()).get(MemoryId::new(0)).write(record(28) + 72, &[0; 6]);
    assert!(says(&violations(&store), 4, "message 28: extent starts at 0"));
}

/// Each link of a message that is left is damaged, behind thousands of dropped ones, swept or not.
#[test]
fn a_damaged_link_behind_thousands_of_dropped_ones_is_found() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..6_000u32 {
        add(&mut store, &key(number % 2, 41), &number.to_le_bytes(), 1).unwrap();
    }
    store.set_settings(&[Setting::max_messages(Bound::AtMost(6))], 1).unwrap();
    let manager = MemoryManager::init(memory.clone());
    let link = |id: u64| 5 * 65_536 + 84 * (id - 1);
    // The record's next and previous message, the link's jump, and its chain value of the dropped message before.
    let links = [(0, record(5_998) + 32), (0, record(5_998) + 36), (3, link(5_998) + 4), (3, link(5_998) + 20)];
    for dropped in [5_994, 0] {
        assert_eq!(store.backlog_kept(), dropped);
        assert_eq!(violations(&store), Vec::<String>::new());
        for (memory_id, address) in links {
            let memory = manager.get(MemoryId::new(memory_id));
            let mut byte = [0];
            memory.read(address, &mut byte);
            memory.write(address, &[byte[0] ^ 1]);
            let found = violations(&store);
            assert!(
                found.iter().any(|text| text.contains("message 5998")),
                "{address} of memory {memory_id}: {found:?}"
            );
            memory.write(address, &byte);
        }
        store.sweep_while(|| true);
    }
}

/// Long lists and large messages are checked across slices.
#[test]
fn slices_cover_everything() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..12_000u32 {
        add(&mut store, &key(number % 3, 41), &number.to_le_bytes(), 1).unwrap();
    }
    let mut slices = 0;
    let mut checked = 0;
    let mut next = Some(CheckCursor::default());
    while let Some(cursor) = next {
        let report = at(&store, 0).check(cursor).unwrap();
        assert_eq!(report.violations, Vec::<String>::new());
        checked += report.checked;
        slices += 1;
        next = report.next;
    }
    assert_eq!(checked, 12_000);
    assert!(slices > 5, "{slices} slices");
}

/// Each byte of links, keys and the trie's nodes is damaged in several ways. The check never panics. It finds all
/// damage to data that another structure also has.
#[test]
fn no_damage_of_links_keys_and_trie_stops_the_check() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..10u8 {
        add(&mut store, &[number % 3; 41], &[number; 100], 1_000 + u32::from(number)).unwrap();
    }
    let manager = MemoryManager::init(memory.clone());
    // Only the key's record has its queues, rights and remembered numbers.
    let known_twice = |id: u8, at: u64| id != 4 || (4..46).contains(&at) || (76..128).contains(&at);
    for (id, leading, len, count) in [(3, 5, 84, 10), (4, 1, 232, 3), (5, 1, 76, 2)] {
        let memory = manager.get(MemoryId::new(id));
        for at in 0..len * count {
            let address = leading * 65_536 + at;
            let mut byte = [0];
            memory.read(address, &mut byte);
            for damaged in [0, 1, 0x7f, 0xff].into_iter().filter(|&damaged| damaged != byte[0]) {
                memory.write(address, &[damaged]);
                let found = !violations(&store).is_empty() || !known_twice(id, at % len);
                assert!(found, "byte {} of slot {} in memory {id} is {damaged}: nothing is found", at % len, at / len);
                memory.write(address, &byte);
            }
        }
    }
    assert_eq!(violations(&store), Vec::<String>::new());
}
