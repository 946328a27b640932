//! The questions that a verifier asks a directory. Tests replace the network by one that lies, and by one that records the
//! order of the questions.

mod ahead;
mod platform;

pub use platform::Platform;

use crate::replay::MAX_AHEAD;
use directory_core::checkpoint::Cosignature;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::update::LoggedUpdate;
use directory_core::vrf::PROOF_SIZE;
use std::fmt;

/// Maximum age of a certificate in nanoseconds: five minutes, as in agents.
const MAX_AGE: u64 = 300_000_000_000;

/// Maximum number of heads or updates in a page: the directory's limit.
pub const PAGE: u32 = 256;

/// Why a question has no usable answer. This is temporary, or a node lies. It proves nothing against the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No answer came.
    Unanswered(String),
    /// The answer contradicts the certified data, or cannot be checked yet.
    Unverified(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(why) => write!(f, "no answer: {why}"),
            Self::Unverified(why) => write!(f, "not verified: {why}"),
        }
    }
}

/// A directory's newest log, as a node shows it. None of it is checked.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The certified log, encoded.
    pub log: Vec<u8>,
    /// The platform's certificate.
    pub certificate: Vec<u8>,
    /// The proof that the log continues the known one.
    pub consistency: Vec<Hash>,
    /// Cosignatures, each with the size of its log.
    pub cosigned: Vec<(u64, Cosignature)>,
}

/// The result of pushing a cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The directory has this cosignature, or an equally new one.
    Stored {
        /// Its time, in seconds since 1970.
        time: u64,
    },
    /// The log has grown meanwhile.
    Outrun,
}

/// Asks one directory.
pub trait Network {
    /// The configuration, encoded.
    fn configuration(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send;
    /// The VRF proof of the registrar's label.
    fn registrar(&self) -> impl Future<Output = Result<[u8; PROOF_SIZE], Trouble>> + Send;
    /// The newest log, and the proof that it continues the one of `known` heads. If `known` is 0 or larger than the log, there
    /// is no proof.
    fn checkpoint(&self, known: u64) -> impl Future<Output = Result<Shown, Trouble>> + Send;
    /// Heads from an epoch on, at most `limit`.
    fn heads(&self, from: u64, limit: u32) -> impl Future<Output = Result<Vec<Head>, Trouble>> + Send;
    /// Updates from a position on, as many as come at once. `limit` updates will be requested in all, so the next ones may be
    /// fetched meanwhile. Their signatures are not checked.
    fn updates(&self, from: u64, limit: u64) -> impl Future<Output = Result<Vec<LoggedUpdate>, Trouble>> + Send;
    /// A certificate of the module and the controllers.
    fn module(&self) -> impl Future<Output = Result<Vec<u8>, Trouble>> + Send;
    /// Pushes a cosignature of the log of `size` heads.
    fn ratify(&self, size: u64, cosignature: &Cosignature) -> impl Future<Output = Result<Pushed, Trouble>> + Send;
}

/// Checks that a certificate's time is recent. Both times are in nanoseconds since 1970.
///
/// # Errors
///
/// [`Trouble::Unverified`].
pub fn check_age(time: u64, now: u64) -> Result<(), Trouble> {
    let is_recent = now.saturating_sub(MAX_AGE) <= time && time <= now.saturating_add(MAX_AHEAD);
    let wrong = || format!("the certificate's time, {time} ns, is too far from the clock, {now} ns");
    if is_recent { Ok(()) } else { Err(Trouble::Unverified(wrong())) }
}
