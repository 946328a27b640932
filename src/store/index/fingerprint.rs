//! Keyed fingerprints of keys, hashes and pairs.
//!
//! Callers choose key ids freely and can grind hashes. So the table slot of an input depends on a secret seed, through
//! SipHash-1-3. If different inputs have the same fingerprint, another record is read. The answer is the same, because
//! no answer relies on a fingerprint alone.

use canister_base::table::Fingerprint;
use siphasher::sip::SipHasher13;
use stable::header::field;
use std::hash::Hasher;

/// 32 secret bytes, derived once from the platform's randomness and kept for the life of the store.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// The kind of an entry in the hash index. It is the lowest bit of the fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// The newest message with a hash.
    Newest = 0,
    /// An older message with a hash, filed under its key and hash.
    Pair = 1,
}

/// Computes fingerprints under one seed.
#[derive(Clone, Copy)]
pub struct Fingerprints {
    keys: SipHasher13,
    /// The keys of the hasher. Each input gets a new hasher: the compiler knows its empty state, so it hashes words
    /// directly.
    hashes: (u64, u64),
    /// The multipliers of [`Self::fold`], derived from the seed.
    multipliers: [u64; 4],
}

impl Fingerprints {
    /// Fingerprints under `seed`. One half of it is for keys, the other for hashes.
    pub fn new(seed: &Seed) -> Self {
        let word = |at| u64::from_le_bytes(field(&seed.0, at));
        let hashes = (word(16), word(24));
        let multipliers =
            [1u8, 2, 3, 4].map(|number| SipHasher13::new_with_keys(hashes.0, hashes.1).hash(&[number]) | 1);
        Self { keys: SipHasher13::new_with_keys(word(0), word(8)), hashes, multipliers }
    }

    /// The fingerprint of a key id.
    pub fn key(&self, key_id: &[u8]) -> Fingerprint {
        Fingerprint(self.keys.hash(key_id))
    }

    /// The fingerprint of a hash, for the newest message that has it.
    pub fn newest(&self, hash: &[u8; 32]) -> Fingerprint {
        Self::mark(self.hash_words([self.fold(hash)]), Entry::Newest)
    }

    /// The fingerprint of a key and a hash, for an older message that has both.
    pub fn pair(&self, key: Fingerprint, hash: &[u8; 32]) -> Fingerprint {
        Self::mark(self.hash_words([key.0, self.fold(hash)]), Entry::Pair)
    }

    /// Folds the 32 bytes of a hash into one word: the sum of its words, each times a secret odd number. This costs a
    /// tenth of hashing all words.
    ///
    /// Using only 8 bytes of the hash would be unsafe. Anybody can grind hashes that agree in 8 bytes, and all of them
    /// would have the same fingerprint under every seed. Equal sums require knowledge of the secret numbers.
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
