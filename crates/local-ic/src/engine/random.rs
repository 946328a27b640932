//! Random bytes that are the same in every run.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A generator: SHA-256 of a label and a counter.
#[derive(Serialize, Deserialize)]
pub struct Random {
    blocks: u64,
}

impl Random {
    /// The generator at its beginning.
    pub fn new() -> Self {
        Self { blocks: 0 }
    }

    /// The next 32 bytes.
    pub fn block(&mut self) -> [u8; 32] {
        self.blocks += 1;
        let seed = Sha256::new().chain_update(b"local-ic raw_rand");
        seed.chain_update(self.blocks.to_be_bytes()).finalize().into()
    }
}
