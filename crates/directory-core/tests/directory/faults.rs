//! The thirteen faults that reading coname (yahoo/coname 84592dd) found, each shown absent.

use crate::server::*;
use crate::support::*;
use directory_core::change::{Context, MAX_SKIP, Refusal, Registrar, State, apply};
use directory_core::entry::{ANY_PREVIOUS, Entry, Kind};
use directory_core::label::Label;
use directory_core::log::LogError;
use directory_core::map::{MapProof, Search, Tree, VecNodes, View, leaf_value};
use directory_core::policy::{Policy, PolicyError};
use directory_core::proof::{Opened, Proof};
use directory_core::signatures::{Role, SignatureError};
use directory_core::update::{LoggedUpdate, Update};
use directory_core::verify::{Memory, Trust, VerifyError};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn alice() -> Label {
    Label::Name("alice".into())
}

fn bob() -> Label {
    Label::Name("bob".into())
}

fn directory() -> Directory {
    let mut directory = Directory::new();
    for label in [alice(), bob()] {
        let entry = Entry { recovery: recovery(&[5], 1), ..directory.first(&label, policy(&[1], 1)) };
        directory.accept(&label, &signed(entry, &[1]), None);
    }
    directory.close_epoch();
    directory.ratify(&VERIFIERS);
    directory
}

fn change(directory: &mut Directory) {
    let old = directory.state(&alice());
    let commitment = profile(&alice(), old.newest().version + 1, 200).2;
    directory.accept(&alice(), &signed(Entry { commitment, ..next(old.newest()) }, &[1]), None);
}

fn context<'a>(directory: &'a Directory, index: &'a [u8; 32], registrar: Registrar<'a>) -> Context<'a> {
    Context { realm: &directory.realm, index, now: directory.now, registrar, pending: None }
}

fn too_few(role: Role) -> Refusal {
    Refusal::Signature(SignatureError::TooFew { role, needed: 1, found: 0 })
}

/// coname's client keeps no state, and bounds only the time of issue.
#[test]
fn fault_01_a_stateless_client_takes_rollbacks_and_forks() {
    let old = directory();
    let mut new = old.clone();
    change(&mut new);
    new.close_epoch();
    let seen = new.look_up(&alice(), View::Newest).unwrap();
    let memory = Some(Memory { ratified: 0, ..seen.memory });
    let stale = old.proof(&alice(), View::Newest, None, None).encode();
    let shrunk = LogError::Shrunk { old: 2, new: 1 };
    assert_eq!(old.trusted().verify(&old.query(&alice(), memory, None), &stale), Err(VerifyError::FromKnown(shrunk)));
    let mut fork = old.clone();
    fork.close_epoch();
    let forked = fork.answer(&alice(), View::Newest, 2, None).encode();
    let refused = fork.trusted().verify(&fork.query(&alice(), memory, None), &forked);
    assert!(matches!(refused, Err(VerifyError::FromKnown(LogError::Root { .. }))), "{refused:?}");
    // The verifier's own time counts, in both directions.
    for away in [3_601_i64, -61] {
        let label = alice();
        let mut query = old.query(&label, None, None);
        query.now = query.now.saturating_add_signed(away);
        assert_eq!(old.trusted().verify(&query, &stale).unwrap().trust, Trust::Certified, "{away} s later");
    }
}

/// coname's verifiers never see why a name was registered.
#[test]
fn fault_02_verifiers_do_not_see_registrations() {
    let mut directory = Directory::new();
    let registrar = policy(&[11], 1);
    let update = signed(directory.first(&alice(), policy(&[66], 1)), &[66]);
    directory.force(&alice(), &update, None);
    let replayed = LoggedUpdate::decode(&directory.store.logged(0).encode()).unwrap();
    let index = directory.index(&alice());
    let by_verifier = apply(None, &replayed.update, &context(&directory, &index, Registrar::Policy(&registrar)));
    assert_eq!(by_verifier, Err(too_few(Role::Registrar)));
}

/// Anybody who sees coname's OIDC token can register another key with it.
#[test]
fn fault_03_a_registration_is_not_bound_to_the_entry() {
    let directory = Directory::new();
    let registrar = policy(&[11], 1);
    let owners = signed(directory.first(&alice(), policy(&[1], 1)), &[1]);
    let registration = sign(&owners.registration_bytes(), &[11]);
    let thiefs = Update { registration, ..signed(directory.first(&alice(), policy(&[66], 1)), &[66]) };
    let index = directory.index(&alice());
    let refused = apply(None, &thiefs, &context(&directory, &index, Registrar::Policy(&registrar)));
    assert_eq!(refused, Err(Refusal::Signature(SignatureError::Wrong(key(11)))));
}

/// coname passes one argument twice, so its mails' prefix is never compared.
#[test]
fn fault_04_what_separates_one_purpose_from_another_is_not_checked() {
    let directory = Directory::new();
    let registrar = policy(&[11], 1);
    let index = directory.index(&alice());
    let update = signed(directory.first(&alice(), policy(&[11], 1)), &[11]);
    let context = context(&directory, &index, Registrar::Policy(&registrar));
    // The same key signs the same entry, once for each purpose: neither signature serves the other.
    let as_owner = Update { registration: update.signatures.clone(), ..update.clone() };
    assert_eq!(apply(None, &as_owner, &context), Err(Refusal::Signature(SignatureError::Wrong(key(11)))));
    let registration = sign(&update.registration_bytes(), &[11]);
    let as_registrar =
        Update { signatures: registration.clone(), registration: registration.clone(), ..update.clone() };
    assert_eq!(apply(None, &as_registrar, &context), Err(Refusal::Signature(SignatureError::Wrong(key(11)))));
    assert!(apply(None, &Update { registration, ..update }, &context).is_ok());
}

/// coname's keyserver and its verifiers hash their trees with different nonces.
#[test]
fn fault_05_directory_and_verifiers_hash_different_trees() {
    let mut directory = directory();
    change(&mut directory);
    directory.close_epoch();
    let mut tree = Tree::<VecNodes>::default();
    for position in 0..directory.store.updates() {
        let LoggedUpdate { position, time, update } = directory.store.logged(position);
        tree.set(&update.entry.index, &leaf_value(position, time, &update.entry.hash()));
    }
    tree.seal();
    assert_eq!(tree.root(View::Newest), directory.store.head(1).unwrap().map_root);
}

/// coname accepts a profile that its entry does not commit to; the owner's own look-ups fail then.
#[test]
fn fault_06_a_profile_is_not_checked_against_its_commitment() {
    let directory = directory();
    let proof = directory.proof(&alice(), View::Newest, None, None);
    let opened = proof.found.unwrap().opened.unwrap();
    let entry = directory.state(&alice()).newest().clone();
    assert!(opened.fits(&alice(), &entry));
    let other = |change: &dyn Fn(&mut Opened)| {
        let mut other = opened.clone();
        change(&mut other);
        other.fits(&alice(), &entry)
    };
    assert!(!other(&|opened| opened.profile[0] ^= 1) && !other(&|opened| opened.opening[0] ^= 1));
    assert!(!opened.fits(&bob(), &entry) && !opened.fits(&alice(), &next(&entry)));
}

/// coname overwrites the first of two updates of a label in one epoch, though its verifiers saw both (issue 23).
#[test]
fn fault_07_a_second_update_in_an_epoch_overwrites_the_first() {
    let mut directory = directory();
    change(&mut directory);
    let state = directory.state(&alice());
    let number = directory.store.find(&directory.index(&alice())).unwrap();
    assert!(directory.store.is_pending(number));
    let index = directory.index(&alice());
    let pending = Context { pending: Some(4), ..context(&directory, &index, Registrar::Open) };
    let refused = apply(Some(&state), &signed(next(state.newest()), &[1]), &pending);
    assert_eq!(refused, Err(Refusal::Pending { retry_after: 4 }));
    directory.close_epoch();
    assert!(!directory.store.is_pending(number));
    change(&mut directory);
    directory.close_epoch();
    let versions: Vec<_> =
        directory.store.history(number, 0, u64::MAX, 9).iter().map(|(_, update)| update.entry.version).collect();
    assert_eq!(versions, [0, 1, 2]);
}

/// coname counts a repeated candidate twice, accepts a threshold of 0 and recurses without bound.
#[test]
fn fault_08_a_quorum_counts_repeated_keys_or_asks_for_none() {
    assert_eq!(Policy::new(vec![key(1), key(1)], 2), Err(PolicyError::RepeatedKey(key(1))));
    assert_eq!(Policy::new(vec![key(1)], 0), Err(PolicyError::Threshold(0)));
    // As bytes, too: two keys that are one, and a threshold of 0.
    let entry = first(policy(&[1, 2], 2)).encode();
    let (mut twice, mut none) = (entry.clone(), entry.clone());
    twice.copy_within(139..172, 172);
    none[205] = 0;
    assert!(Entry::decode(&entry).is_ok() && Entry::decode(&twice).is_err() && Entry::decode(&none).is_err());
    let one_of_two = sign(&first(policy(&[1, 2], 2)).signed_bytes(), &[1, 1, 1]);
    assert_eq!(one_of_two.all().len(), 1);
}

/// coname indexes by the number of neighbours that were sent, and takes any leaf as a proof of absence.
#[test]
fn fault_09_proofs_of_any_depth_or_of_any_leaf_are_taken() {
    let directory = directory();
    let index = directory.index(&alice());
    for depth in [0, 257, 5_000] {
        let proof = MapProof { siblings: vec![[1; 32]; depth], search: Search::Missing };
        assert_eq!(proof.root(&index), None);
        let mut whole = directory.proof(&alice(), View::Newest, None, None);
        (whole.map, whole.found) = (proof, None);
        assert!(Proof::decode(&whole.encode()).is_err());
    }
    // Bob's leaf, which is in the tree, does not show that alice is absent: the prefixes differ.
    let bobs = directory.proof(&bob(), View::Newest, None, None);
    let other = directory.index(&bob());
    let depth = bobs.map.siblings.len();
    assert!((0..depth).any(|at| (index[at / 8] ^ other[at / 8]) & (0x80 >> (at % 8)) != 0));
    let state = directory.state(&bob());
    let value = leaf_value(bobs.found.unwrap().position, state.time(), state.hash());
    let search = Search::Other { index: other, value };
    assert_eq!(MapProof { siblings: bobs.map.siblings, search }.root(&index), None);
}

/// An error of coname's database reads as "no entry": the label is free.
#[test]
fn fault_10_a_damaged_store_reads_as_no_entry() {
    let mut directory = directory();
    let number = directory.store.find(&directory.index(&alice())).unwrap();
    // The first byte of the public stream: the format of alice's entry.
    directory.memories.public.borrow_mut()[64] = 9;
    directory.reopen();
    let read = catch_unwind(AssertUnwindSafe(|| directory.store.state(number, u64::MAX)));
    assert!(read.is_err(), "{read:?}");
    assert_eq!(directory.store.find(&directory.index(&alice())), Some(number), "the label is taken");
}

/// In coname the highest version locks an entry for ever.
#[test]
fn fault_11_the_highest_version_locks_an_entry() {
    let directory = directory();
    let (state, index) = (directory.state(&alice()), directory.index(&alice()));
    let context = context(&directory, &index, Registrar::Open);
    let try_at = |state: &State, entry: Entry, signers: &[u8]| apply(Some(state), &signed(entry, signers), &context);
    let jump = Entry { version: u32::MAX, ..next(state.newest()) };
    assert!(matches!(try_at(&state, jump, &[1]), Err(Refusal::Conflict { .. })));
    let close = |version| Entry { version, previous: ANY_PREVIOUS, ..close(state.newest()) };
    let refused = Err(Refusal::Skip { newest: 0, version: u32::MAX });
    assert_eq!(try_at(&state, close(u32::MAX), &[1]), refused);
    let closed = try_at(&state, close(MAX_SKIP), &[1]).unwrap();
    let recovered = try_at(&closed, recover(closed.newest(), policy(&[6], 1)), &[5, 6]).unwrap();
    assert_eq!(recovered.newest().version, MAX_SKIP + 1);
}

/// coname's client once ignored the realm (pull request 34), and verifiers watch two realms with one key.
#[test]
fn fault_12_answers_of_another_realm_are_taken() {
    let (mut ours, theirs) = (directory(), directory());
    let entry = Entry { realm: [1; 32], ..theirs.state(&alice()).newest().clone() };
    let index = ours.index(&alice());
    let refused = apply(None, &signed(entry, &[1]), &context(&ours, &index, Registrar::Open));
    assert_eq!(refused, Err(Refusal::Realm([1; 32])));
    // The verifiers' signatures for another directory, with the same heads and keys.
    let mut trusted = ours.trusted();
    trusted.origin = "directory/another".into();
    ours.ratify(&VERIFIERS);
    let proof = ours.proof(&alice(), View::Newest, None, None).encode();
    let refused = trusted.verify(&ours.query(&alice(), None, None), &proof);
    assert!(matches!(refused, Err(VerifyError::Cosignature(_))), "{refused:?}");
}

/// A client of coname loses messages unless it keeps old keys until the change is confirmed (end-to-end issue 69).
#[test]
fn fault_13_a_client_cannot_tell_whether_its_change_is_confirmed() {
    let mut directory = directory();
    change(&mut directory);
    let versions = |directory: &Directory| {
        [View::Newest, View::Ratified].map(|view| {
            let found = directory.look_up(&alice(), view).unwrap();
            (found.state.unwrap().newest().version, found.profile.unwrap()[0], found.trust != Trust::Certified)
        })
    };
    assert_eq!(versions(&directory), [(0, 0, true), (0, 0, true)], "accepted: no head has it yet");
    directory.close_epoch();
    assert_eq!(versions(&directory), [(1, 1, false), (0, 0, true)], "closed: strict clients see the old keys");
    directory.ratify(&VERIFIERS);
    assert_eq!(versions(&directory), [(1, 1, true), (1, 1, true)], "ratified: the old keys can go");
    assert_eq!(directory.state(&alice()).newest().kind, Kind::Set);
}
