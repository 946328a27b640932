//! Keyed fingerprints of keys, hashes and pairs.
//!
//! Callers choose key ids freely and can grind hashes, so which table slots an input falls on depends on a seed that
//! nobody outside knows: SipHash-1-3 under it. Equal fingerprints of different inputs only cost another look at a
//! record; no answer ever rests on a fingerprint alone.

use crate::store::header::field;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// 32 secret bytes, drawn once from the platform's randomness and kept for the life of the store.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// False for the zeros that stand in for a seed until it is drawn.
    pub fn is_drawn(&self) -> bool {
        self.0 != [0; 32]
    }
}

/// What a table files an input under: its shard, its place in there, and what tells it from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

/// What a fingerprint in the hash index was made of; it is a part of the fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// The newest message with a hash.
    Newest = 0,
    /// An older message with it, under its key.
    Pair = 1,
}

/// Makes fingerprints under one seed.
#[derive(Clone, Copy)]
pub struct Fingerprints {
    keys: SipHasher13,
    /// Keys a hasher anew for each input: with an empty state that the compiler sees, words are hashed without a detour.
    hashes: (u64, u64),
}

impl Fingerprints {
    /// Fingerprints under `seed`, one half of it for keys, the other for hashes.
    pub fn new(seed: &Seed) -> Self {
        let word = |at| u64::from_le_bytes(field(&seed.0, at));
        Self { keys: SipHasher13::new_with_keys(word(0), word(8)), hashes: (word(16), word(24)) }
    }

    /// Of a key id.
    pub fn key(&self, key_id: &[u8]) -> Fingerprint {
        Fingerprint(self.keys.hash(key_id))
    }

    /// Of a hash, for the newest message that has it.
    pub fn newest(&self, hash: &[u8; 32]) -> Fingerprint {
        let [a, b, c, d] = words_of(hash);
        Self::mark(self.hash_words([a, b, c, d]), Entry::Newest)
    }

    /// Of a key and a hash, for an older message that has them.
    pub fn pair(&self, key: Fingerprint, hash: &[u8; 32]) -> Fingerprint {
        let [a, b, c, d] = words_of(hash);
        Self::mark(self.hash_words([key.0, a, b, c, d]), Entry::Pair)
    }

    fn hash_words<const N: usize>(&self, words: [u64; N]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.hashes.0, self.hashes.1);
        for word in words {
            hasher.write_u64(word);
        }
        hasher.finish()
    }

    fn mark(bits: u64, entry: Entry) -> Fingerprint {
        Fingerprint(bits & !1 | entry as u64)
    }
}

/// A ciphertext's hash as words. A fingerprint takes in all of them: hashes that agree in 8 bytes can be ground out in any
/// number, and would all be filed in one place whatever the seed.
fn words_of(hash: &[u8; 32]) -> [u64; 4] {
    [0, 8, 16, 24].map(|at| u64::from_le_bytes(field(hash, at)))
}
