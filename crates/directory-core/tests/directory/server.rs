//! A directory in memory, to make proofs of.

use crate::support::*;
use directory_core::change::{Context, Registrar, State, apply};
use directory_core::checkpoint::{Checkpoint, Cosignature, Verifier};
use directory_core::entry::{Entry, realm};
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::label::{AddressProof, Label};
use directory_core::log::Log;
use directory_core::map::{Search, Tree, VecNodes, View, leaf_value};
use directory_core::policy::Policy;
use directory_core::proof::{Found, Opened, Proof};
use directory_core::signatures::Signatures;
use directory_core::update::{LoggedUpdate, Update};
use directory_core::verify::{Memory, Query, Quorum, Trusted, Verified, VerifyError};
use directory_core::vrf::SecretKey;
use ed25519_dalek::Signer;
use std::collections::BTreeMap;

pub const ORIGIN: &str = "directory/aaaaa-aa";
pub const VERIFIERS: [u8; 3] = [51, 52, 53];
pub const CONFIGURATION: Hash = [77; 32];

#[derive(Clone)]
pub struct Record {
    pub state: State,
    pub position: u64,
    pub updates: Vec<(u64, Update)>,
    pub opened: Option<Opened>,
    pub address: Option<AddressProof>,
}

#[derive(Clone)]
pub struct Directory {
    pub vrf: std::rc::Rc<SecretKey>,
    pub realm: Hash,
    pub now: u64,
    pub tree: Tree<VecNodes>,
    pub log: Log<Vec<Hash>>,
    pub heads: Vec<Head>,
    pub newest: BTreeMap<Label, Record>,
    pub ratified: BTreeMap<Label, Record>,
    pub cosignatures: (u64, Vec<Cosignature>),
    pub registrar: Option<Policy>,
    position: u64,
    open: Vec<Vec<u8>>,
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
        let vrf = SecretKey::new(&[42; 32]);
        Self {
            realm: realm(b"canister", vrf.public().bytes()),
            vrf: vrf.into(),
            now: START,
            tree: Tree::default(),
            log: Log::default(),
            heads: Vec::new(),
            newest: BTreeMap::new(),
            ratified: BTreeMap::new(),
            cosignatures: (0, Vec::new()),
            registrar: None,
            position: 0,
            open: Vec::new(),
        }
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
        let registrar = self.registrar.as_ref().map_or(Registrar::Open, Registrar::Policy);
        let context = Context { realm: &self.realm, index: &index, now: self.now, registrar, pending: None };
        let old = self.newest.get(label);
        let state = apply(old.map(|record| &record.state), update, &context).unwrap();
        self.force(label, update, state, address);
    }

    /// Takes a state up without asking the rules: what a malicious directory can do.
    pub fn force(&mut self, label: &Label, update: &Update, state: State, address: Option<AddressProof>) {
        let index = self.index(label);
        self.tree.set(&index, &leaf_value(self.position, self.now, state.hash()));
        let mut record = self.newest.get(label).cloned().unwrap_or_else(|| Record {
            state: state.clone(),
            position: 0,
            updates: Vec::new(),
            opened: None,
            address,
        });
        record.updates.push((self.now, update.clone()));
        let in_force = state.in_force(self.now).unwrap();
        let (opening, bytes, commitment) = profile(label, in_force.version, 200);
        record.opened = (commitment == in_force.commitment).then_some(Opened { opening, profile: bytes });
        (record.state, record.position) = (state, self.position);
        self.open.push(LoggedUpdate { position: self.position, time: self.now, update: update.clone() }.encode());
        self.newest.insert(label.clone(), record);
        self.position += 1;
    }

    pub fn close_epoch(&mut self) {
        self.now += 5 * SECOND;
        self.tree.seal();
        let mut updates = Log::<Vec<Hash>>::default();
        self.open.iter().for_each(|leaf| updates.append(leaf));
        let head = Head {
            epoch: self.log.size(),
            time: self.now,
            map_root: self.tree.root(View::Newest),
            updates_root: updates.root(updates.size()),
            first_update: self.position - updates.size(),
            updates: updates.size() as u32,
            labels: self.newest.len() as u64,
            configuration: CONFIGURATION,
        };
        self.open.clear();
        self.log.append(&head.encode());
        self.heads.push(head);
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { size: self.log.size(), root: self.log.root(self.log.size()) }
    }

    pub fn ratify(&mut self, verifiers: &[u8]) {
        let checkpoint = self.checkpoint();
        let mut signatures: Vec<_> =
            verifiers.iter().map(|number| cosign(*number, &checkpoint, self.now / SECOND)).collect();
        signatures.sort_by_key(|cosignature| cosignature.key_id);
        self.cosignatures = (checkpoint.size, signatures);
        self.tree.ratify();
        self.ratified = self.newest.clone();
    }

    pub fn proof(&self, label: &Label, view: View, memory: Option<Memory>, contact: Option<&State>) -> Proof {
        self.history(label, view, memory, contact, contact.map_or(u32::MAX, |state| state.newest().version + 1))
    }

    /// A proof with the updates from a version on.
    pub fn history(
        &self,
        label: &Label,
        view: View,
        memory: Option<Memory>,
        contact: Option<&State>,
        from: u32,
    ) -> Proof {
        let newest = self.log.size();
        let (size, records) = match view {
            View::Newest => (newest, &self.newest),
            View::Ratified => (self.cosignatures.0, &self.ratified),
        };
        let (index, vrf) = self.vrf.prove(&label.encode());
        let map = self.tree.prove(&index, view);
        let is_found = matches!(map.search, Search::Found { .. });
        let head = self.heads[size as usize - 1];
        let found = is_found.then(|| records[label].found(contact, from, head.time));
        Proof {
            vrf,
            head,
            edge: self.log.inclusion(size - 1, size),
            cosignatures: if size == self.cosignatures.0 { self.cosignatures.1.clone() } else { Vec::new() },
            to_newest: self.log.consistency(size, newest),
            from_known: memory.map_or_else(Vec::new, |memory| self.log.consistency(memory.log.size, newest)),
            map,
            found,
        }
    }

    pub fn trusted(&self) -> Trusted {
        Trusted {
            realm: self.realm,
            origin: ORIGIN.into(),
            vrf: self.vrf.public(),
            configuration: CONFIGURATION,
            registrars: self.registrar.iter().cloned().collect(),
            quorum: Quorum::new(VERIFIERS.map(verifier).to_vec(), 2, 3_600),
        }
    }

    pub fn query<'a>(&self, label: &'a Label, memory: Option<Memory>, contact: Option<&'a State>) -> Query<'a> {
        let now = self.now / SECOND;
        Query { label, certified: self.checkpoint(), certified_time: self.now, memory, contact, now }
    }

    pub fn look_up(&self, label: &Label, view: View) -> Result<Verified, VerifyError> {
        let proof = self.proof(label, view, None, None).encode();
        self.trusted().verify(&self.query(label, None, None), &proof)
    }
}

impl Record {
    fn found(&self, contact: Option<&State>, from: u32, now: u64) -> Found {
        let mut updates: Vec<_> =
            self.updates.iter().filter(|(_, update)| update.entry.version >= from).cloned().collect();
        let last = self.updates.last().unwrap();
        if last.1.entry.version == 0 {
            updates = self.updates.clone();
        } else if updates.is_empty() || contact.is_none() && updates[0].1.entry.version != 0 {
            let bare =
                Update { signatures: Signatures::default(), registration: Signatures::default(), ..last.1.clone() };
            updates = vec![(last.0, bare)];
        }
        let from_start = updates[0].1.entry.version == 0;
        let is_bare = updates[0].1.signatures == Signatures::default();
        let pending = self.state.pending_until(now).is_some();
        Found {
            position: self.position,
            replaced: self.state.replaced().filter(|_| is_bare && pending).cloned(),
            updates,
            opened: self.opened.clone(),
            address: self.address.clone().filter(|_| from_start),
        }
    }
}
