//! Each lie leaves evidence that proves it to anybody, and evidence against an honest directory proves nothing.

use crate::directory::*;
use crate::disks::{Lossy, Step};
use crate::node::MODULE;
use crate::rounds::{check, round, start, started};
use directory_core::entry::Kind;
use directory_core::hash::Hash;
use directory_core::update::{LoggedUpdate, Update};
use test_support::now;
use verifier::certificate::Certified;
use verifier::disk::{Disk, Files};
use verifier::evidence::{self, Case, Prefix, Unproven};
use verifier::follow::End;
use verifier::pinned::Pinned;
use verifier::replay::Epoch;
use verifier::verifier::Stop;

/// Lets a verifier meet a lie, and checks the evidence.
fn caught(name: &str, shown: Shown, case: Case) -> String {
    let (disk, why) = caught_after(3, name, shown, case);
    every_flipped_bit_is_noticed(&disk);
    why
}

/// The same for a verifier that has cosigned this many epochs. Returns its folder too.
fn caught_after(epochs: usize, name: &str, shown: Shown, case: Case) -> (Lossy, String) {
    let (disk, node, mut follower) = started(&lively(), epochs);
    node.state().shown = shown;
    disk.trace();
    let stop = match round(&mut follower, &node) {
        Err(End::Stop(stop @ Stop::Halted(_))) => stop,
        other => panic!("{name}: {other:?}"),
    };
    assert!(!disk.trace().contains(&Step::Send), "{name}: nothing is cosigned");
    // It stays halted, whatever the directory shows now.
    drop(follower);
    node.state().shown = lively().shown;
    let Err(Stop::Halted(why)) = start(&disk, &node) else { panic!("{name}: it starts again") };
    assert_eq!(stop.to_string(), format!("halted for good: {why}"));
    let proven = check(&disk, evidence::FILE).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((proven.case, &proven.what), (case, &why), "{name}");
    assert_eq!(proven.pinned.canister, CANISTER);
    (disk, why)
}

/// Evidence of which a bit was flipped proves nothing, or the same of other keys.
fn every_flipped_bit_is_noticed(disk: &Lossy) {
    let size = disk.size(evidence::FILE).unwrap() as usize;
    for at in (0..size).step_by(size / 60 + 1) {
        let other = disk.copy();
        other.damage(evidence::FILE, at, 1 << (at % 8));
        assert!(check(&other, evidence::FILE).is_err(), "byte {at} of {size}");
    }
}

/// The lively directory through its third epoch, and then a lie in the next one.
fn with(lie: impl FnOnce(&mut Directory)) -> Shown {
    let mut directory = registered();
    lie(&mut directory);
    directory.close();
    directory.close();
    directory.shown
}

/// A registration that the registrar has signed. Any signature by its owner's key would satisfy the equation.
fn with_key_of_small_order(label: u8) -> Update {
    let update = signed(first(label, label), &[label], None);
    let own = *update.entry.policy.keys()[0].bytes();
    let mut bytes = LoggedUpdate { position: 0, time: 0, update }.encode();
    let places: Vec<_> = (0..bytes.len() - 32).filter(|at| bytes[*at..*at + 32] == own).collect();
    for at in places {
        bytes[at..at + 32].fill(0);
        bytes[at] = 1;
    }
    let mut update = LoggedUpdate::decode_unverified(&bytes).unwrap().update;
    update.registration = sign(&update.registration_bytes(), &[90]);
    update
}

/// The change that a dishonest directory makes to its store.
type Forgery = fn(&mut Directory);

#[test]
fn updates_that_break_the_rules_are_proved() {
    let cases: [(&str, Forgery, &str); 4] = [
        (
            "a bad policy",
            |d| d.force(&signed(next(&first(1, 1), Kind::Set, 66), &[66], None)),
            "breaks a rule: Signature",
        ),
        ("no registrar", |d| d.force(&signed(first(9, 9), &[9], None)), "breaks a rule: Signature"),
        ("a key of small order", |d| d.force(&with_key_of_small_order(9)), "breaks a rule: Signature(Wrong"),
        (
            "a history rewritten",
            |d| {
                let mut other = first(1, 1);
                other.commitment = [99; 32];
                d.force(&signed(next(&other, Kind::Set, 11), &[1, 11], None));
            },
            "breaks a rule: Conflict",
        ),
    ];
    for (name, lie, expected) in cases {
        let why = caught(name, with(lie), Case::Rule);
        assert!(why.contains(expected), "{name}: {why}");
    }
}

#[test]
fn heads_that_do_not_follow_from_the_updates_are_proved() {
    let honest = lively().shown;
    let changed = |lie: fn(&mut Vec<Epoch>)| {
        let mut shown = honest.clone();
        lie(&mut shown.epochs);
        shown
    };
    let cases = [
        ("an entry rewritten", changed(|epochs| epochs[3].head.map_root[0] ^= 1), "the map has the root"),
        (
            "an update skipped",
            changed(|epochs| {
                epochs[3].updates.remove(1);
                let first = epochs[3].head.first_update;
                (first..).zip(&mut epochs[3].updates).for_each(|(position, update)| update.position = position);
                refit(&mut epochs[3]);
            }),
            "the map has the root",
        ),
        (
            "a position skipped",
            changed(|epochs| {
                epochs[3].updates.remove(0);
                refit(&mut epochs[3]);
                epochs[3].head.first_update += 1;
            }),
            "the epoch begins with update 7",
        ),
        ("a head of the future", changed(|epochs| epochs[5].head.time = START * 3), "the latest time allowed"),
        ("another configuration", changed(|epochs| epochs[4].head.configuration[0] ^= 1), "not the pinned one"),
    ];
    for (name, shown, expected) in cases {
        let why = caught(name, shown, Case::Rule);
        assert!(why.contains(expected), "{name}: {why}");
    }
}

#[test]
fn forks_and_rollbacks_are_proved() {
    let fork = with(|directory| directory.accept(&signed(next(&first(2, 2), Kind::Set, 12), &[2, 12], None)));
    let mut other_now = fork.clone();
    other_now.epochs.truncate(3);
    other_now.epochs[2].head.time += 1;
    let mut longer = lively().shown;
    longer.epochs[1].head.time += 1;
    let mut smaller = lively().shown;
    smaller.epochs.truncate(2);
    for (name, shown, case, expected) in [
        ("the same size", other_now, Case::Fork, "the log of 3 heads was certified with the root"),
        ("a larger log", longer, Case::Fork, "the log of 3 heads was certified with the root"),
        ("rolled back", smaller, Case::Rollback, "a log of 3 heads was certified, and later one of 2"),
    ] {
        let why = caught(name, shown, case);
        assert!(why.contains(expected), "{name}: {why}");
    }
}

#[test]
fn a_fork_is_proved_whatever_the_sizes_of_the_logs_and_wherever_they_part() {
    for known in 1..=6 {
        for size in known..=6 {
            for parted in 0..known {
                let mut shown = lively().shown;
                shown.epochs.truncate(size);
                shown.epochs[parted].head.time += 1;
                let name = format!("{known} heads, then {size}, others from {parted} on");
                let (_, why) = caught_after(known, &name, shown, Case::Fork);
                assert!(
                    why.contains(&format!("the log of {known} heads was certified with the root")),
                    "{name}: {why}"
                );
            }
        }
    }
}

#[test]
fn evidence_against_an_honest_directory_proves_nothing() {
    let directory = lively();
    let (mut disk, node, _) = started(&directory, 6);
    let own = pinned(Some(REGISTRAR));
    let authority = verifier::certificate::Authority::new(CANISTER, &own.root_key).unwrap();
    let certified = |size: usize| {
        node.state().shown.epochs = directory.shown.epochs[..size].to_vec();
        node.tick();
        let answer = now(verifier::network::Network::checkpoint(&node, 0)).unwrap();
        authority.log(&answer.log, &answer.certificate).unwrap()
    };
    let [three, six] = [certified(3), certified(6)];
    let rooted = |certified: &Certified, root: Hash| {
        let consistency = now(verifier::network::Network::checkpoint(&node, 3)).unwrap().consistency;
        Prefix { certified: certified.clone(), size: 3, root, consistency }
    };
    let root = three.log.checkpoint.root;
    evidence::fork(&mut disk, &own, &three, &rooted(&six, root)).unwrap();
    assert!(matches!(check(&disk, evidence::FILE), Err(Unproven::Honest)));
    evidence::fork(&mut disk, &own, &three, &rooted(&six, [9; 32])).unwrap();
    assert!(matches!(check(&disk, evidence::FILE), Err(Unproven::Malformed(_))));
    // This is no rollback, because the smaller log is the earlier one.
    for [earlier, later] in [[&three, &six], [&six, &six], [&six, &three]] {
        evidence::rollback(&mut disk, &own, earlier, later).unwrap();
        assert!(matches!(check(&disk, evidence::FILE), Err(Unproven::Honest)));
    }
    // Logs and a module from before and after a reinstallation with another configuration.
    node.state().registrar = None;
    let [smaller, larger] = [certified(3), certified(6)];
    node.state().registrar = Some(REGISTRAR);
    let foreign = |disk: &Lossy, file| match check(disk, file) {
        Err(Unproven::Malformed(why)) => assert!(why.contains("configuration and VRF key"), "{why}"),
        other => panic!("{other:?}"),
    };
    for of in [own.clone(), pinned(None)] {
        evidence::rollback(&mut disk, &of, &six, &smaller).unwrap();
        foreign(&disk, evidence::FILE);
        evidence::fork(&mut disk, &of, &three, &rooted(&larger, root)).unwrap();
        foreign(&disk, evidence::FILE);
    }
    node.state().module = [66; 32];
    let module = authority.module(&now(verifier::network::Network::module(&node)).unwrap()).unwrap();
    evidence::module(&mut disk, &own, &larger, &[MODULE], &module).unwrap();
    foreign(&disk, evidence::MODULE_FILE);
    evidence::module(&mut disk, &own, &six, &[MODULE], &module).unwrap();
    assert!(check(&disk, evidence::MODULE_FILE).is_ok());
    // The directory may have been installed after this module was there.
    evidence::module(&mut disk, &own, &certified(6), &[MODULE], &module).unwrap();
    assert!(matches!(check(&disk, evidence::MODULE_FILE), Err(Unproven::Malformed(_))));
    // All its epochs follow the rules.
    let broken = evidence::Broken { epoch: &directory.shown.epochs[5], later: &[], certified: &six, consistency: &[] };
    let mut short = Lossy::default();
    let mut first = verifier::journal::Journal::open(&mut short, |_| ()).unwrap();
    for epoch in &directory.shown.epochs[..5] {
        first.append(&mut short, &epoch.complete().unwrap()).unwrap();
    }
    evidence::broken(&mut short, &own, &first, &broken).unwrap();
    assert!(matches!(check(&short, evidence::FILE), Err(Unproven::Honest)));
    // Heads that the directory never closed.
    let mut forged = directory.shown.epochs[5].clone();
    forged.head.map_root = [9; 32];
    let broken = evidence::Broken { epoch: &forged, ..broken };
    evidence::broken(&mut short, &own, &first, &broken).unwrap();
    assert!(matches!(check(&short, evidence::FILE), Err(Unproven::Malformed(_))));
    // With another VRF key or configuration every head would break a rule.
    let vrf_key = *directory_core::vrf::SecretKey::new(&[99; 32]).public().bytes();
    for foreign in [Pinned { vrf_key, ..pinned(None) }, pinned(None)] {
        let broken = evidence::Broken { epoch: &directory.shown.epochs[5], ..broken };
        evidence::broken(&mut short, &foreign, &first, &broken).unwrap();
        let Err(Unproven::Malformed(why)) = check(&short, evidence::FILE) else { panic!("it proves something") };
        assert!(why.contains("configuration and VRF key"), "{why}");
    }
    disk.cut(evidence::FILE, 0).unwrap();
    assert!(check(&disk, evidence::FILE).is_err(), "an empty file");
}
