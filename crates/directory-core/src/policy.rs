//! Keys and m-of-n policies.
//!
//! ```text
//! key     0   type 1 (1: Ed25519) | public key 32                               33 bytes
//! policy  0   n 1 (1 to 8) | keys n x 33, strictly ascending | m 1 (1 to n)      2 + 33 n bytes
//! ```

#![allow(clippy::indexing_slicing, reason = "windows have two items")]

use crate::bytes::{DecodeError, Reader, require};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};

/// Maximum number of keys of a policy.
pub const MAX_KEYS: usize = 8;
/// Size of an encoded key in bytes.
pub const KEY_SIZE: usize = 33;
const ED25519: u8 = 1;
/// The order of the group, 2^252 + 27742317777372353535851937790883648493, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The prime of the field, 2^255 - 19, little-endian.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// An Ed25519 public key in its canonical encoding, not of small order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

/// The reason why 32 bytes are not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// The bytes encode no point of the curve.
    NotAPoint,
    /// The bytes are not the canonical encoding of a point.
    NotCanonical,
    /// The point has a small order: signatures under it prove nothing.
    SmallOrder,
}

impl From<KeyError> for DecodeError {
    fn from(error: KeyError) -> Self {
        Self::Invalid { field: "key", value: error as u64 }
    }
}

impl Key {
    /// Checks a public key.
    pub fn new(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
        if key.is_weak() {
            return Err(KeyError::SmallOrder);
        }
        Self(bytes).check_encoding()?;
        Ok(Self(bytes))
    }

    /// Checks that the encoding is canonical, which [`Key::verifies`] does not check. This costs little beside the other
    /// checks.
    pub(crate) fn check_encoding(&self) -> Result<(), KeyError> {
        // A point with x = 0 has two encodings of its sign. It has a small order, which is refused anyway.
        let height = self.0.iter().rev().enumerate().map(|(at, byte)| if at == 0 { byte & 0x7f } else { *byte });
        if height.lt(PRIME.iter().rev().copied()) { Ok(()) } else { Err(KeyError::NotCanonical) }
    }

    /// The public key of a secret key. A multiple of the base point has one encoding and no small order.
    pub fn of(secret: &SigningKey) -> Self {
        Self(secret.verifying_key().to_bytes())
    }

    /// The 32 bytes of the public key.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the signature over the message is valid, by `verify_strict`. A scalar beyond the group's order is refused here,
    /// because akd_core enables ed25519-dalek's `legacy_compatibility`, which accepts it.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let is_reduced = signature[32..].iter().rev().lt(ORDER.iter().rev());
        is_reduced
            && VerifyingKey::from_bytes(&self.0)
                .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_beside(reader, &[])
    }

    /// Reads a key. If it is one of `known`, it was checked before and is not checked again.
    pub(crate) fn read_beside(reader: &mut Reader<'_>, known: &[Self]) -> Result<Self, DecodeError> {
        let kind = reader.u8("key type")?;
        require(kind == ED25519, "key type", kind)?;
        let key = Self(reader.array("key")?);
        if !reader.checks_keys() || known.contains(&key) {
            return Ok(key);
        }
        let Self(bytes) = key;
        Ok(Self::new(bytes)?)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(ED25519);
        out.extend(self.0);
    }
}

/// Keys, and the number of them that must sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    keys: Vec<Key>,
    threshold: u8,
}

/// The reason why keys and a threshold are not a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyError {
    /// A policy has one to eight keys.
    NumberOfKeys(usize),
    /// The threshold is not between 1 and the number of keys.
    Threshold(u8),
    /// A key occurs twice.
    RepeatedKey(Key),
}

impl Policy {
    /// Makes a policy; the keys may come in any order.
    pub fn new(mut keys: Vec<Key>, threshold: u8) -> Result<Self, PolicyError> {
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(PolicyError::NumberOfKeys(keys.len()));
        }
        if threshold == 0 || usize::from(threshold) > keys.len() {
            return Err(PolicyError::Threshold(threshold));
        }
        keys.sort_unstable();
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(PolicyError::RepeatedKey(pair[0]));
        }
        Ok(Self { keys, threshold })
    }

    /// The policy with one key.
    pub fn one(key: Key) -> Self {
        Self { keys: vec![key], threshold: 1 }
    }

    /// The keys in ascending order.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Number of different keys that must sign.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Whether the policy has the key.
    pub fn has(&self, key: &Key) -> bool {
        self.keys.binary_search(key).is_ok()
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = reader.u8("number of keys")?;
        Self::read_with(number, reader)
    }

    /// Reads a policy after the number of keys.
    pub(crate) fn read_with(number: u8, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        require((1..=MAX_KEYS).contains(&usize::from(number)), "number of keys", number)?;
        let keys = (0..number).map(|_| Key::read(reader)).collect::<Result<Vec<_>, _>>()?;
        require(keys.is_sorted_by(|a, b| a < b), "order of keys", number)?;
        let threshold = reader.u8("threshold")?;
        require((1..=number).contains(&threshold), "threshold", threshold)?;
        Ok(Self { keys, threshold })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.keys.len() as u8);
        for key in &self.keys {
            key.write(out);
        }
        out.push(self.threshold);
    }
}
