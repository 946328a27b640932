//! Any sequence of changes leads to the trie that the labels alone determine.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use stable::slots::LEADING_PAGES;

#[derive(Clone, Debug)]
enum Change {
    /// Inserts the label, or updates its leaf.
    Put(u16, u32),
    Remove(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..320u16, 1..u32::MAX).prop_map(|(label, rank)| Change::Put(label, rank)),
        2 => any::<Index>().prop_map(Change::Remove),
    ]
}

fn compare(trie: &Labels, model: &Model, asked: &Hash) {
    assert_eq!(trie.root(), naive_root(&leaves(model)));
    assert_eq!(trie.len() as usize, model.len());
    assert_eq!(trie.is_empty(), model.is_empty());
    for (label, (place, _)) in model {
        assert_eq!(trie.find(label), Ok(Some(*place)));
    }
    let path = trie.walk(asked).unwrap();
    assert_eq!(trie.find(asked), Ok(path.end()));
    let shown = witness(&path, model).verify(asked).unwrap();
    assert_eq!(shown, (model.get(asked).map(|(_, head)| *head), trie.root()));
    let leaf_hash = |place| at_place(model, place).map(|(label, head)| leaf(&label, &head));
    for slot in 0..trie.slots_end() {
        assert_eq!(trie.check(slot, leaf_hash), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_trie_agrees_with_a_model(changes in proptest::collection::vec(change(), 1..80), asked in 0..320u16) {
        let (memory, mut trie) = create();
        let mut model = Model::new();
        let mut most = 0;
        for (place, change) in (1..).zip(changes) {
            match change {
                Change::Put(own, rank) => {
                    let own = label(own);
                    if let Some((_, head)) = model.get_mut(&own) {
                        *head = super::head(rank);
                        let path = trie.walk(&own).unwrap();
                        trie.update(&path, &leaf(&own, head));
                    } else {
                        insert(&memory, &mut trie, &mut model, own, place, head(rank));
                    }
                }
                Change::Remove(at) => {
                    if model.is_empty() {
                        continue;
                    }
                    let own = *at.get(&model.keys().copied().collect::<Vec<_>>());
                    let path = trie.walk(&own).unwrap();
                    trie.remove(&path).unwrap();
                    model.remove(&own);
                }
            }
            compare(&trie, &model, &label(asked));
            most = most.max(model.len());
            trie = Trie::open(memory.clone(), MAGIC, LAYOUT).unwrap();
            compare(&trie, &model, &label(asked));
        }
        // Released slots are used again.
        prop_assert!(trie.slots_end() as usize <= most.max(1));
    }
}

/// A label has a node at each of its 256 bits.
#[test]
fn the_deepest_way_has_256_nodes() {
    let (memory, mut trie) = create();
    let mut model = Model::new();
    for n in (0..256).rev() {
        insert(&memory, &mut trie, &mut model, label(n), u32::from(n), head(1));
    }
    insert(&memory, &mut trie, &mut model, [0; 32], 256, head(1));
    let path = trie.walk(&[0; 32]).unwrap();
    assert!(path.turns().iter().map(|turn| turn.position).eq(0..=255));
    compare(&trie, &model, &[0; 32]);
}

/// 862 nodes fill a page to within 24 bytes; the next crosses its end.
#[test]
fn the_memory_grows_by_what_is_missing() {
    let (memory, mut trie) = create();
    let mut model = Model::new();
    assert_eq!(trie.pages_missing(0), 0);
    assert_eq!(trie.pages_missing(862), 1);
    assert_eq!(trie.pages_missing(863), 2);
    for n in 0..863 {
        insert(&memory, &mut trie, &mut model, label(256 + n), u32::from(n), head(1));
    }
    assert_eq!(memory.size(), LEADING_PAGES + 1);
    assert_eq!(trie.pages_missing(1), 1);
    insert(&memory, &mut trie, &mut model, label(2_000), 863, head(1));
    insert(&memory, &mut trie, &mut model, label(2_001), 864, head(1));
    compare(&trie, &model, &label(2_000));
}

/// The caller's claim about the other leaf is checked before anything is written.
#[test]
fn a_wrong_other_label_is_refused() {
    let (memory, mut trie) = create();
    let mut model = Model::new();
    for n in 0..4 {
        insert(&memory, &mut trie, &mut model, label(n), n.into(), head(1));
    }
    let before = memory.borrow().clone();
    let path = trie.walk(&label(300)).unwrap();
    let off_the_way = label(300).map(|byte| !byte);
    for other in [None, Some(&label(300)), Some(&off_the_way)] {
        assert!(trie.insert(&path, other, 9, &[1; 32]).is_err());
    }
    assert!(*memory.borrow() == before);
}
