//! A node of the platform, in memory. It certifies a directory's log, and lies if a test says so.

use crate::directory::*;
use crate::disks::Lossy;
use directory::certified::CertifiedLog;
use directory_core::checkpoint::{Checkpoint, Cosignature};
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::log::Log;
use directory_core::update::LoggedUpdate;
use directory_core::vrf::PROOF_SIZE;
use ic_certification::Certificate;
use ic_certification::hash_tree::{HashTree, fork, label, leaf};
use std::cell::{RefCell, RefMut};
use std::future::{Ready, ready};
use std::rc::Rc;
use verifier::network::{Network, Pushed, Shown as Answer, Trouble};

pub const MODULE: Hash = [55; 32];

/// A handle: the test changes the node that a follower asks.
#[derive(Clone)]
pub struct Node(Rc<RefCell<State>>);

pub struct State {
    /// The data that the directory shows and the platform certifies.
    pub shown: Shown,
    pub registrar: Option<u8>,
    /// The time of certificates, in nanoseconds.
    pub time: u64,
    pub module: Hash,
    pub cosigned: Vec<(u64, Cosignature)>,
    /// The checkpoints that verifiers have cosigned, in order.
    pub pushed: Vec<Checkpoint>,
    pub is_down: bool,
    /// An update comes in after each answer.
    pub is_busy: bool,
    /// Updates of the open epoch.
    pub open: u64,
    /// Answers so far.
    pub answers: u64,
    /// How many of the next answers with the module come from a node whose state is older.
    pub lagging: u32,
    /// Changes what the node shows of heads, updates and consistency.
    pub lie: Lie,
    /// Where it is noted that something left the verifier.
    pub disk: Lossy,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    None,
    OtherHeads,
    NoHeads,
    OtherUpdates,
    NoUpdates,
    OtherConsistency,
    /// A false proof, of the right length, that a log continues a log of more than one head.
    FlippedConsistency,
    FlippedCertificate,
    OldCertificate,
}

impl Node {
    pub fn new(shown: Shown, registrar: Option<u8>, disk: &Lossy) -> Self {
        let (cosigned, pushed) = (Vec::new(), Vec::new());
        let (time, module, lie, disk) = (START * 2, MODULE, Lie::None, disk.clone());
        let (is_down, is_busy, open, answers, lagging) = (false, false, 0, 0, 0);
        let state = State {
            shown,
            registrar,
            time,
            module,
            cosigned,
            pushed,
            is_down,
            is_busy,
            open,
            answers,
            lagging,
            lie,
            disk,
        };
        Self(Rc::new(RefCell::new(state)))
    }

    pub fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// Lets a second pass, and returns the time.
    pub fn tick(&self) -> u64 {
        let mut state = self.state();
        state.time += SECOND;
        state.time
    }

    fn ask<T>(&self, answer: impl FnOnce(&mut State) -> T) -> Ready<Result<T, Trouble>> {
        let mut state = self.state();
        if state.is_down {
            return ready(Err(Trouble::Unanswered("down".to_owned())));
        }
        state.answers += 1;
        assert!(state.answers < 1_000, "a round ends");
        let answer = answer(&mut state);
        state.open += u64::from(state.is_busy);
        ready(Ok(answer))
    }
}

fn cbor(value: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

impl State {
    fn certify(&self, of_canister: HashTree<Vec<u8>>) -> Vec<u8> {
        let mut encoded = Vec::new();
        let time = if self.lie == Lie::OldCertificate { self.time - 400 * SECOND } else { self.time };
        leb128::write::unsigned(&mut encoded, time).unwrap();
        let tree = fork(label("canister", label(CANISTER.as_slice(), of_canister)), label("time", leaf(encoded)));
        let mut signature = ROOT.sign(&[b"\x0Dic-state-root".as_slice(), &tree.digest()].concat()).serialize().to_vec();
        if self.lie == Lie::FlippedCertificate {
            signature[20] ^= 1;
        }
        cbor(&Certificate { tree, signature, delegation: None })
    }

    fn log(&self) -> Log<Vec<Hash>> {
        let mut log = Log::<Vec<Hash>>::default();
        self.shown.epochs.iter().for_each(|epoch| log.append(&epoch.head.encode()));
        log
    }

    /// The log that the platform certifies of the directory.
    pub fn certified(&self) -> CertifiedLog {
        CertifiedLog {
            checkpoint: self.shown.newest(),
            updates: self.shown.epochs.iter().map(|epoch| epoch.updates.len() as u64).sum::<u64>() + self.open,
            configuration: pinned(self.registrar).hash(),
        }
    }
}

impl Network for Node {
    fn configuration(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send {
        self.ask(|state| pinned(state.registrar).configuration.encode())
    }

    fn registrar(&self) -> impl Future<Output = Result<[u8; PROOF_SIZE], Trouble>> + Send {
        self.ask(|state| pinned(state.registrar).registrar.unwrap())
    }

    fn checkpoint(&self, known: u64) -> impl Future<Output = Result<Answer, Trouble>> + Send {
        self.ask(|state| {
            let log = state.certified();
            let size = log.checkpoint.size;
            let is_shown = known > 0 && known <= size;
            let mut consistency = if is_shown { state.log().consistency(known, size) } else { Vec::new() };
            if state.lie == Lie::OtherConsistency {
                consistency.push([1; 32]);
            }
            if let (Lie::FlippedConsistency, 2.., [first, ..]) = (state.lie, known, &mut consistency[..]) {
                first[0] ^= 1;
            }
            let certificate = state.certify(label("certified_data", leaf(log.certified_data().to_vec())));
            Answer { log: log.encode(), certificate, consistency, cosigned: state.cosigned.clone() }
        })
    }

    fn heads(&self, from: u64, limit: u32) -> impl Future<Output = Result<Vec<Head>, Trouble>> + Send {
        self.ask(|state| {
            // Pages end early, so that a log comes in several.
            let epochs = state.shown.epochs.iter().skip(from as usize).take((limit as usize).min(2));
            let mut heads: Vec<_> = epochs.map(|epoch| epoch.head).collect();
            match state.lie {
                Lie::NoHeads => heads.clear(),
                Lie::OtherHeads => heads[0].labels += 1,
                _ => {}
            }
            heads
        })
    }

    fn updates(&self, from: u64, limit: u64) -> impl Future<Output = Result<Vec<LoggedUpdate>, Trouble>> + Send {
        self.ask(|state| {
            let all = state.shown.epochs.iter().flat_map(|epoch| &epoch.updates);
            let from_there = all.filter(|update| update.position >= from);
            // Pages end early, so that epochs are put together from several.
            let mut updates: Vec<_> = from_there.take((limit as usize).min(2)).cloned().collect();
            match state.lie {
                Lie::NoUpdates => updates.clear(),
                Lie::OtherUpdates => updates[0].time += 1,
                _ => {}
            }
            updates
        })
    }

    fn module(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send {
        self.ask(|state| {
            let controllers = cbor(&[CANISTER]);
            let hash = state.module.to_vec();
            let newest = state.time;
            if state.lagging > 0 {
                state.lagging -= 1;
                state.time -= SECOND;
            }
            let certificate =
                state.certify(fork(label("controllers", leaf(controllers)), label("module_hash", leaf(hash))));
            state.time = newest;
            certificate
        })
    }

    fn ratify(&self, size: u64, cosignature: &Cosignature) -> impl Future<Output = Result<Pushed, Trouble>> + Send {
        let cosignature = *cosignature;
        self.ask(move |state| {
            state.disk.sent();
            assert_eq!(size, state.shown.newest().size, "only the newest head can be ratified");
            state.cosigned.retain(|(of, _)| *of == size);
            state.cosigned.push((size, cosignature));
            let pinned = pinned(state.registrar);
            let [own] = pinned.configuration.verifiers() else { panic!("one verifier") };
            assert!(own.verifies(&pinned.origin(), &state.shown.newest(), &cosignature), "it signs the certified log");
            state.pushed.push(state.shown.newest());
            Pushed::Stored { time: cosignature.time }
        })
    }
}
