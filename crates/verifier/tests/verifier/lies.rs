//! Lying directories: each lie halts the verifier, which stays halted.

use crate::directory::*;
use crate::disks::Lossy;
use crate::replays::open;
use directory_core::change::Refusal;
use directory_core::entry::Kind;
use verifier::replay::{Epoch, MAX_AHEAD, Past, Replay, ReplayError, Violation};
use verifier::verifier::Stop;

/// Updates of epochs.
struct Epochs<'a>(&'a [Epoch]);

impl Past for Epochs<'_> {
    fn update(&self, position: u64) -> std::io::Result<directory_core::update::LoggedUpdate> {
        let mut updates = self.0.iter().flat_map(|epoch| &epoch.updates);
        Ok(updates.nth(position as usize).unwrap().clone())
    }
}

/// The result of replaying the epochs, when the last of them was changed by `lie`.
fn found(mut epochs: Vec<Epoch>, lie: impl FnOnce(&mut Epoch), now: u64) -> Violation {
    lie(epochs.last_mut().unwrap());
    let mut replay = Replay::new(pins(Some(REGISTRAR)));
    let (last, before) = epochs.split_last().unwrap();
    for (at, epoch) in before.iter().enumerate() {
        replay = replay.epoch(&Epochs(&epochs[..at]), &epoch.complete().unwrap(), now).unwrap();
    }
    let complete = match last.complete() {
        Ok(complete) => complete,
        Err(violation) => return violation,
    };
    match replay.epoch(&Epochs(before), &complete, now) {
        Err(ReplayError::Violation(violation)) => violation,
        other => panic!("not caught: {other:?}"),
    }
}

#[test]
fn each_field_of_a_head_is_checked() {
    let directory = lively();
    let now = directory.now;
    let found = |lie: fn(&mut Epoch)| found(directory.shown.epochs[..4].to_vec(), lie, now);
    let is = |violation: Violation, fits: fn(&Violation) -> bool| assert!(fits(&violation), "{violation:?}");
    is(found(|epoch| epoch.head.epoch += 1), |v| matches!(v, Violation::Epoch { expected: 3, found: 4 }));
    is(found(|epoch| epoch.head.configuration[0] ^= 1), |v| matches!(v, Violation::Configuration(_)));
    is(found(|epoch| epoch.head.first_update += 1), |v| matches!(v, Violation::FirstUpdate { expected: 6, found: 7 }));
    is(found(|epoch| epoch.head.updates -= 1), |v| matches!(v, Violation::Updates { expected: 5, found: 4 }));
    is(found(|epoch| epoch.head.time = START), |v| matches!(v, Violation::HeadTime { .. }));
    is(found(|epoch| epoch.head.updates_root[31] ^= 1), |v| matches!(v, Violation::UpdatesRoot { .. }));
    is(found(|epoch| epoch.head.labels += 1), |v| matches!(v, Violation::Labels { expected: 7, found: 8 }));
    is(found(|epoch| epoch.head.map_root[0] ^= 1), |v| matches!(v, Violation::MapRoot { .. }));
}

#[test]
fn a_head_of_the_future_is_refused() {
    let mut directory = Directory::new(None);
    let epoch = directory.close();
    let now = epoch.head.time - MAX_AHEAD - 1;
    let error = Replay::new(pins(None)).epoch(&Epochs(&[]), &epoch.complete().unwrap(), now).unwrap_err();
    assert!(matches!(error, ReplayError::Violation(Violation::Future { found, .. }) if found == epoch.head.time));
    assert!(Replay::new(pins(None)).epoch(&Epochs(&[]), &epoch.complete().unwrap(), now + 1).is_ok());
}

#[test]
fn updates_left_out_reordered_or_moved_in_time_are_caught() {
    let directory = lively();
    let now = directory.now;
    let found = |lie: fn(&mut Epoch)| found(directory.shown.epochs[..4].to_vec(), lie, now);
    let left_out = found(|epoch| {
        epoch.updates.remove(1);
        refit(epoch);
    });
    assert_eq!(left_out, Violation::Position { expected: 7, found: 8 });
    // Renumbered, so that only the map differs.
    let renumbered = found(|epoch| {
        epoch.updates.remove(1);
        let first = epoch.head.first_update;
        (first..).zip(&mut epoch.updates).for_each(|(position, update)| update.position = position);
        refit(epoch);
    });
    assert!(matches!(renumbered, Violation::MapRoot { .. }), "{renumbered:?}");
    let reordered = found(|epoch| {
        epoch.updates.swap(0, 1);
        refit(epoch);
    });
    assert_eq!(reordered, Violation::Position { expected: 6, found: 7 });
    let backwards = found(|epoch| {
        epoch.updates[2].time = START;
        refit(epoch);
    });
    assert!(matches!(backwards, Violation::UpdateTime { position: 8, found: START, .. }), "{backwards:?}");
    let twice = found(|epoch| {
        let mut again = epoch.updates[0].clone();
        again.position += epoch.updates.len() as u64;
        again.time = epoch.updates.last().unwrap().time;
        epoch.updates.push(again);
        refit(epoch);
    });
    assert_eq!(twice, Violation::Twice { position: 11, index: index(1) });
}

#[test]
fn changes_that_no_owner_or_registrar_signed_are_caught() {
    type Lie = fn(&mut Directory);
    type Fits = fn(&Refusal) -> bool;
    let lies: [(&str, Lie, Fits); 6] = [
        (
            "a foreign key",
            |d| d.force(&signed(next(&first(1, 1), Kind::Set, 66), &[66], None)),
            |refusal| matches!(refusal, Refusal::Signature(_)),
        ),
        (
            "no registrar",
            |d| d.force(&signed(first(9, 9), &[9], None)),
            |refusal| matches!(refusal, Refusal::Signature(_)),
        ),
        (
            "a former registrar",
            |d| d.force(&signed(first(9, 9), &[9], Some(89))),
            |refusal| matches!(refusal, Refusal::Signature(_)),
        ),
        (
            "a history rewritten",
            |d| {
                let mut other = first(1, 1);
                other.commitment = [99; 32];
                d.force(&signed(next(&other, Kind::Set, 11), &[1, 11], None));
            },
            |refusal| matches!(refusal, Refusal::Conflict { version: 0, .. }),
        ),
        (
            "a second first entry",
            |d| d.force(&signed(first(1, 66), &[66], None)),
            |refusal| matches!(refusal, Refusal::Conflict { .. }),
        ),
        (
            "another directory's entry",
            |d| {
                let mut other = first(9, 9);
                other.realm = [8; 32];
                d.force(&signed(other, &[9], Some(90)));
            },
            |refusal| matches!(refusal, Refusal::Realm(_)),
        ),
    ];
    for (name, lie, fits) in lies {
        let mut directory = Directory::new(Some(REGISTRAR));
        directory.accept(&signed(first(REGISTRAR, 90), &[90], None));
        directory.accept(&signed(first(1, 1), &[1], Some(90)));
        directory.close();
        lie(&mut directory);
        directory.close();
        let violation = found(directory.shown.epochs.clone(), |_| {}, directory.now);
        assert!(
            matches!(&violation, Violation::Rule { position: 2, refusal } if fits(refusal)),
            "{name}: {violation:?}"
        );
    }
}

#[test]
fn a_recovery_before_its_delay_is_not_in_force() {
    let mut directory = Directory::new(None);
    directory.accept(&signed(first(1, 1), &[1], None));
    directory.close();
    let recovery = next(&first(1, 1), Kind::Recover, 66);
    directory.accept(&signed(recovery.clone(), &[101, 66], None));
    directory.close();
    directory.force(&signed(next(&recovery, Kind::Set, 67), &[66, 67], None));
    directory.close();
    let mut replay = Replay::new(pins(None));
    let epochs = &directory.shown.epochs;
    for at in 0..2 {
        replay = replay.epoch(&Epochs(&epochs[..at]), &epochs[at].complete().unwrap(), directory.now).unwrap();
    }
    let error = replay.epoch(&Epochs(&epochs[..2]), &epochs[2].complete().unwrap(), directory.now).unwrap_err();
    let ReplayError::Violation(Violation::Rule { refusal, .. }) = error else { panic!("{error:?}") };
    assert!(matches!(refusal, Refusal::RecoveryPending { .. }), "{refusal:?}");
}

/// Two histories with the same first epoch.
fn fork() -> [Directory; 2] {
    [1, 2].map(|label| {
        let mut directory = Directory::new(None);
        directory.close();
        directory.accept(&signed(first(label, label), &[label], None));
        directory.close();
        directory.close();
        directory
    })
}

#[test]
fn a_certified_root_of_another_log_halts_for_good() {
    let [one, other] = fork();
    let mut verifier = open(Lossy::default(), pins(None), None).unwrap();
    for epoch in &one.shown.epochs {
        verifier = verifier.epoch(&epoch.complete().unwrap(), one.now, no_evidence).unwrap();
    }
    let error = verifier_error(verifier.cosign(&other.shown.checkpoint(2), 1));
    assert!(error.contains("the log of 2 heads has the root"), "{error}");
}

#[test]
fn a_verifier_that_lost_its_journal_does_not_sign_a_fork_of_what_it_signed() {
    let [one, other] = fork();
    let mut verifier = open(Lossy::default(), pins(None), None).unwrap();
    for epoch in &one.shown.epochs[..2] {
        verifier = verifier.epoch(&epoch.complete().unwrap(), one.now, no_evidence).unwrap();
    }
    let (verifier, cosignature) = verifier.cosign(&one.shown.checkpoint(2), 1).unwrap();
    assert!(cosignature.is_some());
    let disk = verifier.close();
    disk.remove("journal");
    // The other history is longer than the log that it signed. It has signed nothing of it.
    let mut verifier = open(disk, pins(None), None).unwrap();
    verifier = verifier.epoch(&other.shown.epochs[0].complete().unwrap(), other.now, no_evidence).unwrap();
    let (mut verifier, cosignature) = verifier.cosign(&other.shown.checkpoint(1), 2).unwrap();
    assert_eq!(cosignature, None);
    for epoch in &other.shown.epochs[1..] {
        verifier = verifier.epoch(&epoch.complete().unwrap(), other.now, no_evidence).unwrap();
    }
    let error = verifier_error(verifier.cosign(&other.shown.newest(), 3));
    assert!(error.contains("signed before"), "{error}");
}

#[test]
fn a_halted_verifier_stays_halted_and_says_why() {
    let mut directory = Directory::new(None);
    directory.accept(&signed(first(1, 1), &[1], None));
    let mut epoch = directory.close();
    epoch.head.map_root = [5; 32];
    let place = tempfile::tempdir().unwrap();
    let folder = || verifier::disk::Folder::open(place.path()).unwrap();
    let start = || verifier::verifier::Verifier::open(folder(), pins(None), "v.example", secret(51));
    let Err(Stop::Halted(why)) = start().unwrap().epoch(&epoch.complete().unwrap(), directory.now, no_evidence) else {
        panic!()
    };
    assert!(why.starts_with("the map has the root"), "{why}");
    for _ in 0..2 {
        assert!(matches!(start(), Err(Stop::Halted(again)) if again == why));
    }
}

fn verifier_error<T>(result: Result<T, Stop>) -> String {
    match result {
        Err(Stop::Halted(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not caught"),
    }
}
