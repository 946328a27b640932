//! A native directory in the canister's stable memory, with honest contents and a controller's forgeries.

use candid::Principal;
use directory::api::{Opened, Submission};
use directory::directory::Directory;
use directory::memory::StableMemory;
use directory_core::commitment::commit;
use directory_core::configuration::Configuration;
use directory_core::entry::{Entry, Kind, realm};
use directory_core::hash::{Hash, ZERO};
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::signatures::Signatures;
use directory_core::store::{Accepted, Registration, Store};
use directory_core::update::Update;
use directory_core::vrf::SecretKey;
use ed25519_dalek::{Signer, SigningKey};
use ic_stable_structures::{Memory, VectorMemory};
use memchr::memmem;
use serde_bytes::ByteBuf;

const SECOND: u64 = 1_000_000_000;
const OPENING: [u8; 16] = [3; 16];

/// The secret with which a directory is installed: its VRF's secret key, which tests choose.
pub const SECRET: [u8; 32] = [7; 32];

/// A directory's stable memory, and the time in it.
pub struct Forged {
    raw: VectorMemory,
    canister: Principal,
    configuration: Configuration,
    pub now: u64,
}

pub fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub fn key(number: u8) -> Key {
    Key::of(&secret(number))
}

/// A profile without devices.
fn profile() -> Vec<u8> {
    vec![1, 0, 0, 0]
}

pub fn label(name: &str) -> Label {
    Label::decode(format!("n{name}").as_bytes()).unwrap()
}

fn sign(message: &[u8], keys: &[u8]) -> Signatures {
    Signatures::new(keys.iter().map(|number| (key(*number), secret(*number).sign(message).to_bytes())).collect())
        .unwrap()
}

/// A change of a label, signed by these keys and, where there is one, by the registrar's.
pub fn submission(
    canister: Principal,
    vrf: &SecretKey,
    label: &Label,
    old: Option<&Entry>,
    signers: &[u8],
    registrar: Option<u8>,
) -> (Submission, Update) {
    let (version, previous) = old.map_or((0, ZERO), |old| (old.version + 1, old.hash()));
    let newest = *signers.last().unwrap();
    let entry = Entry {
        realm: realm(canister.as_slice(), vrf.public().bytes()),
        index: vrf.prove(&label.encode()).0,
        version,
        previous,
        kind: Kind::Set,
        commitment: commit(&OPENING, label, version, &profile()),
        policy: Policy::new(vec![key(newest)], 1).unwrap(),
        recovery: None,
    };
    let mut update =
        Update { signatures: sign(&entry.signed_bytes(), signers), entry, registration: Signatures::default() };
    if let Some(registrar) = registrar {
        update.registration = sign(&update.registration_bytes(), &[registrar]);
    }
    let opened = Opened { opening: ByteBuf::from(OPENING.to_vec()), profile: ByteBuf::from(profile()) };
    let submission = Submission {
        label: ByteBuf::from(label.encode()),
        update: ByteBuf::from(update.encode()),
        opened: Some(opened),
        address: None,
    };
    (submission, update)
}

impl Forged {
    /// A new directory whose first epoch has closed.
    pub fn new(canister: Principal, configuration: &Configuration, now: u64) -> Self {
        let raw = VectorMemory::default();
        let mut directory = Directory::create(raw.clone(), canister, configuration.clone()).unwrap();
        directory.set_randomness(&SECRET).unwrap();
        assert!(directory.close_if_due(now).unwrap());
        Self { raw, canister, configuration: configuration.clone(), now }
    }

    /// The bytes to be put into the canister.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.raw.size() as usize * 65_536];
        self.raw.read(0, &mut bytes);
        bytes
    }

    /// Registers or changes a label by the rules.
    pub fn update(&mut self, label: &Label, old: Option<&Entry>, signers: &[u8], registrar: Option<u8>) -> Entry {
        let vrf = SecretKey::new(&SECRET);
        let (submission, update) = submission(self.canister, &vrf, label, old, signers, registrar);
        self.now += SECOND;
        let mut directory = Directory::open(self.raw.clone(), self.canister).unwrap();
        directory.update(&submission, true, self.now).unwrap();
        update.entry
    }

    /// Takes an update up without asking the rules.
    pub fn force(&mut self, label: &Label, old: Option<&Entry>, signers: &[u8]) {
        let vrf = SecretKey::new(&SECRET);
        let (_, update) = submission(self.canister, &vrf, label, old, signers, None);
        self.now += SECOND;
        let (_, proof) = vrf.prove(&label.encode());
        let registration = Registration { label: label.clone(), vrf: proof, address: None };
        let registration = Some(&registration).filter(|_| old.is_none());
        let accepted = Accepted { update: &update, time: self.now, opened: None, registration };
        self.store().accept(&accepted).unwrap();
    }

    /// Closes the open epoch a while later.
    pub fn close(&mut self) {
        self.now += 100 * SECOND;
        self.store().close_epoch(self.now, self.configuration.hash(SecretKey::new(&SECRET).public().bytes())).unwrap();
    }

    /// Overwrites bytes wherever they lie in stable memory.
    pub fn overwrite(&mut self, from: &[u8], to: &[u8]) {
        let bytes = self.bytes();
        let places: Vec<_> = memmem::find_iter(&bytes, from).collect();
        assert!(!places.is_empty(), "the bytes are there");
        places.iter().for_each(|at| self.raw.write(*at as u64, to));
    }

    fn store(&self) -> Store<impl Memory + use<>> {
        let realm: Hash = realm(self.canister.as_slice(), SecretKey::new(&SECRET).public().bytes());
        Store::open(StableMemory::open(self.raw.clone()).unwrap().store(), realm).unwrap()
    }
}
