//! Keys, policies and signed updates.

use directory_core::commitment::commit;
use directory_core::entry::{Entry, Kind, Recovery};
use directory_core::hash::{Hash, ZERO};
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use ed25519_dalek::{Signer, SigningKey};

pub const REALM: Hash = [7; 32];
pub const INDEX: Hash = [9; 32];
pub const DAY: u32 = 86_400;
pub const SECOND: u64 = 1_000_000_000;
/// A plausible time: November 2026, in nanoseconds.
pub const START: u64 = 1_795_000_000 * SECOND;

pub fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub fn key(number: u8) -> Key {
    Key::of(&secret(number))
}

pub fn policy(numbers: &[u8], threshold: u8) -> Policy {
    Policy::new(numbers.iter().map(|number| key(*number)).collect(), threshold).unwrap()
}

pub fn recovery(numbers: &[u8], threshold: u8) -> Option<Recovery> {
    Some(Recovery { delay: DAY, policy: policy(numbers, threshold) })
}

pub fn sign(message: &[u8], numbers: &[u8]) -> Signatures {
    let signatures = numbers.iter().map(|number| (key(*number), secret(*number).sign(message).to_bytes())).collect();
    Signatures::new(signatures).unwrap()
}

pub fn signed(entry: Entry, numbers: &[u8]) -> Update {
    Update { signatures: sign(&entry.signed_bytes(), numbers), entry, registration: Signatures::default() }
}

pub fn first(policy: Policy) -> Entry {
    Entry {
        realm: REALM,
        index: INDEX,
        version: 0,
        previous: ZERO,
        kind: Kind::Set,
        commitment: [1; 32],
        policy,
        recovery: None,
    }
}

/// The next entry after another one, as a `set` that keeps the policies.
pub fn next(old: &Entry) -> Entry {
    Entry {
        version: old.version + 1,
        previous: old.hash(),
        kind: Kind::Set,
        commitment: [old.version as u8 + 2; 32],
        ..old.clone()
    }
}

pub fn close(old: &Entry) -> Entry {
    Entry { kind: Kind::Close, commitment: ZERO, ..next(old) }
}

pub fn recover(old: &Entry, policy: Policy) -> Entry {
    Entry { kind: Kind::Recover, policy, ..next(old) }
}

/// A profile's bytes, its opening, and the commitment to both.
pub fn profile(label: &Label, version: u32, size: usize) -> ([u8; 16], Vec<u8>, Hash) {
    let (opening, profile) = ([version as u8 + 1; 16], vec![version as u8; size]);
    let commitment = commit(&opening, label, version, &profile);
    (opening, profile, commitment)
}
