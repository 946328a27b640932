//! A request to the registrar, and the answer. An applicant sends the request to the registrar by any channel, and gets its
//! signatures back.
//!
//! ```text
//! request   0    "DIRREQ" and version 1, as 2 bytes (8)
//!           8    VRF proof 80 of the label
//!           88   label length 1 (1 to 64) | label
//!                length 2 (at most 2,048) | update: entry, its owners' signatures, none of the registrar
//! answer    the registrar's signatures (signatures.rs)
//! text      "registration:" or "vouched:", and the bytes in base64, on one line
//! ```

use crate::bytes::{DecodeError, decode_all, require, write_long};
use crate::change::{Context, Refusal, Registrar, apply};
use crate::hash::Hash;
use crate::label::Label;
use crate::signatures::Signatures;
use crate::update::Update;
use crate::vrf::{PROOF_SIZE, PublicKey, VrfError};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::fmt;

const MAGIC: [u8; 8] = *b"DIRREQ\x00\x01";
const REQUEST: &str = "registration:";
const ANSWER: &str = "vouched:";
/// Maximum size of an encoded update in bytes.
const MAX_UPDATE: usize = 2_048;
/// Maximum size of an encoded label in bytes.
const MAX_LABEL: usize = 64;

/// A registration that waits for the registrar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The label.
    pub label: Label,
    /// Proves the label's index.
    pub vrf: [u8; PROOF_SIZE],
    /// Version 0 of the label, with its owners' signatures.
    pub update: Update,
}

/// The reason why a registrar does not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestError {
    /// The label's proof is not by the directory's VRF key.
    Vrf(VrfError),
    /// The entry is for another label.
    Index {
        /// The entry's index.
        found: Hash,
        /// The index of the request's label.
        expected: Hash,
    },
    /// The entry is for another directory.
    Realm {
        /// The entry's realm.
        found: Hash,
        /// The directory's realm.
        expected: Hash,
    },
    /// The entry breaks another rule.
    Rule(Refusal),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vrf(error) => write!(f, "the label's proof is not by the directory's VRF key: {error:?}"),
            Self::Index { found, expected } => {
                write!(f, "the entry is for another label: its index is {}, not {}", hex(found), hex(expected))
            }
            Self::Realm { found, expected } => {
                write!(f, "the entry is for another directory: its realm is {}, not {}", hex(found), hex(expected))
            }
            Self::Rule(refusal) => write!(f, "the entry is refused: {refusal:?}"),
        }
    }
}

impl std::error::Error for RequestError {}

impl Request {
    /// Checks the entry: it must be version 0 of the label in the directory with this realm and VRF key, and its owners must
    /// have signed it.
    ///
    /// # Errors
    ///
    /// [`RequestError`].
    pub fn check(&self, realm: &Hash, vrf: &PublicKey) -> Result<(), RequestError> {
        let index = vrf.verify(&self.label.encode(), &self.vrf).map_err(RequestError::Vrf)?;
        let context = Context { realm, index: &index, now: 0, registrar: Registrar::Open, pending: None };
        apply(None, &self.update, &context).map(drop).map_err(|refusal| match refusal {
            Refusal::Index(found) => RequestError::Index { found, expected: index },
            Refusal::Realm(found) => RequestError::Realm { found, expected: *realm },
            refusal => RequestError::Rule(refusal),
        })
    }

    /// Encodes the request.
    pub fn encode(&self) -> Vec<u8> {
        let label = self.label.encode();
        let mut out = [&MAGIC[..], &self.vrf, &[label.len() as u8], &label].concat();
        write_long(&mut out, &self.update.encode());
        out
    }

    /// Decodes a request.
    ///
    /// # Errors
    ///
    /// The first field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, |reader| {
            let magic: [u8; 8] = reader.array("magic")?;
            require(magic == MAGIC, "magic", u64::from_be_bytes(magic))?;
            let vrf = reader.array("VRF proof")?;
            let length = reader.u8("label")?;
            require(usize::from(length) <= MAX_LABEL, "label", length)?;
            let label = Label::decode(reader.slice("label", length.into())?)?;
            Ok(Self { label, vrf, update: Update::decode(reader.long("update", MAX_UPDATE)?)? })
        })
    }

    /// The request as a line of text.
    pub fn to_text(&self) -> String {
        format!("{REQUEST}{}", BASE64_STANDARD.encode(self.encode()))
    }

    /// Reads a request from a line of text.
    ///
    /// # Errors
    ///
    /// If the text is not such a line, or its bytes are not a request.
    pub fn from_text(text: &str) -> Result<Self, DecodeError> {
        Self::decode(&bytes_of(text, REQUEST)?)
    }
}

/// The registrar's answer as a line of text.
pub fn answer_to_text(signatures: &Signatures) -> String {
    format!("{ANSWER}{}", BASE64_STANDARD.encode(signatures.encode()))
}

/// Reads a registrar's answer from a line of text.
///
/// # Errors
///
/// If the text is not such a line.
pub fn answer_from_text(text: &str) -> Result<Signatures, DecodeError> {
    Signatures::decode(&bytes_of(text, ANSWER)?)
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(text: &str, prefix: &'static str) -> Result<Vec<u8>, DecodeError> {
    let bytes = text.trim().strip_prefix(prefix).and_then(|text| BASE64_STANDARD.decode(text).ok());
    bytes.ok_or(DecodeError::Invalid { field: prefix, value: 0 })
}
