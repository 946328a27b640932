//! Who backs an answer: a quorum of verifiers, or the platform alone.

#![allow(clippy::indexing_slicing, reason = "positions come from the list itself")]

use super::VerifyError;
use crate::checkpoint::{Checkpoint, Verifier};
use crate::proof::Proof;

/// Maximum number of seconds that a cosignature may be ahead of the client's clock.
pub const MAX_AHEAD: u64 = 60;

/// Verifiers of which `threshold` must agree. Never empty.
#[derive(Debug, Clone)]
pub struct Quorum {
    verifiers: Vec<Verifier>,
    threshold: usize,
    max_age: u64,
}

/// Who backs an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A quorum of verifiers.
    Ratified {
        /// Each verifier of the quorum has signed at this time or later, in seconds since 1970.
        since: u64,
    },
    /// Only the platform.
    Certified,
}

impl Quorum {
    /// A quorum of verifiers: the number that must agree, and the maximum age of their signatures in seconds. `None`: the
    /// threshold is 0 or above the number of verifiers, or two verifiers share a key or key id.
    pub fn new(verifiers: Vec<Verifier>, threshold: usize, max_age: u64) -> Option<Self> {
        let distinct = verifiers.iter().enumerate().all(|(at, verifier)| {
            verifiers[..at].iter().all(|other| other.key() != verifier.key() && other.key_id() != verifier.key_id())
        });
        let fits = distinct && (1..=verifiers.len()).contains(&threshold);
        fits.then_some(Self { verifiers, threshold, max_age })
    }

    pub(super) fn trust(
        &self,
        origin: &str,
        checkpoint: &Checkpoint,
        proof: &Proof,
        now: u64,
    ) -> Result<Trust, VerifyError> {
        let mut times = Vec::new();
        for cosignature in &proof.cosignatures {
            let by = self.verifiers.iter().find(|verifier| verifier.key_id() == cosignature.key_id);
            // C2SP asks verifiers of notes to ignore unknown signatures.
            let Some(verifier) = by else { continue };
            if !verifier.verifies(origin, checkpoint, cosignature) {
                return Err(VerifyError::Cosignature(cosignature.key_id));
            }
            let recent = now.saturating_sub(self.max_age)..=now.saturating_add(MAX_AHEAD);
            if recent.contains(&cosignature.time) {
                times.push(cosignature.time);
            }
        }
        times.sort_unstable_by(|a, b| b.cmp(a));
        Ok(times.get(self.threshold - 1).map_or(Trust::Certified, |since| Trust::Ratified { since: *since }))
    }
}
