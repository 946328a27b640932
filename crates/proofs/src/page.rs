//! The proof of a page of a key: its parts and bytes. [`crate::verify`] checks it.
//!
//! ```text
//! page proof, version 1
//! size
//!    1  version: 1
//!   52  state of the store (see `head`)
//!    …  witness of the key (see `trie`)
//!    2  number of steps, at most 255
//! n*85  steps from the key's newest message towards the page: link taken (1: 0 previous, 1 jump), chain value of the
//!       link not taken (32), fields of the message (52, see `chain`)
//!    4  rank of the page's oldest message, 0 where the page is empty
//!    2  number of messages, at most 1,000, then for each from the oldest on its jump link:
//!         1  0: the previous message's · 1: that of the message k before it in the page (k: 2) · 2: another (32)
//!    1  below the oldest: 0 nothing is said · 1 its previous chain value (32) · 2 the previous message: previous chain
//!       value (32), jump chain value (32), fields (52)
//! ```
//!
//! The messages themselves are in the answer, not in the proof. Little-endian.

use crate::chain::{Fields, Links};
use crate::hash::Hash;
use crate::head::State;
use crate::trie::Witness;
use crate::verify::{Key, Refused};
use crate::wire::{Malformed, Reader, VERSION};

/// The most steps from a key's newest message to a page.
pub const MAX_STEPS: usize = 255;
/// The most messages of a page.
pub const MAX_MESSAGES: usize = 1_000;

/// The link that a step takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// To the previous message of the key.
    Previous,
    /// To the jump target.
    Jump,
}

/// A message on the path from the key's newest message to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The link that the path takes.
    pub taken: Taken,
    /// The chain value of the link that the path does not take.
    pub other: Hash,
    /// The message.
    pub fields: Fields,
}

/// The jump link of a message of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// To the previous message.
    Previous,
    /// To the message that many places before it in the page.
    Back(u16),
    /// To a message outside the page.
    To(Hash),
}

/// What the proof says of the message before the page's oldest. If the page is empty: of the message before the last
/// step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// Nothing: there are neither messages nor steps.
    Nothing,
    /// The message's chain value.
    Chain(Hash),
    /// Everything to which the message's chain value commits.
    Message {
        /// Its links.
        links: Links,
        /// Its fields.
        fields: Fields,
    },
}

/// The proof of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageProof {
    /// The store's state.
    pub state: State,
    /// The key's way through the trie.
    pub witness: Witness,
    /// The key's path through the trie.
    pub steps: Vec<Step>,
    /// The path from the newest message of the key towards the page.
    pub first_rank: u32,
    /// Each message's jump link, from the oldest on.
    pub jumps: Vec<Jump>,
    /// The jump link of each message, oldest first.
    pub below: Below,
}

impl PageProof {
    /// Reads a proof.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = Reader::new(bytes);
        bytes.version()?;
        let state = State::read(&mut bytes)?;
        let witness = Witness::read(&mut bytes)?;
        let count = bytes.count(MAX_STEPS)?;
        let steps = bytes.items(count, Step::read)?;
        let first_rank = bytes.u32()?;
        let count = bytes.count(MAX_MESSAGES)?;
        let jumps = bytes.items(count, Jump::read)?;
        let below = Below::read(&mut bytes)?;
        bytes.done()?;
        Ok(Self { state, witness, steps, first_rank, jumps, below })
    }

    /// The root to which the proof leads for this key. A certificate must prove it.
    pub fn root(&self, key: Key<'_>) -> Result<Hash, Refused> {
        let label = key.label(&self.state).ok_or(Refused::LabelUnknown)?;
        let (_, trie) = self.witness.verify(&label).map_err(Refused::Witness)?;
        Ok(self.state.root(&trie))
    }

    /// Its bytes. Preconditions: at most [`MAX_STEPS`] steps and [`MAX_MESSAGES`] messages.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.state.to_bytes());
        self.witness.write(&mut bytes);
        bytes.extend((self.steps.len() as u16).to_le_bytes());
        for step in &self.steps {
            bytes.push(match step.taken {
                Taken::Previous => 0,
                Taken::Jump => 1,
            });
            bytes.extend(step.other);
            bytes.extend(step.fields.to_bytes());
        }
        bytes.extend(self.first_rank.to_le_bytes());
        bytes.extend((self.jumps.len() as u16).to_le_bytes());
        for jump in &self.jumps {
            match jump {
                Jump::Previous => bytes.push(0),
                Jump::Back(places) => {
                    bytes.push(1);
                    bytes.extend(places.to_le_bytes());
                }
                Jump::To(chain) => {
                    bytes.push(2);
                    bytes.extend(chain);
                }
            }
        }
        match &self.below {
            Below::Nothing => bytes.push(0),
            Below::Chain(chain) => {
                bytes.push(1);
                bytes.extend(chain);
            }
            Below::Message { links, fields } => {
                bytes.push(2);
                bytes.extend(links.prev);
                bytes.extend(links.jump);
                bytes.extend(fields.to_bytes());
            }
        }
        bytes
    }
}

impl Step {
    fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        let taken = match bytes.u8()? {
            0 => Taken::Previous,
            1 => Taken::Jump,
            found => return Err(Malformed::Case { found }),
        };
        Ok(Self { taken, other: bytes.hash()?, fields: Fields::read(bytes)? })
    }
}

impl Jump {
    fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        match bytes.u8()? {
            0 => Ok(Self::Previous),
            1 => Ok(Self::Back(bytes.u16()?)),
            2 => Ok(Self::To(bytes.hash()?)),
            found => Err(Malformed::Case { found }),
        }
    }
}

impl Below {
    fn read(bytes: &mut Reader<'_>) -> Result<Self, Malformed> {
        match bytes.u8()? {
            0 => Ok(Self::Nothing),
            1 => Ok(Self::Chain(bytes.hash()?)),
            2 => {
                let links = Links { prev: bytes.hash()?, jump: bytes.hash()? };
                Ok(Self::Message { links, fields: Fields::read(bytes)? })
            }
            found => Err(Malformed::Case { found }),
        }
    }

    /// The chain value of the message before, if the proof says it.
    pub(crate) fn chain(&self) -> Option<Hash> {
        match self {
            Self::Nothing => None,
            Self::Chain(chain) => Some(*chain),
            Self::Message { links, fields } => Some(fields.chain(links)),
        }
    }

    pub(crate) fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Message { fields, .. } => Some(fields),
            Self::Nothing | Self::Chain(_) => None,
        }
    }
}
