//! True and false heads.

use super::format::{HeadsVector, KeyText, refused_heads, verified_heads};
use super::told::{KEY, acknowledged, closed, dropped, one_key, three_keys};
use crate::store::{Store, head};
use proofs::hash::label;
use proofs::heads::{HeadsProof, HeadsRefused};
use proofs::trie::{End, WitnessError};
use serde_json::Value;

fn ids(keys: &[&[u8]]) -> Vec<KeyText> {
    keys.iter().map(|key| KeyText::Id(hex::encode(key))).collect()
}

fn proof(store: &Store, keys: &[&[u8]]) -> HeadsProof {
    let witnesses = keys.iter().map(|key| store.witness(&label(&store.state.salt, key))).collect();
    HeadsProof { state: store.state, witnesses }
}

fn vector(name: &str, store: &Store, keys: Vec<KeyText>, proof: &HeadsProof, expected: Value) -> HeadsVector {
    let (root, proof) = (hex::encode(store.root()), hex::encode(proof.to_bytes()));
    HeadsVector { name: name.to_owned(), keys, root, proof, expected }
}

pub fn honest() -> Vec<HeadsVector> {
    let truth = |name, store: &Store, keys: &[&[u8]]| {
        let heads: Vec<_> = keys.iter().map(|key| store.lists.get(*key).map(head)).collect();
        vector(name, store, ids(keys), &proof(store, keys), verified_heads(&heads))
    };
    let closed = closed();
    let labels = [KEY, b"no such key"].map(|key| KeyText::Label(hex::encode(label(&closed.state.salt, key))));
    let heads = [closed.lists.get(KEY).map(head), None];
    vec![
        truth("heads of three keys, and of none", &three_keys(), &[b"c", b"a", b"no such key", b"b"]),
        truth("one head twice", &dropped(), &[KEY, KEY]),
        truth("an acknowledged head", &acknowledged(), &[KEY]),
        truth("the head of the only key, and another", &one_key(7), &[KEY, b"b", b""]),
        truth("no head in an empty store", &Store::new(1), &[KEY, b"b"]),
        truth("no question", &three_keys(), &[]),
        vector(
            "heads by label, under closed reads",
            &closed,
            labels.to_vec(),
            &proof(&closed, &[KEY, b"no such key"]),
            verified_heads(&heads),
        ),
    ]
}

pub fn lies() -> Vec<HeadsVector> {
    let (store, keys) = (three_keys(), [KEY, b"b", b"no such key"]);
    let lie = |name, error, change: &dyn Fn(&mut HeadsProof)| {
        let mut proof = proof(&store, &keys);
        change(&mut proof);
        vector(name, &store, ids(&keys), &proof, refused_heads(error))
    };
    let witness = |at, error| HeadsRefused::Witness { at, error };
    let closed = closed();
    let known = KeyText::Label(hex::encode(label(&closed.state.salt, KEY)));
    let mixed = [vec![known], ids(&[b"b"])].concat();
    vec![
        lie("two heads exchanged", HeadsRefused::Root { at: 0 }, &|proof| proof.witnesses.swap(0, 1)),
        lie("a head left out", HeadsRefused::Count { asked: 3, proved: 2 }, &|proof| drop(proof.witnesses.pop())),
        lie("an older state of all keys", HeadsRefused::Root { at: 0 }, &|proof| proof.state.first_id += 1),
        lie("an older head", HeadsRefused::Root { at: 1 }, &|proof| {
            let mut older = store.clone();
            older.lists.get_mut(&b"b"[..]).expect("it is there").messages.pop();
            proof.witnesses[1] = older.witness(&label(&store.state.salt, b"b"));
        }),
        lie("a head denied", witness(0, WitnessError::NotAbsent), &|proof| {
            if let End::Own(head) = proof.witnesses[0].end {
                proof.witnesses[0].end = End::Other { label: label(&store.state.salt, KEY), value: head.value() };
            }
        }),
        lie("a head denied by another's leaf", witness(1, WitnessError::OffTheWay), &|proof| {
            let own = label(&store.state.salt, KEY);
            proof.witnesses[1] = store.witness(&own);
            proof.witnesses[1].end = End::Other { label: own, value: head(&store.lists[KEY]).value() };
        }),
        lie("a head of nodes in no order", witness(2, WitnessError::Positions), &|proof| {
            proof.witnesses[2].turns.reverse()
        }),
        lie("an absent head at the end of nodes", witness(2, WitnessError::Nothing), &|proof| {
            proof.witnesses[2].end = End::Nothing;
        }),
        vector(
            "heads by id, under closed reads",
            &closed,
            mixed,
            &proof(&closed, &[KEY, b"b"]),
            refused_heads(HeadsRefused::LabelUnknown { at: 1 }),
        ),
    ]
}
