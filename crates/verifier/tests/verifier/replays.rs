//! Honest directories are cosigned.

use crate::directory::*;
use crate::disks::{Lossy, Step};
use verifier::replay::{Pins, Replay};
use verifier::signer::Statement;
use verifier::verifier::{Stop, Verifier};

pub fn open(disk: Lossy, pins: Pins, published: Option<&Statement>) -> Result<Verifier<Lossy>, Stop> {
    let verifier = Verifier::open(disk, pins, NAME, secret(51))?;
    match published {
        Some(Statement { checkpoint, cosignature }) => verifier.check_published(checkpoint.size, cosignature),
        None => Ok(verifier),
    }
}

#[test]
fn a_lively_directory_is_replayed_to_the_same_roots_and_cosigned() {
    let directory = lively();
    let mut verifier = open(Lossy::default(), pins(Some(REGISTRAR)), None).unwrap();
    for (at, epoch) in directory.shown.epochs.iter().enumerate() {
        verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
        let certified = directory.shown.checkpoint(at + 1);
        assert_eq!(verifier.checkpoint(), certified);
        let (same, cosignature) = verifier.cosign(&certified, directory.now / SECOND).unwrap();
        verifier = same;
        let cosignature = cosignature.unwrap();
        assert!(verifier.signer().public().verifies(&pinned(None).origin(), &certified, &cosignature));
    }
    assert_eq!(verifier.replay().labels(), 7);
}

#[test]
fn a_restart_takes_up_the_journal_and_goes_on_in_the_middle() {
    let directory = lively();
    let size = directory.shown.epochs.len();
    for stopped in 0..size {
        let mut verifier = open(Lossy::default(), pins(Some(REGISTRAR)), None).unwrap();
        for epoch in &directory.shown.epochs[..stopped] {
            verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
        }
        verifier = open(verifier.close(), pins(Some(REGISTRAR)), None).unwrap();
        assert_eq!(verifier.checkpoint(), directory.shown.checkpoint(stopped));
        for epoch in &directory.shown.epochs[stopped..] {
            verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
        }
        assert_eq!(verifier.checkpoint(), directory.shown.newest());
    }
}

#[test]
fn nothing_is_signed_before_it_was_replayed_and_an_older_log_not_again() {
    let directory = lively();
    let now = directory.now / SECOND;
    let mut verifier = open(Lossy::default(), pins(Some(REGISTRAR)), None).unwrap();
    for epoch in &directory.shown.epochs[..3] {
        verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
    }
    for size in [0, 4, 3, 2] {
        let (same, cosignature) = verifier.cosign(&directory.shown.checkpoint(size), now).unwrap();
        assert_eq!(cosignature.is_some(), size == 3, "{size}");
        verifier = same;
    }
    // The same log again, with a newer time, which does not go back with the clock.
    let times = [now + 900, now].map(|now| {
        let signer = open(verifier_disk(&directory), pins(Some(REGISTRAR)), None).unwrap();
        let (signer, first) = signer.cosign(&directory.shown.newest(), now + 900).unwrap();
        let (_, second) = signer.cosign(&directory.shown.newest(), now).unwrap();
        (first.unwrap().time, second.unwrap().time)
    });
    assert_eq!(times, [(now + 1800, now + 1800), (now + 900, now + 900)]);
}

fn verifier_disk(directory: &Directory) -> Lossy {
    let mut verifier = open(Lossy::default(), pins(Some(REGISTRAR)), None).unwrap();
    for epoch in &directory.shown.epochs {
        verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
    }
    verifier.close()
}

#[test]
fn journal_and_statement_are_on_the_disk_before_a_cosignature_leaves() {
    let directory = lively();
    let disk = Lossy::default();
    let mut verifier = open(disk.clone(), pins(Some(REGISTRAR)), None).unwrap();
    for (at, epoch) in directory.shown.epochs.iter().enumerate() {
        verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
        assert_eq!(disk.trace(), [Step::Append("journal")]);
        let (same, cosignature) = verifier.cosign(&directory.shown.checkpoint(at + 1), directory.now / SECOND).unwrap();
        verifier = same;
        disk.sent();
        assert!(cosignature.is_some());
        assert_eq!(disk.trace(), [Step::Sync("journal"), Step::Replace("signed"), Step::Send]);
    }
}

#[test]
fn open_registration_is_what_the_pins_say() {
    let mut directory = Directory::new(None);
    directory.accept(&signed(first(1, 1), &[1], None));
    let epoch = directory.close();
    let now = directory.now;
    let disk = Lossy::default();
    assert!(open(disk, pins(None), None).unwrap().epoch(&epoch.complete().unwrap(), now, no_evidence).is_ok());
    let error = open(Lossy::default(), pins(Some(REGISTRAR)), None)
        .unwrap()
        .epoch(&epoch.complete().unwrap(), now, no_evidence)
        .unwrap_err();
    // The hash in each head covers the kind of registration.
    assert!(matches!(&error, Stop::Halted(why) if why.contains("the head names the configuration")), "{error}");
    assert_eq!(Replay::new(pins(None)).updates(), 0);
}

#[test]
fn a_key_that_signed_more_than_the_disk_knows_signs_nothing() {
    let directory = lively();
    let (verifier, cosignature) = open(verifier_disk(&directory), pins(Some(REGISTRAR)), None)
        .unwrap()
        .cosign(&directory.shown.newest(), 9)
        .unwrap();
    let published = Statement { checkpoint: directory.shown.newest(), cosignature: cosignature.unwrap() };
    let disk = verifier.close();
    assert!(open(disk.copy(), pins(Some(REGISTRAR)), Some(&published)).is_ok());
    let restored = disk.copy();
    restored.remove("signed");
    let error = open(restored, pins(Some(REGISTRAR)), Some(&published)).unwrap_err();
    assert!(error.to_string().contains("restored copy"), "{error}");
    // Somebody else's signature says nothing of the key.
    let mut foreign = published;
    foreign.cosignature.signature[0] ^= 1;
    let restored = disk;
    restored.remove("signed");
    assert!(open(restored, pins(Some(REGISTRAR)), Some(&foreign)).is_ok());
}
