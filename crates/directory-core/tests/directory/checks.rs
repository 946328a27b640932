//! The check finds all damage that changes an answer.

use crate::server::*;
use crate::stores::{all, change, directory};
use crate::support::*;
use directory_core::bundle::{Bundle, Content};
use directory_core::label::Label;
use directory_core::map::View;
use directory_core::profile::{Device, Profile};
use directory_core::store::Cursor;
use ed25519_dalek::Signer;

/// Every how many bytes one is damaged. It is a prime, so that each field of a record is met.
const STEP: usize = 13;

fn violations(directory: &Directory) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), Some(Cursor::default()));
    while let Some(from) = next {
        let report = directory.store.check(from, &directory.vrf.public(), &CONFIGURATION).expect("a part");
        found.extend(report.violations);
        assert_ne!(report.next, next, "each slice makes progress");
        next = report.next;
    }
    found
}

fn put_bundle(directory: &mut Directory, label: &Label, device: u8) {
    let content = Content {
        realm: directory.realm,
        index: directory.index(label),
        device: key(device),
        hpke: [2; 32],
        fallback: [3; 32],
        issued: START / SECOND,
        expiry: START / SECOND + 1_000,
        inbox: vec![4; 29],
    };
    let bundle = Bundle { signature: secret(device).sign(&content.signed_bytes()).to_bytes(), content };
    let device = Device { signing: key(device), identity: [device; 32] };
    let number = directory.store.find(&directory.index(label)).unwrap();
    directory.store.put_bundle(number, &bundle, &Profile::new(vec![device], vec![]).unwrap()).unwrap();
}

/// Labels of one and of two versions, ratified and not, in the open epoch too, one of them erased in part; bundles.
fn everything() -> Directory {
    let mut directory = directory();
    let label = |number| Label::address(&key(number));
    change(&mut directory, &label(20));
    let (new, update, proof) = crate::stores::address(&directory, 30);
    directory.accept(&new, &update, Some(proof));
    directory.close_epoch();
    change(&mut directory, &label(21));
    let (new, update, proof) = crate::stores::address(&directory, 31);
    directory.accept(&new, &update, Some(proof));
    directory.store.erase_profile(0);
    let erased = directory.store.find(&directory.index(&label(25))).unwrap();
    directory.store.erase_registration(erased);
    directory.labels.remove(&label(25));
    put_bundle(&mut directory, &label(22), 1);
    put_bundle(&mut directory, &label(22), 2);
    put_bundle(&mut directory, &label(23), 1);
    directory
}

/// All answers of a directory.
fn answers(directory: &Directory) -> Vec<Vec<u8>> {
    let proofs = directory.labels.iter().flat_map(|label| {
        [View::Newest, View::Ratified].map(|view| directory.history(label, view, None, Some(0)).encode())
    });
    let bundles = directory.labels.iter().flat_map(|label| {
        let number = directory.store.find(&directory.index(label)).unwrap();
        directory.store.bundles(number).iter().map(Bundle::encode).collect::<Vec<_>>()
    });
    let updates = (0..directory.store.updates()).map(|position| directory.store.logged(position).encode());
    proofs.chain(bundles).chain(updates).collect()
}

#[test]
fn nothing_is_found_in_a_directory_that_is_whole() {
    assert_eq!(violations(&Directory::new()), [""; 0]);
    let mut directory = everything();
    assert_eq!(violations(&directory), [""; 0]);
    directory.reopen();
    assert_eq!(violations(&directory), [""; 0]);
    directory.close_epoch();
    assert_eq!(violations(&directory), [""; 0]);
    directory.ratify(&VERIFIERS);
    assert_eq!(violations(&directory), [""; 0]);
    assert_eq!(directory.store.check(Cursor { part: 6, number: 0 }, &directory.vrf.public(), &CONFIGURATION), None);
}

#[test]
fn damage_that_changes_an_answer_is_found_and_named() {
    let directory = everything();
    let good = answers(&directory);
    let magics = ["DCND", "DCLF", "DCLB", "DCUP", "DCPU", "DCPR", "DCHD", "DCHS", "DCSL"];
    for (memory, magic) in all(&directory.memories).into_iter().zip(magics) {
        let used = memory.borrow().iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let (mut damaged, mut found, mut named) = (0, 0, 0);
        for at in (0..used).step_by(STEP) {
            memory.borrow_mut()[at] ^= 0x11;
            let violations = violations(&directory);
            if violations.is_empty() {
                assert!(answers(&directory) == good, "{magic}: byte {at} changes answers");
            }
            memory.borrow_mut()[at] ^= 0x11;
            damaged += 1;
            found += usize::from(!violations.is_empty());
            named += usize::from(violations.iter().any(|violation| violation.starts_with(magic)));
        }
        // Some bytes mean nothing: what was put aside before the ratified head, the end of a slot, reserved ones.
        assert!(found * 10 >= damaged * 7, "{magic}: {found} of {damaged} are found");
        // A stream's bytes and a log's hashes belong to other memories' records.
        let is_elsewhere = ["DCPU", "DCPR", "DCHS"].contains(&magic);
        assert!(is_elsewhere || named > 0, "{magic}: {damaged} damaged, {found} found, none named");
    }
}

#[test]
fn a_large_directory_is_checked_in_slices() {
    let directory = everything();
    let report = directory.store.check(Cursor::default(), &directory.vrf.public(), &CONFIGURATION).unwrap();
    assert_eq!(report.next, None, "a small one in one");
    let records: u64 = directory.store.labels() * 3 + directory.store.updates() + directory.store.log().size() + 3;
    // A node less than leaves, and the root; labels of the open epoch have no node yet.
    assert!((records - 3..=records).contains(&report.checked.into()), "{} of {records}", report.checked);
}
