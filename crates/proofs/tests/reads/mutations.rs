//! Each bit of a proof is flipped. The lie is caught, or it is harmless because the verified answer is the same.

use crate::store::{Answer, Store, question};
use proofs::heads::HeadsProof;
use proofs::page::PageProof;
use proofs::verify::{Entry, Key, Order};

/// Three keys; the first has 40 messages, of which 3 were dropped and 2 more acknowledged.
fn store() -> Store {
    let mut store = Store::new(9);
    for number in 0..120 {
        store.add(&[b'a' + (number % 3) as u8], number);
        store.now += 1;
    }
    store.state.first_id = 10;
    store.state.max_age = 90;
    store.lists.get_mut(&b"a"[..]).expect("it is there").acknowledged = 5;
    store
}

#[test]
fn every_flipped_bit_of_a_page_proof_is_caught_or_harmless() {
    let store = store();
    let mut flipped = 0;
    for (order, entry, limit) in [
        (Order::Ascending, Entry::Start, 5),
        (Order::Ascending, Entry::After(40), 6),
        (Order::Ascending, Entry::Time(store.now - 30), 4),
        (Order::Descending, Entry::Rank(20), 7),
        (Order::Descending, Entry::After(30), 3),
        (Order::Ascending, Entry::After(119), 3),
        (Order::Descending, Entry::After(2), 3),
    ] {
        let Answer { shown, proof } = store.page(b"a", order, entry, limit);
        let asked = question(b"a", order, entry);
        let verify = |proof: &PageProof| proof.verify(&asked, &shown, &store.root(), store.now());
        let truth = verify(&proof).expect("it is true");
        let bytes = proof.to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(proof) = PageProof::from_bytes(&bytes) {
                assert!(verify(&proof).is_err_and(|_| true) || verify(&proof) == Ok(truth.clone()), "bit {bit}");
            }
            flipped += 1;
        }
        for length in 0..bytes.len() {
            PageProof::from_bytes(&bytes[..length]).expect_err("it is cut short");
        }
        PageProof::from_bytes(&[&bytes[..], &[0]].concat()).expect_err("a byte follows");
    }
    assert!(flipped > 10_000, "{flipped} bits");
}

#[test]
fn every_flipped_bit_of_a_heads_proof_is_caught() {
    let store = store();
    let keys = [&b"a"[..], b"b", b"no such key"];
    let witnesses = keys.iter().map(|key| store.witness(&proofs::hash::label(&store.state.salt, key))).collect();
    let bytes = HeadsProof { state: store.state, witnesses }.to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(proof) = HeadsProof::from_bytes(&bytes) {
            proof.verify(&keys.map(Key::Id), &store.root()).expect_err("it was changed");
        }
    }
}
