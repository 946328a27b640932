//! Salt and seed are drawn once and kept for ever.

use super::*;
use crate::api::{AckError, BatchError, KeyError, Progress, Start};
use crate::store::Seed;

/// Before that nothing is stored, and reads find an empty store.
#[test]
fn without_randomness_nothing_is_taken() {
    let memory = SparseMemory::default();
    let mut store = Store::create(memory.clone(), Configuration::default(), Capacity::default(), EPOCH).unwrap();
    let before = memory.snapshot();
    let waits = Progress { done: 0, total: 0 };
    for _ in 0..2 {
        assert!(!store.has_salt());
        assert_eq!(add(&mut store, b"key", b"x", 1), Err(AddError::Unavailable(waits)));
        assert_eq!(store.add_messages(&[], &anonymous(), 1), Err(BatchError::Unavailable(waits)));
        assert_eq!(store.change_key(b"key", &[], &admin(), 1), Err(KeyError::Unavailable(waits)));
        assert_eq!(store.acknowledge_one(b"key", 0, &admin(), 1), Err(AckError::NotOwner));
        assert_eq!(at(&store, 1).get_key_head(b"key"), Ok(None));
        let cursor = KeyCursor { start: Start::beginning, order: Order::ascending, limit: 1, prove: true };
        assert_eq!(at(&store, 1).get_messages_by_key(b"key", cursor).map(|page| page.messages), Ok(Vec::new()));
        assert!(memory.snapshot() == before);
        store = open(&memory);
    }
    store.set_randomness(&[7; 32]);
    assert_eq!(add(&mut store, b"key", b"x", 1).map(|added| added.id), Ok(1));
}

#[test]
fn the_first_random_bytes_stay() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    fill(&mut store, 100);
    let (before, bytes) = (answers(&store), memory.snapshot());
    store.set_randomness(&[7; 32]);
    assert!(memory.snapshot() == bytes);
    let mut reopened = open(&memory);
    assert!(reopened.has_salt());
    reopened.set_randomness(&[7; 32]);
    assert_eq!(answers(&reopened), before);
}

/// The salt of the labels does not reveal the seed of the fingerprints. Proofs publish the salt.
#[test]
fn salt_and_seed_differ() {
    let store = create(&SparseMemory::default());
    assert_ne!(store.state.salt(), Some(&store.state.seed().0));
}

/// Fingerprints depend on the seed. Keys, hashes and pairs have different ones.
#[test]
fn fingerprints_are_keyed_and_apart() {
    use crate::store::index::fingerprint::Fingerprints;
    let [one, other] = [1, 2].map(|byte| Fingerprints::new(&Seed([byte; 32])));
    let hash = [5; 32];
    assert_ne!(one.key(&hash), other.key(&hash));
    assert_ne!(one.newest(&hash), other.newest(&hash));
    let key = one.key(b"key");
    assert_ne!(one.pair(key, &hash).0 & 1, one.newest(&hash).0 & 1);
    assert_ne!(one.pair(key, &hash), one.pair(one.key(b"yek"), &hash));
    // Hashes that differ in a single byte, at every position.
    for at in 0..32 {
        let mut near = hash;
        near[at] ^= 1;
        assert_ne!(one.newest(&near), one.newest(&hash), "byte {at} counts");
        assert_ne!(one.pair(key, &near), one.pair(key, &hash), "byte {at} counts");
    }
}
