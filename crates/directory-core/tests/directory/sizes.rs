//! The limits for sizes, at a million and a hundred million labels.

use crate::server::*;
use crate::support::*;
use directory_core::entry::Entry;
use directory_core::label::{AddressProof, Label};
use directory_core::map::{Tree, VecNodes, View};
use directory_core::proof::Proof;
use directory_core::update::Update;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// A tree in which the search of one index is as long as in a tree of `labels` random ones: of all others, only one for
/// each depth at which some leave the path is put in.
fn sparse(index: &[u8; 32], labels: f64, random: &mut TestRng) -> Tree<VecNodes> {
    let mut tree = Tree::default();
    tree.set(index, &[1; 32]);
    for depth in 0..64_u16 {
        let expected = labels / 2_f64.powi(i32::from(depth) + 1);
        let some = f64::from(random.next_u32()) / 2_f64.powi(32) < 1.0 - (-expected).exp();
        if some {
            let mut other = *index;
            other[usize::from(depth / 8)] ^= 0x80 >> (depth % 8);
            tree.set(&other, &[2; 32]);
        }
    }
    tree.seal();
    tree
}

/// Mean size of a proof in bytes, without profile, over 200 trees; three cosignatures, about a million heads.
fn mean(labels: f64, change: impl Fn(&mut Proof)) -> usize {
    let mut directory = Directory::new();
    let label = Label::Name("alice".into());
    let entry = directory.first(&label, policy(&[1], 1));
    directory.accept(&label, &signed(entry.clone(), &[1]), None);
    directory.close_epoch();
    let old = directory.state(&label).newest().clone();
    directory.accept(&label, &signed(next(&old), &[1]), None);
    directory.close_epoch();
    directory.ratify(&VERIFIERS);
    let mut proof = directory.proof(&label, View::Newest, None, None);
    proof.found.as_mut().unwrap().opened = None;
    change(&mut proof);
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let total: usize = (0..200_u64)
        .map(|run| {
            let mut index = [0; 32];
            random.fill_bytes(&mut index);
            proof.map = sparse(&index, labels, &mut random).prove(&index, View::Newest);
            let heads = 1_000_000 + run;
            proof.edge = vec![[1; 32]; (heads - 1_u64).count_ones() as usize];
            proof.encode().len()
        })
        .sum();
    total / 200
}

#[test]
fn proofs_hold_to_the_bars() {
    let plain = [1e6, 1e8].map(|labels| mean(labels, |_| ()));
    let evidence = mean(1e6, |proof| {
        let update = &mut proof.found.as_mut().unwrap().updates[0].1;
        update.signatures = sign(b"", &[1]);
        update.registration = sign(b"", &[11]);
        proof.found.as_mut().unwrap().address = Some(AddressProof { key: key(3), signature: [0; 64] });
    });
    let history = mean(1e6, |proof| {
        let updates = &mut proof.found.as_mut().unwrap().updates;
        updates[0].1.signatures = sign(b"", &[1]);
        *updates = vec![updates[0].clone(); 10];
    });
    println!("proof {plain:?} bytes, with evidence of version 0 {evidence}, of ten versions {history}");
    assert!(plain[0] <= 1_800 && plain[1] <= 2_100, "{plain:?}");
    assert!(history <= 5_000, "{history}");
}

#[test]
fn the_parts_have_the_sizes_of_the_byte_map() {
    let entry = first(policy(&[1], 1));
    assert_eq!(entry.encode().len(), 174);
    let largest =
        Entry { recovery: recovery(&[1, 2, 3, 4, 5, 6, 7, 8], 1), ..first(policy(&[1, 2, 3, 4, 5, 6, 7, 8], 1)) };
    assert_eq!(largest.encode().len(), directory_core::entry::MAX_SIZE);
    assert_eq!(Update::encode(&signed(entry, &[1])).len(), 174 + 1 + 97 + 1);
}
