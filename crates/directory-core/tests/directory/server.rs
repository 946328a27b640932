//! A directory in memory, which makes proofs from its store.

use crate::support::*;
use directory_core::change::{Context, Registrar, State, apply};
use directory_core::checkpoint::{Checkpoint, Cosignature, Verifier};
use directory_core::configuration::Configuration;
use directory_core::entry::{Entry, realm};
use directory_core::hash::Hash;
use directory_core::label::{AddressProof, Label};
use directory_core::map::View;
use directory_core::policy::Policy;
use directory_core::proof::{Opened, Proof};
use directory_core::store::{Accepted, Ask, Memories, Registration, Store};
use directory_core::update::Update;
use directory_core::verify::{Memory, Query, Quorum, Trusted, Verified, VerifyError};
use directory_core::vrf::SecretKey;
use ed25519_dalek::Signer;
use ic_stable_structures::VectorMemory;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Of the canister whose id is empty.
pub const ORIGIN: &str = "directory/aaaaa-aa";
pub const VERIFIERS: [u8; 3] = [51, 52, 53];
/// The seed of the VRF key.
pub const SEED: [u8; 32] = [42; 32];
/// The hash of the configuration, with the VRF key of [`SEED`].
pub static CONFIGURATION: LazyLock<Hash> =
    LazyLock::new(|| configuration().hash(SecretKey::new(&SEED).public().bytes()));

/// Two of three verifiers, and a registrar.
pub fn configuration() -> Configuration {
    Configuration::new(true, VERIFIERS.map(verifier).to_vec(), 2).unwrap()
}

pub struct Directory {
    pub vrf: std::rc::Rc<SecretKey>,
    pub realm: Hash,
    pub now: u64,
    pub store: Store<VectorMemory>,
    pub memories: Memories<VectorMemory>,
    pub labels: BTreeSet<Label>,
    pub cosignatures: (u64, Vec<Cosignature>),
    pub registrar: Option<Policy>,
}

/// A fork: another directory with the same bytes.
impl Clone for Directory {
    fn clone(&self) -> Self {
        let memories = copy(&self.memories);
        Self {
            vrf: self.vrf.clone(),
            realm: self.realm,
            now: self.now,
            store: Store::open(memories.clone(), self.realm).unwrap(),
            memories,
            labels: self.labels.clone(),
            cosignatures: self.cosignatures.clone(),
            registrar: self.registrar.clone(),
        }
    }
}

/// Copies of the memories.
pub fn copy(memories: &Memories<VectorMemory>) -> Memories<VectorMemory> {
    let copy = |memory: &VectorMemory| VectorMemory::new(memory.borrow().clone().into());
    let Memories { nodes, leaves, labels, updates, public, private, heads, hashes, slots } = memories;
    Memories {
        nodes: copy(nodes),
        leaves: copy(leaves),
        labels: copy(labels),
        updates: copy(updates),
        public: copy(public),
        private: copy(private),
        heads: copy(heads),
        hashes: copy(hashes),
        slots: copy(slots),
    }
}

pub fn verifier(number: u8) -> Verifier {
    Verifier::new(format!("verifier.example/{number}"), key(number)).unwrap()
}

pub fn cosign(number: u8, checkpoint: &Checkpoint, time: u64) -> Cosignature {
    let signature = secret(number).sign(&checkpoint.cosigned_bytes(ORIGIN, time)).to_bytes();
    Cosignature { key_id: verifier(number).key_id(), time, signature }
}

impl Directory {
    pub fn new() -> Self {
        let vrf = SecretKey::new(&SEED);
        let (realm, memories) = (realm(b"", vrf.public().bytes()), Memories::default());
        Self {
            realm,
            vrf: vrf.into(),
            now: START,
            store: Store::create(memories.clone(), realm).unwrap(),
            memories,
            labels: BTreeSet::new(),
            cosignatures: (0, Vec::new()),
            registrar: None,
        }
    }

    /// The newest state of a label.
    pub fn state(&self, label: &Label) -> State {
        self.store.state(self.store.find(&self.index(label)).unwrap(), u64::MAX).unwrap()
    }

    /// Opens the store's memories again, as after an upgrade.
    pub fn reopen(&mut self) {
        *self = self.clone();
    }

    pub fn index(&self, label: &Label) -> Hash {
        self.vrf.prove(&label.encode()).0
    }

    /// Version 0 for a label, with a profile of 200 bytes.
    pub fn first(&self, label: &Label, policy: Policy) -> Entry {
        let commitment = profile(label, 0, 200).2;
        Entry { realm: self.realm, index: self.index(label), commitment, ..first(policy) }
    }

    pub fn accept(&mut self, label: &Label, update: &Update, address: Option<AddressProof>) {
        let index = self.index(label);
        let asked = self.registrar.as_ref().filter(|_| *label != Label::Registrar);
        let registrar = asked.map_or(Registrar::Open, Registrar::Policy);
        let context = Context { realm: &self.realm, index: &index, now: self.now, registrar, pending: None };
        let old = self.store.find(&index).and_then(|number| self.store.state(number, u64::MAX));
        apply(old.as_ref(), update, &context).unwrap();
        self.force(label, update, address);
    }

    /// Stores an update without applying the rules, as a malicious directory can.
    pub fn force(&mut self, label: &Label, update: &Update, address: Option<AddressProof>) {
        let (index, vrf) = self.vrf.prove(&label.encode());
        let is_new = self.store.find(&index).is_none();
        let registration = Registration { label: label.clone(), vrf, address };
        let (opening, bytes, commitment) = profile(label, update.entry.version, 200);
        let opened = Opened { opening, profile: bytes };
        let accepted = Accepted {
            update,
            time: self.now,
            opened: Some(&opened).filter(|_| commitment == update.entry.commitment),
            registration: Some(&registration).filter(|_| is_new),
        };
        self.store.accept(&accepted).unwrap();
        self.labels.insert(label.clone());
    }

    pub fn close_epoch(&mut self) {
        self.now += 5 * SECOND;
        self.store.close_epoch(self.now, *CONFIGURATION).unwrap();
    }

    pub fn size(&self) -> u64 {
        self.store.log().size()
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { size: self.size(), root: self.store.log().root(self.size()) }
    }

    pub fn ratify(&mut self, verifiers: &[u8]) {
        let checkpoint = self.checkpoint();
        let mut signatures: Vec<_> =
            verifiers.iter().map(|number| cosign(*number, &checkpoint, self.now / SECOND)).collect();
        signatures.sort_by_key(|cosignature| cosignature.key_id);
        self.cosignatures = (checkpoint.size, signatures);
        self.store.ratify();
    }

    pub fn proof(&self, label: &Label, view: View, memory: Option<Memory>, contact: Option<&State>) -> Proof {
        self.history(label, view, memory, contact.map(|state| state.newest().version + 1))
    }

    /// A proof with the updates from a version on.
    pub fn history(&self, label: &Label, view: View, memory: Option<Memory>, from: Option<u32>) -> Proof {
        self.answer(label, view, memory.map_or(0, |memory| memory.log.size), from)
    }

    /// A proof to a client that knows a log of `known` heads.
    pub fn answer(&self, label: &Label, view: View, known: u64, from: Option<u32>) -> Proof {
        let (index, vrf) = self.vrf.prove(&label.encode());
        let (ratified, cosignatures) = self.cosignatures.clone();
        let is_ratified = view == View::Ratified || ratified == self.size();
        let ask = Ask { index: &index, vrf, view, known, from };
        self.store.prove(&ask, if is_ratified { cosignatures } else { Vec::new() }).unwrap().unwrap()
    }

    pub fn trusted(&self) -> Trusted {
        Trusted {
            realm: self.realm,
            origin: ORIGIN.into(),
            vrf: self.vrf.public(),
            configuration: *CONFIGURATION,
            registrars: self.registrar.iter().cloned().collect(),
            quorum: Quorum::new(VERIFIERS.map(verifier).to_vec(), 2, 3_600),
        }
    }

    /// A question about the newest state.
    pub fn query<'a>(&self, label: &'a Label, memory: Option<Memory>, contact: Option<&'a State>) -> Query<'a> {
        let (view, certified, now) = (View::Newest, self.checkpoint(), self.now / SECOND);
        Query { label, view, certified, certified_time: self.now, memory, contact, now }
    }

    pub fn look_up(&self, label: &Label, view: View) -> Result<Verified, VerifyError> {
        let proof = self.proof(label, view, None, None).encode();
        self.trusted().verify(&Query { view, ..self.query(label, None, None) }, &proof)
    }
}
