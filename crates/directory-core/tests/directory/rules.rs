//! Each rule of change, with the cases that it decides.

use crate::support::*;
use directory_core::change::{Context, MAX_SKIP, Refusal, Registrar, State, apply};
use directory_core::entry::{ANY_PREVIOUS, Entry, Kind};
use directory_core::label::{AddressError, AddressProof, Label, address_bytes};
use directory_core::policy::Policy;
use directory_core::signatures::{Role, SignatureError, Signatures};
use directory_core::update::Update;
use ed25519_dalek::Signer;

fn context(now: u64) -> Context<'static> {
    Context { realm: &REALM, index: &INDEX, now, registrar: Registrar::Open, pending: None }
}

fn at(state: Option<&State>, entry: Entry, signers: &[u8], now: u64) -> Result<State, Refusal> {
    apply(state, &signed(entry, signers), &context(now))
}

fn start(policy: Policy, signers: &[u8]) -> State {
    at(None, first(policy), signers, START).unwrap()
}

fn with_recovery() -> State {
    let entry = Entry { recovery: recovery(&[5], 1), ..first(policy(&[1], 1)) };
    at(None, entry, &[1], START).unwrap()
}

fn too_few(role: Role, needed: u8, found: u8) -> Refusal {
    Refusal::Signature(SignatureError::TooFew { role, needed, found })
}

#[test]
fn the_old_policy_signs_and_the_new_one_proves_possession() {
    let state = start(policy(&[1], 1), &[1]);
    let entry = Entry { policy: policy(&[2], 1), ..next(state.newest()) };
    assert_eq!(at(Some(&state), entry.clone(), &[2], START), Err(too_few(Role::Current, 1, 0)));
    assert_eq!(at(Some(&state), entry.clone(), &[1], START), Err(too_few(Role::New, 1, 0)));
    let state = at(Some(&state), entry.clone(), &[1, 2], START).unwrap();
    assert_eq!(state.newest(), &entry);
}

#[test]
fn m_of_n_counts_different_keys() {
    let entry = first(policy(&[1, 2, 3], 2));
    assert_eq!(at(None, entry.clone(), &[2], START), Err(too_few(Role::New, 2, 1)));
    assert_eq!(at(None, entry.clone(), &[2, 2], START), Err(too_few(Role::New, 2, 1)));
    assert!(at(None, entry, &[1, 3], START).is_ok());
}

#[test]
fn signatures_that_nothing_asks_for_and_wrong_ones_are_refused() {
    let entry = first(policy(&[1], 1));
    assert_eq!(at(None, entry.clone(), &[1, 4], START), Err(Refusal::Signature(SignatureError::Foreign(key(4)))));
    let mut update = signed(entry, &[1]);
    update.entry.commitment[0] ^= 1;
    assert_eq!(apply(None, &update, &context(START)), Err(Refusal::Signature(SignatureError::Wrong(key(1)))));
}

#[test]
fn a_first_entry_is_a_set_of_version_0() {
    let entry = first(policy(&[1], 1));
    for wrong in [
        Entry { version: 1, ..entry.clone() },
        Entry { previous: [1; 32], ..entry.clone() },
        Entry { kind: Kind::Recover, ..entry.clone() },
    ] {
        let version = wrong.version;
        assert_eq!(at(None, wrong, &[1], START), Err(Refusal::NotFirst { version }));
    }
}

#[test]
fn entries_of_another_directory_or_label_are_refused() {
    let entry = first(policy(&[1], 1));
    assert_eq!(at(None, Entry { realm: [8; 32], ..entry.clone() }, &[1], START), Err(Refusal::Realm([8; 32])));
    assert_eq!(at(None, Entry { index: [8; 32], ..entry }, &[1], START), Err(Refusal::Index([8; 32])));
}

#[test]
fn a_lost_race_conflicts_and_a_second_update_in_an_epoch_is_pending() {
    let state = start(policy(&[1], 1), &[1]);
    let winner = at(Some(&state), next(state.newest()), &[1], START).unwrap();
    let conflict = Refusal::Conflict { version: 1, hash: *winner.hash() };
    let loser = Entry { commitment: [99; 32], ..next(state.newest()) };
    assert_eq!(at(Some(&winner), loser, &[1], START), Err(conflict));
    assert_eq!(at(Some(&winner), Entry { version: 3, ..next(winner.newest()) }, &[1], START), Err(conflict));
    let pending = Context { pending: Some(4), ..context(START) };
    let update = signed(next(winner.newest()), &[1]);
    assert_eq!(apply(Some(&winner), &update, &pending), Err(Refusal::Pending { retry_after: 4 }));
}

#[test]
fn time_does_not_run_backwards() {
    let state = start(policy(&[1], 1), &[1]);
    let refusal = Refusal::Time { newest: START, now: START - 1 };
    assert_eq!(at(Some(&state), next(state.newest()), &[1], START - 1), Err(refusal));
}

#[test]
fn a_close_changes_nothing_else_and_ends_the_label() {
    let state = start(policy(&[1], 1), &[1]);
    let other = Entry { policy: policy(&[2], 1), ..close(state.newest()) };
    assert_eq!(at(Some(&state), other, &[1, 2], START), Err(Refusal::PolicyChanged));
    let other = Entry { recovery: recovery(&[5], 1), ..close(state.newest()) };
    assert_eq!(at(Some(&state), other, &[1], START), Err(Refusal::RecoveryChanged));
    let closed = at(Some(&state), close(state.newest()), &[1], START).unwrap();
    assert_eq!(at(Some(&closed), next(closed.newest()), &[1], START), Err(Refusal::Closed));
    assert_eq!(at(Some(&closed), close(closed.newest()), &[1], START), Err(Refusal::Closed));
}

#[test]
fn a_close_signed_beforehand_skips_versions_to_2_to_the_31() {
    let state = start(policy(&[1], 1), &[1]);
    let beforehand = |version| Entry { version, previous: ANY_PREVIOUS, ..close(state.newest()) };
    for version in [0, MAX_SKIP + 1, u32::MAX] {
        let refusal = Refusal::Skip { newest: 0, version };
        assert_eq!(at(Some(&state), beforehand(version), &[1], START), Err(refusal));
    }
    for version in [1, 7, MAX_SKIP] {
        assert_eq!(at(Some(&state), beforehand(version), &[1], START).unwrap().newest().version, version);
    }
    // It is signed by the policy in force when it arrives, not by the one of the day it was signed.
    let changed = Entry { policy: policy(&[2], 1), ..next(state.newest()) };
    let changed = at(Some(&state), changed, &[1, 2], START).unwrap();
    assert_eq!(at(Some(&changed), beforehand(7), &[1], START), Err(Refusal::PolicyChanged));
    let set = Entry { previous: ANY_PREVIOUS, ..next(state.newest()) };
    assert!(matches!(at(Some(&state), set, &[1], START), Err(Refusal::Conflict { .. })));
}

#[test]
fn a_recovery_takes_effect_after_its_delay() {
    let state = with_recovery();
    let entry = recover(state.newest(), policy(&[6], 1));
    assert_eq!(at(Some(&state), entry.clone(), &[1, 6], START), Err(too_few(Role::Recovery, 1, 0)));
    let pending = at(Some(&state), entry.clone(), &[5, 6], START).unwrap();
    let effective = START + u64::from(DAY) * SECOND;
    assert_eq!(pending.pending_until(effective - 1), Some(effective));
    assert_eq!(pending.in_force(effective - 1), Some(state.newest()));
    assert_eq!((pending.pending_until(effective), pending.in_force(effective)), (None, Some(&entry)));
    let after = next(&entry);
    assert_eq!(at(Some(&pending), after.clone(), &[1], effective), Err(too_few(Role::Current, 1, 0)));
    assert!(at(Some(&pending), after, &[6], effective).is_ok());
}

#[test]
fn recovery_outranks_the_policy_in_force() {
    let state = with_recovery();
    let pending = at(Some(&state), recover(state.newest(), policy(&[6], 1)), &[5, 6], START).unwrap();
    let refusal = Refusal::RecoveryPending { effective: START + u64::from(DAY) * SECOND };
    // The holder of the old key can neither set, nor close, nor withdraw.
    let restored = Entry { policy: policy(&[1], 1), ..next(pending.newest()) };
    assert_eq!(at(Some(&pending), restored.clone(), &[1], START), Err(too_few(Role::Recovery, 1, 0)));
    let closed = Entry { policy: policy(&[1], 1), ..close(pending.newest()) };
    assert_eq!(at(Some(&pending), closed, &[1], START), Err(refusal));
    let beforehand = Entry { version: 9, previous: ANY_PREVIOUS, ..close(state.newest()) };
    assert_eq!(at(Some(&pending), beforehand, &[1], START), Err(refusal));
    // The recovery policy withdraws by restoring the entry in force. It cannot shorten the delay by withdrawing.
    assert!(at(Some(&pending), restored, &[1, 5], START).is_ok());
    let own = Entry { policy: policy(&[6], 1), ..next(pending.newest()) };
    assert_eq!(at(Some(&pending), own, &[5, 6], START), Err(refusal));
    let again = recover(pending.newest(), policy(&[8], 1));
    assert_eq!(at(Some(&pending), again, &[5, 8], START), Err(refusal));
}

#[test]
fn changing_the_recovery_policy_needs_its_own_signature() {
    let state = with_recovery();
    for recovery in [None, recovery(&[6], 1)] {
        let entry = Entry { recovery, ..next(state.newest()) };
        assert_eq!(at(Some(&state), entry.clone(), &[1], START), Err(too_few(Role::Recovery, 1, 0)));
        assert!(at(Some(&state), entry, &[1, 5], START).is_ok());
    }
    let changed = Entry { recovery: recovery(&[6], 1), ..recover(state.newest(), policy(&[6], 1)) };
    assert_eq!(at(Some(&state), changed, &[5, 6], START), Err(Refusal::RecoveryChanged));
    let without = start(policy(&[1], 1), &[1]);
    assert_eq!(at(Some(&without), recover(without.newest(), policy(&[6], 1)), &[6], START), Err(Refusal::NoRecovery));
    let first_time = Entry { recovery: recovery(&[5], 1), ..next(without.newest()) };
    assert!(at(Some(&without), first_time, &[1], START).is_ok());
}

#[test]
fn only_a_recovery_reopens_a_closed_label() {
    let state = with_recovery();
    let closed = at(Some(&state), close(state.newest()), &[1], START).unwrap();
    let pending = at(Some(&closed), recover(closed.newest(), policy(&[6], 1)), &[5, 6], START).unwrap();
    assert_eq!(pending.in_force(START).unwrap().kind, Kind::Close);
    let withdrawn = Entry { policy: policy(&[1], 1), ..close(pending.newest()) };
    let withdrawn = at(Some(&pending), withdrawn, &[5], START).unwrap();
    assert_eq!(at(Some(&withdrawn), next(withdrawn.newest()), &[1], START), Err(Refusal::Closed));
    let later = START + u64::from(DAY) * SECOND;
    assert!(at(Some(&pending), next(pending.newest()), &[6], later).is_ok());
}

#[test]
fn the_registrar_vouches_for_version_0_alone() {
    let registrar = policy(&[11, 12], 2);
    let closed = Context { registrar: Registrar::Policy(&registrar), ..context(START) };
    let bare = signed(first(policy(&[1], 1)), &[1]);
    assert_eq!(apply(None, &bare, &closed), Err(too_few(Role::Registrar, 2, 0)));
    let registration = sign(&bare.registration_bytes(), &[11, 12]);
    let vouched = Update { registration, ..bare.clone() };
    let state = apply(None, &vouched, &closed).unwrap();
    assert_eq!(apply(None, &vouched, &context(START)), Err(Refusal::Registration));
    // A registrar's signature does not serve as an owner's, nor the reverse.
    let swapped = Update { registration: sign(&bare.entry.signed_bytes(), &[11, 12]), ..bare };
    assert_eq!(apply(None, &swapped, &closed), Err(Refusal::Signature(SignatureError::Wrong(first_of(&registrar)))));
    let later = Update { registration: vouched.registration, ..signed(next(state.newest()), &[1]) };
    assert_eq!(apply(Some(&state), &later, &closed), Err(Refusal::Registration));
}

fn first_of(policy: &Policy) -> directory_core::policy::Key {
    policy.keys()[0]
}

#[test]
fn an_address_registers_itself() {
    let entry = first(policy(&[1], 1));
    let label = Label::address(&key(3));
    let proof = |number: u8| AddressProof {
        key: key(number),
        signature: secret(number).sign(&address_bytes(&entry)).to_bytes(),
    };
    assert_eq!(proof(3).verify(&label, &entry), Ok(()));
    assert_eq!(proof(4).verify(&label, &entry), Err(AddressError::Key(key(4))));
    let other = Entry { commitment: [2; 32], ..entry.clone() };
    assert_eq!(proof(3).verify(&label, &other), Err(AddressError::Signature));
    assert_eq!(proof(3).verify(&label, &next(&entry)), Err(AddressError::Version(1)));
    assert_eq!(proof(3).verify(&Label::Name("a".into()), &entry), Err(AddressError::NotAnAddress));
}

#[test]
fn refusals_leave_the_state_as_it_was() {
    let state = start(policy(&[1], 1), &[1]);
    let before = state.clone();
    let _ = at(Some(&state), next(state.newest()), &[], START);
    assert_eq!(state, before);
    assert_eq!(Signatures::default().all(), &[]);
}
