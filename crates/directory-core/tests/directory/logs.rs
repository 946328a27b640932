//! The log by the vectors of transparency-dev/merkle (417fb0c, Apache-2.0), and by a recursion.

use crate::naive;
use base64::{Engine, engine::general_purpose::STANDARD};
use directory_core::hash::{Hash, sha256};
use directory_core::log::{Log, leaf_hash, root_by_inclusion, verify_consistency};
use serde_json::Value;

const VECTORS: &str = include_str!("vectors/transparency-dev-merkle.json");

fn hash(value: &Value) -> Option<Hash> {
    STANDARD.decode(value.as_str()?).ok()?.try_into().ok()
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    if value.is_null() { Some(Vec::new()) } else { value.as_array()?.iter().map(hash).collect() }
}

/// A hash that has not 32 bytes cannot even be passed in: `None`, which counts as refused.
fn inclusion(case: &Value) -> Option<()> {
    let path = hashes(&case["proof"])?;
    let (index, size) = (case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?);
    let root = root_by_inclusion(index, size, hash(&case["leafHash"])?, &path).ok()?;
    (root == hash(&case["root"])?).then_some(())
}

fn consistency(case: &Value) -> Option<()> {
    let (old, new) = (case["size1"].as_u64()?, case["size2"].as_u64()?);
    let roots = (hash(&case["root1"])?, hash(&case["root2"])?);
    verify_consistency((old, &roots.0), (new, &roots.1), &hashes(&case["proof"])?).ok()
}

#[test]
fn transparency_dev() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    for (name, check) in [("inclusion", inclusion as fn(&Value) -> Option<()>), ("consistency", consistency)] {
        let cases = vectors[name].as_array().unwrap();
        assert_eq!(cases.len(), 98);
        for case in cases {
            // Equal sizes with roots of 12 bytes: our roots have 32.
            if case["file"] == "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json" {
                continue;
            }
            assert_eq!(check(case).is_none(), case["wantErr"].as_bool().unwrap(), "{}", case["file"]);
        }
    }
}

#[test]
fn all_proofs_of_small_logs() {
    let (mut log, mut leaves) = (Log::<Vec<Hash>>::default(), Vec::new());
    assert_eq!(log.root(0), sha256(&[]));
    for new in 1..=33_u64 {
        let leaf = vec![new as u8; new as usize % 5];
        log.append(&leaf);
        leaves.push(leaf);
        let root = log.root(new);
        assert_eq!(root, naive::log_root(&leaves));
        for index in 0..new {
            let path = log.inclusion(index, new);
            assert_eq!(root_by_inclusion(index, new, leaf_hash(&leaves[index as usize]), &path), Ok(root));
        }
        for old in 1..=new {
            let proof = log.consistency(old, new);
            assert_eq!(verify_consistency((old, &log.root(old)), (new, &root), &proof), Ok(()));
        }
    }
}

#[test]
fn changed_proofs_are_refused() {
    let mut log = Log::<Vec<Hash>>::default();
    (0..21_u8).for_each(|leaf| log.append(&[leaf]));
    for old in 1..=21 {
        let (old_root, root) = (log.root(old), log.root(21));
        let proof = log.consistency(old, 21);
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at][at % 32] ^= 1;
            assert!(verify_consistency((old, &old_root), (21, &root), &changed).is_err());
            changed.remove(at);
            assert!(verify_consistency((old, &old_root), (21, &root), &changed).is_err());
        }
        let longer = [proof.clone(), vec![[0; 32]]].concat();
        assert!(verify_consistency((old, &old_root), (21, &root), &longer).is_err());
        assert!(verify_consistency((old, &[0; 32]), (21, &root), &proof).is_err());
        if old < 21 {
            assert!(verify_consistency((21, &root), (old, &old_root), &proof).is_err());
        }
    }
}
