//! The bytes of the stores: refused ones, their number, and the place of each field.

use crate::server::*;
use crate::stores::{address, all, all_bytes, change, device, directory, of};
use crate::support::*;
use directory_core::hash::sha256;
use directory_core::label::Label;
use directory_core::log::leaf_hash;
use directory_core::map::View;
use directory_core::profile::Profile;
use directory_core::store::{Memories, OpenError, Store};
use ic_stable_structures::{Memory, VectorMemory};
use stable::header::HeaderError;

#[test]
fn damaged_and_foreign_memories_are_refused() {
    let directory = directory();
    let open = |memory: usize, at: usize, byte: u8| {
        let memories = copy(&directory.memories);
        all(&memories)[memory].borrow_mut()[at] = byte;
        Store::open(memories, directory.realm).map(|_| ()).unwrap_err()
    };
    for (number, magic) in
        [b"DCND", b"DCLF", b"DCLB", b"DCUP", b"DCPU", b"DCPR", b"DCHD", b"DCHS", b"DCSL"].iter().enumerate()
    {
        let refused = |error| OpenError::Header { memory: **magic, error };
        let found = [b'X', magic[1], magic[2], magic[3]];
        assert_eq!(open(number, 0, b'X'), refused(HeaderError::Magic { found, expected: **magic }));
        assert_eq!(open(number, 4, 2), refused(HeaderError::Version { found: 2, expected: 1 }));
        assert!(matches!(open(number, 9, 7), OpenError::Header { error: HeaderError::RecordBytes { .. }, .. }));
        assert_eq!(open(number, 16, 4), refused(HeaderError::IncompatibleFeatures { unknown: 4 }));
        assert!(matches!(open(number, 39, 9), OpenError::Header { error: HeaderError::Truncated { .. }, .. }));
    }
    for (memory, what) in [(1, "labels"), (6, "heads"), (7, "hashes")] {
        assert!(matches!(open(memory, 32, 1), OpenError::Mismatch { what: found, .. } if found == what));
    }
    let empty = Store::open(Memories::<VectorMemory>::default(), directory.realm).map(|_| ()).unwrap_err();
    let error = HeaderError::Truncated { pages: 0, expected: 1 };
    assert_eq!(empty, OpenError::Header { memory: *b"DCND", error });
}

/// The limit: 1,050 bytes a label with a profile of 200 bytes, signed by owner, registrar and address.
#[test]
fn a_label_takes_at_most_1050_bytes() {
    let mut directory = Directory::new();
    directory.registrar = Some(policy(&[11], 1));
    let bytes = |directory: &Directory| directory.store.room().iter().map(|(_, bytes)| bytes).sum::<u64>();
    let register = |directory: &mut Directory, numbers: std::ops::Range<u8>| {
        for number in numbers {
            let (label, update, proof) = address(directory, number);
            directory.accept(&label, &update, Some(proof));
        }
        directory.close_epoch();
    };
    register(&mut directory, 20..22);
    let before = bytes(&directory);
    register(&mut directory, 60..160);
    // One head, and its two hashes in the log: a node more follows the second leaf.
    let label = (bytes(&directory) - before - 133 - 2 * 32 + 32) / 100;
    let before = bytes(&directory);
    change(&mut directory, &Label::address(&key(20)));
    let version = bytes(&directory) - before;
    println!("{label} bytes a label, {version} a further version, both with a profile of 200 bytes");
    assert!((1_000..=1_050).contains(&label), "{label}");
    assert_eq!(version, 100 + (174 - 64 + 98 + 1) + (1 + 16 + 2 + 200));
}

/// SHA-256 of each memory's used bytes after a fixed run: no change of a layout goes unseen.
#[test]
fn the_bytes_of_every_memory() {
    let mut directory = directory();
    change(&mut directory, &Label::address(&key(20)));
    directory.close_epoch();
    change(&mut directory, &Label::address(&key(21)));
    directory.store.put_bundle(2, &of(1, 5), &Profile::new(vec![device(1)], vec![]).unwrap()).unwrap();
    let found: Vec<_> = all(&directory.memories)
        .iter()
        .map(|memory| {
            assert_eq!(memory.size(), 1);
            let bytes = memory.borrow();
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            format!("{} {used} {}", bytes[..4].escape_ascii(), &hex::encode(sha256(&[&bytes[..used]]))[..16])
        })
        .collect();
    assert_eq!(found, LAYOUT, "{found:#?}");
}

#[test]
fn records_are_laid_out_as_their_byte_maps_say() {
    let mut directory = directory();
    let label = Label::address(&key(20));
    let values = |directory: &Directory| {
        let proof = directory.history(&label, View::Newest, None, None);
        (proof.head.map_root, directory.state(&label))
    };
    let (_, old) = values(&directory);
    change(&mut directory, &label);
    directory.close_epoch();
    let (root, new) = values(&directory);
    let bytes = all_bytes(&directory);
    // The root: depth 0; clean, both children nodes; changed at size 4; its newest hash.
    let node = &bytes[0][64..64 + 84];
    assert_eq!((node[0], node[2] & 0b11111, &node[16..20]), (0, 0b10100, &[4, 0, 0, 0][..]));
    assert_eq!(node[20..52], root);
    assert_eq!(node[52..84], directory.store.map_root(View::Ratified));
    let leaf = &bytes[1][64..64 + 100];
    let value = |position, state: &directory_core::change::State| {
        directory_core::map::leaf_value(position, state.time(), state.hash())
    };
    assert_eq!(leaf[..32], directory.index(&label));
    assert_eq!((&leaf[32..64], &leaf[64..96]), (&value(6, &new)[..], &value(0, &old)[..]));
    assert_eq!(leaf[96..], [4, 0, 0, 0]);
    let record = &bytes[2][64..64 + 20];
    assert_eq!((&record[..8], &record[16..]), (&6_u64.to_le_bytes()[..], &[0; 4][..]));
    let update = &bytes[3][64 + 6 * 100..64 + 7 * 100];
    assert_eq!(update[..32], leaf_hash(&directory.store.logged(6).encode()));
    assert_eq!(update[32..64], *new.hash());
    assert_eq!(update[64..72], new.time().to_le_bytes());
    assert_eq!((&update[88..96], &update[96..]), (&0_u64.to_le_bytes()[..], &[0; 4][..]));
    let public = 64 + u64::from_le_bytes(update[72..80].try_into().unwrap()) as usize;
    let encoded = directory.store.logged(6).update.encode();
    assert_eq!(bytes[4][public..public + 1 + encoded.len() - 65], [&encoded[..1], &encoded[65..]].concat());
    assert_eq!(bytes[6][64 + 3 * 133..64 + 4 * 133], directory.store.head(3).unwrap().encode());
}

const LAYOUT: [&str; 9] = [
    "DCND 452 12b3aee7a1ab7927",
    "DCLF 661 a9590d3d724556d4",
    "DCLB 174 ae018a6d51c1f2bd",
    "DCUP 861 05de3283e1572184",
    "DCPU 2317 0995e28763d4e717",
    "DCPR 3070 a85d064b8aa1516a",
    "DCHD 596 da33395687822e54",
    "DCHS 288 b74c7253ae3d5669",
    "DCSL 342 6bc5b046c42b072e",
];
