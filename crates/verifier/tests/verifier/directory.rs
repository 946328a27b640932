//! A directory in memory, with the store of the canister. It forks by being cloned.

use candid::Principal;
use directory_core::change::{Context, Registrar, State, apply};
use directory_core::checkpoint::{Checkpoint, Verifier};
use directory_core::configuration::Configuration;
use directory_core::entry::{Entry, Kind, Recovery, realm};
use directory_core::hash::{Hash, ZERO, sha256};
use directory_core::head::Head;
use directory_core::label::Label;
use directory_core::log::Log;
use directory_core::policy::{Key, Policy};
use directory_core::signatures::Signatures;
use directory_core::store::{Accepted, Memories, Registration, Store};
use directory_core::update::{LoggedUpdate, Update};
use directory_core::vrf::SecretKey;
use ed25519_dalek::{Signer, SigningKey};
use ic_stable_structures::VectorMemory;
use ic_verify_bls_signature::PrivateKey;
use local_network::BLS_DER_PREFIX;
use std::sync::LazyLock;
use verifier::pinned::Pinned;
use verifier::replay::{Epoch, Pins};

pub const NAME: &str = "verifier.example/1";
pub const CANISTER: Principal = Principal::from_slice(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
static VRF: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::new(&[7; 32]));
static REALM: LazyLock<Hash> = LazyLock::new(|| realm(CANISTER.as_slice(), VRF.public().bytes()));
static REGISTRAR_PROOF: LazyLock<(Hash, [u8; 80])> = LazyLock::new(|| VRF.prove(&Label::Registrar.encode()));
/// The platform's.
pub static ROOT: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::deserialize(&[1; 32]).expect("it is less than the order"));
pub const SECOND: u64 = 1_000_000_000;
pub const DAY: u32 = 86_400;
/// November 2026, in nanoseconds.
pub const START: u64 = 1_795_000_000 * SECOND;
/// The number of the registrar's label.
pub const REGISTRAR: u8 = 0;

/// Epochs, as `get_heads` and `get_updates` show them.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub epochs: Vec<Epoch>,
}

pub struct Directory {
    store: Store<VectorMemory>,
    pub now: u64,
    open: Vec<LoggedUpdate>,
    pub shown: Shown,
    registrar: Option<Hash>,
    configuration: Hash,
}

pub fn pinned(registrar: Option<u8>) -> Pinned {
    let own = policy(51).keys()[0];
    let verifier = Verifier::new(NAME.to_owned(), own).unwrap();
    Pinned {
        canister: CANISTER,
        root_key: [&BLS_DER_PREFIX[..], &ROOT.public_key().serialize()].concat(),
        vrf_key: *VRF.public().bytes(),
        configuration: Configuration::new(registrar.is_some(), vec![verifier], 1).unwrap(),
        registrar: registrar.map(|_| REGISTRAR_PROOF.1),
    }
}

pub fn pins(registrar: Option<u8>) -> Pins {
    pinned(registrar).pins().unwrap()
}

pub fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub fn policy(number: u8) -> Policy {
    Policy::one(Key::of(&secret(number)))
}

/// Verifiers cannot tell that only the registrar's is the VRF's.
pub fn index(label: u8) -> Hash {
    if label == REGISTRAR { REGISTRAR_PROOF.0 } else { sha256(&[&[label]]) }
}

pub fn first(label: u8, key: u8) -> Entry {
    Entry {
        realm: *REALM,
        index: index(label),
        version: 0,
        previous: ZERO,
        kind: Kind::Set,
        commitment: [1; 32],
        policy: policy(key),
        recovery: Some(Recovery { delay: DAY, policy: policy(key + 100) }),
    }
}

pub fn next(old: &Entry, kind: Kind, key: u8) -> Entry {
    let commitment = if kind == Kind::Close { ZERO } else { [old.version as u8 + 2; 32] };
    let policy = if kind == Kind::Close { old.policy.clone() } else { policy(key) };
    Entry { version: old.version + 1, previous: old.hash(), kind, commitment, policy, ..old.clone() }
}

pub fn sign(message: &[u8], keys: &[u8]) -> Signatures {
    let one = |number: &u8| {
        let key = secret(*number);
        (Key::of(&key), key.sign(message).to_bytes())
    };
    Signatures::new(keys.iter().map(one).collect()).unwrap()
}

/// An update signed by `keys`, and by the registrar's key at version 0 of other labels than its own.
pub fn signed(entry: Entry, keys: &[u8], registrar: Option<u8>) -> Update {
    let signatures = sign(&entry.signed_bytes(), keys);
    let mut update = Update { entry, signatures, registration: Signatures::default() };
    if let Some(key) = registrar {
        update.registration = sign(&update.registration_bytes(), &[key]);
    }
    update
}

impl Directory {
    pub fn new(registrar: Option<u8>) -> Self {
        let store = Store::create(Memories::default(), *REALM).unwrap();
        let configuration = pinned(registrar).hash();
        let registrar = registrar.map(index);
        Self { store, now: START, open: Vec::new(), shown: Shown::default(), registrar, configuration }
    }

    pub fn state(&self, label: u8) -> Option<State> {
        self.store.find(&index(label)).and_then(|label| self.store.state(label, u64::MAX))
    }

    /// Accepts an update as the canister does.
    pub fn accept(&mut self, update: &Update) {
        let own = update.entry.index;
        let label = self.store.find(&own);
        let old = label.and_then(|label| self.store.state(label, u64::MAX));
        let registrar = self.registrar.and_then(|index| self.store.find(&index));
        let registrar = registrar.and_then(|label| self.store.state(label, u64::MAX));
        let voucher = registrar.as_ref().filter(|_| self.registrar != Some(own));
        let registrar = match voucher.and_then(|state| state.in_force(self.now)) {
            Some(entry) => Registrar::Policy(&entry.policy),
            None => Registrar::Open,
        };
        let context = Context { realm: &REALM, index: &own, now: self.now, registrar, pending: None };
        apply(old.as_ref(), update, &context).unwrap();
        self.force(update);
    }

    /// Takes an update up without asking the rules.
    pub fn force(&mut self, update: &Update) {
        let is_new = self.store.find(&update.entry.index).is_none();
        let registration = Registration { label: Label::Registrar, vrf: [0; 80], address: None };
        let accepted =
            Accepted { update, time: self.now, opened: None, registration: Some(&registration).filter(|_| is_new) };
        let position = self.store.accept(&accepted).unwrap();
        self.open.push(LoggedUpdate { position, time: self.now, update: update.clone() });
        self.now += SECOND;
    }

    pub fn close(&mut self) -> Epoch {
        let head = self.store.close_epoch(self.now, self.configuration).unwrap();
        let epoch = Epoch { head, updates: std::mem::take(&mut self.open) };
        self.shown.epochs.push(epoch.clone());
        self.now += SECOND;
        epoch
    }
}

impl Shown {
    /// The checkpoint that the platform certifies of a directory that shows these heads.
    pub fn checkpoint(&self, size: usize) -> Checkpoint {
        let mut log = Log::<Vec<Hash>>::default();
        self.epochs[..size].iter().for_each(|epoch| log.append(&epoch.head.encode()));
        Checkpoint { size: size as u64, root: log.root(size as u64) }
    }

    pub fn newest(&self) -> Checkpoint {
        self.checkpoint(self.epochs.len())
    }
}

/// A head that fits other updates, with whatever else the caller changes.
pub fn refit(epoch: &mut Epoch) {
    let mut log = Log::<Vec<Hash>>::default();
    epoch.updates.iter().for_each(|update| log.append(&update.encode()));
    let head: &mut Head = &mut epoch.head;
    (head.updates_root, head.updates) = (log.root(log.size()), epoch.updates.len() as u32);
}

/// A directory of three epochs: a registrar, labels that register, and nothing.
pub fn registered() -> Directory {
    let mut directory = Directory::new(Some(REGISTRAR));
    directory.accept(&signed(first(REGISTRAR, 90), &[90], None));
    directory.close();
    for label in 1..=5 {
        directory.accept(&signed(first(label, label), &[label], Some(90)));
    }
    directory.close();
    directory.close();
    directory
}

/// The same directory after several epochs more, in which labels change, close, recover and withdraw.
pub fn lively() -> Directory {
    let mut directory = registered();
    let state = |directory: &Directory, label| directory.state(label).unwrap().newest().clone();
    directory.accept(&signed(next(&state(&directory, 1), Kind::Set, 11), &[1, 11], None));
    directory.accept(&signed(next(&state(&directory, 2), Kind::Close, 2), &[2], None));
    directory.accept(&signed(next(&state(&directory, 3), Kind::Recover, 13), &[103, 13], None));
    directory.accept(&signed(next(&state(&directory, REGISTRAR), Kind::Set, 91), &[90, 91], None));
    directory.accept(&signed(first(6, 6), &[6], Some(91)));
    directory.close();
    // Label 3's recovery is withdrawn; label 4's takes effect.
    let old = first(3, 3);
    let pending = state(&directory, 3);
    let withdrawal = Entry { policy: old.policy, ..next(&pending, Kind::Set, 3) };
    directory.accept(&signed(withdrawal, &[3, 103], None));
    directory.accept(&signed(next(&state(&directory, 4), Kind::Recover, 14), &[104, 14], None));
    directory.close();
    directory.now += 2 * u64::from(DAY) * SECOND;
    directory.accept(&signed(next(&state(&directory, 4), Kind::Set, 24), &[14, 24], None));
    directory.accept(&signed(next(&state(&directory, 2), Kind::Recover, 12), &[102, 12], None));
    directory.close();
    directory
}

/// Where a test looks at the violation alone.
pub fn no_evidence<D>(_: &mut D, _: &verifier::journal::Journal) -> std::io::Result<()> {
    Ok(())
}
