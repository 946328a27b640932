//! The log by ct-merkle and tlog_tiles, checkpoints and cosignatures by tlog_tiles and signed_note.

use crate::server::{ORIGIN, VERIFIERS, cosign, verifier};
use crate::support::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use directory_core::checkpoint::Checkpoint;
use directory_core::hash::Hash;
use directory_core::log::{Log, root_by_inclusion, stored_hashes, verify_consistency};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2_011::Sha256;
use signed_note::{Note, NoteError, VerifierList};
use tlog_tiles::tlog;

const LEAVES: u64 = 65;

/// The hashes of our log, read by tlog_tiles: both store them in the same order.
struct Stored<'a>(&'a [Hash]);

impl tlog::HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog_tiles::tlog::Error> {
        Ok(indexes.iter().map(|index| tlog::Hash(self.0[*index as usize])).collect())
    }
}

fn leaf(number: u64) -> Vec<u8> {
    vec![number as u8; number as usize % 7]
}

fn log() -> Log<Vec<Hash>> {
    let mut log = Log::default();
    (0..LEAVES).for_each(|number| log.append(&leaf(number)));
    log
}

#[test]
fn tlog_tiles_reads_our_hashes_and_makes_and_takes_our_proofs() {
    let log = log();
    let stored = Stored(log.hashes());
    for size in 0..=LEAVES {
        assert_eq!(stored_hashes(size), tlog::stored_hash_count(size));
    }
    for number in 0..LEAVES {
        let hashes = tlog::stored_hashes(number, &leaf(number), &stored).unwrap();
        let from = stored_hashes(number) as usize;
        assert_eq!(hashes.iter().map(|hash| hash.0).collect::<Vec<_>>(), log.hashes()[from..from + hashes.len()]);
    }
    let theirs = |hashes: &[Hash]| hashes.iter().map(|hash| tlog::Hash(*hash)).collect::<Vec<_>>();
    for size in 1..=LEAVES {
        let root = tlog::tree_hash(size, &stored).unwrap();
        assert_eq!(log.root(size), root.0);
        for number in 0..size {
            let path = log.inclusion(number, size);
            assert_eq!(theirs(&path), tlog::prove_record(size, number, &stored).unwrap());
            tlog::check_record(&theirs(&path), size, root, number, tlog::record_hash(&leaf(number))).unwrap();
        }
        for old in 1..=size {
            let proof = log.consistency(old, size);
            assert_eq!(theirs(&proof), tlog::prove_tree(size, old, &stored).unwrap());
            tlog::check_tree(&theirs(&proof), size, root, old, tlog::Hash(log.root(old))).unwrap();
        }
    }
}

#[test]
fn ct_merkle_makes_our_roots_and_proofs() {
    let (log, mut theirs) = (log(), MemoryBackedTree::<Sha256, Vec<u8>>::new());
    let hashes = |bytes: &[u8]| bytes.as_chunks::<32>().0.to_vec();
    for size in 1..=LEAVES {
        theirs.push(leaf(size - 1));
        let root = log.root(size);
        assert_eq!(theirs.root().as_bytes()[..], root);
        for number in 0..size {
            let path = hashes(theirs.prove_inclusion(number as usize).as_bytes());
            assert_eq!(log.inclusion(number, size), path);
            assert_eq!(root_by_inclusion(number, size, tlog::record_hash(&leaf(number)).0, &path), Ok(root));
        }
        for old in 1..size {
            let proof = hashes(theirs.prove_consistency((size - old) as usize).as_bytes());
            assert_eq!(log.consistency(old, size), proof);
            assert_eq!(verify_consistency((old, &log.root(old)), (size, &root), &proof), Ok(()));
        }
    }
}

fn checkpoint() -> Checkpoint {
    Checkpoint { size: 20, root: log().root(20) }
}

#[test]
fn tlog_tiles_reads_our_checkpoints() {
    let text = checkpoint().text(ORIGIN);
    let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
    assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (ORIGIN, 20, checkpoint().root));
    assert_eq!((theirs.extension(), theirs.to_bytes()), ("", text.into_bytes()));
}

/// Checks cosignatures as C2SP's tlog-cosignature says, for signed_note, which knows plain signatures alone.
struct Cosigner {
    name: String,
    key: VerifyingKey,
}

impl signed_note::Verifier for Cosigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(&self.name, &[&[4], &self.key.as_bytes()[..]].concat())
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let (time, signature) = signature.split_first_chunk::<8>().unwrap();
        let header = format!("cosignature/v1\ntime {}\n", u64::from_be_bytes(*time));
        let message = [header.as_bytes(), text].concat();
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(&message, &signature).is_ok())
    }
}

#[test]
fn signed_note_takes_our_cosignatures() {
    let known = |numbers: &[u8]| {
        let cosigner = |number: &u8| -> Box<dyn signed_note::Verifier> {
            let name = format!("verifier.example/{number}");
            Box::new(Cosigner { name, key: secret(*number).verifying_key() })
        };
        VerifierList::new(numbers.iter().map(cosigner).collect())
    };
    let cosigned = |of: &Checkpoint| {
        let line = |number: &u8| verifier(*number).note_line(&cosign(*number, of, START / SECOND));
        VERIFIERS.iter().map(line).collect::<String>()
    };
    let note = |lines: &str| Note::from_bytes(format!("{}\n{lines}", checkpoint().text(ORIGIN)).as_bytes()).unwrap();
    let note_of = note(&cosigned(&checkpoint()));
    let (verified, unverified) = note_of.verify(&known(&VERIFIERS[..2])).unwrap();
    assert_eq!((verified.len(), unverified.len()), (2, 1));
    for (signature, number) in verified.iter().zip(VERIFIERS) {
        let cosignature = cosign(number, &checkpoint(), START / SECOND);
        assert_eq!(signature.id().to_be_bytes(), cosignature.key_id);
        assert_eq!(signature.signature(), &cosignature.encode()[4..]);
    }
    let another = Checkpoint { size: 21, ..checkpoint() };
    let refused = note(&cosigned(&another)).verify(&known(&VERIFIERS)).unwrap_err();
    assert!(matches!(refused, NoteError::InvalidSignature { .. }), "{refused:?}");
}
