//! Look-ups that a client accepts, and one adversary for each promise.

use crate::server::*;
use crate::support::*;
use directory_core::change::{Refusal, State};
use directory_core::entry::{Entry, Kind};
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::log::LogError;
use directory_core::map::View;
use directory_core::proof::Proof;
use directory_core::signatures::{Role, SignatureError};
use directory_core::update::Update;
use directory_core::verify::{Memory, Query, Quorum, Trust, Verified, VerifyError};
use ed25519_dalek::Signer;
use std::sync::LazyLock;

pub fn name(name: &str) -> Label {
    Label::Name(name.into())
}

pub static ALICE: LazyLock<Label> = LazyLock::new(|| name("alice"));

pub fn alice() -> Label {
    ALICE.clone()
}

/// Alice among others, at a ratified head.
pub fn directory() -> Directory {
    let mut directory = Directory::new();
    for number in 0..20_u8 {
        let label = name(&format!("other {number}"));
        let entry = directory.first(&label, policy(&[1], 1));
        directory.accept(&label, &signed(entry, &[1]), None);
        if number % 7 == 0 {
            directory.close_epoch();
        }
    }
    let entry = Entry { recovery: recovery(&[5], 1), ..directory.first(&alice(), policy(&[1], 1)) };
    directory.accept(&alice(), &signed(entry, &[1]), None);
    directory.close_epoch();
    directory.ratify(&VERIFIERS);
    directory
}

pub fn change(directory: &mut Directory, change: impl FnOnce(Entry) -> Entry, signers: &[u8]) {
    let old = directory.state(&alice()).newest().clone();
    let commitment = profile(&alice(), old.version + 1, 200).2;
    let entry = change(Entry { commitment, ..next(&old) });
    directory.accept(&alice(), &signed(entry, signers), None);
    directory.close_epoch();
}

pub fn check(directory: &Directory, proof: &Proof) -> Result<Verified, VerifyError> {
    directory.trusted().verify(&directory.query(&ALICE, None, None), &proof.encode())
}

pub fn proof(directory: &Directory) -> Proof {
    directory.proof(&alice(), View::Newest, None, None)
}

#[test]
fn presence_and_absence_at_newest_and_at_ratified() {
    let mut directory = directory();
    let found = directory.look_up(&alice(), View::Newest).unwrap();
    assert_eq!(found.trust, Trust::Ratified { since: directory.now / SECOND });
    assert_eq!(found.profile, Some(vec![0; 200]));
    assert_eq!(found.state.as_ref(), Some(&directory.state(&alice())));
    assert_eq!(directory.look_up(&name("nobody"), View::Newest).unwrap().state, None);
    // A change that verifiers have not seen: `newest` has it, certified; `ratified` has the entry before, ratified.
    change(&mut directory, |entry| entry, &[1]);
    let newest = directory.look_up(&alice(), View::Newest).unwrap();
    assert_eq!((newest.trust, newest.state.unwrap().newest().version), (Trust::Certified, 1));
    let ratified = directory.look_up(&alice(), View::Ratified).unwrap();
    assert!(matches!(ratified.trust, Trust::Ratified { .. }));
    assert_eq!((ratified.profile, ratified.state.unwrap().newest().version), (Some(vec![0; 200]), 0));
    assert_eq!(ratified.memory.log, directory.checkpoint());
}

#[test]
fn all_labels_of_a_growing_directory() {
    let directory = directory();
    for label in &directory.labels {
        assert!(directory.look_up(label, View::Newest).unwrap().state.is_some());
        assert!(directory.look_up(label, View::Ratified).unwrap().state.is_some());
    }
    for number in 0..20 {
        assert_eq!(directory.look_up(&name(&format!("absent {number}")), View::Newest).unwrap().state, None);
    }
}

#[test]
fn history_and_memory_continue_what_the_client_knows() {
    let mut directory = directory();
    let seen = directory.look_up(&alice(), View::Newest).unwrap();
    let (memory, contact) = (Some(seen.memory), seen.state);
    for version in 1..=9_u8 {
        change(&mut directory, |entry| Entry { policy: policy(&[version + 1], 1), ..entry }, &[version, version + 1]);
    }
    let proof = directory.proof(&alice(), View::Newest, memory, contact.as_ref());
    assert_eq!(proof.found.as_ref().unwrap().updates.len(), 9);
    let query = directory.query(&ALICE, memory, contact.as_ref());
    let verified = directory.trusted().verify(&query, &proof.encode()).unwrap();
    assert_eq!(verified.state.as_ref(), Some(&directory.state(&alice())));
    // The same history replayed in pages.
    let (index, updates) = (directory.index(&alice()), proof.found.unwrap().updates);
    let replay = |state: Option<&State>, page| directory.trusted().replay(&alice(), &index, state, page).unwrap();
    let half = replay(contact.as_ref(), &updates[..4]);
    assert_eq!(replay(half.as_ref(), &updates[4..]), verified.state);
    // The whole history, to a client that knows nothing.
    let whole = directory.history(&alice(), View::Newest, None, Some(0));
    assert_eq!(whole.found.as_ref().unwrap().updates.len(), 10);
    assert_eq!(check(&directory, &whole).unwrap().state, verified.state);
    // Nothing changed since: one bare entry.
    let proof = directory.proof(&alice(), View::Newest, Some(verified.memory), verified.state.as_ref());
    let query = directory.query(&ALICE, Some(verified.memory), verified.state.as_ref());
    assert_eq!(directory.trusted().verify(&query, &proof.encode()).unwrap().state, verified.state);
}

#[test]
fn a_pending_recovery_shows_what_is_in_force() {
    let mut directory = directory();
    let recovering = |entry| Entry { kind: Kind::Recover, policy: policy(&[6], 1), ..entry };
    change(&mut directory, recovering, &[5, 6]);
    let verified = directory.look_up(&alice(), View::Newest).unwrap();
    let state = verified.state.unwrap();
    assert_eq!((state.newest().version, state.in_force(directory.now).unwrap().version), (1, 0));
    assert_eq!(verified.profile, Some(vec![0; 200]), "the profile in force");
    let mut lying = proof(&directory);
    lying.found.as_mut().unwrap().replaced = None;
    assert_eq!(check(&directory, &lying), Err(VerifyError::Replaced));
    lying.found.as_mut().unwrap().replaced = Some(directory.first(&alice(), policy(&[9], 1)));
    assert_eq!(check(&directory, &lying), Err(VerifyError::Replaced));
}

#[test]
fn an_erased_profile_leaves_the_entry_provable() {
    let mut directory = directory();
    let mut erased = proof(&directory);
    erased.found.as_mut().unwrap().opened = None;
    let verified = check(&directory, &erased).unwrap();
    assert!(verified.state.is_some() && verified.profile.is_none() && verified.lacks_profile());
    // A closed label and an absent one lack nothing.
    assert!(!directory.look_up(&alice(), View::Newest).unwrap().lacks_profile());
    change(&mut directory, |entry| Entry { kind: Kind::Close, commitment: [0; 32], ..entry }, &[1]);
    for label in [alice(), name("nobody")] {
        let verified = directory.look_up(&label, View::Newest).unwrap();
        assert!(verified.profile.is_none() && !verified.lacks_profile(), "{label:?}");
    }
}

/// Whatever bit is flipped: an error, or the same answer with less behind it.
fn flipped_bits_are_caught_or_harmless(directory: &Directory, label: &Label, view: View, step: usize) {
    let bytes = directory.proof(label, view, None, None).encode();
    let (trusted, query) = (directory.trusted(), Query { view, ..directory.query(label, None, None) });
    let expected = trusted.verify(&query, &bytes).unwrap();
    let mut harmless = 0;
    for bit in (0..bytes.len() * 8).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(verified) = trusted.verify(&query, &flipped) {
            // An unknown key id: that cosignature is ignored, as a note's unknown signatures are.
            assert_eq!(Verified { trust: expected.trust, memory: expected.memory, ..verified }, expected, "bit {bit}");
            harmless += 1;
        }
    }
    assert!(harmless <= 3 * 32, "{harmless} bits are harmless: more than the key ids of three cosignatures");
    for length in 0..bytes.len() {
        assert!(trusted.verify(&query, &bytes[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(trusted.verify(&query, &[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn every_flipped_bit_of_a_proof_is_caught_or_harmless() {
    let mut directory = directory();
    flipped_bits_are_caught_or_harmless(&directory, &alice(), View::Newest, 1);
    flipped_bits_are_caught_or_harmless(&directory, &name("nobody"), View::Newest, 7);
    change(&mut directory, |entry| entry, &[1]);
    flipped_bits_are_caught_or_harmless(&directory, &alice(), View::Ratified, 7);
}

#[test]
fn a_head_outside_the_certified_log_is_refused() {
    let directory = directory();
    let mut forged = proof(&directory);
    forged.head.labels += 1;
    assert!(matches!(check(&directory, &forged), Err(VerifyError::ToNewest(LogError::Root { .. }))));
    let mut forged = proof(&directory);
    forged.head.configuration = [0; 32];
    assert_eq!(check(&directory, &forged), Err(VerifyError::Configuration([0; 32])));
    let mut query = directory.query(&ALICE, None, None);
    query.certified_time = directory.now - 1;
    let refused = directory.trusted().verify(&query, &proof(&directory).encode());
    assert_eq!(refused, Err(VerifyError::HeadTime { head: directory.now, certified: directory.now - 1 }));
}

#[test]
fn a_rolled_back_or_forked_directory_is_refused_by_the_clients_memory() {
    let old = directory();
    let mut new = old.clone();
    change(&mut new, |entry| entry, &[1]);
    new.ratify(&VERIFIERS);
    let seen = new.look_up(&alice(), View::Newest).unwrap();
    let memory = Some(seen.memory);
    let shrunk = LogError::Shrunk { old: new.size(), new: old.size() };
    let query = old.query(&ALICE, memory, None);
    let stale = old.proof(&alice(), View::Newest, None, None).encode();
    let ratified = VerifyError::OlderHead { ratified: new.size(), epoch: old.size() - 1 };
    assert_eq!(old.trusted().verify(&query, &stale), Err(ratified));
    let certified_only = Some(Memory { ratified: 0, ..seen.memory });
    let query = old.query(&ALICE, certified_only, None);
    assert_eq!(old.trusted().verify(&query, &stale), Err(VerifyError::FromKnown(shrunk)));
    // A fork: as large, with another history.
    let mut fork = old.clone();
    for _ in 0..2 {
        fork.close_epoch();
    }
    let proof = fork.proof(&alice(), View::Newest, memory, None).encode();
    let refused = fork.trusted().verify(&fork.query(&ALICE, certified_only, None), &proof);
    assert!(matches!(refused, Err(VerifyError::FromKnown(_))), "{refused:?}");
    // A known contact is neither rolled back nor hidden nor replaced.
    let contact = seen.state.as_ref();
    let query = old.query(&ALICE, None, contact);
    let known = VerifyError::Contact { known: 1, found: Some(0) };
    assert_eq!(old.trusted().verify(&query, &stale), Err(known));
    let nobody = name("nobody");
    let absent = new.proof(&nobody, View::Newest, None, None).encode();
    let known = VerifyError::Contact { known: 1, found: None };
    assert_eq!(new.trusted().verify(&new.query(&nobody, None, contact), &absent), Err(known));
}

#[test]
fn a_quorum_counts_recent_signatures_of_different_pinned_verifiers() {
    let mut directory = directory();
    let trust = |directory: &Directory, proof: &Proof| check(directory, proof).map(|verified| verified.trust);
    directory.ratify(&VERIFIERS[..1]);
    assert_eq!(trust(&directory, &proof(&directory)), Ok(Trust::Certified), "one of two");
    directory.ratify(&[VERIFIERS[0], 99]);
    assert_eq!(trust(&directory, &proof(&directory)), Ok(Trust::Certified), "a stranger does not count");
    directory.ratify(&VERIFIERS[..2]);
    assert!(matches!(trust(&directory, &proof(&directory)), Ok(Trust::Ratified { .. })));
    let mut doubled = proof(&directory);
    doubled.cosignatures[1] = doubled.cosignatures[0];
    assert!(matches!(trust(&directory, &doubled), Err(VerifyError::Decode(_))), "one verifier twice");
    let checkpoint = directory.checkpoint();
    for (time, counts) in [(-3_600, true), (-3_601, false), (60, true), (61, false)] {
        let mut aged = proof(&directory);
        let time = (directory.now / SECOND).saturating_add_signed(time);
        aged.cosignatures = VERIFIERS[..2].iter().map(|number| cosign(*number, &checkpoint, time)).collect();
        aged.cosignatures.sort_by_key(|cosignature| cosignature.key_id);
        assert_eq!(matches!(trust(&directory, &aged), Ok(Trust::Ratified { .. })), counts, "signed at {time}");
    }
    let mut forged = proof(&directory);
    forged.cosignatures[0].signature[0] ^= 1;
    assert!(matches!(trust(&directory, &forged), Err(VerifyError::Cosignature(_))));
}

#[test]
fn a_quorum_of_nobody_cannot_be_made() {
    let verifiers = || VERIFIERS.map(verifier).to_vec();
    assert!(Quorum::new(vec![], 0, 1).is_none());
    assert!(Quorum::new(verifiers(), 0, 1).is_none());
    assert!(Quorum::new(verifiers(), 4, 1).is_none());
    assert!(Quorum::new(vec![verifier(51), verifier(51)], 2, 1).is_none());
    assert!(Quorum::new(verifiers(), 3, 1).is_some());
}

#[test]
fn version_0_of_an_address_carries_the_addresss_signature_and_the_registrars() {
    let mut directory = directory();
    directory.registrar = Some(policy(&[11], 1));
    let label = Label::address(&key(3));
    let entry = directory.first(&label, policy(&[1], 1));
    let address = AddressProof { key: key(3), signature: secret(3).sign(&address_bytes(&entry)).to_bytes() };
    let update = signed(entry, &[1]);
    let update = Update { registration: sign(&update.registration_bytes(), &[11]), ..update };
    directory.accept(&label, &update, Some(address));
    directory.close_epoch();
    assert!(directory.look_up(&label, View::Newest).is_ok());
    let verify =
        |proof: &Proof| directory.trusted().verify(&directory.query(&label, None, None), &proof.encode()).map(|_| ());
    let mut without = directory.proof(&label, View::Newest, None, None);
    without.found.as_mut().unwrap().address = None;
    assert_eq!(verify(&without), Err(VerifyError::Address(None)));
    let mut without = directory.proof(&label, View::Newest, None, None);
    without.found.as_mut().unwrap().updates[0].1.registration = Default::default();
    let missing = SignatureError::TooFew { role: Role::Registrar, needed: 1, found: 0 };
    assert_eq!(verify(&without), Err(VerifyError::Change { version: 0, refusal: Refusal::Signature(missing) }));
    // A client that pins a former registrar too.
    let mut trusted = directory.trusted();
    trusted.registrars.insert(0, policy(&[12], 1));
    let proof = directory.proof(&label, View::Newest, None, None).encode();
    assert!(trusted.verify(&directory.query(&label, None, None), &proof).is_ok());
}

#[test]
fn a_profile_that_the_entry_does_not_commit_to_is_refused() {
    let directory = directory();
    let mut other = proof(&directory);
    other.found.as_mut().unwrap().opened.as_mut().unwrap().profile[0] ^= 1;
    assert_eq!(check(&directory, &other), Err(VerifyError::Profile));
}
