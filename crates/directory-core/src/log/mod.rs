//! RFC 6962 logs: of epoch heads, and of the updates of an epoch.
//!
//! ```text
//! leaf     SHA-256(0x00 | bytes of the leaf)
//! node     SHA-256(0x01 | left 32 | right 32)
//! empty    SHA-256()
//! ```

mod store;
mod verify;

pub use store::{Hashes, Log, stored_hashes};
pub use verify::{LogError, root_by_inclusion, verify_consistency};

use crate::hash::{Hash, sha256};

/// Maximum number of hashes of a proof: twice the height of the tallest log.
pub const MAX_PROOF: usize = 128;

/// Hashes a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0], leaf])
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}
