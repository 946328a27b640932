//! The seed is kept for ever, and drawing it changes no answer.

use super::*;

#[test]
fn drawing_the_seed_rebuilds_the_indexes_under_it() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    fill(&mut store, 100);
    let before = answers(&store);
    assert!(!store.has_seed());
    store.set_seed(Seed([7; 32]));
    assert_eq!(store.rebuild_step().unwrap(), Rebuilt::Done);
    assert!(store.has_seed());
    assert_eq!(answers(&store), before);
    let reopened = open(&memory);
    assert!(reopened.has_seed());
    assert_eq!(answers(&reopened), before);
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
