//! The exact bytes. A verifier in another language must compute the same.

use crate::store::Store;
use proofs::hash::{entry, label, node};
use proofs::verify::{Entry, Order};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hashes_are_those_of_the_specification() {
    // Keyed BLAKE3 of exactly these bytes, by the reference functions.
    let keyed = |name: &str, input: &[u8]| {
        let key: [u8; 32] = [b"message-canister proofs 1: ", name.as_bytes()].concat().try_into().expect("32 bytes");
        *blake3::keyed_hash(&key, input).as_bytes()
    };
    assert_eq!(entry(&[1; 32], &[2; 32]), keyed("entry", &[[1; 32], [2; 32]].concat()));
    assert_eq!(node(200, &[1; 32], &[2; 32])[..], {
        let mut key = *b"message-canister proofs 1: node\0";
        key[31] = 200;
        blake3::keyed_hash(&key, &[[1; 32], [2; 32]].concat()).as_bytes()[..].to_vec()
    });
    let mut store = Store::new(5);
    store.add(b"key", 1);
    let message = store.lists[&b"key"[..]].messages[0];
    let own = label(&[5; 32], b"key");
    assert_eq!(own, *blake3::keyed_hash(&[5; 32], b"key").as_bytes());
    let numbers: Vec<u8> = [1u32, 0, 1_800_000_000, 2, 1].iter().flat_map(|number| number.to_le_bytes()).collect();
    let bytes = [&own[..], &own, &message.fields.hash, &numbers].concat();
    assert_eq!(message.chain, keyed("chain", &bytes));
}

#[test]
fn a_proof_has_these_bytes() {
    let mut store = Store::new(5);
    for content in 0..6 {
        store.add(b"key", content);
    }
    store.add(b"other", 9);
    let answer = store.page(b"key", Order::Descending, Entry::After(5), 2);
    assert_eq!(hex(&store.root()), ROOT);
    assert_eq!(hex(blake3::hash(&answer.proof.to_bytes()).as_bytes()), PROOF);
    assert_eq!(answer.proof.to_bytes().len(), 439);
}

const ROOT: &str = "cef6e94d39c60fddb9ad2c5f6cac28e42f67ea8bbca0bb82eb8ccad706aba684";
const PROOF: &str = "7acc51702196b4e92e86c2e97ca1a0a563c22633c479cf641b0c6bcdddcfa43d";
