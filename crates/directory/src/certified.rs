//! The data that the subnet certifies for the canister.
//!
//! ```text
//! fork ─┬─ labeled "http_expr" …                       as proofs::certified has it
//!       └─ labeled "log" ── leaf: the log (80)
//!
//! log   0   size 8              number of heads
//!       8   root 32             RFC 6962
//!       40  updates 8           accepted so far, also those of the open epoch
//!       48  configuration 32    the hash of the configuration and the VRF key
//! ```

use directory_core::bytes::{DecodeError, Reader};
use directory_core::checkpoint::Checkpoint;
use directory_core::hash::Hash;
use proofs::certified::{certified_leaf, leaf_branch};

const LABEL: &[u8] = b"log";

/// The certified log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertifiedLog {
    /// The log of heads.
    pub checkpoint: Checkpoint,
    /// Number of accepted updates.
    pub updates: u64,
    /// The hash of the configuration and the VRF key.
    pub configuration: Hash,
}

impl CertifiedLog {
    /// Decodes the leaf.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let checkpoint = Checkpoint { size: reader.u64("size")?, root: reader.array("root")? };
        let log = Self { checkpoint, updates: reader.u64("updates")?, configuration: reader.array("configuration")? };
        reader.end()?;
        Ok(log)
    }

    /// Encodes the leaf.
    pub fn encode(&self) -> Vec<u8> {
        let Self { checkpoint: Checkpoint { size, root }, updates, configuration } = self;
        [&size.to_be_bytes()[..], root, &updates.to_be_bytes(), configuration].concat()
    }

    /// The certified data of a directory with this log.
    pub fn certified_data(&self) -> Hash {
        certified_leaf(LABEL, &self.encode())
    }

    /// The pruned branch that gateways see.
    pub fn branch(&self) -> Hash {
        leaf_branch(LABEL, &self.encode())
    }
}
