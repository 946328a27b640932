//! Cosigns checkpoints. A statement is on the disk before it is returned. So even after a crash, the verifier never signs two roots
//! for one size, or a smaller size.
//!
//! ```text
//! signed    format 1 (1) | size 8 | root 32 | cosignature 76 | CRC-32 of all before 4 (little-endian)
//! ```

use crate::disk::{Disk, Files, read_whole};
use directory_core::bytes::{DecodeError, Reader};
use directory_core::checkpoint::{Checkpoint, Cosignature, Verifier};
use directory_core::policy::Key;
use ed25519_dalek::{Signer as _, SigningKey};
use std::io;

const FILE: &str = "signed";
const FORMAT: u8 = 1;

/// A key, and the last statement that it signed.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    public: Verifier,
    origin: String,
    last: Option<Statement>,
}

/// A checkpoint and its cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The cosignature.
    pub cosignature: Cosignature,
}

/// The reason why nothing was signed.
#[derive(Debug)]
pub enum SignError {
    /// A larger log has been signed.
    Smaller {
        /// The signed size.
        signed: u64,
        /// The requested size.
        asked: u64,
    },
    /// Another root has been signed for this size.
    Fork {
        /// The signed checkpoint.
        signed: Checkpoint,
        /// The requested checkpoint.
        asked: Checkpoint,
    },
    /// The statement could not be stored.
    Disk(io::Error),
}

/// The reason why a signer cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The name is not legal in a note, or the key is not legal in a policy.
    Name(String),
    /// The stored statement is damaged, or belongs to another key or directory.
    Statement,
    /// The file could not be read.
    Disk(io::Error),
}

impl Signer {
    /// Opens a signer with the key and its last statement.
    pub fn open(disk: &impl Files, name: &str, key: SigningKey, origin: String) -> Result<Self, OpenError> {
        let public = Verifier::new(name.to_owned(), Key::of(&key));
        let public = public.ok_or_else(|| OpenError::Name(name.to_owned()))?;
        let stored = read_whole(disk, FILE).map_err(OpenError::Disk)?;
        let last = stored.map(|bytes| decode(&bytes).ok_or(OpenError::Statement)).transpose()?;
        let is_ours = |last: &Statement| public.verifies(&origin, &last.checkpoint, &last.cosignature);
        if last.as_ref().is_some_and(|last| !is_ours(last)) {
            return Err(OpenError::Statement);
        }
        Ok(Self { key, public, origin, last })
    }

    /// The name and the public key.
    pub fn public(&self) -> &Verifier {
        &self.public
    }

    /// The last statement.
    pub fn last(&self) -> Option<&Statement> {
        self.last.as_ref()
    }

    /// Whether this key has signed a published statement.
    pub fn has_signed(&self, published: &Statement) -> bool {
        self.public.verifies(&self.origin, &published.checkpoint, &published.cosignature)
    }

    /// Whether a published cosignature of this key shows that the disk is older than what the key has signed, as a
    /// restored backup is. Then the key must not sign any more.
    pub fn is_behind(&self, published: &Statement) -> bool {
        let known = self.last.map(|last| last.checkpoint);
        self.has_signed(published)
            && known.is_none_or(|known| {
                known.size < published.checkpoint.size
                    || known.size == published.checkpoint.size && known.root != published.checkpoint.root
            })
    }

    /// Signs a checkpoint at `now`, in seconds since 1970. The time never goes back.
    pub fn sign(&mut self, disk: &mut impl Disk, checkpoint: &Checkpoint, now: u64) -> Result<Cosignature, SignError> {
        let mut time = now;
        if let Some(Statement { checkpoint: signed, cosignature }) = self.last {
            if checkpoint.size < signed.size {
                return Err(SignError::Smaller { signed: signed.size, asked: checkpoint.size });
            }
            if checkpoint.size == signed.size && checkpoint.root != signed.root {
                return Err(SignError::Fork { signed, asked: *checkpoint });
            }
            time = now.max(cosignature.time);
        }
        let signature = self.key.sign(&checkpoint.cosigned_bytes(&self.origin, time)).to_bytes();
        let cosignature = Cosignature { key_id: self.public.key_id(), time, signature };
        let statement = Statement { checkpoint: *checkpoint, cosignature };
        disk.replace(FILE, &encode(&statement)).map_err(SignError::Disk)?;
        self.last = Some(statement);
        Ok(cosignature)
    }
}

fn encode(Statement { checkpoint, cosignature }: &Statement) -> Vec<u8> {
    let mut out = vec![FORMAT];
    out.extend(checkpoint.size.to_be_bytes());
    out.extend(checkpoint.root);
    out.extend(cosignature.encode());
    let checksum = crc32fast::hash(&out);
    out.extend(checksum.to_le_bytes());
    out
}

fn decode(bytes: &[u8]) -> Option<Statement> {
    let (bytes, checksum) = bytes.split_last_chunk()?;
    if crc32fast::hash(bytes) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let read = || -> Result<Statement, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.version("format", FORMAT)?;
        let checkpoint = Checkpoint { size: reader.u64("size")?, root: reader.array("root")? };
        let cosignature = Cosignature {
            key_id: reader.array("key id")?,
            time: reader.u64("time")?,
            signature: reader.array("signature")?,
        };
        reader.end()?;
        Ok(Statement { checkpoint, cosignature })
    };
    read().ok()
}
