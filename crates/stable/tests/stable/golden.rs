//! The bytes of a small trie, written out. A hash that can be computed by hand stands in for the real one.

use super::*;
use stable::slots::{LEADING_PAGES, OWNER_OFFSET};

struct Sum;

impl NodeHash for Sum {
    fn node(position: u8, left: &Hash, right: &Hash) -> Hash {
        std::array::from_fn(|at| left[at].wrapping_add(right[at]).wrapping_add(position))
    }
}

#[test]
fn three_leaves_are_two_nodes() {
    let memory = VectorMemory::default();
    memory.grow(LEADING_PAGES + 1);
    let mut trie = Trie::<_, Sum>::create(memory.clone(), MAGIC, LAYOUT);
    let labels = [[0; 32], [0x80; 32], [0x81; 32], [0x40; 32]];
    for (place, own) in labels.iter().enumerate() {
        let path = trie.walk(own).unwrap();
        let other = path.end().map(|place| labels[place as usize]);
        trie.insert(&path, other.as_ref(), place as u32, &[1 << place; 32]).unwrap();
    }
    // The fourth is removed again, so its slot, the third, is free.
    let path = trie.walk(&labels[3]).unwrap();
    trie.remove(&path).unwrap();

    let bytes = memory.borrow();
    let header: [&[u8]; 9] = [
        b"TEST",
        &[2, 0, 0, 0],
        &[76, 0, 0, 0],
        &[0; 20],
        &[4, 0, 0, 0], // end
        &[3, 0, 0, 0], // free
        &[2, 0, 0, 0], // count
        &[0; 20],
        &[14; 32], // root: 1 + 13 + position 0
    ];
    assert_eq!(bytes[..96], header.concat());
    assert_eq!(bytes[OWNER_OFFSET as usize + 32..][..4], [2, 0, 0, 0]);
    let slots: [&[u8]; 13] = [
        &[1; 32],
        &[13; 32], // 2 + 4 + position 7
        &[1, 0, 0, 0],
        &[4, 0, 0, 0],
        &[0],
        &[0; 3],
        &[2; 32],
        &[4; 32],
        &[3, 0, 0, 0],
        &[5, 0, 0, 0],
        &[7],
        &[0; 3],
        &[0; 76],
    ];
    assert_eq!(bytes[65_536..65_536 + 3 * 76], slots.concat());
}
