//! The power is cut before each operation on the disk, and more or less of the unsynced bytes are lost. Meanwhile the
//! directory forks. The verifier never publishes two roots for one size, nor a smaller size.

use crate::directory::*;
use crate::disks::Lossy;
use crate::replays::open;
use directory_core::checkpoint::Checkpoint;
use verifier::disk::{Disk, Files};
use verifier::journal::{self, Journal};
use verifier::signer::Statement;
use verifier::verifier::Stop;

/// Histories that agree in their first epochs.
fn histories() -> [Shown; 3] {
    [(1, 9), (2, 9), (2, 4)].map(|(early, late)| {
        let mut directory = Directory::new(None);
        directory.close();
        directory.accept(&signed(first(early, early), &[early], None));
        directory.close();
        directory.accept(&signed(first(late, late), &[late], None));
        directory.close();
        directory.close();
        directory.shown
    })
}

/// Follows a history from where the disk stands and cosigns each head, until the power is cut, the verifier halts or the
/// history ends.
fn follow(disk: &Lossy, shown: &Shown, published: &mut Vec<Checkpoint>) -> Result<(), Stop> {
    let mut verifier = open(disk.clone(), pins(None), None)?;
    loop {
        let size = verifier.checkpoint().size as usize;
        let (same, cosignature) = verifier.cosign(&shown.checkpoint(size), 1)?;
        if cosignature.is_some() {
            published.push(shown.checkpoint(size));
        }
        let Some(next) = shown.epochs.get(size) else { return Ok(()) };
        verifier = same.epoch(&next.complete().unwrap(), START * 2, no_evidence)?;
    }
}

#[test]
fn no_power_cut_makes_it_sign_two_roots_or_a_smaller_size() {
    let histories = histories();
    let mut cuts = 0;
    for first in 0..3 {
        for second in 0..3 {
            for kept in [0, 500, 1000] {
                for operations in 0.. {
                    let mut published = Vec::new();
                    let disk = Lossy::cut_after(operations);
                    let was_cut = follow(&disk, &histories[first], &mut published).is_err();
                    let left = disk.power_cut(kept);
                    let after = follow(&left, &histories[second], &mut published);
                    check(&published);
                    match after {
                        Ok(()) => assert_eq!(published.last(), Some(&histories[second].newest())),
                        Err(Stop::Halted(_)) => assert_ne!(first, second, "an honest directory halts nobody"),
                        Err(other) => panic!("{other}"),
                    }
                    cuts += usize::from(was_cut);
                    if !was_cut {
                        break;
                    }
                }
            }
        }
    }
    assert!(cuts > 200, "{cuts} cuts");
}

pub fn check(published: &[Checkpoint]) {
    for pair in published.windows(2) {
        assert!(pair[0].size <= pair[1].size, "{published:?}");
        assert!(pair[0].size < pair[1].size || pair[0].root == pair[1].root, "{published:?}");
    }
}

#[test]
fn the_check_of_this_test_can_fail() {
    let [one, other, _] = histories();
    for published in [[one.checkpoint(3), other.checkpoint(3)], [one.checkpoint(3), one.checkpoint(2)]] {
        assert!(std::panic::catch_unwind(|| check(&published)).is_err());
    }
}

#[test]
fn every_damaged_byte_of_the_journal_is_found_or_cut_off() {
    let shown = &histories()[0];
    let mut verifier = open(Lossy::default(), pins(None), None).unwrap();
    for epoch in &shown.epochs {
        verifier = verifier.epoch(&epoch.complete().unwrap(), START * 2, no_evidence).unwrap();
    }
    let disk = verifier.close();
    for at in 0..disk.size("journal").unwrap() as usize {
        let damaged = disk.copy();
        damaged.damage("journal", at, 1 << (at % 8));
        let verifier = open(damaged, pins(None), None).unwrap();
        let size = verifier.checkpoint().size as usize;
        assert!(size < shown.epochs.len(), "byte {at} was not noticed");
        assert_eq!(verifier.checkpoint(), shown.checkpoint(size));
    }
}

#[test]
fn the_last_whole_head_is_found_from_the_journals_end() {
    let shown = &histories()[0];
    let mut verifier = open(Lossy::default(), pins(None), None).unwrap();
    for epoch in &shown.epochs {
        verifier = verifier.epoch(&epoch.complete().unwrap(), START * 2, no_evidence).unwrap();
    }
    let disk = verifier.close();
    assert_eq!(journal::last_head(&Lossy::default()).unwrap(), None);
    for size in 0..=disk.size(journal::FILE).unwrap() {
        let mut cut = disk.copy();
        cut.cut(journal::FILE, size).unwrap();
        let found = journal::last_head(&cut).unwrap();
        assert_eq!(found, Journal::open(&mut cut, |_| ()).unwrap().last().copied(), "{size} bytes");
    }
    // Much of the next epoch may follow. It is searched in pieces, and the record may lie across their border.
    for more in (0..200).chain((1 << 20) - 150..(1 << 20) + 10).chain([3 << 20]) {
        let mut longer = disk.copy();
        longer.append(journal::FILE, &vec![0; more]).unwrap();
        assert_eq!(journal::last_head(&longer).unwrap(), shown.epochs.last().map(|epoch| epoch.head), "{more} bytes");
    }
}

#[test]
fn every_damaged_byte_of_the_statement_is_refused() {
    let shown = &histories()[0];
    let verifier = open(Lossy::default(), pins(None), None)
        .unwrap()
        .epoch(&shown.epochs[0].complete().unwrap(), START * 2, no_evidence)
        .unwrap();
    let (verifier, _) = verifier.cosign(&shown.checkpoint(1), 1).unwrap();
    let last = *verifier.signer().last().unwrap();
    let disk = verifier.close();
    for at in 0..disk.size("signed").unwrap() as usize {
        let damaged = disk.copy();
        damaged.damage("signed", at, 1);
        assert!(matches!(open(damaged, pins(None), None), Err(Stop::Signer(_))), "byte {at}");
    }
    let again = open(disk, pins(None), Some(&last)).unwrap();
    let Statement { checkpoint, .. } = *again.signer().last().unwrap();
    assert_eq!(checkpoint, shown.checkpoint(1));
}
