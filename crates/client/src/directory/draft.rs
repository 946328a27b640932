//! A new entry before it is signed.

use directory::api::{Opened, Submission};
use directory_core::commitment::{OPENING_SIZE, commit};
use directory_core::entry::{Entry, Kind};
use directory_core::hash::{Hash, ZERO};
use directory_core::label::{AddressProof, Label};
use directory_core::policy::Policy;
use directory_core::profile::Profile;
use directory_core::signatures::Signatures;
use directory_core::update::Update;
use serde_bytes::ByteBuf;

/// An entry that sets policy and profile of a label, and the opening of its commitment.
///
/// Its owners sign [`Entry::signed_bytes`]: the policy in force and the new one.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The entry.
    pub entry: Entry,
    label: Label,
    opened: Opened,
}

impl Draft {
    /// Version 0 of a label. [`directory_core::verify::Verified::index`] of a look-up that proves its absence is the index.
    /// The opening is random and never used twice: with it anybody can test guesses of the profile.
    pub fn first(
        realm: Hash,
        index: Hash,
        label: &Label,
        policy: Policy,
        profile: &Profile,
        opening: [u8; OPENING_SIZE],
    ) -> Self {
        let kind = Kind::Set;
        let entry = Entry { realm, index, version: 0, previous: ZERO, kind, commitment: ZERO, policy, recovery: None };
        Self::committed(entry, label, profile, opening)
    }

    /// The entry that replaces a label's newest one. It keeps the recovery policy.
    ///
    /// Precondition: the newest entry is not of the last version.
    pub fn next(newest: &Entry, label: &Label, policy: Policy, profile: &Profile, opening: [u8; OPENING_SIZE]) -> Self {
        let (version, previous) = (newest.version + 1, newest.hash());
        let entry = Entry { version, previous, kind: Kind::Set, policy, ..newest.clone() };
        Self::committed(entry, label, profile, opening)
    }

    fn committed(mut entry: Entry, label: &Label, profile: &Profile, opening: [u8; OPENING_SIZE]) -> Self {
        let profile = profile.encode();
        entry.commitment = commit(&opening, label, entry.version, &profile);
        let opened = Opened { opening: ByteBuf::from(opening), profile: ByteBuf::from(profile) };
        Self { entry, label: label.clone(), opened }
    }

    /// The submission of the entry, signed by its owners. At version 0 the registrar has signed too, unless registration is
    /// open, and an address has its proof.
    pub fn signed(
        self,
        signatures: Signatures,
        registration: Signatures,
        address: Option<&AddressProof>,
    ) -> Submission {
        let update = Update { entry: self.entry, signatures, registration };
        Submission {
            label: ByteBuf::from(self.label.encode()),
            update: ByteBuf::from(update.encode()),
            opened: Some(self.opened),
            address: address.map(|proof| ByteBuf::from(proof.encode())),
        }
    }
}
