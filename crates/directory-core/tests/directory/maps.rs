//! The prefix tree against the naive one, in both of its states.

use crate::naive::map_root;
use directory_core::hash::Hash;
use directory_core::map::{Nodes, Search, Tree, VecNodes, View, parent_hash};
use directory_core::store::StableNodes;
use ic_stable_structures::{Memory, VectorMemory};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Entries = BTreeMap<Hash, Hash>;

/// Indexes that share long prefixes: few bits differ, near the start and at the very end.
fn index() -> impl Strategy<Value = Hash> {
    prop_oneof![
        any::<[u8; 2]>().prop_map(|[a, b]| {
            let mut index = [0; 32];
            (index[0], index[31]) = (a & 0xe0, b & 3);
            index
        }),
        any::<[u8; 32]>(),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Epoch(Vec<(Hash, Hash)>),
    Ratify,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let epoch = prop::collection::vec((index(), any::<[u8; 32]>()), 0..6).prop_map(Step::Epoch);
    prop::collection::vec(prop_oneof![3 => epoch, 1 => Just(Step::Ratify)], 1..12)
}

fn check<S: Nodes>(tree: &Tree<S>, entries: &Entries, root: Hash, view: View, index: &Hash) {
    let proof = tree.prove(index, view);
    assert_eq!(proof.root(index), Some(root));
    let value = match proof.search {
        Search::Found { value } => Some(value),
        Search::Other { index: other, value } => {
            assert_eq!(entries.get(&other), Some(&value));
            None
        }
        Search::Missing => None,
    };
    assert_eq!(value, entries.get(index).copied());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn both_states_are_the_naive_trees(steps in steps(), absent in prop::collection::vec(index(), 8)) {
        run(Tree::<VecNodes>::default, |_| (), &steps, &absent);
        let memories = [VectorMemory::default(), VectorMemory::default()];
        memories.iter().for_each(|memory| assert_eq!(memory.grow(2), 0));
        let [nodes, leaves] = &memories;
        let open = |tree: &mut Tree<_>| *tree = Tree::open(StableNodes::open(nodes.clone(), leaves.clone()).unwrap());
        run(|| Tree::create(StableNodes::create(nodes.clone(), leaves.clone())), open, &steps, &absent);
    }
}

/// Runs the steps; `reopen` after each.
fn run<S: Nodes>(new: impl Fn() -> Tree<S>, reopen: impl Fn(&mut Tree<S>), steps: &[Step], absent: &[Hash]) {
    let (mut tree, mut newest, mut ratified) = (new(), Entries::new(), Entries::new());
    for step in steps {
        match step {
            Step::Epoch(changes) => {
                for (index, value) in changes {
                    tree.set(index, value);
                    newest.insert(*index, *value);
                }
                tree.seal();
            }
            Step::Ratify => {
                tree.ratify();
                ratified = newest.clone();
            }
        }
        reopen(&mut tree);
        for (view, entries) in [(View::Newest, &newest), (View::Ratified, &ratified)] {
            let root = map_root(entries);
            assert_eq!(tree.root(view), root);
            for index in newest.keys().chain(absent) {
                check(&tree, entries, root, view, index);
            }
        }
    }
}

#[test]
fn an_empty_tree_is_a_parent_without_children() {
    let tree = Tree::<VecNodes>::default();
    assert_eq!(tree.root(View::Newest), parent_hash(&[0; 32], &[0; 32]));
    check(&tree, &Entries::new(), map_root(&Entries::new()), View::Newest, &[5; 32]);
}

#[test]
fn another_leaf_must_share_the_prefix_and_be_another() {
    let mut tree = Tree::<VecNodes>::default();
    let (here, there) = ([0x10; 32], [0x90; 32]);
    tree.set(&here, &[1; 32]);
    tree.set(&there, &[2; 32]);
    tree.seal();
    let mut proof = tree.prove(&[0x11; 32], View::Newest);
    assert_eq!(proof.search, Search::Other { index: here, value: [1; 32] });
    assert_eq!(proof.root(&[0x91; 32]), None, "its prefix is another");
    assert_eq!(proof.root(&here), None, "it is the index itself");
    proof.siblings.clear();
    assert_eq!(proof.root(&[0x11; 32]), None, "there is no leaf at depth 0");
}
