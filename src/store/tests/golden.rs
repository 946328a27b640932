//! Layout 2, byte for byte: each structure, the headers and a committed store.
//!
//! The image `tests/images/layout-2.image` binds every later release: it must open the image and return the same
//! answers, and the same calls must write the same bytes. `UPDATE_IMAGES=1` rewrites it, for a new layout only.

use super::*;
use crate::access::KeyRights;
use crate::access::budget::Payer;
use crate::api::{Acknowledged, Bound, OwnQuota, Quota, Role, Setting};
use crate::store::Seed;
use crate::store::keys::{Key, Keys};
use crate::store::links::{Link, LinkRegion, Target};
use crate::store::record::{NewRecord, Record};
use crate::store::state::{Queue, State};
use ::proofs::chain::Links;
use ::proofs::hash::{self, Hash};
use ::proofs::head::Head;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager};
use ic_stable_structures::{Memory, VectorMemory};
use stable::budget::Budget;
use stable::region::LEADING_PAGES;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/images/layout-2.image");

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

/// A memory of so many pages.
fn pages(pages: u64) -> VectorMemory {
    let memory = VectorMemory::default();
    memory.grow(pages);
    memory
}

fn bytes_at(memory: &impl Memory, address: u64, len: usize) -> String {
    let mut bytes = vec![0; len];
    memory.read(address, &mut bytes);
    hex(&bytes)
}

/// 32 bytes that count up from `first`.
fn rising(first: u8) -> Hash {
    std::array::from_fn(|at| first + at as u8)
}

#[test]
fn a_link_is_84_bytes_in_this_order() {
    let memory = pages(LEADING_PAGES);
    let mut links = LinkRegion::create(memory.clone());
    memory.grow(links.pages_missing(1));
    let link = Link {
        rank: 0x0403_0201,
        jump: Target { id: 0x0807_0605, rank: 0x0c0b_0a09 },
        bytes: 0x1817_1615_1413_1211,
        chains: Links { prev: rising(0x20), jump: rising(0x40) },
    };
    links.append(1, link);
    let expected = concat!(
        "01020304",                                                         // rank
        "05060708",                                                         // jump id
        "090a0b0c",                                                         // jump rank
        "1112131415161718",                                                 // bytes
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f", // chain of the previous message
        "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", // chain of the jump target
    );
    assert_eq!(bytes_at(&memory, LEADING_PAGES * 65_536, 84), expected);
    assert_eq!(links.get(1), link);
    assert_eq!((links.jump(1), links.rank_and_bytes(1)), (link.jump, (link.rank, link.bytes)));
}

#[test]
fn a_key_is_232_bytes_in_this_order() {
    let memory = pages(1);
    let mut keys = Keys::create(memory.clone());
    memory.grow(keys.pages_missing());
    let place = keys.allocate().unwrap();
    let key = Key {
        next: 0x0403_0201,
        in_idle_queue: true,
        next_idle: 0x0807_0605,
        head: Head {
            last_id: 0x0c0b_0a09,
            last_time: 0x1413_1211,
            rank: 0x1817_1615,
            chain: rising(0x20),
            acknowledged_id: 0x4443_4241,
            acknowledged_rank: 0x4847_4645,
        },
        oldest_id: 0x5453_5251,
        bytes: 0x6867_6665_6463_6261,
        acknowledged_bytes: 0x7877_7675_7473_7271,
        erased_id: 0x8483_8281,
        rights: KeyRights {
            owner: Some(Principal::from_slice(&[0xa1, 0xa2, 0xa3])),
            send_key: Some(rising(0xb0)),
            quota: Some(Quota { messages: Bound::AtMost(0xd4d3_d2d1), bytes: Bound::AtMost(0xe8e7_e6e5_e4e3_e2e1) }),
            kept: true,
        },
        full_since: 0xf4f3_f2f1,
        ..Key::new(b"key-1", 0)
    };
    keys.put(place, &key);
    let expected = [
        "01020304",           // next
        "05",                 // key_len
        "6b65792d31",         // key_id
        &"00".repeat(59),     //
        "3f",                 // flags
        "0000",               //
        "05060708",           // next_idle
        "090a0b0c",           // head: newest id
        "11121314",           // its time
        "15161718",           // its rank
        &hex(&rising(0x20)),  // its chain value
        "41424344",           // acknowledged id
        "45464748",           // its rank
        "51525354",           // oldest id
        "6162636465666768",   // bytes
        "7172737475767778",   // acknowledged bytes
        "81828384",           // erased id
        "03",                 // owner_len
        "a1a2a3",             // owner
        &"00".repeat(26 + 2), //
        &hex(&rising(0xb0)),  // send key
        "d1d2d3d4",           // quota: messages
        "e1e2e3e4e5e6e7e8",   // quota: bytes
        "f1f2f3f4",           // full since
    ];
    assert_eq!(bytes_at(&memory, 65_536, 232), expected.concat());
    assert_eq!(keys.get(place), Some(key));
    // Each flag alone.
    let plain = Key::new(b"key-1", 0);
    let with = |rights| Key { rights, ..plain.clone() };
    let quota = |messages, bytes| KeyRights { quota: Some(Quota { messages, bytes }), ..KeyRights::default() };
    for (flags, key) in [
        ("00", plain.clone()),
        ("01", with(KeyRights { kept: true, ..KeyRights::default() })),
        ("02", Key { in_idle_queue: true, ..plain.clone() }),
        ("04", with(KeyRights { send_key: Some([0; 32]), ..KeyRights::default() })),
        ("08", with(quota(Bound::Unlimited, Bound::Unlimited))),
        ("18", with(quota(Bound::AtMost(0), Bound::Unlimited))),
        ("28", with(quota(Bound::Unlimited, Bound::AtMost(0)))),
    ] {
        keys.put(place, &key);
        assert_eq!(bytes_at(&memory, 65_536 + 69, 1), flags);
        assert_eq!(keys.get(place), Some(key));
    }
}

#[test]
fn the_state_is_these_bytes() {
    let memory = pages(1);
    let mut state = State::create(memory.clone(), Configuration::default(), 0x0807_0605_0403_0201);
    state.set_secrets(rising(0x20), Seed(rising(0x40)));
    let settings = Configuration { rebuild_pages: Bound::AtMost(0x1234), ..Configuration::default() };
    state.set_settings(settings);
    state.set_erase_queue(Queue { first: 0x1413_1211, last: 0x1817_1615 });
    state.set_idle_queue(Queue { first: 0x6463_6261, last: 0x6867_6665 });
    state.set_opens(0x9493_9291);
    for (payer, cycles) in [(Payer::Strangers, 0x0101), (Payer::Members, 0x0202), (Payer::Owners, 0x0303)] {
        state.spent_mut(payer).spend_cycles(&Budget::default(), cycles, 20_775 * 86_400_000_000_000);
        state.keep_spent(payer);
    }
    let expected = [
        "4d435354020000000000000000000000", // header
        &"00".repeat(48),                   //
        &hex(&rising(0x20)),                // salt
        &hex(&rising(0x40)),                // seed
        "0102030405060708",                 // epoch
        "02000000",                         // version of the settings
        "1112131415161718",                 // keys to erase
        "6162636465666768",                 // idle keys
        "91929394",                         // second from which on adds are possible
        "275100000101000000000000",         // spent by strangers
        "275100000202000000000000",         // by members
        "275100000303000000000000",         // by owners
        &hex(&settings.to_bytes()),
    ];
    assert_eq!(bytes_at(&memory, 0, 196 + settings.to_bytes().len()), expected.concat());
    let reopened = State::open(memory).unwrap();
    let secrets = |state: &State<VectorMemory>| (state.salt().copied(), state.seed().0, state.epoch());
    assert_eq!(secrets(&reopened), secrets(&state));
    assert_eq!((reopened.settings(), reopened.settings_version()), (&settings, 2));
    assert_eq!(reopened.opens(), state.opens());
    assert_eq!(reopened.spent(Payer::Owners), state.spent(Payer::Owners));
    assert_eq!((reopened.erase_queue(), reopened.idle_queue()), (state.erase_queue(), state.idle_queue()));
}

#[test]
fn headers_are_these_bytes() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    add(&mut store, b"k", b"c", 1).unwrap();
    let header = |id| bytes_at(&MemoryManager::init(memory.clone()).get(MemoryId::new(id)), 0, 64);
    let (none, one) = ("0000000000000000", "0100000000000000");
    let slots = "020000000000000001000000"; // end, free, count
    for (id, expected) in [
        (0, ["4d43494e020000005400000054000000", none, none, none, one, "0100000001000000", none].concat()),
        (1, ["4d43504c020000000100000080000000", none, none, none, one, none, none].concat()),
        (3, ["4d434c4e020000005400000054000000", none, none, none, one, none, none].concat()),
        (4, ["4d434b5902000000e800000000000000", none, none, slots, none, none, "00000000"].concat()),
        (5, ["4d435452020000004c00000000000000", none, none, one, none, none, none].concat()),
    ] {
        assert_eq!(header(id), expected, "memory {id}");
    }
}

/// Two keys make one node, hashed as the proofs specify.
#[test]
fn the_trie_is_these_bytes() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    for key_id in [b"one", b"two"] {
        add(&mut store, key_id, b"c", 1).unwrap();
    }
    let leaf = |key_id: &[u8]| {
        let label = hash::label(store.state.salt().unwrap(), key_id);
        let (place, key) = store.find_key(key_id).unwrap();
        (label, hash::entry(&label, &key.head.value()), place << 1 | 1)
    };
    let mut leaves = [leaf(b"one"), leaf(b"two")];
    leaves.sort();
    let [(one, left, left_reference), (other, right, right_reference)] = leaves;
    let position = (0..=255).find(|at| ::proofs::trie::bit(&one, *at) != ::proofs::trie::bit(&other, *at)).unwrap();
    let root = hash::node(position, &left, &right);
    let references = [left_reference, right_reference].map(|reference| hex(&reference.to_le_bytes())).concat();
    let trie = MemoryManager::init(memory.clone()).get(MemoryId::new(5));
    assert_eq!(bytes_at(&trie, 64, 36), [&hex(&root), "02000000"].concat());
    let node = [hex(&left), hex(&right), references, hex(&[position]), "000000".to_string()];
    assert_eq!(bytes_at(&trie, 65_536, 76), node.concat());
}

/// The calls that wrote the image.
fn store_of_the_image(memory: &SparseMemory) -> Store {
    let mut store = create(memory);
    for number in 0..40u32 {
        let key = key(number % 9, [1, 20, 22, 23, 24, 29, 32, 41, 64][number as usize % 9]);
        let ciphertext = key.iter().cycle().take(1 + number as usize * 53 % 900).copied().collect::<Vec<_>>();
        add(&mut store, &key, &ciphertext, 1_700_000_000 + number / 3 * 60).unwrap();
    }
    // The same ciphertext under several keys, and a pair that is already stored.
    for key_id in [&b"a"[..], b"b", b"c", b"a"] {
        add(&mut store, key_id, b"one for all", 1_600_000_000).unwrap();
    }
    let owner = person(1);
    let settings = [
        owned_by(&owner),
        KeySetting::quota(OwnQuota::own(Quota { messages: Bound::AtMost(100), bytes: Bound::Unlimited })),
        KeySetting::kept(true),
    ];
    let key = key(0, 1);
    store.change_key(&key, &settings, &admin(), 1_600_000_000).unwrap();
    store.change_key(&key, &[send_key()], &owner, 1_600_000_000).unwrap();
    store.change_key(b"no message yet", &settings[..1], &admin(), 1_600_000_000).unwrap();
    // One of three acknowledged messages is overwritten.
    assert_eq!(store.acknowledge_one(&key, 19, &owner, 1_600_000_000), Ok(Acknowledged { messages: 3 }));
    let mut left = [true, false].into_iter();
    store.erase_while(|| left.next() == Some(true));
    store.set_role(owner.principal(), Some(Role::reader)).unwrap();
    store.set_settings(&[Setting::max_messages(Bound::AtMost(41))], 1_600_000_000).unwrap();
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
    assert!(image == committed, "layout 2 has changed: stores that are out there would not be understood");
}

#[test]
fn the_committed_image_opens_and_answers() {
    let memory = SparseMemory::from_image(&std::fs::read(IMAGE).unwrap());
    let mut store = open(&memory);
    let memory = SparseMemory::default();
    store_of_the_image(&memory);
    let expected = answers(&open(&memory));
    assert_eq!(answers(&store), expected);
    assert_eq!(expected.messages.iter().flatten().count(), 41 - 2, "two are acknowledged");
    assert_eq!(store.roles(None), [(person(1).principal(), Role::reader)]);
    assert!(store.has_to_erase() && store.backlog_kept() == 2);
    assert_eq!(add(&mut store, b"after", b"the image", 1).unwrap().id, 44);
    answers(&store);
}
