//! Labels, and the proof that an address registered itself.
//!
//! ```text
//! label          0  kind 1: 'r' the registrar's, 'a' address, 'n' name
//!                1  nothing; the principal 29; 1 to 63 bytes of UTF-8, which the applicant normalises
//! address proof  0  Ed25519 key 33 | signature 64 over "directory-address-v1\n" | entry
//! ```

#![allow(clippy::indexing_slicing, reason = "the text is valid up to there")]

use crate::bytes::{DecodeError, Reader, decode_all, require};
use crate::entry::Entry;
use crate::policy::Key;
use sha2::{Digest, Sha224};

/// Domain separator: precedes an entry's bytes when an address signs them.
pub const ADDRESS_DOMAIN: &[u8] = b"directory-address-v1\n";
/// Maximum size of a label in bytes.
pub const MAX_SIZE: usize = 64;
const DER_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const SELF_AUTHENTICATING: u8 = 2;

/// The name under which an entry is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The label whose entry has the registrar's policy.
    Registrar,
    /// The self-authenticating principal of an Ed25519 key.
    Address([u8; 29]),
    /// A name that a registrar vouches for, 1 to 63 bytes.
    Name(String),
}

/// Proves that the holder of an address's key made version 0. It is not part of the log, because it reveals the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressProof {
    /// The key of the address.
    pub key: Key,
    /// Its signature over [`address_bytes`].
    pub signature: [u8; 64],
}

/// The reason why an address proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// The label is not an address.
    NotAnAddress,
    /// The entry's version is not 0.
    Version(u32),
    /// The address belongs to another key.
    Key(Key),
    /// The signature is wrong.
    Signature,
}

/// The bytes that the key of an address signs for version 0.
pub fn address_bytes(entry: &Entry) -> Vec<u8> {
    let mut out = ADDRESS_DOMAIN.to_vec();
    entry.write(&mut out);
    out
}

impl Label {
    /// The address of a key.
    pub fn address(key: &Key) -> Self {
        let mut principal = [SELF_AUTHENTICATING; 29];
        principal[..28].copy_from_slice(&Sha224::new().chain_update(DER_PREFIX).chain_update(key.bytes()).finalize());
        Self::Address(principal)
    }

    /// Decodes a label.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let length = bytes.len();
        decode_all(bytes, |reader| match reader.u8("label kind")? {
            b'r' => Ok(Self::Registrar),
            b'a' => {
                let principal: [u8; 29] = reader.array("address")?;
                require(principal[28] == SELF_AUTHENTICATING, "address", principal[28])?;
                Ok(Self::Address(principal))
            }
            b'n' => {
                require((2..=MAX_SIZE).contains(&length), "name", length as u64)?;
                let name = reader.slice("name", length - 1)?;
                let invalid = |error: std::str::Utf8Error| DecodeError::Invalid {
                    field: "name",
                    value: name[error.valid_up_to()].into(),
                };
                Ok(Self::Name(std::str::from_utf8(name).map_err(invalid)?.to_owned()))
            }
            other => Err(DecodeError::Invalid { field: "label kind", value: other.into() }),
        })
    }

    /// Encodes the label.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Registrar => b"r".to_vec(),
            Self::Address(principal) => [b"a", &principal[..]].concat(),
            Self::Name(name) => [b"n", name.as_bytes()].concat(),
        }
    }
}

impl AddressProof {
    /// Size in bytes.
    pub const SIZE: usize = 97;

    /// Checks that the label's own key signed version 0.
    pub fn verify(&self, label: &Label, entry: &Entry) -> Result<(), AddressError> {
        if !matches!(label, Label::Address(_)) {
            return Err(AddressError::NotAnAddress);
        }
        if entry.version != 0 {
            return Err(AddressError::Version(entry.version));
        }
        if Label::address(&self.key) != *label {
            return Err(AddressError::Key(self.key));
        }
        if !self.key.verifies(&address_bytes(entry), &self.signature) {
            return Err(AddressError::Signature);
        }
        Ok(())
    }

    /// Decodes an address proof.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    /// Encodes the address proof.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::SIZE);
        self.write(&mut out);
        out
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { key: Key::read(reader)?, signature: reader.array("address signature")? })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.key.write(out);
        out.extend(self.signature);
    }
}
