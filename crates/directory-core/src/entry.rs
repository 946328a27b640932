//! The entry of a label: the public part, which verifiers see.
//!
//! ```text
//! 0    format 1 (1)
//! 1    realm 32
//! 33   index 32
//! 65   version 4
//! 69   previous 32      hash of the entry that this one replaces; 0 at version 0; all ones in a close signed beforehand
//! 101  kind 1           0 set, 1 close, 2 recover
//! 102  commitment 32    to the profile; 0 in a close
//! 134  delay 4          of a recovery, in seconds; 0 without recovery policy
//! 138  policy 2 + 33 n
//! ...  recovery policy 2 + 33 n, or one byte 0
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, require};
use crate::hash::{Hash, ZERO, sha256};
use crate::policy::Policy;

/// Domain separator: precedes an entry's bytes when they are signed or hashed.
pub const DOMAIN: &[u8] = b"directory-entry-v1\n";
/// The shortest delay of a recovery: one day, in seconds.
pub const MIN_DELAY: u32 = 86_400;
/// The longest delay of a recovery: a year, in seconds.
pub const MAX_DELAY: u32 = 31_536_000;
/// `previous` of a close that was signed before its predecessor was known.
pub const ANY_PREVIOUS: Hash = [0xff; 32];
/// Maximum size in bytes: both policies have eight keys.
pub const MAX_SIZE: usize = 138 + 2 * (2 + 33 * 8);
const FORMAT: u8 = 1;

/// The effect of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sets policy and profile.
    Set = 0,
    /// Closes the label.
    Close = 1,
    /// Sets policy and profile by the recovery policy, after its delay.
    Recover = 2,
}

/// The policy that can replace a lost or stolen policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Seconds between a recovery's entry and its effect: a day to a year.
    pub delay: u32,
    /// The policy that may recover.
    pub policy: Policy,
}

/// The entry of a label at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The directory that the entry is for.
    pub realm: Hash,
    /// The VRF's output for the label.
    pub index: Hash,
    /// Counts from 0.
    pub version: u32,
    /// Hash of the previous entry.
    pub previous: Hash,
    /// The effect of the entry.
    pub kind: Kind,
    /// Commitment to label, version and profile.
    pub commitment: Hash,
    /// The policy that may change the entry.
    pub policy: Policy,
    /// The policy that may replace the entry after a delay.
    pub recovery: Option<Recovery>,
}

/// The realm of a directory. The VRF key is random, so each installation has its own realm.
pub fn realm(canister_id: &[u8], vrf_key: &[u8; 32]) -> Hash {
    sha256(&[b"directory-realm-v1", canister_id, vrf_key])
}

impl Entry {
    /// The bytes that are signed: the domain and the entry.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut out = DOMAIN.to_vec();
        self.write(&mut out);
        out
    }

    /// The hash of the signed bytes. `previous` of the next entry and the map's leaf refer to it.
    pub fn hash(&self) -> Hash {
        sha256(&[&self.signed_bytes()])
    }

    /// Decodes an entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    /// Encodes the entry.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.version("entry format", FORMAT)?;
        let realm = reader.array("realm")?;
        let index = reader.array("index")?;
        let version = reader.u32("version")?;
        let previous = reader.array("previous")?;
        let kind = match reader.u8("kind")? {
            0 => Kind::Set,
            1 => Kind::Close,
            2 => Kind::Recover,
            other => return Err(DecodeError::Invalid { field: "kind", value: other.into() }),
        };
        let commitment = reader.array("commitment")?;
        require((commitment == ZERO) == (kind == Kind::Close), "commitment", kind as u64)?;
        let delay = reader.u32("delay")?;
        let policy = Policy::read(reader)?;
        let recovery = match reader.u8("recovery policy")? {
            0 => None,
            number => Some(Recovery { delay, policy: Policy::read_with(number, reader)? }),
        };
        let expected = if recovery.is_some() { MIN_DELAY..=MAX_DELAY } else { 0..=0 };
        require(expected.contains(&delay), "delay", delay)?;
        Ok(Self { realm, index, version, previous, kind, commitment, policy, recovery })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        out.extend(self.realm);
        out.extend(self.index);
        out.extend(self.version.to_be_bytes());
        out.extend(self.previous);
        out.push(self.kind as u8);
        out.extend(self.commitment);
        out.extend(self.recovery.as_ref().map_or(0, |recovery| recovery.delay).to_be_bytes());
        self.policy.write(out);
        match &self.recovery {
            Some(recovery) => recovery.policy.write(out),
            None => out.push(0),
        }
    }
}
