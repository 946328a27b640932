//! An update: an entry and the signatures that justify it.
//!
//! ```text
//! update  entry | signatures | registrar's signatures (none after version 0)
//! leaf    position 8 | time 8 | update         a leaf of the update log, hashed as RFC 6962 does
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, decode_whole};
use crate::entry::Entry;
use crate::policy::Key;
use crate::signatures::Signatures;

/// Domain separator: precedes an entry's bytes when a registrar signs them.
pub const REGISTRATION_DOMAIN: &[u8] = b"directory-registration-v1\n";

/// A change with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The new entry.
    pub entry: Entry,
    /// Signatures over [`Entry::signed_bytes`].
    pub signatures: Signatures,
    /// The registrar's signatures over [`Update::registration_bytes`], at version 0.
    pub registration: Signatures,
}

/// An update in the log of all updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedUpdate {
    /// Position in the log, from 0.
    pub position: u64,
    /// When the directory accepted it, in nanoseconds since 1970.
    pub time: u64,
    /// The update.
    pub update: Update,
}

impl Update {
    /// The bytes that a registrar signs. They do not reveal the label.
    pub fn registration_bytes(&self) -> Vec<u8> {
        let mut out = REGISTRATION_DOMAIN.to_vec();
        self.entry.write(&mut out);
        out
    }

    /// Decodes an update.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    /// Decodes an update whose signatures will be checked by [`apply`](crate::change::apply). A key whose signature is valid is
    /// a point, and not of small order. So the keys that have signed are not checked twice, nor are those among `known`, which
    /// were checked before.
    pub fn decode_unverified(bytes: &[u8], known: &[Key]) -> Result<Self, DecodeError> {
        let update = decode_whole(Reader::stored(bytes), Self::read)?;
        update.check_keys(known)?;
        Ok(update)
    }

    /// Encodes the update.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Checks what valid signatures do not prove: every signer's key has the canonical encoding, and every other key of the
    /// entry is usable, unless it is among `known`.
    fn check_keys(&self, known: &[Key]) -> Result<(), DecodeError> {
        let Self { entry, signatures, registration } = self;
        for (key, _) in signatures.all().iter().chain(registration.all()) {
            key.check_encoding()?;
        }
        let recovery = entry.recovery.iter().flat_map(|recovery| recovery.policy.keys());
        for key in entry.policy.keys().iter().chain(recovery) {
            if !known.contains(key) && !signatures.all().iter().any(|(signer, _)| signer == key) {
                Key::new(*key.bytes())?;
            }
        }
        Ok(())
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let entry = Entry::read(reader)?;
        // Most updates are signed by the keys in their policies.
        Ok(Self {
            signatures: Signatures::read_beside(reader, entry.policy.keys())?,
            entry,
            registration: Signatures::read(reader)?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.entry.write(out);
        self.signatures.write(out);
        self.registration.write(out);
    }
}

impl LoggedUpdate {
    /// Decodes a leaf of the update log.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    /// Decodes a leaf as [`Update::decode_unverified`] decodes an update.
    pub fn decode_unverified(bytes: &[u8]) -> Result<Self, DecodeError> {
        let logged = Self::decode_stored(bytes)?;
        logged.update.check_keys(&[])?;
        Ok(logged)
    }

    /// Decodes a leaf that was decoded before it was stored. Its keys are not checked again, because these checks are most of
    /// the work.
    pub fn decode_stored(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(Reader::stored(bytes), Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { position: reader.u64("position")?, time: reader.u64("time")?, update: Update::read(reader)? })
    }

    /// Encodes the leaf.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.position.to_be_bytes());
        out.extend(self.time.to_be_bytes());
        self.update.write(&mut out);
        out
    }
}
