//! The checker finds what is wrong: each invariant broken in a way of its own.

use super::*;
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager};

/// Breaks a byte behind the back of a store and gives the invariants that the checker says are broken.
fn broken_by(memory_id: u8, address: u64, byte: u8) -> Vec<String> {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..10u8 {
        store.add_message(&[number % 2; 30], &[number; 100], 1_000 + u32::from(number)).unwrap();
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
    assert!(says(&broken_by(0, record(4) + 79, 1), 1, "message 4"));
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
    assert!(says(&broken_by(0, record(4) + 36, 0), 2, "message 4: opens its list"));
    assert!(says(&broken_by(0, record(8) + 32, 0), 2, "has 4 messages and a count of 5"));
}

#[test]
fn a_changed_key_is_found() {
    assert!(says(&broken_by(0, record(4) + 9, 7), 2, "message 4: its key is not indexed"));
    assert!(says(&broken_by(1, 5 * 65_536 + 3 * 107 + 100, 7), 2, "message 4: its key is not indexed"));
}

#[test]
fn a_changed_hash_or_ciphertext_is_found() {
    assert!(says(&broken_by(0, record(4) + 40, 7), 3, "message 4: not found by its hash"));
    assert!(says(&broken_by(0, record(4) + 40, 7), 4, "message 4: its ciphertext has another hash"));
    assert!(says(&broken_by(1, 5 * 65_536 + 3 * 107, 7), 4, "message 4: its ciphertext has another hash"));
}

#[test]
fn a_misplaced_extent_is_found() {
    assert!(says(&broken_by(0, record(4) + 72, 7), 4, "message 4: extent starts at"));
    assert!(says(&broken_by(0, record(10) + 80, 200), 4, "message 10: extent ends at"));
}

/// Long lists and large messages are checked across slices.
#[test]
fn slices_cover_everything() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for number in 0..12_000u32 {
        store.add_message(&key(number % 3, 41), &number.to_le_bytes(), 1).unwrap();
    }
    let mut slices = 0;
    let mut checked = 0;
    let mut next = Some(CheckCursor::default());
    while let Some(cursor) = next {
        let report = store.view(|| 0).check(cursor).unwrap();
        assert_eq!(report.violations, Vec::<String>::new());
        checked += report.checked;
        slices += 1;
        next = report.next;
    }
    assert_eq!(checked, 12_000);
    assert!(slices > 5, "{slices} slices");
}
