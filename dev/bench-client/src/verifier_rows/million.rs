//! A million labels: the size of the journal, and the peak memory of a process that replays them and of one that restarts.

use super::authors::{Authors, configuration, name, secret};
use super::place::peak;
use super::row;
use crate::beside::folder;
use crate::record::{Limit, Row};
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::label::Label;
use directory_core::log::{Log, leaf_hash};
use directory_core::map::{Tree, View, leaf_value};
use directory_core::update::{LoggedUpdate, Update};
use directory_core::vrf::SecretKey;
use std::path::Path;
use std::process::{Command, Stdio};
use verifier::disk::Folder;
use verifier::journal::Journal;
use verifier::replay::{CompactNodes, Epoch, Pins};
use verifier::verifier::Verifier;

const LABELS: u64 = 1_000_000;
const IN_EPOCH: u64 = 1_000;
const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_795_000_000 * SECOND;
const SEED: u8 = super::authors::RATIFYING[0];
const REALM: Hash = [7; 32];
const MEBIBYTE: f64 = 1_048_576.0;

/// All rows.
pub fn measure() -> Vec<Row> {
    let folder = folder();
    History::write(&folder.path().join("history")).expect("the disk takes a history");
    let [replayed, bytes] = worker("replay", folder.path());
    let [restarted, _] = worker("restart", folder.path());
    let mebibytes = |bytes: u64| bytes as f64 / MEBIBYTE;
    vec![
        row("1,000,000 labels replayed: bytes of disk a label", bytes as f64 / LABELS as f64, Limit::AtMost(600.0)),
        row("1,000,000 labels replayed: memory, MiB", mebibytes(replayed), Limit::AtMost(256.0)),
        row("1,000,000 labels at a restart: memory, MiB", mebibytes(restarted), Limit::AtMost(256.0)),
    ]
}

/// Runs a worker process. Returns its peak memory and the size of its journal.
fn worker(kind: &str, folder: &Path) -> [u64; 2] {
    let this = std::env::current_exe().expect("the program has a path");
    let mut command = Command::new(this);
    command.args(["verifier-worker", kind]).arg(folder).stderr(Stdio::inherit());
    let output = command.output().expect("a process can be started");
    assert!(output.status.success(), "{kind}");
    let text = String::from_utf8(output.stdout).expect("it prints numbers");
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().expect("it prints two numbers")
}

/// The work of a worker process: `replay` the history in the folder, or `restart` from its journal.
pub fn work(kind: &str, folder: &Path) {
    let pins = Pins {
        realm: REALM,
        origin: "directory/a-million-labels".to_owned(),
        configuration: configuration().hash(vrf().public().bytes()),
        registrar: Some(vrf().prove(&Label::Registrar.encode()).0),
    };
    let disk = Folder::open(&folder.join("state")).expect("nobody else has the folder");
    let mut verifier = Verifier::open(disk, pins, &name(SEED), secret(SEED)).expect("the folder can be read");
    if kind == "replay" {
        let mut history = Folder::open(&folder.join("history")).expect("nobody else has the folder");
        let mut running = Some(verifier);
        let replay = |epoch: &Epoch| {
            let complete = epoch.complete().expect("it has its updates");
            let next = running.take().expect("it has not stopped").epoch(&complete, epoch.head.time, |_, _| Ok(()));
            running = Some(next.expect("the history follows the rules"));
        };
        Journal::open(&mut history, replay).expect("the history can be read");
        verifier = running.expect("it has not stopped");
    }
    assert_eq!(verifier.replay().labels(), LABELS + 1, "{kind}");
    println!("{} {}", peak("self"), verifier.journal_size());
}

fn vrf() -> SecretKey {
    SecretKey::new(&[7; 32])
}

/// The epochs of a directory while they are made.
struct History {
    tree: Tree<CompactNodes>,
    disk: Folder,
    journal: Journal,
    open: Vec<LoggedUpdate>,
    now: u64,
    updates: u64,
}

impl History {
    /// Writes the history as a journal: registrations of a million labels.
    fn write(path: &Path) -> std::io::Result<()> {
        let mut disk = Folder::open(path)?;
        let journal = Journal::open(&mut disk, |_| ())?;
        let (tree, open) = (Tree::default(), Vec::new());
        let mut history = Self { tree, disk, journal, open, now: START, updates: 0 };
        let authors = Authors::new(REALM);
        let registrar = authors.registrars_own(&Label::Registrar, &vrf());
        history.push(Update::decode(&registrar.update).expect("it was encoded"));
        history.close()?;
        for number in 0..LABELS {
            history.push(authors.registration(number));
            if history.open.len() as u64 == IN_EPOCH {
                history.close()?;
            }
        }
        Ok(())
    }

    fn push(&mut self, update: Update) {
        let (position, time) = (self.updates, self.now);
        let leaf = self.tree.add(&update.entry.index);
        self.tree.put(leaf, &leaf_value(position, time, &update.entry.hash()));
        self.open.push(LoggedUpdate { position, time, update });
        self.updates += 1;
    }

    fn close(&mut self) -> std::io::Result<()> {
        self.tree.seal();
        let updates = std::mem::take(&mut self.open);
        let mut log = Log::<Vec<Hash>>::default();
        updates.iter().for_each(|update| log.append_hash(leaf_hash(&update.encode())));
        let head = Head {
            epoch: self.journal.last().map_or(0, |last| last.epoch + 1),
            time: self.now,
            map_root: self.tree.root(View::Newest),
            updates_root: log.root(log.size()),
            first_update: self.updates - updates.len() as u64,
            updates: updates.len() as u32,
            labels: self.updates,
            configuration: configuration().hash(vrf().public().bytes()),
        };
        self.now += 60 * SECOND;
        let epoch = Epoch { head, updates };
        self.journal.append(&mut self.disk, &epoch.complete().expect("the head is made from its updates"))
    }
}
