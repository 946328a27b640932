//! Slots are allocated, released and allocated again, and the free list is checked.

use super::*;
use stable::header::{HeaderError, Kind};
use stable::slots::Slots;

const KIND: Kind = Kind { magic: MAGIC, layout: LAYOUT, record_bytes: 30_000, segment_pages: 0 };

fn create() -> (VectorMemory, Slots<VectorMemory>) {
    let memory = VectorMemory::default();
    memory.grow(1);
    (memory.clone(), Slots::create(memory, KIND))
}

fn allocate(memory: &VectorMemory, slots: &mut Slots<VectorMemory>) -> u32 {
    let missing = slots.pages_missing(1);
    if missing > 0 {
        memory.grow(missing);
    }
    slots.allocate().unwrap()
}

#[test]
fn the_last_released_is_used_first() {
    let (memory, mut slots) = create();
    for n in 1..=5 {
        let slot = allocate(&memory, &mut slots);
        assert_eq!(slot, n);
        slots.write(slot, 0, &[n as u8; 30_000]);
    }
    assert_eq!((memory.size(), slots.len(), slots.end()), (4, 5, 6));
    for slot in [2, 5, 3] {
        slots.release(slot).unwrap();
    }
    assert_eq!((slots.pages_missing(3), slots.pages_missing(4), slots.pages_missing(5)), (0, 0, 1));
    let mut slots = Slots::open(memory.clone(), KIND).unwrap();
    for slot in [3, 5, 2, 6] {
        assert_eq!(allocate(&memory, &mut slots), slot);
        let mut bytes = [1; 30_000];
        slots.read(slot, 0, &mut bytes);
        assert!(bytes.iter().all(|byte| *byte == 0));
    }
    for slot in [1, 4] {
        let mut bytes = [0; 30_000];
        slots.read(slot, 0, &mut bytes);
        assert!(bytes.iter().all(|byte| u32::from(*byte) == slot));
    }
    assert_eq!((slots.len(), slots.end()), (6, 7));
}

#[test]
fn a_header_that_fits_nothing_is_refused() {
    let (memory, mut slots) = create();
    for _ in 0..3 {
        allocate(&memory, &mut slots);
    }
    slots.release(2).unwrap();
    // End, free, count: 4, 2, 2. Pages 1 and 2 have room for four.
    for (offset, value) in [(32, 0), (32, 6), (32, 2), (32, 3), (36, 0), (36, 4), (40, 3), (40, 4)] {
        let damaged = VectorMemory::default();
        damaged.grow(memory.size());
        damaged.write(0, &memory.borrow());
        damaged.write(offset, &u32::to_le_bytes(value));
        let error = Slots::open(damaged, KIND).err().expect("it was opened");
        assert!(matches!(error, HeaderError::Slots { room: 4, .. }), "{offset} {value}: {error}");
    }
}

#[test]
fn a_broken_list_gives_no_slot() {
    let (memory, mut slots) = create();
    for _ in 0..4 {
        allocate(&memory, &mut slots);
    }
    slots.release(2).unwrap();
    slots.release(3).unwrap();
    // Too short, out of range, and in a circle.
    for next in [0, 5, 3] {
        slots.write(3, 0, &u32::to_le_bytes(next));
        let before = memory.borrow().clone();
        assert_eq!(slots.allocate(), Err(stable::Damaged { slot: 3 }));
        assert!(*memory.borrow() == before);
    }
    // To a slot in use.
    slots.write(3, 0, &[1, 0, 0, 0]);
    slots.write(1, 0, &[0, 0, 0, 0, 1]);
    assert_eq!(slots.allocate(), Ok(3));
    assert_eq!(slots.allocate(), Err(stable::Damaged { slot: 1 }));
    assert_eq!(slots.release(9), Err(stable::Damaged { slot: 0 }));
}
