//! What a client checks. It passes in what it pins and what it remembers, and takes back what to remember next.
//!
//! The platform's certificate is checked by the caller: it yields the size and root of the certified log and the time.

use crate::bytes::DecodeError;
use crate::change::{Context, Refusal, Registrar, State, apply};
use crate::checkpoint::{Checkpoint, Verifier};
use crate::commitment::commit;
use crate::entry::{Entry, Kind};
use crate::hash::Hash;
use crate::head::Head;
use crate::label::{AddressError, Label};
use crate::log::{LogError, leaf_hash, root_by_inclusion, verify_consistency};
use crate::map::{Search, leaf_value};
use crate::policy::Policy;
use crate::proof::{Found, Proof};
use crate::signatures::Signatures;
use crate::update::Update;
use crate::vrf::{PublicKey, VrfError};

/// Seconds that a cosignature may be ahead of the client's clock.
pub const MAX_AHEAD: u64 = 60;

/// Verifiers of which `threshold` must agree. Never empty.
#[derive(Debug, Clone)]
pub struct Quorum {
    verifiers: Vec<Verifier>,
    threshold: usize,
    max_age: u64,
}

/// What a client pins.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// The directory.
    pub realm: Hash,
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its VRF key.
    pub vrf: PublicKey,
    /// The hash of its configuration.
    pub configuration: Hash,
    /// Registrar's policies, today's and former ones, any of which vouches for version 0. Empty: registration is open.
    pub registrars: Vec<Policy>,
    /// Whose ratification is asked for; `None` for development: answers are then `Certified` at best.
    pub quorum: Option<Quorum>,
}

/// What a client remembers of the directory, whatever label it looks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The largest certified log that it has seen.
    pub log: Checkpoint,
    /// Epochs through the newest ratified head that it has seen: no older head is accepted.
    pub ratified: u64,
}

/// What a client asks and remembers.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// The label.
    pub label: &'a Label,
    /// The log that the platform certifies.
    pub certified: Checkpoint,
    /// The time of the platform's certificate, in nanoseconds since 1970.
    pub certified_time: u64,
    /// What the last look-up returned, of any label; `None` before the first.
    pub memory: Option<Memory>,
    /// The label's state at the last look-up.
    pub contact: Option<&'a State>,
    /// The client's clock, in seconds since 1970.
    pub now: u64,
}

/// Who stands behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A quorum of verifiers; `since` is the oldest of the newest signatures that make it, in seconds since 1970.
    Ratified {
        /// Seconds since 1970.
        since: u64,
    },
    /// The platform alone.
    Certified,
}

/// The answer that was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who stands behind it.
    pub trust: Trust,
    /// What to remember.
    pub memory: Memory,
    /// The head that the answer is taken at.
    pub head: Head,
    /// The label's state, to remember, or `None`: the label has no entry.
    pub state: Option<State>,
    /// The bytes of the profile in force. `None` for a closed label and for an erased profile.
    pub profile: Option<Vec<u8>>,
}

/// What failed.
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
    /// The history does not start after the known version, or has parts that nothing asks for.
    History,
    /// The entry is for another directory.
    Realm(Hash),
    /// The entry is for another label.
    Index(Hash),
    /// Version 0 of an address lacks the address's own signature, or it does not hold.
    Address(Option<AddressError>),
    /// The entry that a pending recovery replaces is missing or another one.
    Replaced,
    /// The profile is not the one that the entry commits to.
    Profile,
}

impl Quorum {
    /// Takes verifiers, how many must agree, and how old their signatures may be, in seconds. Returns `None` for a
    /// threshold that no verifier or not all of them could meet, and for two verifiers with one key or key id.
    pub fn new(verifiers: Vec<Verifier>, threshold: usize, max_age: u64) -> Option<Self> {
        let distinct = verifiers.iter().enumerate().all(|(at, verifier)| {
            verifiers[..at].iter().all(|other| other.key() != verifier.key() && other.key_id() != verifier.key_id())
        });
        let fits = distinct && (1..=verifiers.len()).contains(&threshold);
        fits.then_some(Self { verifiers, threshold, max_age })
    }

    fn trust(&self, origin: &str, checkpoint: &Checkpoint, proof: &Proof, now: u64) -> Result<Trust, VerifyError> {
        let mut times = Vec::new();
        for cosignature in &proof.cosignatures {
            let by = self.verifiers.iter().find(|verifier| verifier.key_id() == cosignature.key_id);
            // Unknown signatures of a note are ignored, as C2SP asks.
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
        let mut verified = Verified { trust, memory, head: proof.head, state: None, profile: None };
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

    fn check_head(&self, query: &Query<'_>, proof: &Proof) -> Result<Trust, VerifyError> {
        let head = &proof.head;
        if head.configuration != self.configuration {
            return Err(VerifyError::Configuration(head.configuration));
        }
        if head.time > query.certified_time {
            return Err(VerifyError::HeadTime { head: head.time, certified: query.certified_time });
        }
        let Checkpoint { size: newest, root: newest_root } = &query.certified;
        let outside = VerifyError::Edge(LogError::Index { index: head.epoch, size: *newest });
        let size = head.epoch.checked_add(1).ok_or(outside)?;
        let root =
            root_by_inclusion(head.epoch, size, leaf_hash(&head.encode()), &proof.edge).map_err(VerifyError::Edge)?;
        verify_consistency((size, &root), (*newest, newest_root), &proof.to_newest).map_err(VerifyError::ToNewest)?;
        match &query.memory {
            Some(Memory { ratified, .. }) if size < *ratified => {
                return Err(VerifyError::OlderHead { ratified: *ratified, epoch: head.epoch });
            }
            Some(Memory { log, .. }) => {
                verify_consistency((log.size, &log.root), (*newest, newest_root), &proof.from_known)
                    .map_err(VerifyError::FromKnown)?;
            }
            None if proof.from_known.is_empty() => {}
            None => return Err(VerifyError::FromKnown(LogError::Length { hashes: proof.from_known.len() })),
        }
        match &self.quorum {
            Some(quorum) => quorum.trust(&self.origin, &Checkpoint { size, root }, proof, query.now),
            None => Ok(Trust::Certified),
        }
    }

    /// Checks the history as far as it goes: from version 0, or from what the client knows.
    fn check_changes(&self, query: &Query<'_>, index: &Hash, found: &Found) -> Result<State, VerifyError> {
        let (time, last) = newest(found)?;
        let from_start = found.updates[0].1.entry.version == 0;
        if from_start {
            self.check_address(query.label, found)?;
        } else if found.address.is_some() {
            return Err(VerifyError::History);
        }
        if let Some(contact) = query.contact {
            compare(contact, found)?;
        }
        let known = query.contact.filter(|contact| !from_start && contact.hash() != &last.entry.hash());
        if !from_start && known.is_none() {
            return self.take_newest(index, *time, last, found);
        }
        if found.replaced.is_some() {
            return Err(VerifyError::History);
        }
        self.replay(query.label, index, known, &found.updates)?.ok_or(VerifyError::History)
    }

    /// Applies updates with their times to a label's state. A history that is too long for one proof comes in pages: a
    /// client replays each, then looks the label up with the last state as its contact.
    pub fn replay(
        &self,
        label: &Label,
        index: &Hash,
        state: Option<&State>,
        updates: &[(u64, Update)],
    ) -> Result<Option<State>, VerifyError> {
        let registrars = if *label == Label::Registrar { &[] } else { self.registrars.as_slice() };
        let mut state = state.cloned();
        for (now, update) in updates {
            let context = |registrar| Context { realm: &self.realm, index, now: *now, registrar, pending: None };
            let by = |policy| apply(state.as_ref(), update, &context(Registrar::Policy(policy)));
            let next = match registrars.split_first() {
                Some((first, others)) => others.iter().fold(by(first), |next, policy| next.or_else(|_| by(policy))),
                None => apply(state.as_ref(), update, &context(Registrar::Open)),
            };
            let version = update.entry.version;
            state = Some(next.map_err(|refusal| VerifyError::Change { version, refusal })?);
        }
        Ok(state)
    }

    /// Takes the newest entry as the map has it: a first contact, or no change since the last look-up.
    fn take_newest(&self, index: &Hash, time: u64, update: &Update, found: &Found) -> Result<State, VerifyError> {
        let entry = &update.entry;
        let bare = update.signatures == Signatures::default() && update.registration == Signatures::default();
        if found.updates.len() != 1 || !bare {
            return Err(VerifyError::History);
        }
        if entry.realm != self.realm {
            return Err(VerifyError::Realm(entry.realm));
        }
        if entry.index != *index {
            return Err(VerifyError::Index(entry.index));
        }
        State::from_parts(entry.clone(), time, found.replaced.clone()).ok_or(VerifyError::Replaced)
    }

    fn check_address(&self, label: &Label, found: &Found) -> Result<(), VerifyError> {
        match (&found.address, label) {
            (Some(proof), _) => {
                proof.verify(label, &found.updates[0].1.entry).map_err(|error| VerifyError::Address(Some(error)))
            }
            (None, Label::Address(_)) => Err(VerifyError::Address(None)),
            (None, _) => Ok(()),
        }
    }
}

fn newest(found: &Found) -> Result<&(u64, Update), VerifyError> {
    found.updates.last().ok_or(VerifyError::History)
}

/// Compares what the client has seen with the history: no version is lost and none is another one.
fn compare(contact: &State, found: &Found) -> Result<(), VerifyError> {
    let known = contact.newest().version;
    let last = found.updates.last().map(|(_, update)| &update.entry);
    if last.is_none_or(|entry| entry.version < known) {
        return Err(VerifyError::Contact { known, found: last.map(|entry| entry.version) });
    }
    let same = found.updates.iter().map(|(_, update)| &update.entry).find(|entry| entry.version == known);
    match same.map(Entry::hash).filter(|hash| hash != contact.hash()) {
        Some(hash) => Err(VerifyError::ContactChanged(hash)),
        None => Ok(()),
    }
}

/// Opens the commitment of the entry that is in force at the head.
fn open(label: &Label, state: &State, found: &Found, now: u64) -> Result<Option<Vec<u8>>, VerifyError> {
    let entry = state.in_force(now).ok_or(VerifyError::Replaced)?;
    let Some(opened) = &found.opened else { return Ok(None) };
    let fits =
        entry.kind != Kind::Close && commit(&opened.opening, label, entry.version, &opened.profile) == entry.commitment;
    if fits { Ok(Some(opened.profile.clone())) } else { Err(VerifyError::Profile) }
}
