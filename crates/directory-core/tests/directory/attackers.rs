//! Each attacker that docs/directory.md lists does what it can do, and tries what it cannot.

use crate::lookups::{ALICE, alice, change, check, directory, name, proof};
use crate::server::*;
use crate::support::*;
use directory_core::bytes::DecodeError;
use directory_core::change::{Context, Refusal, Registrar, State, apply};
use directory_core::entry::{ANY_PREVIOUS, Entry, Kind};
use directory_core::hash::Hash;
use directory_core::log::LogError;
use directory_core::map::{Search, View};
use directory_core::signatures::{Role, SignatureError};
use directory_core::update::Update;
use directory_core::verify::{Memory, Query, Trust, VerifyError};

#[test]
fn a_replica_shows_neither_another_labels_key_nor_hides_a_label() {
    let directory = directory();
    let other = directory.proof(&name("other 1"), View::Newest, None, None);
    let query = directory.query(&ALICE, None, None);
    assert!(matches!(directory.trusted().verify(&query, &other.encode()), Err(VerifyError::Vrf(_))));
    let mut swapped = proof(&directory);
    (swapped.map, swapped.found) = (other.map.clone(), other.found.clone());
    assert_eq!(check(&directory, &swapped), Err(VerifyError::Map));
    let mut hidden = proof(&directory);
    (hidden.map, hidden.found) = (directory.proof(&name("nobody"), View::Newest, None, None).map, None);
    assert_eq!(check(&directory, &hidden), Err(VerifyError::Map));
    hidden.map.search = Search::Other { index: directory.index(&name("other 1")), value: [0; 32] };
    assert_eq!(check(&directory, &hidden), Err(VerifyError::Map));
}

/// Network and boundary node: they can only pass on certified data. The platform's certificate, whose time the client bounds,
/// says which log that is.
#[test]
fn the_network_replays_nothing_older_than_the_client_knows_or_its_certificate() {
    let old = directory();
    let stale = proof(&old).encode();
    let mut new = old.clone();
    change(&mut new, |entry| entry, &[1]);
    // Another log is certified meanwhile. Anybody can prove that the old one is a part of it, and leave the cosignatures out.
    let mut replayed = proof(&old);
    replayed.to_newest = new.store.log().consistency(old.size(), new.size());
    let outdated = VerifyError::ToNewest(LogError::Outdated { size: old.size(), newest: new.size() });
    for cosignatures in [replayed.cosignatures.clone(), Vec::new()] {
        replayed.cosignatures = cosignatures;
        assert_eq!(check(&new, &replayed), Err(outdated));
    }
    // A client that asks for the ratified state sees by the cosignatures how old it is.
    let query = Query { view: View::Ratified, ..new.query(&ALICE, None, None) };
    assert_eq!(new.trusted().verify(&query, &replayed.encode()).unwrap().trust, Trust::Certified);
    // An old certificate with an old answer: a client that has seen more refuses it.
    let memory = new.look_up(&alice(), View::Newest).unwrap().memory;
    let query = old.query(&ALICE, Some(Memory { ratified: 0, ..memory }), None);
    let shrunk = LogError::Shrunk { old: new.size(), new: old.size() };
    assert_eq!(old.trusted().verify(&query, &stale), Err(VerifyError::FromKnown(shrunk)));
    for length in 0..stale.len() {
        let cut = old.trusted().verify(&old.query(&ALICE, None, None), &stale[..length]);
        assert!(matches!(cut, Err(VerifyError::Decode(DecodeError::Truncated { .. }))));
    }
}

/// A directory that has replaced alice's key without her signature, and certifies it.
fn with_a_foreign_key(mut directory: Directory) -> Directory {
    let commitment = profile(&alice(), 1, 200).2;
    let entry = Entry { policy: policy(&[66], 1), commitment, ..next(directory.state(&alice()).newest()) };
    directory.now += SECOND;
    directory.force(&alice(), &signed(entry, &[66]), None);
    directory.close_epoch();
    directory
}

/// The context in which the directory checks an update at `now`: nothing is pending, and registration is open.
fn context_of<'a>(directory: &'a Directory, index: &'a Hash, now: u64) -> Context<'a> {
    Context { realm: &directory.realm, index, now, registrar: Registrar::Open, pending: None }
}

/// The result of an honest verifier's replay of an update.
fn replayed(directory: &Directory, position: u64, before: Option<&State>) -> Result<State, Refusal> {
    let logged = directory.store.logged(position);
    let index = logged.update.entry.index;
    let now = logged.time;
    apply(before, &logged.update, &context_of(directory, &index, now))
}

#[test]
fn a_malicious_controller_cannot_replace_a_contacts_key() {
    let mut directory = directory();
    let contact = directory.state(&alice());
    let commitment = profile(&alice(), 1, 200).2;
    let entry = Entry { policy: policy(&[66], 1), commitment, ..next(contact.newest()) };
    let forged = signed(entry, &[66]);
    directory.now += SECOND;
    directory.force(&alice(), &forged, None);
    directory.close_epoch();
    let proof = directory.proof(&alice(), View::Newest, None, Some(&contact)).encode();
    let refused = directory.trusted().verify(&directory.query(&ALICE, None, Some(&contact)), &proof);
    let missing = SignatureError::TooFew { role: Role::Current, needed: 1, found: 0 };
    assert_eq!(refused, Err(VerifyError::Change { version: 1, refusal: Refusal::Signature(missing) }));
    // Nor can it leave the signatures out.
    let bare = directory.proof(&alice(), View::Newest, None, None).encode();
    assert!(directory.trusted().verify(&directory.query(&ALICE, None, Some(&contact)), &bare).is_err());
    // A client that sees the label for the first time and accepts `Certified` is fooled until verifiers refuse: said so.
    assert_eq!(directory.look_up(&alice(), View::Newest).unwrap().trust, Trust::Certified);
}

/// More than a third of the subnet: they sign any state, as a malicious controller's canister would.
#[test]
fn a_colluding_subnet_is_stopped_by_verifiers_and_by_the_clients_memory() {
    let honest = directory();
    let seen = honest.look_up(&alice(), View::Newest).unwrap();
    let forged = with_a_foreign_key(honest.clone());
    // Honest verifiers do not sign it: a client that demands them does not use it.
    let state = honest.state(&alice());
    let missing = SignatureError::TooFew { role: Role::Current, needed: 1, found: 0 };
    let position = forged.store.updates() - 1;
    assert_eq!(replayed(&forged, position, Some(&state)), Err(Refusal::Signature(missing)));
    assert_eq!(forged.look_up(&alice(), View::Newest).unwrap().trust, Trust::Certified);
    // A state rewritten from the start, for one client alone, does not continue the log that it knows.
    let mut rewritten = Directory::new();
    let entry = rewritten.first(&alice(), policy(&[66], 1));
    rewritten.force(&alice(), &signed(entry, &[66]), None);
    (0..=seen.memory.log.size).for_each(|_| rewritten.close_epoch());
    let bytes = rewritten.answer(&alice(), View::Newest, seen.memory.log.size, None).encode();
    let memory = Some(Memory { ratified: 0, ..seen.memory });
    let refused = rewritten.trusted().verify(&rewritten.query(&ALICE, memory, None), &bytes);
    assert!(matches!(refused, Err(VerifyError::FromKnown(LogError::Root { .. }))), "{refused:?}");
    // A client without memory that needs no verifier can be told anything, as the docs say.
    let mut trusted = rewritten.trusted();
    trusted.quorum = None;
    let bytes = rewritten.answer(&alice(), View::Newest, 0, None).encode();
    assert_eq!(trusted.verify(&rewritten.query(&ALICE, None, None), &bytes).unwrap().trust, Trust::Certified);
}

/// A node provider reads all memory: labels, profiles and the VRF key, but no key that signs.
#[test]
fn a_node_provider_reads_but_does_not_forge() {
    let directory = directory();
    let memory = |of: &ic_stable_structures::VectorMemory, bytes: &[u8]| {
        of.borrow().windows(bytes.len()).any(|window| window == bytes)
    };
    let memories = &directory.memories;
    assert!(memory(&memories.private, &alice().encode()));
    // The public stream contains neither label nor opening: without it, a commitment tells nothing.
    let opening = directory.store.opened(directory.store.updates() - 1).unwrap().opening;
    assert!(memory(&memories.private, &opening));
    for public in [&memories.public, &memories.heads, &memories.hashes, &memories.nodes, &memories.leaves] {
        assert!(!memory(public, &alice().encode()) && !memory(public, &opening));
    }
    // With the VRF key it can make an index's proof for any label; the entry behind it is still alice's.
    let entry = Entry { policy: policy(&[66], 1), ..next(directory.state(&alice()).newest()) };
    let missing = SignatureError::TooFew { role: Role::Current, needed: 1, found: 0 };
    let index: Hash = directory.index(&alice());
    let context = context_of(&directory, &index, directory.now);
    let refused = apply(Some(&directory.state(&alice())), &signed(entry, &[66]), &context);
    assert_eq!(refused, Err(Refusal::Signature(missing)));
}

/// A malicious user: replays, squats, puts a profile that does not match.
#[test]
fn a_malicious_user_replays_nothing_and_jumps_nowhere() {
    let mut directory = directory();
    let first: Update = directory.store.logged(directory.store.updates() - 1).update;
    change(&mut directory, |entry| entry, &[1]);
    let (state, index) = (directory.state(&alice()), directory.index(&alice()));
    let context = context_of(&directory, &index, directory.now);
    let attempt = |update: &Update| apply(Some(&state), update, &context).unwrap_err();
    let conflict = Refusal::Conflict { version: 1, hash: *state.hash() };
    assert_eq!(attempt(&first), conflict, "an entry of before");
    let again = directory.store.logged(directory.store.updates() - 1).update;
    assert_eq!(attempt(&again), conflict, "the newest entry again");
    let other = name("other 1");
    let others = directory.store.history(directory.store.find(&directory.index(&other)).unwrap(), 0, u64::MAX, 9);
    assert_eq!(attempt(&others[0].1), Refusal::Index(directory.index(&other)), "another label's entry");
    assert_eq!(attempt(&signed(Entry { version: 9, ..next(state.newest()) }, &[1])), conflict, "a version to squat at");
    let opened = directory.store.opened(directory.store.updates() - 1).unwrap();
    assert!(!opened.fits(&alice(), &next(state.newest())), "a profile of before");
}

/// All verifiers are offline: ratified heads become too old, and strict clients stop.
#[test]
fn without_verifiers_strict_clients_stop_and_nothing_else_pretends() {
    let mut directory = directory();
    assert!(matches!(directory.look_up(&alice(), View::Ratified).unwrap().trust, Trust::Ratified { .. }));
    directory.now += 3_601 * SECOND;
    change(&mut directory, |entry| entry, &[1]);
    for view in [View::Newest, View::Ratified] {
        assert_eq!(directory.look_up(&alice(), view).unwrap().trust, Trust::Certified, "{view:?}");
    }
    // Heads that nobody ratified do not advance the memory.
    let label = alice();
    let before = Memory { ratified: 1, log: directory.checkpoint() };
    let bytes = directory.proof(&label, View::Newest, Some(before), None).encode();
    let verified = directory.trusted().verify(&directory.query(&label, Some(before), None), &bytes).unwrap();
    assert_eq!(verified.memory.ratified, 1);
    // They come back: the newest head is ratified, and clients go on.
    directory.ratify(&VERIFIERS[1..]);
    assert!(matches!(directory.look_up(&alice(), View::Newest).unwrap().trust, Trust::Ratified { .. }));
}

/// k verifiers and the controller: new clients are fooled; contacts and the owner are not.
#[test]
fn colluding_verifiers_cannot_hide_the_foreign_version_from_contacts_and_owner() {
    let honest = directory();
    let contact = honest.state(&alice());
    let mut forged = with_a_foreign_key(honest);
    forged.ratify(&VERIFIERS[..2]);
    let fooled = forged.look_up(&alice(), View::Newest).unwrap();
    assert!(matches!(fooled.trust, Trust::Ratified { .. }));
    // A contact demands the old key's signature.
    let bytes = forged.proof(&alice(), View::Newest, None, Some(&contact)).encode();
    let refused = forged.trusted().verify(&forged.query(&ALICE, None, Some(&contact)), &bytes);
    assert!(matches!(refused, Err(VerifyError::Change { version: 1, .. })), "{refused:?}");
    // The owner, who made version 0 alone, sees version 1: even if the directory leaves the signatures out.
    let bare = forged.proof(&alice(), View::Newest, None, None).encode();
    let refused = forged.trusted().verify(&forged.query(&ALICE, None, Some(&contact)), &bare);
    assert!(matches!(refused, Err(VerifyError::Change { version: 1, .. })), "{refused:?}");
    assert_eq!(fooled.state.unwrap().newest().version, 1);
}

/// A thief of a user's key changes the entry; the recovery policy takes it back, visibly.
#[test]
fn a_thief_of_a_key_loses_the_label_to_the_recovery_policy() {
    let mut directory = directory();
    change(&mut directory, |entry| Entry { policy: policy(&[66], 1), ..entry }, &[1, 66]);
    change(&mut directory, |entry| Entry { kind: Kind::Recover, policy: policy(&[6], 1), ..entry }, &[5, 6]);
    let verified = directory.look_up(&alice(), View::Newest).unwrap().state.unwrap();
    assert!(verified.pending_until(directory.now).is_some(), "everybody sees it coming");
    // The thief can neither change, nor close, nor wait it out.
    let index = directory.index(&alice());
    let attempt = |entry: Entry, now| {
        let context = context_of(&directory, &index, now);
        apply(Some(&verified), &signed(entry, &[66]), &context)
    };
    let thiefs = |entry| Entry { policy: policy(&[66], 1), ..entry };
    let beforehand = Entry { previous: ANY_PREVIOUS, ..thiefs(close(verified.newest())) };
    for entry in [thiefs(next(verified.newest())), thiefs(close(verified.newest())), beforehand] {
        assert!(attempt(entry, directory.now).is_err());
    }
    let effective = directory.now + u64::from(DAY) * SECOND;
    assert!(attempt(thiefs(next(verified.newest())), effective).is_err());
    assert_eq!(verified.in_force(effective).unwrap().policy, policy(&[6], 1));
}
