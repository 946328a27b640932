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
    /// For [`Self::fold`], made of the seed.
    multipliers: [u64; 4],
}

impl Fingerprints {
    /// Fingerprints under `seed`, one half of it for keys, the other for hashes.
    pub fn new(seed: &Seed) -> Self {
        let word = |at| u64::from_le_bytes(field(&seed.0, at));
        let hashes = (word(16), word(24));
        let multipliers =
            [1u8, 2, 3, 4].map(|number| SipHasher13::new_with_keys(hashes.0, hashes.1).hash(&[number]) | 1);
        Self { keys: SipHasher13::new_with_keys(word(0), word(8)), hashes, multipliers }
    }

    /// Of a key id.
    pub fn key(&self, key_id: &[u8]) -> Fingerprint {
        Fingerprint(self.keys.hash(key_id))
    }

    /// Of a hash, for the newest message that has it.
    pub fn newest(&self, hash: &[u8; 32]) -> Fingerprint {
        Self::mark(self.hash_words([self.fold(hash)]), Entry::Newest)
    }

    /// Of a key and a hash, for an older message that has them.
    pub fn pair(&self, key: Fingerprint, hash: &[u8; 32]) -> Fingerprint {
        Self::mark(self.hash_words([key.0, self.fold(hash)]), Entry::Pair)
    }

    /// All 32 bytes of a ciphertext's hash in one word: the sum of its words, each times a secret odd number, at a tenth of
    /// what hashing them all would cost. Hashes that agree in 8 bytes can be ground out in any number, and would be filed in
    /// one place whatever the seed; to bring sums together, the secret numbers would have to be known.
    #[inline(always)]
    fn fold(&self, hash: &[u8; 32]) -> u64 {
        let word = |at| u64::from_le_bytes(field(hash, at));
        let [a, b, c, d] = self.multipliers;
        let sum = word(0).wrapping_mul(a).wrapping_add(word(8).wrapping_mul(b));
        sum.wrapping_add(word(16).wrapping_mul(c)).wrapping_add(word(24).wrapping_mul(d))
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
