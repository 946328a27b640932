//! The stores: opened again, full, erased; histories, evidence and bundles.

use crate::bundles::bundle;
use crate::server::*;
use crate::support::*;
use directory_core::bundle::Content;
use directory_core::entry::Entry;
use directory_core::label::{AddressProof, Label, address_bytes};
use directory_core::log::{leaf_hash, root_by_inclusion};
use directory_core::map::View;
use directory_core::profile::{Device, Profile};
use directory_core::proof::{MAX_UPDATES, Opened};
use directory_core::store::{Accepted, Ask, Memories, OutOfMemory, Registration, Store, TooLong};
use directory_core::update::{LoggedUpdate, Update};
use ed25519_dalek::Signer;
use ic_stable_structures::{RestrictedMemory, VectorMemory};

pub fn all<M>(memories: &Memories<M>) -> [&M; 9] {
    let Memories { nodes, leaves, labels, updates, public, private, heads, hashes, slots } = memories;
    [nodes, leaves, labels, updates, public, private, heads, hashes, slots]
}

/// Version 0 of an address with a profile of 200 bytes, signed by owner, registrar and address.
pub fn address(directory: &Directory, number: u8) -> (Label, Update, AddressProof) {
    let label = Label::address(&key(number));
    let entry = directory.first(&label, policy(&[1], 1));
    let address = AddressProof { key: key(number), signature: secret(number).sign(&address_bytes(&entry)).to_bytes() };
    let update = signed(entry, &[1]);
    (label, Update { registration: sign(&update.registration_bytes(), &[11]), ..update }, address)
}

pub fn directory() -> Directory {
    let mut directory = Directory::new();
    directory.registrar = Some(policy(&[11], 1));
    for number in 20..26 {
        let (label, update, proof) = address(&directory, number);
        directory.accept(&label, &update, Some(proof));
        if number % 2 == 1 {
            directory.close_epoch();
        }
    }
    directory.ratify(&VERIFIERS);
    directory
}

pub fn change(directory: &mut Directory, label: &Label) {
    let old = directory.state(label).newest().clone();
    let commitment = profile(label, old.version + 1, 200).2;
    directory.accept(label, &signed(Entry { commitment, ..next(&old) }, &[1]), None);
}

#[test]
fn a_store_is_opened_again_as_it_was_whatever_is_under_way() {
    let mut directory = directory();
    let label = Label::address(&key(20));
    let proofs = |directory: &Directory| {
        [View::Newest, View::Ratified].map(|view| directory.history(&label, view, None, Some(0)).encode())
    };
    for step in 0..3 {
        match step {
            0 => change(&mut directory, &label),
            1 => directory.close_epoch(),
            _ => directory.ratify(&VERIFIERS),
        }
        let (before, state, memories) = (proofs(&directory), directory.state(&label), all_bytes(&directory));
        directory.reopen();
        assert_eq!((proofs(&directory), directory.state(&label)), (before, state), "step {step}");
        assert_eq!(all_bytes(&directory), memories, "opening writes nothing");
    }
    // A label that was registered in the open epoch is known, and not yet in the tree.
    let (new, update, proof) = address(&directory, 30);
    directory.accept(&new, &update, Some(proof));
    directory.reopen();
    let number = directory.store.find(&directory.index(&new)).unwrap();
    assert!(directory.store.is_pending(number));
    assert_eq!(directory.look_up(&new, View::Newest).unwrap().state, None);
    directory.close_epoch();
    assert_eq!(directory.look_up(&new, View::Newest).unwrap().state, Some(directory.state(&new)));
    assert_eq!(directory.look_up(&new, View::Ratified).unwrap().state, None);
}

pub fn all_bytes(directory: &Directory) -> Vec<Vec<u8>> {
    all(&directory.memories).map(|memory| memory.borrow().clone()).into()
}

#[test]
fn updates_that_wait_do_not_keep_a_head_from_being_ratified() {
    let mut directory = directory();
    let label = Label::address(&key(20));
    change(&mut directory, &label);
    directory.close_epoch();
    change(&mut directory, &Label::address(&key(21)));
    directory.ratify(&VERIFIERS);
    let found = directory.look_up(&label, View::Ratified).unwrap();
    assert_eq!(found.state.unwrap().newest().version, 1);
}

#[test]
fn an_update_is_proved_in_its_epoch_and_the_epoch_in_the_log() {
    let directory = directory();
    let store = &directory.store;
    for (position, size) in [(0, 3), (1, 1), (3, 2), (5, 3)] {
        let evidence = store.evidence(position, size).unwrap();
        let head = store.head(evidence.epoch).unwrap();
        let (at, leaf) = (position - head.first_update, leaf_hash(&store.logged(position).encode()));
        assert_eq!(root_by_inclusion(at, head.updates.into(), leaf, &evidence.update), Ok(head.updates_root));
        let leaf = leaf_hash(&head.encode());
        assert_eq!(root_by_inclusion(evidence.epoch, size, leaf, &evidence.head), Ok(store.log().root(size)));
    }
    assert_eq!(store.evidence(6, 3), None);
    assert_eq!(store.evidence(5, 2), None);
    assert_eq!(store.evidence(0, 4), None);
    let logged: LoggedUpdate = store.logged(4);
    assert_eq!((logged.position, logged.update.entry.index), (4, directory.index(&Label::address(&key(24)))));
}

#[test]
fn a_history_that_is_too_long_for_a_proof_comes_in_pages() {
    let mut directory = directory();
    let label = Label::address(&key(20));
    let first = directory.state(&label);
    for _ in 0..MAX_UPDATES {
        change(&mut directory, &label);
        directory.close_epoch();
    }
    let number = directory.store.find(&directory.index(&label)).unwrap();
    let (index, vrf) = directory.vrf.prove(&label.encode());
    let ask = |from| Ask { index: &index, vrf, view: View::Newest, known: 0, from };
    assert_eq!(directory.store.prove(&ask(Some(0)), vec![]), Err(TooLong { versions: MAX_UPDATES + 1 }));
    let proof = directory.store.prove(&ask(Some(1)), vec![]).unwrap().unwrap();
    assert_eq!(proof.found.unwrap().updates.len(), MAX_UPDATES);
    // A client replays pages, then looks the label up with the state that it has reached.
    let mut state = first;
    loop {
        let page = directory.store.history(number, state.newest().version + 1, u64::MAX, 20);
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 20);
        state = directory.trusted().replay(&label, &index, Some(&state), &page).unwrap().unwrap();
    }
    let proof = directory.proof(&label, View::Newest, None, Some(&state)).encode();
    let verified = directory.trusted().verify(&directory.query(&label, None, Some(&state)), &proof).unwrap();
    assert_eq!((verified.state, state.newest().version), (Some(state.clone()), MAX_UPDATES as u32));
}

#[test]
fn whichever_memory_is_full_nothing_changes() {
    let template = Directory::new();
    let (label, update, proof) = address(&template, 20);
    let (index, vrf) = template.vrf.prove(&label.encode());
    let registration = Registration { label: label.clone(), vrf, address: Some(proof) };
    let (opening, _, _) = profile(&label, 0, 200);
    for full in 0..9 {
        // Small profiles, unless they are what fills the memory.
        let opened = Opened { opening, profile: vec![7; if full == 5 { 8_000 } else { 0 }] };
        let raw = Memories::<VectorMemory>::default();
        let limited = |number: usize, memory: &VectorMemory| {
            RestrictedMemory::new(memory.clone(), 0..if number == full { 1 } else { 1_000 })
        };
        let [nodes, leaves, labels, updates, public, private, heads, hashes, slots] =
            std::array::from_fn(|number| limited(number, all(&raw)[number]));
        let limited = Memories { nodes, leaves, labels, updates, public, private, heads, hashes, slots };
        let mut store = Store::create(limited, template.realm).unwrap();
        let accept = |store: &mut Store<_>, number: u32| {
            let mut update = update.clone();
            update.entry.index[..4].copy_from_slice(&number.to_le_bytes());
            let accepted =
                Accepted { update: &update, time: START, opened: Some(&opened), registration: Some(&registration) };
            store.accept(&accepted)
        };
        let mut number = 0;
        let refused = loop {
            let snapshot = || all(&raw).map(|memory| memory.borrow().clone());
            let grown_only =
                |before: [Vec<u8>; 9]| before.iter().zip(snapshot()).all(|(old, new)| new.starts_with(old));
            let before = snapshot();
            if accept(&mut store, number).is_err() {
                break grown_only(before);
            }
            number += 1;
            let before = snapshot();
            if store.close_epoch(START, *CONFIGURATION).is_err() {
                break grown_only(before);
            }
            // A bundle's slot is all that the ninth memory is for.
            if full == 8 {
                let profile = Profile::new((1..=16).map(device).collect(), vec![]).unwrap();
                let stored = (1..=16).try_for_each(|device| store.put_bundle(number - 1, &of(device, 0), &profile));
                if stored == Err(OutOfMemory) {
                    break true;
                }
            }
            assert!(number < 5_000, "memory {full} is never full");
        };
        assert!(refused, "memory {full} changed");
        assert_eq!(store.find(&index), None);
    }
}

pub fn device(number: u8) -> Device {
    Device { signing: key(number), identity: [number; 32] }
}

/// A bundle of a device, as signed as the store asks for: not at all.
pub fn of(number: u8, issued: u64) -> directory_core::bundle::Bundle {
    let change = |content: &mut Content| (content.device, content.issued) = (key(number), issued);
    bundle(change)
}

/// Nodes fill a page after 779 of them, and those of new labels are added when the epoch closes.
#[test]
fn an_epoch_of_more_new_labels_than_a_page_has_nodes_closes() {
    let mut directory = Directory::new();
    let mut update = signed(directory.first(&Label::Registrar, policy(&[1], 1)), &[1]);
    let registration = Registration { label: Label::Registrar, vrf: [0; 80], address: None };
    for number in 0..2_000_u32 {
        update.entry.index = leaf_hash(&number.to_be_bytes());
        let accepted = Accepted { update: &update, time: START, opened: None, registration: Some(&registration) };
        directory.store.accept(&accepted).unwrap();
    }
    assert_eq!(directory.store.close_epoch(START, *CONFIGURATION).unwrap().labels, 2_000);
}

#[test]
fn bundles_are_overwritten_in_place() {
    let mut directory = directory();
    let profile = |devices: std::ops::RangeInclusive<u8>| Profile::new(devices.map(device).collect(), vec![]).unwrap();
    let put = |directory: &mut Directory, number, issued, profile: &Profile| {
        directory.store.put_bundle(2, &of(number, issued), profile).unwrap();
        directory.reopen();
    };
    for number in 1..=16 {
        put(&mut directory, number, 1, &profile(1..=16));
    }
    let size = all_bytes(&directory)[8].clone();
    for number in 1..=16 {
        put(&mut directory, number, 2, &profile(1..=16));
    }
    let issued: Vec<_> = directory.store.bundles(2).iter().map(|bundle| bundle.content.issued).collect();
    assert_eq!(issued, [2; 16]);
    // The device that replaced another takes its slot.
    put(&mut directory, 17, 3, &profile(2..=17));
    let devices: Vec<_> = directory.store.bundles(2).iter().map(|bundle| bundle.content.device).collect();
    assert!(devices.contains(&key(17)) && !devices.contains(&key(1)) && devices.len() == 16);
    assert_eq!(all_bytes(&directory)[8].len(), size.len());
    assert_eq!(directory.store.bundles(1), []);
}

#[test]
fn an_erased_profile_is_gone_and_its_entry_stays_provable() {
    let mut directory = directory();
    let label = Label::address(&key(20));
    let number = directory.store.find(&directory.index(&label)).unwrap();
    let registration = directory.store.registration(number).unwrap();
    let opened = directory.store.opened(0).unwrap();
    let holds = |directory: &Directory, bytes: &[u8]| {
        all_bytes(directory)[5].windows(bytes.len()).filter(|window| *window == bytes).count()
    };
    // Labels of these tests share one opening.
    let profile = [&opened.opening[..], &[0, 200], &opened.profile].concat();
    let held =
        |directory: &Directory| [&label.encode()[..], &registration.vrf, &profile].map(|bytes| holds(directory, bytes));
    assert_eq!(held(&directory), [1, 1, 6]);
    directory.store.erase_profile(0);
    directory.store.erase_registration(number);
    directory.reopen();
    assert_eq!(held(&directory), [0, 0, 5]);
    assert_eq!((directory.store.registration(number), directory.store.opened(0)), (None, None));
    let index = directory.index(&label);
    assert_eq!(directory.store.state(number, u64::MAX).unwrap().newest().index, index);
    let other = directory.look_up(&Label::address(&key(21)), View::Newest).unwrap();
    assert_eq!(other.profile, Some(vec![0; 200]));
}
