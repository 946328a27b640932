//! The proof of the heads of many keys: one state, and a witness for each key.
//!
//! ```text
//! size
//!    1  version: 1
//!   52  state of the store (see `head`)
//!    2  number of witnesses, at most 1,000, in the order of the question's keys
//!    …  witnesses (see `trie`)
//! ```

use crate::hash::Hash;
use crate::head::{Head, State};
use crate::trie::{Witness, WitnessError};
use crate::verify::Key;
use crate::wire::{Malformed, Reader, VERSION};
use std::fmt;

/// Maximum number of keys of one question.
pub const MAX_KEYS: usize = 1_000;

/// The proof of many heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadsProof {
    /// The store's state.
    pub state: State,
    /// A witness for each key.
    pub witnesses: Vec<Witness>,
}

/// The reason why heads were not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadsRefused {
    /// The proof has witnesses for a different number of keys.
    Count {
        /// Keys in the question.
        asked: usize,
        /// Witnesses in the proof.
        proved: usize,
    },
    /// The labels of this store cannot be computed from key ids: its reads are closed.
    LabelUnknown {
        /// The key's place in the question.
        at: usize,
    },
    /// A witness does not belong to its key.
    Witness {
        /// The key's place in the question.
        at: usize,
        /// The reason.
        error: WitnessError,
    },
    /// A witness leads to another root than the certified one.
    Root {
        /// The key's place in the question.
        at: usize,
    },
}

impl fmt::Display for HeadsRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { asked, proved } => write!(f, "{asked} keys, but a proof of {proved}"),
            Self::LabelUnknown { at } => {
                write!(f, "the reads of this store are closed, and the label of key {at} is not known")
            }
            Self::Witness { at, error } => write!(f, "the witness for key {at} does not belong to that key: {error:?}"),
            Self::Root { at } => write!(f, "the proof of key {at} belongs to another state than the certified one"),
        }
    }
}

impl std::error::Error for HeadsRefused {}

impl HeadsProof {
    /// Reads a proof.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Reader::new(bytes);
        bytes.version()?;
        let state = State::read(&mut bytes)?;
        let count = bytes.count(MAX_KEYS)?;
        let witnesses = bytes.items(count, Witness::read)?;
        bytes.done()?;
        Ok(Self { state, witnesses })
    }

    /// Its bytes. Precondition: at most [`MAX_KEYS`] witnesses.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.state.to_bytes());
        bytes.extend((self.witnesses.len() as u16).to_le_bytes());
        for witness in &self.witnesses {
            witness.write(&mut bytes);
        }
        bytes
    }

    /// The root to which the proof leads for the first of the keys. `None`: there is no key, and so no root.
    pub fn root(&self, keys: &[Key<'_>]) -> Result<Option<Hash>, HeadsRefused> {
        let (Some(key), Some(witness)) = (keys.first(), self.witnesses.first()) else { return Ok(None) };
        let label = key.label(&self.state).ok_or(HeadsRefused::LabelUnknown { at: 0 })?;
        let (_, trie) = witness.verify(&label).map_err(|error| HeadsRefused::Witness { at: 0, error })?;
        Ok(Some(self.state.root(&trie)))
    }

    /// The head of each key, verified against the root that a certificate proves. `None`: the store does not have the
    /// key.
    pub fn verify(&self, keys: &[Key<'_>], root: &Hash) -> Result<Vec<Option<Head>>, HeadsRefused> {
        if keys.len() != self.witnesses.len() {
            return Err(HeadsRefused::Count { asked: keys.len(), proved: self.witnesses.len() });
        }
        let verified = keys.iter().zip(&self.witnesses).enumerate().map(|(at, (key, witness))| {
            let label = key.label(&self.state).ok_or(HeadsRefused::LabelUnknown { at })?;
            let (head, trie) = witness.verify(&label).map_err(|error| HeadsRefused::Witness { at, error })?;
            if self.state.root(&trie) == *root { Ok(head) } else { Err(HeadsRefused::Root { at }) }
        });
        verified.collect()
    }
}
