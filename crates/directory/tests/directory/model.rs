//! A directory against a model of lists, natively: updates good and bad, epochs under way, ratification, bundles, upgrades,
//! a clock that goes back, and an old state that is restored. Every look-up is verified as a client does.

use crate::native::*;
use crate::site::*;
use directory::api::*;
use directory_core::change::State;
use directory_core::entry::Entry;
use directory_core::hash::Hash;
use directory_core::verify::{Memory, VerifyError};
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use std::collections::{BTreeMap, BTreeSet};
use test_support::SparseMemory;

const LABELS: u8 = 3;
const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

#[derive(Debug, Clone)]
enum Op {
    Update { label: u8, key: u8, fault: Fault },
    Pass(u64),
    Back(u64),
    Timer,
    Ratify(usize),
    Bundle { label: u8, age: u64 },
    Upgrade { index: bool },
    Save,
    Restore,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Again,
    Unsigned,
    Foreign,
}

fn op() -> impl Strategy<Value = Op> {
    let fault = prop_oneof![6 => Just(Fault::None), 1 => Just(Fault::Again), 1 => Just(Fault::Unsigned), 1 => Just(Fault::Foreign)];
    prop_oneof![
        8 => (0..LABELS, 1..4_u8, fault).prop_map(|(label, key, fault)| Op::Update { label, key, fault }),
        6 => (0..90_u64).prop_map(Op::Pass),
        1 => (1..20_u64).prop_map(Op::Back),
        3 => Just(Op::Timer),
        3 => (1..3_usize).prop_map(Op::Ratify),
        2 => (0..LABELS, 0..3_u64).prop_map(|(label, age)| Op::Bundle { label, age }),
        1 => any::<bool>().prop_map(|index| Op::Upgrade { index }),
        1 => Just(Op::Save),
        1 => Just(Op::Restore),
    ]
}

#[derive(Clone)]
struct Version {
    entry: Entry,
    key: u8,
    time: u64,
    position: u64,
}

/// A directory as plain lists.
#[derive(Clone, Default)]
struct Model {
    labels: BTreeMap<u8, Vec<Version>>,
    /// Time of each head, and updates through it.
    heads: Vec<(u64, u64)>,
    updates: u64,
    latest: u64,
    ratified: usize,
    ratified_at: u64,
    cosigned: (usize, usize),
    bundles: BTreeMap<u8, u64>,
}

impl Model {
    fn closed(&self, size: usize) -> u64 {
        size.checked_sub(1).map_or(0, |at| self.heads[at].1)
    }

    fn due(&self) -> u64 {
        let newest = self.heads[self.heads.len() - 1].0;
        let due = if self.updates == self.closed(self.heads.len()) {
            newest + DAY
        } else if self.ratified == self.heads.len() {
            self.ratified_at + 5 * SECOND
        } else {
            newest + 60 * SECOND
        };
        due.max(self.latest)
    }

    fn close_if_due(&mut self, now: u64) -> bool {
        let is_due = now >= self.due();
        if is_due {
            self.heads.push((now, self.updates));
            self.latest = now;
        }
        is_due
    }

    /// All that the log of so many heads commits to.
    fn log(&self, size: usize) -> Log {
        let closed = self.closed(size);
        let updates = self.labels.values().flatten().filter(|version| version.position < closed);
        let updates = updates.map(|version| (version.position, version.time, version.entry.hash()));
        (self.heads[..size].to_vec(), updates.collect())
    }

    /// The version of a label after so many heads.
    fn at(&self, label: u8, size: usize) -> Option<&Version> {
        self.labels.get(&label)?.iter().rfind(|version| version.position < self.closed(size))
    }
}

/// The heads of a log, and the position, time and hash of each update.
type Log = (Vec<(u64, u64)>, BTreeSet<(u64, u64, Hash)>);

struct World {
    native: Native,
    model: Model,
    memory: Option<Memory>,
    /// Stable memory as it was, and the model of it.
    saved: Option<(SparseMemory, Model)>,
    /// The memories of clients of a directory that an older state has replaced, each with its model.
    lost: Vec<(Memory, Model)>,
}

impl World {
    fn new() -> Self {
        let native = Native::new(&crate::ratification::quorum());
        let model = Model { heads: vec![(native.now, 0)], latest: native.now, ..Model::default() };
        Self { native, model, memory: None, saved: None, lost: Vec::new() }
    }

    fn step(&mut self, op: &Op) {
        match *op {
            Op::Update { label, key, fault } => self.update(label, key, fault),
            Op::Pass(seconds) => self.native.now += seconds * SECOND,
            Op::Back(seconds) => self.native.now -= seconds * SECOND,
            Op::Timer => {
                let closed = self.native.directory.close_if_due(self.native.now).expect("memory");
                assert_eq!(closed, self.model.close_if_due(self.native.now));
            }
            Op::Ratify(verifiers) => self.ratify(verifiers),
            Op::Bundle { label, age } => self.put_bundle(label, age),
            Op::Upgrade { index } => self.native.upgrade(index),
            Op::Save => self.saved = Some((self.native.memory.copy(), self.model.clone())),
            Op::Restore => self.restore(),
        }
        self.compare();
    }

    fn update(&mut self, label: u8, key: u8, fault: Fault) {
        let (now, model) = (self.native.now, &self.model);
        let name = name(&format!("label {label}"));
        let versions = model.labels.get(&label).map_or(&[][..], |versions| versions);
        let old = versions.last();
        let first = || self.native.first(&name, key);
        let entry = match old {
            None => first(),
            Some(old) if fault == Fault::Again => old.entry.clone(),
            Some(old) => next(&old.entry, &name, key),
        };
        let mut signers: Vec<u8> = old.map(|old| old.key).into_iter().chain([key]).collect();
        match fault {
            Fault::None | Fault::Again => {}
            Fault::Unsigned => signers.clear(),
            Fault::Foreign => signers.push(66),
        }
        signers.sort_unstable();
        signers.dedup();
        let quota = versions.iter().rev().nth(23).map(|version| version.time + DAY).filter(|again| now < *again);
        let closed = model.closed(model.heads.len());
        let signer = if old.is_some() { Signer::current } else { Signer::new };
        let expected = match old {
            _ if now < model.latest => Err(UpdateError::Time { newest: model.latest, now }),
            _ if quota.is_some() => {
                let retry_after = (quota.expect("some") - now).div_ceil(SECOND);
                Err(UpdateError::DailyUpdates { max: 24, retry_after })
            }
            Some(old) if old.position >= closed => {
                Err(UpdateError::Pending { retry_after: model.due().saturating_sub(now).div_ceil(SECOND) })
            }
            Some(old) if fault == Fault::Again => {
                let hash = ByteBuf::from(old.entry.hash().to_vec());
                Err(UpdateError::Conflict { version: old.entry.version, hash })
            }
            _ if fault == Fault::Unsigned => Err(UpdateError::TooFewSignatures { signer, needed: 1, found: 0 }),
            _ if fault == Fault::Foreign => {
                Err(UpdateError::ForeignSignature(ByteBuf::from(crate::site::key(66).bytes().to_vec())))
            }
            _ => Ok(()),
        };
        let new = submission(&name, &signed(entry.clone(), &signers));
        let found = self.native.directory.update(&new, false, now);
        let model = &mut self.model;
        let expected = expected.map(|()| {
            let (position, epoch) = (model.updates, model.heads.len() as u64);
            model.labels.entry(label).or_default().push(Version { entry, key, time: now, position });
            (model.updates, model.latest) = (position + 1, now);
            Accepted { position, epoch, closed: model.close_if_due(now) }
        });
        assert_eq!(found, expected);
    }

    fn ratify(&mut self, verifiers: usize) {
        let (size, seconds) = (self.model.heads.len(), self.native.now / SECOND);
        for number in [51, 52].into_iter().take(verifiers) {
            let cosignature = self.native.cosign(number, seconds);
            let taken = self.native.directory.ratify(size as u64, &cosignature, self.native.now);
            // Of one log and verifier only a newer one is taken; each verifier signs in this order.
            let _ = taken;
        }
        let kept = self.native.directory.checkpoint(0, None).expect("a checkpoint").newest.cosignatures.len();
        let before = if self.model.cosigned.0 == size { self.model.cosigned.1 } else { 0 };
        self.model.cosigned = (size, before.max(verifiers));
        assert_eq!(kept, self.model.cosigned.1, "cosignatures of the newest log");
        if kept >= 2 && self.model.ratified < size {
            (self.model.ratified, self.model.ratified_at) = (size, self.native.now);
        }
    }

    fn put_bundle(&mut self, label: u8, age: u64) {
        let name = name(&format!("label {label}"));
        let issued = self.native.now / SECOND - age;
        let bundle = self.native.bundle(&name, issued);
        let found = self.native.directory.put_bundle(&name.encode(), &bundle, self.native.now);
        let expected = match (self.model.labels.contains_key(&label), self.model.bundles.get(&label)) {
            (false, _) => Err(BundleError::UnknownLabel),
            (true, Some(stored)) if issued < *stored => Err(BundleError::NotNewer { stored: *stored }),
            _ => Ok(()),
        };
        assert_eq!(found, expected);
        if found.is_ok() {
            self.model.bundles.insert(label, issued);
        }
    }

    /// An operator restores the saved state. Clients with a later memory must refuse this directory.
    fn restore(&mut self) {
        let Some((saved, model)) = self.saved.clone() else { return };
        let replaced = std::mem::replace(&mut self.model, model);
        self.lost.extend(self.memory.take().map(|memory| (memory, replaced)));
        self.native.restore(&saved);
    }

    /// A client that remembers another log is told so, or sees that this log does not continue it.
    fn compare_with_lost(&self) {
        let size = self.model.heads.len();
        for (memory, lost) in &self.lost {
            let known = memory.log.size as usize;
            let now = self.native.now.max(self.model.latest);
            let found = self.native.look_up(&name("label 0"), View::newest, Some(*memory), now);
            if known > size {
                let unknown = LookupError::UnknownLog { known: memory.log.size, size: size as u64 };
                assert_eq!(found.map(|_| ()), Err(unknown));
                continue;
            }
            let verdict = found.expect("an answer");
            if self.model.log(known) == lost.log(known) {
                assert!(verdict.is_ok() || matches!(verdict, Err(VerifyError::OlderHead { .. })), "{verdict:?}");
            } else {
                assert!(matches!(verdict, Err(VerifyError::FromKnown(_))), "{verdict:?}");
            }
        }
    }

    /// The directory's numbers, and every label in both views, verified.
    fn compare(&mut self) {
        let (model, native) = (&self.model, &self.native);
        let status = native.directory.status(native.now);
        let newest = model.heads.len();
        assert_eq!(
            (status.labels, status.updates, status.pending, status.epochs, status.ratified),
            (
                model.labels.len() as u64,
                model.updates,
                model.updates - model.closed(newest),
                newest as u64,
                model.ratified as u64
            )
        );
        let now = native.now.max(model.latest);
        for label in 0..LABELS {
            for (view, size) in [(View::newest, newest), (View::ratified, model.ratified)] {
                let expected = model.at(label, size);
                let found = native.look_up(&name(&format!("label {label}")), view, self.memory, now);
                if size == 0 {
                    assert_eq!(found.map(|_| ()), Err(LookupError::NoEpoch));
                    continue;
                }
                let verified = found.expect("an answer").expect("it holds");
                assert_eq!(verified.state.as_ref().map(State::newest), expected.map(|version| &version.entry));
                self.memory = Some(verified.memory);
            }
        }
        self.compare_with_lost();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_directory_is_what_the_model_says(ops in prop::collection::vec(op(), 1..40)) {
        let mut world = World::new();
        for op in &ops {
            world.step(op);
        }
        prop_assert_eq!(world.native.violations(), [""; 0]);
    }
}
