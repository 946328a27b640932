//! Layout 1, byte for byte: a record, the headers and a committed store.
//!
//! The image `tests/images/layout-1.image` binds every later release: the release must open it and return the same
//! answers, and the same calls must write the same bytes. `UPDATE_IMAGES=1` rewrites it, for a new layout only.

use super::*;
use crate::api::Bound;
use crate::store::record::{NewRecord, Record};
use ic_stable_structures::Memory;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager};

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/images/layout-1.image");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_record_is_84_bytes_in_this_order() {
    let record = Record::new(NewRecord {
        id: 0x0403_0201,
        timestamp: 0x0807_0605,
        key_id: b"key-1",
        prev_id: 0x1817_1615,
        hash: &std::array::from_fn(|at| 0x20 + at as u8),
        offset: 0x4645_4443_4241,
        len: 0x5453_5251,
    });
    let expected = concat!(
        "01020304",                                                         // id
        "05060708",                                                         // timestamp
        "05",                                                               // key_len
        "6b65792d31000000000000000000000000000000000000",                   // key_head
        "00000000",                                                         // next_id
        "15161718",                                                         // prev_id
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f", // hash
        "414243444546",                                                     // offset
        "00",                                                               // ext_len
        "00",                                                               // flags
        "51525354",                                                         // len
    );
    assert_eq!(hex(record.as_bytes()), expected);
    assert_eq!((record.id(), record.timestamp(), record.next_id()), (0x0403_0201, 0x0807_0605, 0));
    assert_eq!((record.key_len(), &record.key_head()[..6]), (5, &b"key-1\0"[..]));
    assert_eq!((record.prev_id(), record.hash()[31]), (0x1817_1615, 0x3f));
    assert_eq!((record.offset(), record.ciphertext_len()), (0x4645_4443_4241, 0x5453_5251));
    assert!(record.is_known(), "nothing in it is new");
}

#[test]
fn headers_are_these_bytes() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    store.set_seed(Seed(std::array::from_fn(|at| at as u8 + 1)));
    store.set_settings(Settings { rebuild_pages: Bound::AtMost(0x1234), ..Settings::default() }, 0).unwrap();
    store.add_message(b"k", b"c", 1).unwrap();
    let header = |id, bytes: usize| {
        let mut header = vec![0; bytes];
        MemoryManager::init(memory.clone()).get(MemoryId::new(id)).read(0, &mut header);
        hex(&header)
    };
    let zeros = |bytes| "00".repeat(bytes);
    let (none, one) = ("0000000000000000", "0100000000000000");
    assert_eq!(
        header(0, 64),
        ["4d43494e010000005400000054000000", none, none, none, one, "0100000001000000", none].concat()
    );
    assert_eq!(header(1, 64), ["4d43504c010000000100000080000000", none, none, none, one, none, none].concat());
    let seed = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
    assert_eq!(header(2, 160), format!("4d435354010000000000000000000000{}{seed}34120000{}", zeros(48), zeros(60)));
}

/// The calls that wrote the image.
fn store_of_the_image(memory: &SparseMemory) -> Store {
    let mut store = create(memory);
    store.set_seed(Seed([0x5e; 32]));
    for number in 0..40u32 {
        let key = key(number % 9, [1, 20, 22, 23, 24, 41, 64][number as usize % 7]);
        let ciphertext = key.iter().cycle().take(1 + number as usize * 53 % 900).copied().collect::<Vec<_>>();
        store.add_message(&key, &ciphertext, 1_700_000_000 + number / 3 * 60).unwrap();
    }
    // The same ciphertext under several keys, and a pair that is already stored.
    for key_id in [&b"a"[..], b"b", b"c", b"a"] {
        store.add_message(key_id, b"one for all", 1_600_000_000).unwrap();
    }
    store
}

#[test]
fn the_same_calls_write_the_committed_image() {
    let memory = SparseMemory::default();
    store_of_the_image(&memory);
    let image = memory.to_image();
    if std::env::var_os("UPDATE_IMAGES").is_some() {
        std::fs::write(IMAGE, &image).unwrap();
    }
    let committed = std::fs::read(IMAGE).unwrap();
    assert!(image == committed, "layout 1 has changed: stores that are out there would not be understood");
}

#[test]
fn the_committed_image_opens_and_answers() {
    let memory = SparseMemory::from_image(&std::fs::read(IMAGE).unwrap());
    let mut store = open(&memory);
    let expected = answers(&store_of_the_image(&SparseMemory::default()));
    assert_eq!(answers(&store), expected);
    assert_eq!(expected.messages.len(), 43);
    assert_eq!(store.add_message(b"after", b"the image", 1).unwrap().id, 44);
    answers(&store);
}
