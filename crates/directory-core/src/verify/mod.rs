//! The checks of a client. The client passes its pins and its memory, and gets its next memory back.
//!
//! The caller checks the platform's certificate first. It yields the size and root of the certified log, and the time.

mod error;
mod head;
mod history;
mod quorum;

pub use error::VerifyError;
pub use quorum::{MAX_AHEAD, Quorum, Trust};

use crate::change::State;
use crate::checkpoint::Checkpoint;
use crate::entry::Kind;
use crate::hash::Hash;
use crate::head::Head;
use crate::label::Label;
use crate::map::{Search, View, leaf_value};
use crate::policy::Policy;
use crate::proof::{Found, Proof};
use crate::vrf::PublicKey;
use history::newest;

/// The values that a client pins.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// The directory.
    pub realm: Hash,
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its VRF key.
    pub vrf: PublicKey,
    /// The hash of its configuration and VRF key.
    pub configuration: Hash,
    /// The registrar's policies, present and former. Any of them may vouch for version 0. Empty: registration is open.
    pub registrars: Vec<Policy>,
    /// The quorum that must ratify answers. `None`, for development: answers are at best `Certified`.
    pub quorum: Option<Quorum>,
}

/// The client's memory of the directory, across all labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The largest certified log that it has seen.
    pub log: Checkpoint,
    /// Number of epochs through the newest ratified head that it has seen. No older head is accepted.
    pub ratified: u64,
}

/// A client's question, with its memory.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// The label.
    pub label: &'a Label,
    /// The state that the client has asked for. An answer at [`View::Ratified`] can be of any age, unless its trust is
    /// [`Trust::Ratified`].
    pub view: View,
    /// The log that the platform certifies.
    pub certified: Checkpoint,
    /// The time of the platform's certificate, in nanoseconds since 1970.
    pub certified_time: u64,
    /// The memory that the last look-up of any label returned; `None` before the first.
    pub memory: Option<Memory>,
    /// The label's state at the last look-up.
    pub contact: Option<&'a State>,
    /// The client's clock, in seconds since 1970.
    pub now: u64,
}

/// A proved answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who backs the answer.
    pub trust: Trust,
    /// The new memory.
    pub memory: Memory,
    /// The head whose state the answer shows.
    pub head: Head,
    /// The label's index. Its first entry names it.
    pub index: Hash,
    /// The label's state, which the client should remember. `None`: the label has no entry.
    pub state: Option<State>,
    /// The bytes of the profile in force. `None`: the label has no entry or is closed, or the answer
    /// [lacks the profile](Self::lacks_profile).
    pub profile: Option<Vec<u8>>,
}

/// No quorum of the pinned verifiers has signed the answer's log recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unratified {
    /// The epoch of the answer.
    pub epoch: u64,
}

impl std::fmt::Display for Unratified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "epoch {} is certified by the platform alone: no quorum of the pinned verifiers has cosigned it recently",
            self.epoch
        )
    }
}

impl std::error::Error for Unratified {}

impl Verified {
    /// The answer, if a quorum of the pinned verifiers has signed its log. For strict clients.
    ///
    /// # Errors
    ///
    /// [`Unratified`].
    pub fn ratified(self) -> Result<Self, Unratified> {
        match self.trust {
            Trust::Ratified { .. } => Ok(self),
            Trust::Certified => Err(Unratified { epoch: self.head.epoch }),
        }
    }

    /// Whether an entry is in force whose profile the answer does not show. A replica withholds it, or it was erased. So the answer
    /// does not say which devices the label has.
    pub fn lacks_profile(&self) -> bool {
        let in_force = self.state.as_ref().and_then(|state| state.in_force(self.head.time));
        self.profile.is_none() && in_force.is_some_and(|entry| entry.kind != Kind::Close)
    }
}

impl Trusted {
    /// Checks the bytes of a proof.
    pub fn verify(&self, query: &Query<'_>, bytes: &[u8]) -> Result<Verified, VerifyError> {
        let mut proof = Proof::decode(bytes).map_err(VerifyError::Decode)?;
        let trust = self.check_head(query, &proof)?;
        let index = self.vrf.verify(&query.label.encode(), &proof.vrf).map_err(VerifyError::Vrf)?;
        let found = proof.found.take();
        if let (Some(found), Search::Found { value }) = (&found, &mut proof.map.search) {
            let (time, update) = newest(found)?;
            *value = leaf_value(found.position, *time, &update.entry.hash());
        }
        if proof.map.root(&index) != Some(proof.head.map_root) {
            return Err(VerifyError::Map);
        }
        let through = match trust {
            Trust::Ratified { .. } => proof.head.epoch + 1,
            Trust::Certified => query.memory.map_or(0, |memory| memory.ratified),
        };
        let memory = Memory { log: query.certified, ratified: through };
        let mut verified = Verified { trust, memory, head: proof.head, index, state: None, profile: None };
        match found {
            Some(found) => {
                let state = self.check_changes(query, &index, &found)?;
                verified.profile = open(query.label, &state, &found, proof.head.time)?;
                verified.state = Some(state);
            }
            None => {
                if let Some(contact) = query.contact {
                    return Err(VerifyError::Contact { known: contact.newest().version, found: None });
                }
            }
        }
        Ok(verified)
    }
}

/// The profile in force at the head, checked against its entry's commitment.
fn open(label: &Label, state: &State, found: &Found, now: u64) -> Result<Option<Vec<u8>>, VerifyError> {
    let entry = state.in_force(now).ok_or(VerifyError::Replaced)?;
    match &found.opened {
        None => Ok(None),
        Some(opened) if opened.fits(label, entry) => Ok(Some(opened.profile.clone())),
        Some(_) => Err(VerifyError::Profile),
    }
}
