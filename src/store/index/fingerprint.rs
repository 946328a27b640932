//! Keyed fingerprints of keys, hashes and pairs.
//!
//! Callers choose key ids freely and can grind hashes, so which table slots an input falls on depends on a seed that
//! nobody outside knows: SipHash-1-3 under it. Equal fingerprints of different inputs only cost another look at a
//! record; no answer ever rests on a fingerprint alone.

use siphasher::sip::SipHasher13;

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
    hashes: SipHasher13,
}

impl Fingerprints {
    /// Fingerprints under `seed`, one half of it for keys, the other for hashes.
    pub fn new(seed: &Seed) -> Self {
        let [mut keys, mut hashes] = [[0; 16]; 2];
        keys.copy_from_slice(&seed.0[..16]);
        hashes.copy_from_slice(&seed.0[16..]);
        Self { keys: SipHasher13::new_with_key(&keys), hashes: SipHasher13::new_with_key(&hashes) }
    }

    /// Of a key id.
    pub fn key(&self, key_id: &[u8]) -> Fingerprint {
        Fingerprint(self.keys.hash(key_id))
    }

    /// Of a hash, for the newest message that has it.
    pub fn newest(&self, hash: &[u8; 32]) -> Fingerprint {
        Self::mark(self.hashes.hash(hash), Entry::Newest)
    }

    /// Of a key and a hash, for an older message that has them.
    pub fn pair(&self, key: Fingerprint, hash: &[u8; 32]) -> Fingerprint {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&key.0.to_le_bytes());
        bytes[8..].copy_from_slice(hash);
        Self::mark(self.hashes.hash(&bytes), Entry::Pair)
    }

    fn mark(bits: u64, entry: Entry) -> Fingerprint {
        Fingerprint(bits & !1 | entry as u64)
    }
}
