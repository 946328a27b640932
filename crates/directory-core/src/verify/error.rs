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
    /// The bytes are no proof.
    Decode(DecodeError),
    /// The VRF proof does not hold.
    Vrf(VrfError),
    /// The head is of another configuration.
    Configuration(Hash),
    /// The head is newer than the certificate.
    HeadTime {
        /// The head's time in nanoseconds since 1970.
        head: u64,
        /// The certificate's.
        certified: u64,
    },
    /// The head does not lie in the log where its epoch says.
    Edge(LogError),
    /// The head's log does not lead to the certified one.
    ToNewest(LogError),
    /// The certified log does not continue the one that the client knows: the directory was rolled back, or forked.
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
    /// The prefix tree's proof leads to another root.
    Map,
    /// The directory hides or rolls back a contact.
    Contact {
        /// The version that the client has seen.
        known: u32,
        /// The version that the proof has.
        found: Option<u32>,
    },
    /// The contact's entry at the known version is another one.
    ContactChanged(Hash),
    /// A change in the history breaks the rules.
    Change {
        /// The version.
        version: u32,
        /// The rule.
        refusal: Refusal,
    },
    /// The history does not start after the known version, or has superfluous parts.
    History,
    /// The entry is for another directory.
    Realm(Hash),
    /// The entry is for another label.
    Index(Hash),
    /// Version 0 of an address lacks the address's own signature, or this is wrong.
    Address(Option<AddressError>),
    /// The entry that a pending recovery replaces is missing or another one.
    Replaced,
    /// The profile is not the one that the entry commits to.
    Profile,
}
