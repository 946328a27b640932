//! Checkpoints and cosignatures in the formats of C2SP (tlog-checkpoint, tlog-cosignature with Ed25519, signed-note).
//!
//! ```text
//! checkpoint       origin "\n" size "\n" base64(root) "\n"
//! signed           "cosignature/v1\ntime " seconds "\n" checkpoint
//! key id 4         SHA-256(name | "\n" | 0x04 | public key 32), its first four bytes
//! cosignature      key id 4 | seconds 8 | signature 64        76 bytes
//! line of a note   "— " name " " base64(cosignature) "\n"
//! ```

use crate::bytes::{DecodeError, Reader, decode_all};
use crate::hash::{Hash, sha256};
use crate::policy::Key;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Display;

const ED25519_COSIGNATURE: u8 = 4;

/// The origin of a directory's checkpoints: their first line. `canister` is the canister's id as text.
pub fn origin(canister: impl Display) -> String {
    format!("directory/{canister}")
}

/// A size of the log and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of heads in the log.
    pub size: u64,
    /// The root of the log.
    pub root: Hash,
}

/// A verifier. It replays all updates, and cosigns checkpoints that are correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: Key,
}

/// A verifier's statement that a checkpoint was its newest at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosignature {
    /// Identifies the verifier and its key.
    pub key_id: [u8; 4],
    /// Seconds since 1970.
    pub time: u64,
    /// Ed25519 signature over [`Checkpoint::cosigned_bytes`].
    pub signature: [u8; 64],
}

impl Checkpoint {
    /// The text of the checkpoint. The origin must be one line.
    pub fn text(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, STANDARD.encode(self.root))
    }

    /// The bytes that a verifier signs at `time`, in seconds since 1970.
    pub fn cosigned_bytes(&self, origin: &str, time: u64) -> Vec<u8> {
        format!("cosignature/v1\ntime {time}\n{}", self.text(origin)).into_bytes()
    }
}

impl Verifier {
    /// A verifier with this name and key. `None`: the name is not legal in a note, because it is empty or contains spaces or a
    /// plus sign.
    pub fn new(name: String, key: Key) -> Option<Self> {
        let fits = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
        fits.then_some(Self { name, key })
    }

    /// The verifier's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The verifier's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The key id of the verifier's cosignatures.
    pub fn key_id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &[ED25519_COSIGNATURE], self.key.bytes()]);
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// Whether the cosignature is this verifier's and valid.
    pub fn verifies(&self, origin: &str, checkpoint: &Checkpoint, cosignature: &Cosignature) -> bool {
        cosignature.key_id == self.key_id()
            && self.key.verifies(&checkpoint.cosigned_bytes(origin, cosignature.time), &cosignature.signature)
    }

    /// The line of a signed note that carries the cosignature.
    pub fn note_line(&self, cosignature: &Cosignature) -> String {
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(cosignature.encode()))
    }
}

impl Cosignature {
    /// Size in bytes.
    pub const SIZE: usize = 76;

    /// Encodes the cosignature.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::SIZE);
        self.write(&mut out);
        out
    }

    /// Decodes a cosignature.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key_id: reader.array("key id")?,
            time: reader.u64("cosignature time")?,
            signature: reader.array("cosignature")?,
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.key_id);
        out.extend(self.time.to_be_bytes());
        out.extend(self.signature);
    }
}
