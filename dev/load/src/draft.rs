//! What is sent: messages whose bytes follow from a few numbers, so that they can be compared without being kept.

use message_canister::api::NewMessage;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use test_support::Random;

/// The keys that all clients share: few, so that their lists interleave.
pub const KEYS: u16 = 24;

/// Lengths of key ids: below, at and above what a record holds of them, and the limits.
const KEY_LENGTHS: [usize; 6] = [20, 41, 23, 24, 64, 1];

/// A message to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its key.
    pub key: u16,
    /// What its bytes are drawn from.
    pub number: u64,
    /// How many there are.
    pub length: usize,
}

impl Draft {
    /// Its bytes.
    pub fn ciphertext(&self) -> Vec<u8> {
        Random::of(&[u64::from(self.key), self.number]).bytes(self.length)
    }

    /// The message, with the hash that it will have.
    pub fn message(&self) -> (NewMessage, Hash) {
        let ciphertext = self.ciphertext();
        let hash = Sha256::digest(&ciphertext).into();
        (NewMessage { key_id: key_id(self.key), ciphertext: ciphertext.into(), send_key: None }, hash)
    }
}

/// SHA-256 of a ciphertext.
pub type Hash = [u8; 32];

/// The id of a key: its number is the first byte.
pub fn key_id(key: u16) -> ByteBuf {
    let number = u8::try_from(key).expect("keys are few");
    let mut id = Random::of(&[u64::MAX, u64::from(key)]).bytes(KEY_LENGTHS[usize::from(key) % KEY_LENGTHS.len()]);
    id[0] = number;
    id.into()
}

/// The key with this id.
pub fn key_of(id: &[u8]) -> Option<u16> {
    let key = u16::from(*id.first()?);
    (key < KEYS && key_id(key) == id).then_some(key)
}
