//! Rounds of a verifier over a node: honest rounds, rounds with temporary trouble, and rounds that halt without evidence.

use crate::directory::*;
use crate::disks::{Lossy, Step};
use crate::node::{Lie, MODULE, Node};
use test_support::now;
use tokio::sync::watch;
use verifier::disk::{Files, Reading};
use verifier::evidence::{self, Case, Proven, Unproven};
use verifier::follow::{End, Follower, Round, Rules};
use verifier::network::Trouble;
use verifier::progress::Progress;
use verifier::verifier::{Stop, Verifier};

const RESIGN: u64 = 900;

pub fn start(disk: &Lossy, node: &Node) -> Result<Follower<Lossy, Node>, Stop> {
    let pinned = pinned(node.state().registrar);
    let verifier = Verifier::open(disk.clone(), pinned.pins().unwrap(), NAME, secret(51))?;
    let rules = Rules { modules: vec![MODULE], resign: RESIGN };
    Follower::new(node.clone(), pinned, rules, verifier, watch::channel(Progress::default()).0).map_err(Stop::Disk)
}

pub fn round(follower: &mut Follower<Lossy, Node>, node: &Node) -> Result<Round, End> {
    let time = node.tick();
    now(follower.round(|| time))
}

pub fn check(disk: &Lossy, file: &'static str) -> Result<Proven, Unproven> {
    let scratch = tempfile::tempdir().unwrap();
    evidence::check(Reading::new(disk, file), scratch.path())
}

/// The directory's first epochs, which a verifier has cosigned.
pub fn started(directory: &Directory, epochs: usize) -> (Lossy, Node, Follower<Lossy, Node>) {
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
