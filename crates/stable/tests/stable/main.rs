//! Slots and the trie in stable memory, against a model and against the verifier of proofs.

mod cost;
mod damage;
mod golden;
mod header;
mod model;
mod slots;

use ic_stable_structures::{Memory, VectorMemory};
use proofs::hash;
use proofs::head::Head;
use proofs::trie::{End, Turn, Witness, bit};
use stable::trie::{Hash, NodeHash, Path, Trie};
use std::collections::BTreeMap;

const MAGIC: [u8; 4] = *b"TEST";
const LAYOUT: u32 = 2;

/// The hash of the proofs.
pub struct Proofs;

impl NodeHash for Proofs {
    fn node(position: u8, left: &Hash, right: &Hash) -> Hash {
        hash::node(position, left, right)
    }
}

type Labels<V = VectorMemory> = Trie<V, Proofs>;

/// Labels with their places and heads, sorted.
type Model = BTreeMap<Hash, (u32, Head)>;

fn create() -> (VectorMemory, Labels) {
    let memory = VectorMemory::default();
    memory.grow(1);
    (memory.clone(), Trie::create(memory, MAGIC, LAYOUT))
}

/// Labels that differ at bit `n` first, and labels that differ anywhere.
fn label(n: u16) -> Hash {
    match n.checked_sub(256) {
        None => {
            let mut label = [0; 32];
            label[usize::from(n / 8)] = 0x80 >> (n % 8);
            label
        }
        Some(n) => hash::label(&[7; 32], &n.to_le_bytes()),
    }
}

fn head(rank: u32) -> Head {
    Head { last_id: rank, last_time: 9, rank, chain: [rank as u8; 32], acknowledged_id: 0, acknowledged_rank: 0 }
}

fn leaf(label: &Hash, head: &Head) -> Hash {
    hash::entry(label, &head.value())
}

/// The root by recursion over sorted labels.
fn naive_root(leaves: &[(Hash, Head)]) -> Hash {
    match leaves {
        [] => hash::EMPTY,
        [(label, head)] => leaf(label, head),
        [(first, _), .., (last, _)] => {
            let position = (0..=255).find(|&at| bit(first, at) != bit(last, at)).expect("labels differ");
            let middle = leaves.partition_point(|(label, _)| !bit(label, position));
            hash::node(position, &naive_root(&leaves[..middle]), &naive_root(&leaves[middle..]))
        }
    }
}

fn leaves(model: &Model) -> Vec<(Hash, Head)> {
    model.iter().map(|(label, (_, head))| (*label, *head)).collect()
}

fn at_place(model: &Model, place: u32) -> Option<(Hash, Head)> {
    model.iter().find(|(_, (at, _))| *at == place).map(|(label, (_, head))| (*label, *head))
}

fn witness(path: &Path, model: &Model) -> Witness {
    let turns = path.turns().iter().map(|turn| Turn { position: turn.position, sibling: turn.sibling }).collect();
    let end = match path.end() {
        None => End::Nothing,
        Some(place) => match at_place(model, place).expect("the way ends at a leaf") {
            (label, head) if label == *path.label() => End::Own(head),
            (label, head) => End::Other { label, value: head.value() },
        },
    };
    Witness { turns, end }
}

/// Inserts a label that is not there.
fn insert(memory: &impl Memory, trie: &mut Labels<impl Memory>, model: &mut Model, own: Hash, place: u32, head: Head) {
    let missing = trie.pages_missing(1);
    assert!(missing <= 1);
    if missing > 0 {
        assert!(memory.grow(missing) >= 0);
    }
    let path = trie.walk(&own).unwrap();
    let other = path.end().map(|place| at_place(model, place).unwrap().0);
    trie.insert(&path, other.as_ref(), place, &leaf(&own, &head)).unwrap();
    model.insert(own, (place, head));
}
