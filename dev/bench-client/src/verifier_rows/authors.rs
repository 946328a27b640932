//! The signers: verifiers, the registrar, and the owners of labels. Makes registrations that a verifier accepts.

use client::directory::Draft;
use client::directory::api::Submission;
use directory_core::checkpoint::Verifier;
use directory_core::configuration::Configuration;
use directory_core::entry::{Entry, Kind};
use directory_core::hash::{Hash, ZERO, sha256};
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use directory_core::vrf::SecretKey;
use ed25519_dalek::SigningKey;

/// The seeds of the verifiers' keys: three verifiers ratify while updates come in, and each of the others catches up once.
pub const RATIFYING: [u8; 3] = [51, 52, 53];
pub const CATCHING_UP: [u8; 5] = [54, 55, 56, 57, 58];
const REGISTRAR: u8 = 90;
/// Number of owners with different keys.
const OWNERS: u64 = 250;

/// The registrar, and the owners of labels.
pub struct Authors {
    realm: Hash,
    pub registrar: SigningKey,
    owners: Vec<SigningKey>,
}

pub fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn name(seed: u8) -> String {
    format!("verifier.example/{seed}")
}

pub fn label(number: u64) -> Label {
    Label::Name(format!("label {number}"))
}

fn profile() -> Profile {
    Profile::new(Vec::new(), Vec::new()).expect("a profile may be empty")
}

/// One registrar, and verifiers that must all sign.
pub fn configuration() -> Configuration {
    let verifier = |seed| Verifier::new(name(seed), Key::of(&secret(seed))).expect("a good name");
    let verifiers = RATIFYING.into_iter().chain(CATCHING_UP).map(verifier).collect();
    Configuration::new(true, verifiers, RATIFYING.len() as u8).expect("a good configuration")
}

impl Authors {
    pub fn new(realm: Hash) -> Self {
        let owners = (0..OWNERS).map(|number| SigningKey::from_bytes(&sha256(&[b"owner", &number.to_be_bytes()])));
        Self { realm, registrar: secret(REGISTRAR), owners: owners.collect() }
    }

    pub fn realm(&self) -> Hash {
        self.realm
    }

    /// Version 0 of an index that follows from the number, signed by its owner and the registrar. No label has this index, but
    /// a verifier cannot tell.
    pub fn registration(&self, number: u64) -> Update {
        let entry = Entry {
            realm: self.realm,
            index: sha256(&[b"index", &number.to_be_bytes()]),
            version: 0,
            previous: ZERO,
            kind: Kind::Set,
            commitment: [1; 32],
            policy: self.policy(number),
            recovery: None,
        };
        self.signed(entry, self.owner(number))
    }

    /// Version 0 of the registrar's own label.
    pub fn registrars_own(&self, label: &Label, vrf: &SecretKey) -> Submission {
        let policy = Policy::one(Key::of(&self.registrar));
        let draft = Draft::first(self.realm, vrf.prove(&label.encode()).0, label, policy, &profile(), [3; 16]);
        let own = Signatures::by(&self.registrar, &draft.entry.signed_bytes());
        draft.signed(own, Signatures::default(), None)
    }

    /// Version 0 of a label, with its real VRF index.
    pub fn named(&self, number: u64, vrf: &SecretKey) -> (Entry, Submission) {
        let label = label(number);
        let index = vrf.prove(&label.encode()).0;
        let draft = Draft::first(self.realm, index, &label, self.policy(number), &profile(), [3; 16]);
        let Update { entry, signatures, registration } = self.signed(draft.entry.clone(), self.owner(number));
        (entry, draft.signed(signatures, registration, None))
    }

    /// The change that follows version 0 of a label.
    pub fn change(&self, number: u64, newest: &Entry) -> Submission {
        let draft = Draft::next(newest, &label(number), self.policy(number), &profile(), [4; 16]);
        let own = Signatures::by(self.owner(number), &draft.entry.signed_bytes());
        draft.signed(own, Signatures::default(), None)
    }

    fn policy(&self, number: u64) -> Policy {
        Policy::one(Key::of(self.owner(number)))
    }

    fn owner(&self, number: u64) -> &SigningKey {
        let at = (number % OWNERS) as usize;
        self.owners.get(at).expect("there are so many owners")
    }

    /// An entry of version 0, signed by its owner and the registrar.
    fn signed(&self, entry: Entry, owner: &SigningKey) -> Update {
        let signatures = Signatures::by(owner, &entry.signed_bytes());
        let mut update = Update { entry, signatures, registration: Signatures::default() };
        update.registration = Signatures::by(&self.registrar, &update.registration_bytes());
        update
    }
}
