//! Rounds of a verifier over a node: honest rounds, rounds with temporary trouble, and rounds that end with
//! evidence.

use crate::directory::*;
use crate::disks::{Lossy, Step};
use crate::node::{Lie, MODULE, Node};
use directory_core::entry::Kind;
use directory_core::hash::Hash;
use directory_core::update::{LoggedUpdate, Update};
use test_support::now;
use tokio::sync::watch;
use verifier::certificate::Certified;
use verifier::disk::{Disk, Files, Reading};
use verifier::evidence::{self, Case, Prefix, Proven, Unproven};
use verifier::follow::{End, Follower, Round, Rules};
use verifier::network::Trouble;
use verifier::pinned::Pinned;
use verifier::progress::Progress;
use verifier::replay::Epoch;
use verifier::verifier::{Stop, Verifier};

const RESIGN: u64 = 900;

pub fn start(disk: &Lossy, node: &Node) -> Result<Follower<Lossy, Node>, Stop> {
    let pinned = pinned(node.state().registrar);
    let verifier = Verifier::open(disk.clone(), pinned.pins().unwrap(), NAME, secret(51))?;
    let rules = Rules { modules: vec![MODULE], resign: RESIGN };
    Follower::new(node.clone(), pinned, rules, verifier, watch::channel(Progress::default()).0).map_err(Stop::Disk)
}

fn round(follower: &mut Follower<Lossy, Node>, node: &Node) -> Result<Round, End> {
    let time = node.tick();
    now(follower.round(|| time))
}

fn check(disk: &Lossy, file: &'static str) -> Result<Proven, Unproven> {
    let scratch = tempfile::tempdir().unwrap();
    evidence::check(Reading::new(disk, file), scratch.path())
}

/// The directory's first epochs, which a verifier has cosigned.
fn started(directory: &Directory, epochs: usize) -> (Lossy, Node, Follower<Lossy, Node>) {
    let disk = Lossy::default();
    let shown = Shown { epochs: directory.shown.epochs[..epochs].to_vec() };
    let node = Node::new(shown, Some(REGISTRAR), &disk);
    let mut follower = start(&disk, &node).unwrap();
    assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: epochs as u64 });
    (disk, node, follower)
}

#[test]
fn an_honest_directory_is_followed_and_every_write_precedes_what_leaves() {
    let directory = lively();
    let disk = Lossy::default();
    let node = Node::new(Shown::default(), Some(REGISTRAR), &disk);
    let mut follower = start(&disk, &node).unwrap();
    let mut size = 0;
    // Several epochs may close between two rounds.
    for epochs in [2, 3, 6] {
        node.state().shown.epochs = directory.shown.epochs[..epochs].to_vec();
        disk.trace();
        assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: epochs as u64 });
        let mut expected = vec![Step::Replace("certified")];
        expected.resize(1 + epochs - size, Step::Append("journal"));
        expected.extend([Step::Sync("journal"), Step::Replace("signed"), Step::Send]);
        assert_eq!(disk.trace(), expected);
        size = epochs;
        let cosigned = node.state().cosigned.clone();
        let [(of, cosignature)] = cosigned[..] else { panic!("{cosigned:?}") };
        let own = pinned(Some(REGISTRAR));
        let [own] = own.configuration.verifiers() else { panic!("one verifier") };
        assert_eq!(of, size as u64);
        assert!(own.verifies(&pinned(None).origin(), &directory.shown.checkpoint(size), &cosignature));
        // Nothing has changed: nothing is written, and nothing leaves.
        assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: size as u64 });
        assert_eq!(disk.trace(), []);
    }
    // After a while, or where the directory has lost it, the same is signed again.
    node.state().time += RESIGN * SECOND;
    assert!(round(&mut follower, &node).is_ok());
    assert_eq!(disk.trace(), [Step::Sync("journal"), Step::Replace("signed"), Step::Send]);
    drop(follower);
    let mut follower = start(&disk, &node).unwrap();
    assert!(round(&mut follower, &node).is_ok());
    assert_eq!(disk.trace(), [], "the directory shows that it has it");
    node.state().cosigned.clear();
    follower = start(&disk, &node).unwrap();
    assert!(round(&mut follower, &node).is_ok());
    assert_eq!(disk.trace(), [Step::Sync("journal"), Step::Replace("signed"), Step::Send]);
}

#[test]
fn a_node_that_lies_or_fails_is_trouble_that_passes() {
    let directory = lively();
    for lie in [
        Lie::OtherHeads,
        Lie::NoHeads,
        Lie::OtherUpdates,
        Lie::NoUpdates,
        Lie::OtherConsistency,
        Lie::FlippedConsistency,
        Lie::FlippedCertificate,
        Lie::OldCertificate,
    ] {
        let (disk, node, mut follower) = started(&directory, 3);
        node.state().shown = directory.shown.clone();
        node.state().lie = lie;
        let error = round(&mut follower, &node).unwrap_err();
        assert!(matches!(error, End::Trouble(Trouble::Unverified(_))), "{lie:?}: {error}");
        node.state().lie = Lie::None;
        assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 }, "{lie:?}");
        assert_eq!(disk.size("halted").unwrap(), 0);
        assert_eq!(disk.size(evidence::FILE).unwrap(), 0, "{lie:?}");
    }
    let (_, node, mut follower) = started(&directory, 3);
    node.state().is_down = true;
    assert!(matches!(round(&mut follower, &node), Err(End::Trouble(Trouble::Unanswered(_)))));
    node.state().is_down = false;
    assert!(round(&mut follower, &node).is_ok());
    // A node that lags shows an older log with an older certificate.
    node.state().time -= 2 * SECOND;
    node.state().shown.epochs.pop();
    let error = round(&mut follower, &node).unwrap_err();
    assert!(error.to_string().contains("a node lags"), "{error}");
}

#[test]
fn a_false_consistency_proof_costs_a_few_questions_and_writes_nothing() {
    let directory = lively();
    // A log that has not grown needs no proof. Nor is one flipped from the first head on.
    for (lie, sizes) in [(Lie::OtherConsistency, 1..=6), (Lie::FlippedConsistency, 2..=5)] {
        for known in sizes {
            let (disk, node, mut follower) = started(&directory, known);
            node.state().shown = directory.shown.clone();
            node.state().lie = lie;
            disk.trace();
            for _ in 0..3 {
                let before = node.state().answers;
                let error = round(&mut follower, &node).unwrap_err();
                assert!(matches!(error, End::Trouble(Trouble::Unverified(_))), "{known}: {lie:?}: {error}");
                assert_eq!(disk.trace(), [], "{known}: {lie:?}");
                // The log, and where its last size is a power of two, the log again and its first head.
                let asked = node.state().answers - before;
                assert!(asked <= 3, "{known}: {lie:?}: {asked}");
            }
            node.state().lie = Lie::None;
            assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 }, "{known}: {lie:?}");
        }
    }
}

#[test]
fn a_cosignature_that_its_key_has_not_made_keeps_no_verifier_from_signing() {
    let directory = lively();
    let (_, node, mut follower) = started(&directory, 3);
    node.state().shown = directory.shown.clone();
    // A node says that it has a cosignature of the newest log, which is good for ever.
    let [(_, mut forged)] = node.state().cosigned[..] else { panic!("one verifier") };
    forged.time = u64::MAX;
    node.state().cosigned.push((6, forged));
    assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 });
    assert_eq!(node.state().pushed.last(), Some(&directory.shown.newest()));
}

#[test]
fn updates_that_come_in_meanwhile_delay_no_cosignature() {
    let directory = lively();
    // The last page of heads ends the certified log, or another page follows.
    for known in [3, 4, 5] {
        let (_, node, mut follower) = started(&directory, known);
        node.state().shown = directory.shown.clone();
        node.state().is_busy = true;
        let before = node.state().answers;
        assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 });
        // The log, the heads, the updates, the log again, the module, and the cosignature.
        let asked = node.state().answers - before;
        println!("{asked} questions from {known} heads on");
        assert!(asked <= 20, "{asked}");
    }
}

#[test]
fn a_node_that_lags_with_the_module_is_asked_again() {
    let directory = lively();
    let (disk, node, mut follower) = started(&directory, 3);
    node.state().shown = directory.shown.clone();
    node.state().lagging = 2;
    assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 });
    // No module of an earlier time counts, however often it is shown.
    let (other, node, mut follower) = started(&directory, 3);
    node.state().shown = directory.shown.clone();
    node.state().lagging = 100;
    other.trace();
    let error = round(&mut follower, &node).unwrap_err().to_string();
    assert!(error.contains("nodes lag"), "{error}");
    assert!(!other.trace().contains(&Step::Send) && disk.trace().contains(&Step::Send));
}

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
fn without_its_last_certified_log_it_halts_at_a_fork_and_waits_for_a_node_that_lags() {
    let directory = lively();
    let (disk, node, follower) = started(&directory, 3);
    drop(follower);
    disk.remove("certified");
    let lagging = disk.copy();
    node.state().shown.epochs[1].head.time += 1;
    node.state().cosigned.clear();
    let error = round(&mut start(&disk, &node).unwrap(), &node).unwrap_err();
    assert!(matches!(&error, End::Stop(Stop::Halted(why)) if why.contains("There is no evidence")), "{error}");
    assert!(disk.size(evidence::FILE).unwrap() == 0 && disk.size("halted").unwrap() > 0);
    // An honest node that lags shows less than what is signed. The round fails, so a pause follows.
    node.state().shown.epochs = directory.shown.epochs[..2].to_vec();
    let mut follower = start(&lagging, &node).unwrap();
    let error = round(&mut follower, &node).unwrap_err();
    let End::Trouble(Trouble::Unverified(why)) = error else { panic!("{error}") };
    assert_eq!(why, "a node lags: it has 2 heads, and 3 are signed");
    node.state().shown = directory.shown.clone();
    assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 });
}

#[test]
fn a_folder_of_another_configuration_is_refused() {
    let (disk, node, _) = started(&lively(), 3);
    node.state().registrar = None;
    let Err(Stop::Disk(error)) = start(&disk, &node) else { panic!("it starts") };
    assert!(error.to_string().contains("file certified: it is of the configuration"), "{error}");
}

#[test]
fn another_module_is_not_ratified_and_proved() {
    let directory = lively();
    let (disk, node, mut follower) = started(&directory, 3);
    node.state().shown = directory.shown.clone();
    node.state().module = [66; 32];
    disk.trace();
    for _ in 0..2 {
        assert_eq!(round(&mut follower, &node).unwrap(), Round::Withheld([66; 32]));
    }
    assert!(!disk.trace().contains(&Step::Send));
    let proven = check(&disk, evidence::MODULE_FILE).unwrap();
    assert_eq!(proven.case, Case::Module);
    assert_eq!(proven.module, Some([66; 32]));
    let sentence = format!("{}, which is not allowed: the allowed ones are {};", "42".repeat(32), "37".repeat(32));
    assert!(proven.what.contains(&sentence), "{}", proven.what);
    // Once the module is an allowed one again, the verifier goes on.
    node.state().module = MODULE;
    assert_eq!(round(&mut follower, &node).unwrap(), Round::Cosigned { size: 6 });
}

#[test]
fn a_restored_copy_of_the_folder_halts() {
    let directory = lively();
    let (disk, node, mut follower) = started(&directory, 3);
    let copy = disk.copy();
    node.state().shown = directory.shown.clone();
    assert!(round(&mut follower, &node).is_ok());
    drop(follower);
    let mut follower = start(&copy, &node).unwrap();
    let error = round(&mut follower, &node).unwrap_err();
    assert!(error.to_string().contains("restored copy"), "{error}");
    // So does an empty folder, in the place of one that was lost.
    let mut follower = start(&Lossy::default(), &node).unwrap();
    let error = round(&mut follower, &node).unwrap_err();
    assert!(error.to_string().contains("restored copy"), "{error}");
    node.state().cosigned.clear();
    assert!(matches!(start(&copy, &node), Err(Stop::Halted(_))), "also once the directory hides it");
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
