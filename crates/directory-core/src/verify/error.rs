//! The reasons why an answer is refused.

use crate::bytes::DecodeError;
use crate::change::Refusal;
use crate::hash::Hash;
use crate::label::AddressError;
use crate::log::LogError;
use crate::vrf::VrfError;

/// The reason why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyError {
    /// The bytes are not a proof.
    Decode(DecodeError),
    /// The VRF proof is wrong.
    Vrf(VrfError),
    /// The head has another configuration.
    Configuration(Hash),
    /// The head is newer than the certificate.
    HeadTime {
        /// The head's time in nanoseconds since 1970.
        head: u64,
        /// The certificate's time.
        certified: u64,
    },
    /// The head is not in the log at the position of its epoch.
    Edge(LogError),
    /// The head's log is not the certified one, or at [`View::Ratified`](crate::map::View::Ratified) not a prefix of it.
    ToNewest(LogError),
    /// The certified log does not continue the one that the client knows: the directory was rolled back or forked.
    FromKnown(LogError),
    /// A pinned verifier's cosignature is wrong.
    Cosignature([u8; 4]),
    /// The head is older than a ratified head that the client has seen.
    OlderHead {
        /// Epochs through the ratified head.
        ratified: u64,
        /// The head's epoch.
        epoch: u64,
    },
    /// The prefix tree's proof yields another root than the head's.
    Map,
    /// The directory hides a known contact, or shows an older version.
    Contact {
        /// The version that the client has seen.
        known: u32,
        /// The version in the proof.
        found: Option<u32>,
    },
    /// The contact's entry at the known version is another one.
    ContactChanged(Hash),
    /// A change in the history breaks a rule.
    Change {
        /// The version.
        version: u32,
        /// The broken rule.
        refusal: Refusal,
    },
    /// The history does not start after the known version, or has superfluous parts.
    History,
    /// The entry is for another directory.
    Realm(Hash),
    /// The entry is for another label.
    Index(Hash),
    /// The address's own signature of version 0 is missing or wrong.
    Address(Option<AddressError>),
    /// The entry that a pending recovery replaces is missing or another one.
    Replaced,
    /// The entry does not commit to the profile.
    Profile,
}
