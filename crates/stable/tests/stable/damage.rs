//! No damaged byte makes the trie panic or loop, and `check` finds each.

use super::*;
use stable::slots::OWNER_OFFSET;

const PAGE: usize = 65_536;

/// Does everything that can be done with a damaged trie. Returns true if any of it found the damage.
fn use_all(memory: &VectorMemory, model: &Model) -> bool {
    let Ok(mut trie) = Labels::open(memory.clone(), MAGIC, LAYOUT) else { return true };
    let leaf_hash = |place| at_place(model, place).map(|(label, head)| leaf(&label, &head));
    let mut found = (0..trie.slots_end()).any(|slot| trie.check(slot, leaf_hash).is_err());
    let before = memory.borrow().clone();
    for own in (0..10).map(label) {
        let Ok(path) = trie.walk(&own) else {
            assert!(trie.find(&own).is_err());
            found = true;
            continue;
        };
        assert_eq!(trie.find(&own), Ok(path.end()));
        trie.update(&path, &[5; 32]);
        memory.write(0, &before);

        memory.grow(trie.pages_missing(1));
        let other = path.end().and_then(|place| at_place(model, place)).map(|(label, _)| label);
        let in_place = memory.borrow().clone();
        if trie.insert(&path, other.as_ref(), 9, &[5; 32]).is_err() {
            assert!(*memory.borrow() == in_place, "written before it was refused");
            found |= !model.contains_key(&own);
        }
        memory.write(0, &before);
        trie = Labels::open(memory.clone(), MAGIC, LAYOUT).unwrap();

        if trie.remove(&path).is_err() {
            assert!(*memory.borrow() == in_place, "written before it was refused");
            found = true;
        }
        memory.write(0, &before);
        trie = Labels::open(memory.clone(), MAGIC, LAYOUT).unwrap();
    }
    found
}

#[test]
fn every_damaged_byte_is_survived_and_found() {
    let (memory, mut trie) = create();
    let mut model = Model::new();
    for n in [3, 1, 7, 2, 0, 5] {
        insert(&memory, &mut trie, &mut model, label(n), n.into(), head(1));
    }
    let path = trie.walk(&label(1)).unwrap();
    trie.remove(&path).unwrap();
    model.remove(&label(1));
    assert!(!use_all(&memory, &model), "a sound trie is said to be damaged");

    let sound = memory.borrow().clone();
    let slots_end = PAGE + 76 * (trie.slots_end() as usize - 1);
    let root_end = OWNER_OFFSET as usize + 36;
    for at in (0..root_end).chain(PAGE..slots_end) {
        for flipped in [0x01, 0x02, 0x40, 0x80, 0xff] {
            let damaged = VectorMemory::default();
            damaged.grow(2);
            damaged.write(0, &sound);
            damaged.write(at as u64, &[sound[at] ^ flipped]);
            let found = use_all(&damaged, &model);
            // Compatible features and unused fields may have any value, and so may the feature of reused segments. An
            // end or count may fit by chance.
            let free_to_differ = (24..64).contains(&at) || (at, flipped) == (16, 1);
            assert!(found || free_to_differ, "byte {at} ^ {flipped:#x} was not found");
        }
    }
}
