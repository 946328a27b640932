//! The labels, entries, profiles and bundles that owners send. They follow from a few numbers.

use client::directory::Draft;
use client::directory::api::Submission;
use client::directory::directory_core::bundle::{Bundle, Content};
use client::directory::directory_core::entry::Entry;
use client::directory::directory_core::hash::Hash;
use client::directory::directory_core::label::{AddressProof, Label, address_bytes};
use client::directory::directory_core::policy::{Key, Policy};
use client::directory::directory_core::profile::{Device, Profile};
use client::directory::directory_core::signatures::Signatures;
use ed25519_dalek::{Signer, SigningKey};

use crate::violation::{Verdict, Violation};
use test_support::Random;

/// Labels with this number or a greater one are registered by several owners.
pub const CONTESTED: u64 = 1 << 48;
/// Lifetime of a bundle in seconds.
const LIFETIME: u64 = 30 * 86_400;

/// A label's number.
pub type Number = u64;

/// An entry as its owner sends it, with the data that it follows from.
#[derive(Clone, Debug)]
pub struct Version {
    /// The entry.
    pub entry: Entry,
    /// Its owner.
    pub owner: u8,
    /// Number of the owner's key in its policy.
    pub key: u64,
    /// Number of the label's device in its profile.
    pub device: u64,
    /// The profile.
    pub profile: Vec<u8>,
    /// The encoded submission.
    pub submission: Submission,
}

/// The label with this number. Some are the addresses of their first keys. Labels that several owners want are names.
pub fn label(number: Number) -> Label {
    if number < CONTESTED && Random::of(&[number]).per_mille(250) {
        Label::address(&Key::of(&owner_secret(number, owner_of(number), 0)))
    } else {
        Label::Name(format!("label {number}"))
    }
}

/// The number of a label that only this owner registers, in its operation with this number.
pub fn own(owner: u8, operation: u64) -> Number {
    (u64::from(owner) << 32) + operation
}

fn owner_of(number: Number) -> u8 {
    (number >> 32) as u8
}

fn secret(parts: &[u64]) -> SigningKey {
    let bytes = Random::of(parts).bytes(32);
    SigningKey::from_bytes(&bytes.try_into().expect("32 bytes were asked for"))
}

fn owner_secret(number: Number, owner: u8, key: u64) -> SigningKey {
    secret(&[1, number, owner.into(), key])
}

fn device_secret(number: Number, device: u64) -> SigningKey {
    secret(&[2, number, device])
}

/// The signing key of a label's device.
pub fn device(number: Number, device: u64) -> Key {
    Key::of(&device_secret(number, device))
}

fn profile(number: Number, device: u64, random: &mut Random) -> Verdict<Profile> {
    let identity = random.bytes(32).try_into().expect("32 bytes were asked for");
    let device = Device { signing: self::device(number, device), identity };
    let length = random.between(100, 300) as usize;
    Profile::new(vec![device], random.bytes(length)).map_err(|error| Violation(format!("no profile: {error:?}")))
}

fn opening(random: &mut Random) -> [u8; 16] {
    random.bytes(16).try_into().expect("16 bytes were asked for")
}

/// Version 0 of a label.
///
/// # Errors
///
/// If its profile cannot be made.
pub fn first(realm: Hash, index: Hash, number: Number, owner: u8, random: &mut Random) -> Verdict<Version> {
    let secret = owner_secret(number, owner, 0);
    let profile = profile(number, 0, random)?;
    let policy = Policy::one(Key::of(&secret));
    let draft = Draft::first(realm, index, &label(number), policy, &profile, opening(random));
    let entry = draft.entry.clone();
    let address = matches!(label(number), Label::Address(_))
        .then(|| AddressProof { key: Key::of(&secret), signature: secret.sign(&address_bytes(&entry)).to_bytes() });
    let signatures = Signatures::by(&secret, &entry.signed_bytes());
    let submission = draft.signed(signatures, Signatures::default(), address.as_ref());
    Ok(Version { entry, owner, key: 0, device: 0, profile: profile.encode(), submission })
}

/// The version after `old`. The pair says whether the key and the device change.
///
/// # Errors
///
/// If its profile cannot be made.
pub fn next(
    old: &Version,
    number: Number,
    (rekey, other_device): (bool, bool),
    random: &mut Random,
) -> Verdict<Version> {
    let (key, device) = (old.key + u64::from(rekey), old.device + u64::from(other_device));
    let [before, after] = [old.key, key].map(|key| owner_secret(number, old.owner, key));
    let profile = profile(number, device, random)?;
    let policy = Policy::one(Key::of(&after));
    let draft = Draft::next(&old.entry, &label(number), policy, &profile, opening(random));
    let entry = draft.entry.clone();
    let message = entry.signed_bytes();
    let signature = |secret: &SigningKey| (Key::of(secret), secret.sign(&message).to_bytes());
    let mut signatures = vec![signature(&after)];
    if rekey {
        signatures.push(signature(&before));
    }
    let signatures = Signatures::new(signatures).map_err(|error| Violation(format!("no signatures: {error:?}")))?;
    let submission = draft.signed(signatures, Signatures::default(), None);
    Ok(Version { entry, owner: old.owner, key, device, profile: profile.encode(), submission })
}

/// A bundle of the device in the version's profile.
pub fn bundle(version: &Version, number: Number, issued: u64, random: &mut Random) -> Bundle {
    let secret = device_secret(number, version.device);
    let mut key = || random.bytes(32).try_into().expect("32 bytes were asked for");
    let (hpke, fallback) = (key(), key());
    let Entry { realm, index, .. } = version.entry;
    let (expiry, inbox) = (issued + LIFETIME, vec![4; 29]);
    let content = Content { realm, index, device: Key::of(&secret), hpke, fallback, issued, expiry, inbox };
    Bundle { signature: secret.sign(&content.signed_bytes()).to_bytes(), content }
}
