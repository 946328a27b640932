//! Random bytes. With the same seed they are the same in every run.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A generator: SHA-256 of a label, a seed and a counter.
#[derive(Serialize, Deserialize)]
pub struct Random {
    seed: Vec<u8>,
    blocks: u64,
}

impl Random {
    /// The generator at its beginning.
    pub fn new(seed: &[u8]) -> Self {
        Self { seed: seed.to_vec(), blocks: 0 }
    }

    /// The next 32 bytes.
    pub fn block(&mut self) -> [u8; 32] {
        self.blocks += 1;
        let block = Sha256::new().chain_update(b"local-ic raw_rand").chain_update(&self.seed);
        block.chain_update(self.blocks.to_be_bytes()).finalize().into()
    }
}
