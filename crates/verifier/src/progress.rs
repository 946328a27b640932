//! The verifier's progress, for its log, `/metrics`, `/healthz` and `verifier status`.

use crate::follow::{End, Round};
use crate::network::Trouble;
use ic_metrics_encoder::MetricsEncoder;
use std::io;

/// Seconds without a successful round after which a verifier is unhealthy.
pub const MAX_SILENCE: u64 = 60;

/// The progress of a verifier.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Number of heads in the certified log.
    pub certified: u64,
    /// Heads that were replayed.
    pub replayed: u64,
    /// Updates that were replayed.
    pub updates: u64,
    /// Labels that have an entry.
    pub labels: u64,
    /// Size of the journal in bytes.
    pub journal_bytes: u64,
    /// Number of heads in the last signed log.
    pub signed: u64,
    /// When it was signed, in seconds since 1970.
    pub signed_at: u64,
    /// When the last round succeeded, in seconds since 1970.
    pub succeeded_at: u64,
    /// Whether the canister's module is allowed. `None`: not known yet.
    pub is_allowed: Option<bool>,
    /// Rounds without an answer.
    pub unanswered: u64,
    /// Rounds with an answer that did not verify.
    pub unverified: u64,
}

impl Progress {
    /// Notes the result of a round. `now` is in seconds since 1970.
    pub fn round(&mut self, done: &Result<Round, End>, now: u64) {
        match done {
            Ok(Round::Cosigned { .. }) => (self.is_allowed, self.succeeded_at) = (Some(true), now),
            Ok(Round::Outrun) => self.succeeded_at = now,
            Ok(Round::Withheld(_)) => (self.is_allowed, self.succeeded_at) = (Some(false), now),
            Err(End::Trouble(Trouble::Unanswered(_))) => self.unanswered += 1,
            Err(End::Trouble(Trouble::Unverified(_))) => self.unverified += 1,
            Err(End::Stop(_)) => {}
        }
    }

    /// The reason why the verifier is unhealthy, if it is. `now` is in seconds since 1970.
    pub fn illness(&self, now: u64) -> Option<String> {
        let silence = now.saturating_sub(self.succeeded_at);
        if self.is_allowed == Some(false) {
            Some("the canister's module is not allowed: nothing is signed".to_owned())
        } else if self.succeeded_at == 0 {
            Some(format!("no round has succeeded yet: {} of {} heads are replayed", self.replayed, self.certified))
        } else if silence > MAX_SILENCE {
            Some(format!("no round has succeeded for {silence} s"))
        } else {
            None
        }
    }

    /// The figures in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// None, because writing to memory does not fail.
    pub fn metrics(&self, now: u64) -> io::Result<Vec<u8>> {
        let mut out = MetricsEncoder::new(Vec::new(), (now * 1000) as i64);
        for (name, value, help) in [
            ("verifier_certified_heads", self.certified, "Number of heads in the certified log."),
            ("verifier_replayed_heads", self.replayed, "Number of heads that the verifier has replayed."),
            ("verifier_replayed_updates", self.updates, "Number of updates that the verifier has replayed."),
            ("verifier_labels", self.labels, "Number of labels that have an entry."),
            ("verifier_journal_bytes", self.journal_bytes, "Size of the journal in bytes."),
            ("verifier_signed_heads", self.signed, "Number of heads in the log that was signed last."),
            (
                "verifier_signed_timestamp_seconds",
                self.signed_at,
                "Time of the last signature, in seconds since 1970; 0: nothing was signed.",
            ),
            (
                "verifier_succeeded_timestamp_seconds",
                self.succeeded_at,
                "Time of the last round that succeeded, in seconds since 1970; 0: none has succeeded.",
            ),
            (
                "verifier_module_allowed",
                (self.is_allowed != Some(false)).into(),
                "0 if the canister's module is not allowed, so that nothing is signed; else 1.",
            ),
        ] {
            out.encode_gauge(name, value as f64, help)?;
        }
        let mut troubles = out.counter_vec(
            "verifier_troubles_total",
            "Rounds that failed: without an answer, or with an answer that did not verify.",
        )?;
        troubles = troubles.value(&[("why", "unanswered")], self.unanswered as f64)?;
        troubles.value(&[("why", "unverified")], self.unverified as f64)?;
        Ok(out.into_inner())
    }
}
