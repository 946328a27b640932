//! A directory in this process.

use candid::Principal;
use client::directory::Draft;
use directory::api::Submission;
use directory::directory::Directory;
use directory_core::bundle::{Bundle, Content};
use directory_core::checkpoint::Verifier;
use directory_core::configuration::Configuration;
use directory_core::entry::realm;
use directory_core::hash::Hash;
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::profile::{Device, Profile};
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use directory_core::vrf::SecretKey;
use ed25519_dalek::{Signer, SigningKey};
use ic_stable_structures::{Memory, VectorMemory};

/// The numbers of the keys of verifiers, the registrar, owners and devices.
pub const VERIFIERS: [u8; 2] = [51, 52];
const REGISTRAR: u8 = 90;
const OWNER: u8 = 1;
const DEVICE: u8 = 2;
/// The seed of the VRF key.
const SEED: [u8; 32] = [7; 32];
const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_800_000_000 * SECOND;
/// Labels of an epoch. The next one closes a minute later.
const IN_EPOCH: u64 = 1_000;

/// A directory in this process, and its time. All labels have one owner, and a profile of 200 bytes.
pub struct Native {
    pub now: u64,
    raw: VectorMemory,
    directory: Directory<VectorMemory>,
    vrf: SecretKey,
    realm: Hash,
    labels: u64,
}

/// The label of this number.
pub fn label(number: u64) -> Label {
    Label::Name(format!("label {number}"))
}

pub fn verifier(number: u8) -> Verifier {
    Verifier::new(format!("verifier.example/{number}"), key(number)).expect("a good name")
}

/// A registrar, and two verifiers.
pub fn configuration() -> Configuration {
    let verifiers = VERIFIERS.map(verifier).to_vec();
    Configuration::new(true, verifiers, VERIFIERS.len() as u8).expect("a good configuration")
}

pub fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn key(number: u8) -> Key {
    Key::of(&secret(number))
}

fn policy(number: u8) -> Policy {
    Policy::one(key(number))
}

fn signatures(message: &[u8], number: u8) -> Signatures {
    Signatures::by(&secret(number), message)
}

/// One device, 200 bytes.
fn profile(version: u32) -> Profile {
    let device = Device { signing: key(DEVICE), identity: [version as u8; 32] };
    Profile::new(vec![device], vec![7; 131]).expect("a small profile")
}

impl Native {
    /// The directory of a canister, with its registrar's label.
    pub fn new(canister: Principal) -> Self {
        let (raw, vrf) = (VectorMemory::default(), SecretKey::new(&SEED));
        let mut directory = Directory::create(raw.clone(), canister, configuration()).expect("there is memory");
        directory.set_randomness(&SEED).expect("there is memory");
        directory.close_if_due(START).expect("there is memory");
        let realm = realm(canister.as_slice(), vrf.public().bytes());
        let mut native = Self { now: START + 60 * SECOND, raw, directory, vrf, realm, labels: 0 };
        let draft = native.first(&Label::Registrar, REGISTRAR);
        let own = signatures(&draft.entry.signed_bytes(), REGISTRAR);
        let new = draft.signed(own, Signatures::default(), None);
        native.directory.update(&new, true, native.now).expect("the registrar is registered");
        native
    }

    /// Registers labels until there are so many, and tells of each 100,000.
    pub fn register_until(&mut self, labels: u64, progress: &dyn Fn(u64)) {
        while self.labels < labels {
            if self.labels.is_multiple_of(IN_EPOCH) {
                self.now += 60 * SECOND;
            }
            let new = self.registration(self.labels);
            self.directory.update(&new, false, self.now).expect("it is registered");
            self.labels += 1;
            if self.labels.is_multiple_of(100_000) {
                progress(self.labels);
            }
        }
        self.now += 60 * SECOND;
        self.directory.close_if_due(self.now).expect("there is memory");
    }

    /// Every byte of stable memory.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.raw.size() as usize * 65_536];
        self.raw.read(0, &mut bytes);
        bytes
    }

    /// The registration of label `number`, signed by its owner and the registrar.
    pub fn registration(&self, number: u64) -> Submission {
        let draft = self.first(&label(number), OWNER);
        let own = signatures(&draft.entry.signed_bytes(), OWNER);
        let unsigned =
            Update { entry: draft.entry.clone(), signatures: own.clone(), registration: Signatures::default() };
        let registrar = signatures(&unsigned.registration_bytes(), REGISTRAR);
        draft.signed(own, registrar, None)
    }

    /// Version 1 of label `number`, by the same key.
    pub fn change(&self, number: u64) -> Submission {
        let label = label(number);
        let newest = self.first(&label, OWNER).entry;
        let draft = Draft::next(&newest, &label, policy(OWNER), &profile(1), [4; 16]);
        let own = signatures(&draft.entry.signed_bytes(), OWNER);
        draft.signed(own, Signatures::default(), None)
    }

    /// A bundle of the device of label `number`, issued at a second.
    pub fn bundle(&self, number: u64, issued: u64) -> Bundle {
        let (index, _) = self.vrf.prove(&label(number).encode());
        let content = Content {
            realm: self.realm,
            index,
            device: key(DEVICE),
            hpke: [2; 32],
            fallback: [3; 32],
            issued,
            expiry: issued + 86_400,
            inbox: vec![4; 29],
        };
        Bundle { signature: secret(DEVICE).sign(&content.signed_bytes()).to_bytes(), content }
    }

    fn first(&self, label: &Label, owner: u8) -> Draft {
        let (index, _) = self.vrf.prove(&label.encode());
        Draft::first(self.realm, index, label, policy(owner), &profile(0), [3; 16])
    }
}
