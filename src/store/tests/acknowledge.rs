//! Acknowledged messages are no longer live at once. They are overwritten afterwards.

use super::*;
use crate::api::{AckError, Acknowledged, Bound, Setting, TooLong};
use crate::limits::ERASE_PAGES;
use crate::store::StoredRef;

/// A store with so many messages of a key whose owner is `person(1)`.
fn owned(memory: &SparseMemory, messages: u32) -> Store {
    let mut store = create(memory);
    let owner = owned_by(&person(1));
    store.change_key(b"key", &[owner], &admin(), EPOCH).unwrap();
    for number in 0..messages {
        add(&mut store, b"key", &number.to_le_bytes(), EPOCH).unwrap();
    }
    store
}

fn acknowledge(store: &mut Store, through: Id) -> Result<Acknowledged, AckError> {
    store.acknowledge_one(b"key", through, &person(1), EPOCH)
}

/// The bytes of a message's ciphertext, as they are stored.
fn stored(store: &Store, id: Id) -> Vec<u8> {
    let mut bytes = Vec::new();
    store.append_ciphertext(&store.inbox.record(id), &mut bytes);
    bytes
}

/// All messages of one key are acknowledged, and half of the other's. For the second key the store searches for the
/// last covered message.
#[test]
fn its_cost_does_not_depend_on_how_many_it_covers() {
    let cost = |messages: u32, through: u32| {
        let memory = SparseMemory::default();
        let mut store = owned(&memory, messages);
        let before = memory.accesses();
        assert_eq!(acknowledge(&mut store, through), Ok(Acknowledged { messages: through }));
        memory.accesses() - before
    };
    let (few, many) = (cost(10, 10), cost(4_000, 4_000));
    assert!(many <= few && many < 60, "{few} accesses for 10 messages, {many} for 4,000");
    let (few, many) = (cost(10, 5), cost(4_000, 2_000));
    assert!(many < 120, "{few} accesses for 5 messages, {many} for 2,000");
}

#[test]
fn acknowledged_messages_are_not_live_and_then_overwritten() {
    let memory = SparseMemory::default();
    let mut store = owned(&memory, 10);
    let text = |id: Id| (id - 1).to_le_bytes().to_vec();
    assert_eq!(acknowledge(&mut store, 6), Ok(Acknowledged { messages: 6 }));
    assert_eq!(list(&store, b"key"), [7, 8, 9, 10]);
    let head = at(&store, EPOCH).get_key_head(b"key").unwrap().unwrap();
    assert_eq!((head.min_id, head.count, head.bytes, head.rank, head.acknowledged_id), (7, 4, 16, 10, 6));
    // Nobody can read it, though it is still stored.
    assert_eq!(stored(&store, 6), text(6));
    assert_eq!(at(&store, EPOCH).get_message_by_id(6), Err(GetError::Dropped { first_id: 1 }));
    assert_eq!(at(&store, EPOCH).get_message_by_hash(&store.inbox.hash(6)), Err(GetError::NotFound));
    // Two are overwritten before an upgrade, the rest after it, together with those that are acknowledged later.
    let mut left = 2;
    store.erase_while(|| {
        left -= 1;
        left >= 0
    });
    assert_eq!((stored(&store, 2), stored(&store, 3)), (vec![0; 4], text(3)));
    let mut store = open(&memory);
    assert_eq!(acknowledge(&mut store, 8), Ok(Acknowledged { messages: 2 }));
    assert!(store.has_to_erase());
    store.erase_while(|| true);
    assert!(!store.has_to_erase());
    for id in 1..=10 {
        assert_eq!(stored(&store, id), if id <= 8 { vec![0; 4] } else { text(id) }, "message {id}");
        assert_eq!(store.inbox.record(id).is_erased(), id <= 8, "message {id}");
    }
    assert_eq!(list(&store, b"key"), [9, 10]);
    assert_eq!(violations(&store), Vec::<String>::new());
    assert_eq!(violations(&open(&memory)), Vec::<String>::new());
}

/// Retention drops the messages of many keys at once. The keys leave the queue in pieces of bounded work.
#[test]
fn keys_of_which_nothing_is_left_to_overwrite_leave_the_queue_piece_by_piece() {
    let mut store = create(&SparseMemory::default());
    for number in 0..100_u32 {
        let key = number.to_le_bytes();
        store.change_key(&key, &[owned_by(&person(1))], &admin(), EPOCH).unwrap();
        add(&mut store, &key, b"text", EPOCH).unwrap();
        store.acknowledge_one(&key, number + 1, &person(1), EPOCH).unwrap();
    }
    store.set_settings(&[Setting::max_age_seconds(Bound::AtMost(200))], EPOCH).unwrap();
    store.drop_excluded(EPOCH + 1_000);
    let mut pieces = 0;
    while store.has_to_erase() {
        pieces += 1;
        let mut left = 10;
        store.erase_while(|| {
            left -= 1;
            left >= 0
        });
    }
    assert_eq!(pieces, 10);
    assert_eq!(violations(&store), Vec::<String>::new());
}

/// The first search in a key whose older messages were dropped walks down its list.
#[test]
fn overwriting_counts_at_least_the_pages_that_it_touches() {
    const KEYS: u32 = 300;
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let key = |number: u32| key(number % KEYS, 20);
    for number in 0..KEYS {
        store.change_key(&key(number), &[owned_by(&person(1))], &admin(), EPOCH).unwrap();
    }
    for number in 0..100 * KEYS {
        add(&mut store, &key(number), &number.to_le_bytes(), EPOCH).unwrap();
    }
    store.set_settings(&[Setting::max_messages(Bound::AtMost(50 * KEYS))], EPOCH).unwrap();
    while store.backlog_kept() > 0 {
        store.sweep_while(|| true);
    }
    let first = store.inbox.first_id();
    let most = (0..KEYS).map(|number| {
        store.acknowledge_one(&key(first - 1 + number), first + number, &person(1), EPOCH).unwrap();
        memory.count_reads();
        store.erase_while(|| true);
        assert!(!store.has_to_erase());
        memory.pages_read()
    });
    let (most, counted) = (most.max().unwrap(), 2 * 3 * 7 + 6);
    assert!(most > 10 && most <= counted, "{most} pages, {counted} counted");
}

#[test]
fn one_execution_overwrites_the_messages_of_so_many_keys_only() {
    let mut store = create(&SparseMemory::default());
    for number in 0..2_000 {
        let key = key(number, 20);
        store.change_key(&key, &[owned_by(&person(1))], &admin(), EPOCH).unwrap();
        add(&mut store, &key, b"text", EPOCH).unwrap();
        store.acknowledge_one(&key, number + 1, &person(1), EPOCH).unwrap();
    }
    store.erase_while(|| true);
    let erased = (1..=2_000).filter(|&id| store.inbox.record(id).is_erased()).count() as u64;
    assert_eq!(erased, ERASE_PAGES / (6 + 6));
    store.erase_while(|| true);
    assert!(!store.has_to_erase());
}

/// The record stays. So a sender that got no answer and repeats itself does not bring the message back.
#[test]
fn an_acknowledged_message_that_is_sent_again_is_a_duplicate() {
    let memory = SparseMemory::default();
    let mut store = owned(&memory, 5);
    acknowledge(&mut store, 5).unwrap();
    for erased in [false, true] {
        assert_eq!(store.has_to_erase(), !erased);
        for store in [&mut open(&memory), &mut store] {
            let before = memory.snapshot();
            assert_eq!(add(store, b"key", &2u32.to_le_bytes(), EPOCH), Ok(Added { id: 3, duplicate: true }));
            let pair = StoredRef { key_id: b"key", hash: &store.inbox.hash(3) };
            assert_eq!(at(store, EPOCH).has_messages(&[pair]), Ok(vec![Some(3)]));
            assert!(memory.snapshot() == before);
        }
        store.erase_while(|| true);
    }
    // Under another key it is another message.
    assert_eq!(add(&mut store, b"new", &2u32.to_le_bytes(), EPOCH), Ok(Added { id: 6, duplicate: false }));
    assert_eq!(stored(&store, 6), 2u32.to_le_bytes());
}

/// Room in the key's quota is free at once.
#[test]
fn an_acknowledgement_frees_the_quota() {
    use crate::api::{Bound, OwnQuota, Quota};
    let mut store = owned(&SparseMemory::default(), 0);
    let quota = Quota { messages: Bound::AtMost(4), bytes: Bound::Unlimited };
    store.change_key(b"key", &[KeySetting::quota(OwnQuota::own(quota))], &admin(), EPOCH).unwrap();
    add(&mut store, b"key", b"one", EPOCH + 1).unwrap();
    assert_eq!(add(&mut store, b"key", b"two", EPOCH + 2), Err(AddError::KeyFull { since: EPOCH + 1 }));
    let full_since = |store: &Store| at(store, EPOCH).get_key_head(b"key").unwrap().unwrap().full_since;
    assert_eq!(full_since(&store), EPOCH + 1);
    acknowledge(&mut store, 1).unwrap();
    assert_eq!(full_since(&store), 0);
    add(&mut store, b"key", b"two", EPOCH + 2).unwrap();
}

#[test]
fn bad_input_and_others_change_nothing() {
    let memory = SparseMemory::default();
    let mut store = owned(&memory, 5);
    add(&mut store, b"another", b"x", EPOCH).unwrap();
    acknowledge(&mut store, 3).unwrap();
    let (before, root) = (memory.snapshot(), store.take_changed_root());
    assert!(root.is_some());
    let long = [1; 65];
    for (key_id, length) in [(&[][..], 0), (&long, 65)] {
        let refused = Err(AckError::KeyIdLength(TooLong { length, max: 64 }));
        assert_eq!(store.acknowledge_one(key_id, 1, &person(1), EPOCH), refused);
    }
    assert_eq!(acknowledge(&mut store, 2), Err(AckError::NotNewer { acknowledged_id: 3 }));
    assert_eq!(acknowledge(&mut store, 6), Err(AckError::NotStored { through: 6, max_id: 5 }), "it is another key's");
    assert_eq!(acknowledge(&mut store, 3), Ok(Acknowledged { messages: 0 }), "once more");
    // Neither an admin nor a reader can take the owner's messages away. A key that does not exist looks the same.
    for caller in [&admin(), &person(2), &anonymous()] {
        for key_id in [&b"key"[..], b"another", b"nowhere", person(3).principal().as_slice()] {
            assert_eq!(store.acknowledge_one(key_id, 5, caller, EPOCH), Err(AckError::NotOwner));
        }
    }
    assert_eq!(store.acknowledge_one(b"another", 6, &person(1), EPOCH), Err(AckError::NotOwner));
    assert!(memory.snapshot() == before);
    assert_eq!(store.take_changed_root(), None);
}

/// A principal owns the key id that it is, without a record.
#[test]
fn the_owner_by_key_id_acknowledges_without_a_claim() {
    let owner = person(7);
    let mut store = create(&SparseMemory::default());
    let key_id = owner.principal();
    assert_eq!(store.acknowledge_one(key_id.as_slice(), 0, &owner, EPOCH), Err(AckError::NotOwner), "it is not there");
    add(&mut store, key_id.as_slice(), b"x", EPOCH).unwrap();
    assert_eq!(store.acknowledge_one(key_id.as_slice(), 1, &person(8), EPOCH), Err(AckError::NotOwner));
    let acknowledged = store.acknowledge_one(key_id.as_slice(), 1, &owner, EPOCH);
    assert_eq!(acknowledged, Ok(Acknowledged { messages: 1 }));
}
