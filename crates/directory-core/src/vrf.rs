//! Indexes: ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 over an encoded label, its output cut to 32 bytes. akd_core makes
//! and checks the proofs.
//!
//! ```text
//! proof 80   gamma 32 | challenge 16 | response 32
//! ```

use crate::hash::Hash;
use akd_core::ecvrf;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha512};

/// Size of a proof in bytes.
pub const PROOF_SIZE: usize = 80;
const SUITE: u8 = 3;
const PROOF_TO_HASH: u8 = 3;

/// A directory's secret key. It is drawn once and never changes, because every index depends on it. It is expanded only once,
/// because this takes an eighth of a proof's time.
pub struct SecretKey {
    expanded: ecvrf::VRFExpandedPrivateKey,
    public: ecvrf::VRFPublicKey,
}

/// A directory's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(ecvrf::VRFPublicKey);

/// The reason why a public key or a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VrfError {
    /// The public key is not a point, or has a small order.
    PublicKey,
    /// The proof's gamma is not a point.
    Gamma,
    /// The proof is not in the canonical encoding.
    NotCanonical,
    /// The proof is not for this key and label.
    Wrong,
}

impl SecretKey {
    /// Makes a key from 32 random bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let key = ecvrf::VRFPrivateKey::try_from(&bytes[..]).expect("akd_core takes any 32 bytes");
        Self { expanded: (&key).into(), public: (&key).into() }
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.public.clone())
    }

    /// Returns the index of an encoded label and the proof of it.
    pub fn prove(&self, label: &[u8]) -> (Hash, [u8; PROOF_SIZE]) {
        let proof = self.expanded.prove(&self.public, label).to_bytes();
        (output(&proof).expect("the gamma of a proof just made is a point"), proof)
    }
}

impl PublicKey {
    /// Checks a public key.
    pub fn new(bytes: &[u8; 32]) -> Result<Self, VrfError> {
        ecvrf::VRFPublicKey::try_from(&bytes[..]).map(Self).map_err(|_| VrfError::PublicKey)
    }

    /// The 32 bytes of the public key.
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Checks a proof for an encoded label and returns the label's index. Refuses other encodings of the same proof, which
    /// akd_core accepts.
    pub fn verify(&self, label: &[u8], proof: &[u8; PROOF_SIZE]) -> Result<Hash, VrfError> {
        let parsed = ecvrf::Proof::try_from(&proof[..]).map_err(|_| VrfError::Gamma)?;
        if parsed.to_bytes() != *proof {
            return Err(VrfError::NotCanonical);
        }
        self.0.verify(&parsed, label).map_err(|_| VrfError::Wrong)?;
        output(proof).ok_or(VrfError::Gamma)
    }
}

/// ECVRF_proof_to_hash of RFC 9381, 5.2, cut to 32 bytes. akd_core computes it but does not export it.
fn output(proof: &[u8; PROOF_SIZE]) -> Option<Hash> {
    let gamma = VerifyingKey::from_bytes(proof.first_chunk()?).ok()?.to_edwards();
    let point = gamma.mul_by_cofactor().compress();
    let hash = Sha512::new().chain_update([SUITE, PROOF_TO_HASH]).chain_update(point.as_bytes()).chain_update([0]);
    hash.finalize().first_chunk().copied()
}
