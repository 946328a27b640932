//! SHA-256 over parts.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of something absent: a missing child, the predecessor of a first entry.
pub const ZERO: Hash = [0; 32];

/// The SHA-256 hash of the concatenated parts.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
