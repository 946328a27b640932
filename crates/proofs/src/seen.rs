//! The reader's memory of a key, and the rules for a later answer.

use crate::hash::Hash;
use crate::verify::{Known, Verified};
use std::fmt;

/// The newest message that a reader knows. Store it with the messages themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The store's epoch.
    pub epoch: u64,
    /// The message's id.
    pub id: u32,
    /// Its rank.
    pub rank: u32,
    /// Its chain value.
    pub chain: Hash,
}

/// The relation of a verified answer to the message that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continued {
    /// The answer shows the message that was seen. All later messages continue it.
    Extends,
    /// The answer does not show the message that was seen. Nothing contradicts it.
    Unlinked,
    /// The message that was seen has been dropped, and its key forgotten. The key came back later, so its ranks start
    /// again.
    Restarted,
    /// The operator restored an earlier state under a new epoch. The message that was seen is not in it.
    Restored,
}

/// The answer contradicts the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The answer has an earlier epoch.
    Epoch {
        /// The epoch that was seen.
        seen: u64,
        /// The epoch of the answer.
        found: u64,
    },
    /// The key's list is shorter than before: the answer shows an older state, or messages were removed.
    RolledBack {
        /// The rank that was seen.
        seen: u32,
        /// The rank of the newest message now; 0: the key does not exist.
        found: u32,
    },
    /// Another message has the rank of the one that was seen.
    Forked {
        /// The rank of both.
        rank: u32,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epoch { seen, found } => write!(f, "an answer of epoch {found} after one of epoch {seen}"),
            Self::RolledBack { seen, found } => {
                write!(f, "the newest message has rank {found}, but rank {seen} was seen before: an older state")
            }
            Self::Forked { rank } => write!(f, "another message stands at rank {rank} than the one seen before"),
        }
    }
}

impl std::error::Error for Broken {}

impl Seen {
    /// The newest message of a verified answer; `None`: the key has none.
    pub fn newest(answer: &Verified) -> Option<Self> {
        let head = answer.head?;
        Some(Self { epoch: answer.state.epoch, id: head.last_id, rank: head.rank, chain: head.chain })
    }

    /// Number of messages between this one and the page that nobody can read any more: they were dropped or
    /// acknowledged before this reader saw them. Precondition: the page was asked for behind this message, in ascending
    /// order.
    pub fn missed(&self, answer: &Verified) -> u32 {
        answer.first_rank.saturating_sub(self.rank.saturating_add(1))
    }

    /// The relation of an answer to this message.
    pub fn continued_by(&self, answer: &Verified) -> Result<Continued, Broken> {
        let epoch = answer.state.epoch;
        if epoch < self.epoch {
            return Err(Broken::Epoch { seen: self.epoch, found: epoch });
        }
        let found = answer.head.map_or(0, |head| head.rank);
        let broken = if answer.known.iter().any(|known| self.is(known)) {
            return Ok(Continued::Extends);
        } else if found < self.rank {
            Broken::RolledBack { seen: self.rank, found }
        } else if answer.known.iter().any(|known| self.excludes(known)) {
            Broken::Forked { rank: self.rank }
        } else {
            return Ok(Continued::Unlinked);
        };
        if answer.state.first_id > self.id {
            Ok(Continued::Restarted)
        } else if epoch > self.epoch {
            Ok(Continued::Restored)
        } else {
            Err(broken)
        }
    }

    fn is(&self, known: &Known) -> bool {
        known.rank == self.rank && known.chain == self.chain
    }

    /// Whether another message cannot be in one list with this one. In a list, ids grow with ranks.
    fn excludes(&self, known: &Known) -> bool {
        known.rank == self.rank || known.rank.cmp(&self.rank) != known.id.cmp(&self.id)
    }
}
