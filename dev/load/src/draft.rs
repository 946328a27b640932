//! The messages that clients send. Their bytes follow from a few numbers, so they can be compared without being kept.

use std::sync::LazyLock;

use message_canister::api::NewMessage;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::inbox::principal;
use test_support::Random;

/// Number of keys without an owner. All clients share them: few, so that their lists interleave.
pub const SHARED_KEYS: u16 = 24;
/// Number of clients that own a key: the first ones. The id of an owned key is its owner's principal.
pub const OWNERS: u8 = 2;
/// Number of keys.
pub const KEYS: u16 = SHARED_KEYS + OWNERS as u16;

/// Lengths of the shared keys' ids: below, at and above the part that a record holds, and the limits.
const KEY_LENGTHS: [usize; 6] = [20, 41, 23, 24, 64, 1];

/// A message to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The key's number.
    pub key: u16,
    /// The seed of its bytes.
    pub number: u64,
    /// Length in bytes.
    pub length: usize,
}

impl Draft {
    /// Its bytes.
    pub fn ciphertext(&self) -> Vec<u8> {
        Random::of(&[u64::from(self.key), self.number]).bytes(self.length)
    }

    /// The message and its hash.
    pub fn message(&self) -> (NewMessage, Hash) {
        let ciphertext = self.ciphertext();
        let hash = Sha256::digest(&ciphertext).into();
        (NewMessage { key_id: key_id(self.key), ciphertext: ciphertext.into(), send_key: None }, hash)
    }
}

/// SHA-256 of a ciphertext.
pub type Hash = [u8; 32];

/// The ids of all keys.
static KEY_IDS: LazyLock<Vec<ByteBuf>> = LazyLock::new(|| {
    let shared = (0..SHARED_KEYS).map(|key| {
        let length = KEY_LENGTHS[usize::from(key) % KEY_LENGTHS.len()];
        let mut id = Random::of(&[u64::MAX, u64::from(key)]).bytes(length);
        id[0] = u8::try_from(key).expect("keys are few");
        ByteBuf::from(id)
    });
    shared.chain((0..OWNERS).map(|owner| ByteBuf::from(principal(owner).as_slice()))).collect()
});

/// The id of a key. That of a shared key begins with its number.
pub fn key_id(key: u16) -> ByteBuf {
    KEY_IDS[usize::from(key)].clone()
}

/// The key with this id.
pub fn key_of(id: &[u8]) -> Option<u16> {
    (0..KEYS).find(|&key| KEY_IDS[usize::from(key)] == id)
}

/// The client that owns a key, if there is one.
pub fn owner_of(key: u16) -> Option<u8> {
    key.checked_sub(SHARED_KEYS).map(|owner| owner as u8)
}

/// The key of a client, if it owns one.
pub fn key_owned_by(client: u8) -> Option<u16> {
    (client < OWNERS).then_some(SHARED_KEYS + u16::from(client))
}
