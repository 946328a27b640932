//! The proof of a page of a key: its parts and bytes. [`crate::verify`] checks it.
//!
//! ```text
//! page proof, version 1
//! size
//!    1  version: 1
//!   52  state of the store (see `head`)
//!    …  witness of the key (see `trie`)
//!    2  number of steps, at most 255
//!    …  steps from the key's newest message towards the page: link taken (1: 0 previous, 1 jump), chain value of the
//!       link not taken (32), hash of the message (32), its other fields (5 numbers)
//!    4  rank of the page's oldest message, 0 where the page is empty
//!    2  number of messages, at most 1,000
//!    …  4 bits for each message, oldest first, the low half of a byte first; the unused half of the last byte is 0.
//!       They say which chain value the message's jump link has:
//!       0: the next one in the list below · 1: that of the previous message · 2 to 9 (k): that of the message 2^k - 1
//!       before it in the page · 10: the same one as the nearest older message with a 0
//! n*32  a chain value for each 0
//!    1  below the oldest: 0 nothing is said · 1 its previous chain value (32) · 2 the previous message: previous chain
//!       value (32), jump chain value (32), fields (52)
//! ```
//!
//! The numbers of a step are: how far id, timestamp and rank are below those of the step before; how far the previous
//! id is below the id; the bytes of the ciphertext. The first step is compared with the key's head. Differences are
//! those of 32-bit numbers that wrap. A number has 7 bits in each byte, the low ones first, and bit 7 where another byte
//! follows.
//!
//! The messages themselves are in the answer, not in the proof. Little-endian.

use crate::chain::{FIELDS_BYTES, Fields, Links};
use crate::hash::Hash;
use crate::head::{Head, STATE_BYTES, State};
use crate::trie::{End, MAX_END_BYTES, TURN_BYTES, Witness};
use crate::wire::{Malformed, Reader, VERSION, write_number};

/// Maximum number of steps from a key's newest message to a page.
pub const MAX_STEPS: usize = 255;
/// Maximum number of messages of a page.
pub const MAX_MESSAGES: usize = 1_000;
/// Maximum of [`Jump::Back`]: a page has fewer than 2^10 messages.
pub const MAX_BACK: u8 = 9;
/// Bytes of a step, if each number takes as many as it can.
const MAX_STEP_BYTES: usize = 1 + 2 * 32 + 5 * 5;
/// Maximum bytes of the part about the message below a page.
const MAX_BELOW_BYTES: usize = 1 + 2 * 32 + FIELDS_BYTES;
/// Maximum number of bytes of a proof beside nodes, steps and jump links: version, state, the path's end, three counts, a rank, and
/// what is below.
const MAX_BESIDE: usize = 1 + STATE_BYTES + MAX_END_BYTES + 3 * 2 + 4 + MAX_BELOW_BYTES;
/// Jump links of a page: to another chain value, to the previous message, and to the last other chain value again.
const TO: u8 = 0;
const PREVIOUS: u8 = 1;
const TO_THE_SAME: u8 = MAX_BACK + 1;

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
    /// To the message 2^k - 1 before it in the page. This is k, from 2 to [`MAX_BACK`].
    Back(u8),
    /// To a message outside the page.
    To(Hash),
}

/// The fields of the message before the page's oldest, as the proof shows them. If the page is empty: of the message
/// before the last step.
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
    /// The key's path through the trie.
    pub witness: Witness,
    /// The path from the newest message of the key towards the page.
    pub steps: Vec<Step>,
    /// The rank of the page's oldest message, 0 where the page is empty.
    pub first_rank: u32,
    /// The jump link of each message, oldest first.
    pub jumps: Vec<Jump>,
    /// The message before the page's oldest.
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
        let mut above = Above::first(&witness);
        let steps = bytes.items(count, |bytes| Step::read(bytes, &mut above))?;
        let first_rank = bytes.u32()?;
        let count = bytes.count(MAX_MESSAGES)?;
        let jumps = read_jumps(&mut bytes, count)?;
        let below = Below::read(&mut bytes)?;
        bytes.done()?;
        Ok(Self { state, witness, steps, first_rank, jumps, below })
    }

    /// An upper bound of the encoded size.
    fn max_bytes(&self) -> usize {
        let (turns, steps, jumps) = (self.witness.turns.len(), self.steps.len(), self.jumps.len());
        MAX_BESIDE + turns * TURN_BYTES + steps * MAX_STEP_BYTES + jumps * 33
    }

    /// Its bytes. Preconditions: at most [`MAX_STEPS`] steps and [`MAX_MESSAGES`] messages.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.max_bytes());
        bytes.push(VERSION);
        bytes.extend(self.state.to_bytes());
        self.witness.write(&mut bytes);
        bytes.extend((self.steps.len() as u16).to_le_bytes());
        let mut above = Above::first(&self.witness);
        for step in &self.steps {
            step.write(&mut bytes, &mut above);
        }
        bytes.extend(self.first_rank.to_le_bytes());
        bytes.extend((self.jumps.len() as u16).to_le_bytes());
        write_jumps(&mut bytes, &self.jumps);
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

/// The numbers that those of the next step are compared with.
struct Above {
    id: u32,
    timestamp: u32,
    rank: u32,
}

impl Above {
    /// The numbers of the key's head.
    fn first(witness: &Witness) -> Self {
        match witness.end {
            End::Own(Head { last_id, last_time, rank, .. }) => Self { id: last_id, timestamp: last_time, rank },
            End::Other { .. } | End::Nothing => Self { id: 0, timestamp: 0, rank: 0 },
        }
    }

    /// The numbers of a step.
    fn of(&Fields { id, timestamp, rank, .. }: &Fields) -> Self {
        Self { id, timestamp, rank }
    }
}

impl Step {
    fn read(bytes: &mut Reader<'_>, above: &mut Above) -> Result<Self, Malformed> {
        let taken = match bytes.u8()? {
            0 => Taken::Previous,
            1 => Taken::Jump,
            found => return Err(Malformed::Case { found }),
        };
        let (other, hash) = (bytes.hash()?, bytes.hash()?);
        let id = above.id.wrapping_sub(bytes.number()?);
        let timestamp = above.timestamp.wrapping_sub(bytes.number()?);
        let rank = above.rank.wrapping_sub(bytes.number()?);
        let prev_id = id.wrapping_sub(bytes.number()?);
        let fields = Fields { hash, id, prev_id, timestamp, len: bytes.number()?, rank };
        *above = Above::of(&fields);
        Ok(Self { taken, other, fields })
    }

    fn write(&self, bytes: &mut Vec<u8>, above: &mut Above) {
        let Fields { hash, id, prev_id, timestamp, len, rank } = self.fields;
        let mut hashes = [0; 1 + 2 * 32];
        hashes[0] = match self.taken {
            Taken::Previous => 0,
            Taken::Jump => 1,
        };
        hashes[1..33].copy_from_slice(&self.other);
        hashes[33..].copy_from_slice(&hash);
        bytes.extend_from_slice(&hashes);
        for number in [
            above.id.wrapping_sub(id),
            above.timestamp.wrapping_sub(timestamp),
            above.rank.wrapping_sub(rank),
            id.wrapping_sub(prev_id),
            len,
        ] {
            write_number(bytes, number);
        }
        *above = Above::of(&self.fields);
    }
}

fn read_jumps(bytes: &mut Reader<'_>, count: usize) -> Result<Vec<Jump>, Malformed> {
    let mut codes = Vec::with_capacity(count + 1);
    while codes.len() < count {
        let two = bytes.u8()?;
        codes.extend([two & 0xf, two >> 4]);
    }
    if let Some(found) = codes.drain(count..).find(|left| *left != 0) {
        return Err(Malformed::Case { found });
    }
    let mut last = None;
    codes
        .into_iter()
        .map(|code| match code {
            TO => {
                last = Some(bytes.hash()?);
                last.map(Jump::To).ok_or(Malformed::Truncated)
            }
            PREVIOUS => Ok(Jump::Previous),
            TO_THE_SAME => last.map(Jump::To).ok_or(Malformed::Case { found: code }),
            _ if code <= MAX_BACK => Ok(Jump::Back(code)),
            found => Err(Malformed::Case { found }),
        })
        .collect()
}

fn write_jumps(bytes: &mut Vec<u8>, jumps: &[Jump]) {
    let mut chains: Vec<Hash> = Vec::new();
    let codes: Vec<u8> = jumps
        .iter()
        .map(|jump| match jump {
            Jump::Previous => PREVIOUS,
            Jump::Back(code) => *code,
            Jump::To(chain) if chains.last() == Some(chain) => TO_THE_SAME,
            Jump::To(chain) => {
                chains.push(*chain);
                TO
            }
        })
        .collect();
    bytes.extend(codes.chunks(2).map(|two| two.iter().rev().fold(0, |byte, code| byte << 4 | code)));
    bytes.extend(chains.as_flattened());
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
    pub fn chain(&self) -> Option<Hash> {
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
