//! Verifying a page: every message is genuine, none is left out, and both ends are where the question puts them.
//!
//! ```text
//!   older                                                                      newer
//!   below ◀── oldest ◀── … ◀── newest ◀── step ◀── … ◀── step = the key's newest ◀── leaf ◀── root ◀── certificate
//!     └ lower end: why nothing older belongs to the page        └ upper end
//! ```
//!
//! The chain value of each message follows from its content and its links. So hashing from `below` upwards must end at
//! the head to which the trie commits.

use crate::chain::{Fields, Links};
use crate::hash::{self, Hash};
use crate::head::{Head, State};
use crate::page::{Jump, PageProof, Step, Taken};
use crate::trie::WitnessError;
use std::fmt;

/// The key of a question.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// Its id, if the store's reads are open: the label follows from the salt in the state.
    Id(&'a [u8]),
    /// Its label, which an owner learns from the store.
    Label(Hash),
}

impl Key<'_> {
    /// Its label in a store with this state. `None`: the label does not follow from the id, because reads are closed.
    pub(crate) fn label(self, state: &State) -> Option<Hash> {
        match self {
            Key::Label(label) => Some(label),
            Key::Id(_) if state.salt == hash::EMPTY => None,
            Key::Id(id) => Some(hash::label(&state.salt, id)),
        }
    }
}

/// The order of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// The beginning of a page, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Ascending: at the oldest live message. Descending: at the newest live message.
    Start,
    /// Ascending: above this id. Descending: below this id.
    After(u32),
    /// Ascending: at the oldest message stored at or after this second. Descending: at the newest message stored at or
    /// before this second.
    Time(u32),
    /// Ascending: at the oldest message with at least this rank. Descending: at the newest message with at most this rank.
    Rank(u32),
}

/// A question for a page.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The key.
    pub key: Key<'a>,
    /// The order.
    pub order: Order,
    /// Where the page begins.
    pub entry: Entry,
}

/// A message of the answer. The reader computes the hash from the ciphertext that it received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: u32,
    /// The id of the previous message, as stored.
    pub prev_id: u32,
    /// Unix seconds of insertion.
    pub timestamp: u32,
    /// Bytes of the ciphertext.
    pub len: u32,
    /// SHA-256 of the ciphertext.
    pub hash: Hash,
}

/// A page that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The key's head; `None`: the store has no such key.
    pub head: Option<Head>,
    /// The store's state.
    pub state: State,
    /// The rank of the page's oldest message; 0: the page is empty.
    pub first_rank: u32,
    /// True if the key has live messages after the page, in its order.
    pub more: bool,
    /// Every message that the proof shows, for [`crate::seen`].
    pub(crate) known: Vec<Known>,
}

/// The place of a message in its key's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub rank: u32,
    pub id: u32,
    pub chain: Hash,
}

/// The reason why a page was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The labels of this store cannot be computed from key ids: its reads are closed.
    LabelUnknown,
    /// The witness does not belong to this key.
    Witness(WitnessError),
    /// Witness and state lead to another root than the certified one.
    Root,
    /// The proof has parts for a different number of messages.
    Count {
        /// Messages in the answer.
        shown: usize,
        /// Messages in the proof.
        proved: usize,
    },
    /// There are messages or steps, but the proof does not show which message comes before the first of them.
    BelowMissing,
    /// The answer has messages, or the proof has steps, of a key that does not exist.
    NoSuchKey,
    /// A message's jump link leads out of the page.
    JumpOutside {
        /// The message.
        id: u32,
    },
    /// Messages or steps are not in the order of the key's list.
    Order {
        /// The first message out of order.
        id: u32,
    },
    /// Messages and steps do not hash to the key's head: something was forged, left out, added or exchanged.
    Chain,
    /// A message does not belong to the page, because of where the page begins.
    BeforeEntry {
        /// The message.
        id: u32,
    },
    /// Nothing shows that the page begins where the question says: messages may be left out before this rank.
    Start {
        /// The rank at which the page begins.
        rank: u32,
    },
    /// The page is empty, and nothing shows that it must be.
    Empty,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LabelUnknown => write!(f, "the reads of this store are closed, and the key's label is not known"),
            Self::Witness(error) => write!(f, "the witness is not one of this key: {error:?}"),
            Self::Root => write!(f, "the proof belongs to another state than the certified one"),
            Self::Count { shown, proved } => write!(f, "{shown} messages, but a proof of {proved}"),
            Self::BelowMissing => write!(f, "the proof does not show which message precedes the oldest one"),
            Self::NoSuchKey => write!(f, "messages of a key that the store does not have"),
            Self::JumpOutside { id } => write!(f, "message {id} jumps out of the page"),
            Self::Order { id } => write!(f, "message {id} is not in the order of its key's list"),
            Self::Chain => write!(f, "a message was forged, left out, added or exchanged"),
            Self::BeforeEntry { id } => write!(f, "message {id} was not asked for"),
            Self::Start { rank } => write!(f, "messages before rank {rank} may have been left out"),
            Self::Empty => write!(f, "no messages, and nothing shows that there are none"),
        }
    }
}

impl std::error::Error for Refused {}

impl PageProof {
    /// The root to which the proof leads for this key. A certificate must prove it.
    pub fn root(&self, key: Key<'_>) -> Result<Hash, Refused> {
        self.head_and_root(key).map(|(_, root)| root)
    }

    fn head_and_root(&self, key: Key<'_>) -> Result<(Option<Head>, Hash), Refused> {
        let label = key.label(&self.state).ok_or(Refused::LabelUnknown)?;
        let (head, trie) = self.witness.verify(&label).map_err(Refused::Witness)?;
        Ok((head, self.state.root(&trie)))
    }

    /// Verifies a page against the root that a certificate proves.
    ///
    /// `shown` are the messages of the answer, oldest first in both orders. `now` is the later of the certificate's
    /// time and the reader's clock, in unix seconds. It decides which messages are too old.
    pub fn verify(&self, question: &Question<'_>, shown: &[Shown], root: &Hash, now: u64) -> Result<Verified, Refused> {
        let (head, proved) = self.head_and_root(question.key)?;
        if proved != *root {
            return Err(Refused::Root);
        }
        if shown.len() != self.jumps.len() {
            return Err(Refused::Count { shown: shown.len(), proved: self.jumps.len() });
        }
        let Some(head) = head else {
            return match (shown, &self.steps[..]) {
                ([], []) => Ok(self.verified(None, Vec::new(), false)),
                _ => Err(Refused::NoSuchKey),
            };
        };
        let known = self.hashed(shown, &head)?;
        let ends = Ends { proof: self, head: &head, shown, now };
        let more = match question.order {
            Order::Ascending => ends.ascending(question.entry)?,
            Order::Descending => ends.descending(question.entry)?,
        };
        Ok(self.verified(Some(head), known, more))
    }

    fn verified(&self, head: Option<Head>, known: Vec<Known>, more: bool) -> Verified {
        let first_rank = if self.jumps.is_empty() { 0 } else { self.first_rank };
        Verified { head, state: self.state, first_rank, more, known }
    }

    /// Hashes from below the page up to the head, and returns each message on the way.
    fn hashed(&self, shown: &[Shown], head: &Head) -> Result<Vec<Known>, Refused> {
        let mut known = vec![Known { rank: head.rank, id: head.last_id, chain: head.chain }];
        if shown.is_empty() && self.steps.is_empty() {
            return Ok(known);
        }
        let mut current = self.below.chain().ok_or(Refused::BelowMissing)?;
        let mut last = self.below.fields().map(|fields| (fields.rank, fields.id));
        known.extend(self.place_below(shown).map(|(rank, id)| Known { rank, id, chain: current }));
        let mut chains = Vec::with_capacity(shown.len());
        for (at, (message, jump)) in shown.iter().zip(&self.jumps).enumerate() {
            let fields = message.fields(self.first_rank.wrapping_add(at as u32));
            in_order(&fields, last, Taken::Previous)?;
            let jump = match *jump {
                Jump::Previous => current,
                Jump::To(chain) => chain,
                Jump::Back(code) => 1_usize
                    .checked_shl(code.into())
                    .and_then(|places| (at + 1).checked_sub(places))
                    .and_then(|target| chains.get(target).copied())
                    .ok_or(Refused::JumpOutside { id: fields.id })?,
            };
            current = fields.chain(&Links { prev: current, jump });
            chains.push(current);
            known.push(Known { rank: fields.rank, id: fields.id, chain: current });
            last = Some((fields.rank, fields.id));
        }
        for Step { taken, other, fields } in self.steps.iter().rev() {
            in_order(fields, last, *taken)?;
            current = fields.chain(&match taken {
                Taken::Previous => Links { prev: current, jump: *other },
                Taken::Jump => Links { prev: *other, jump: current },
            });
            known.push(Known { rank: fields.rank, id: fields.id, chain: current });
            last = Some((fields.rank, fields.id));
        }
        if current != head.chain || last != Some((head.rank, head.last_id)) {
            return Err(Refused::Chain);
        }
        Ok(known)
    }

    /// Rank and id of the message below the page, to which the message above it commits. `None`: there is none.
    fn place_below(&self, shown: &[Shown]) -> Option<(u32, u32)> {
        let (above, id) = match (shown, self.steps.last()) {
            ([oldest, ..], _) => (self.first_rank, oldest.prev_id),
            ([], Some(Step { taken: Taken::Previous, fields, .. })) => (fields.rank, fields.prev_id),
            ([], _) => return self.below.fields().map(|fields| (fields.rank, fields.id)),
        };
        above.checked_sub(1).filter(|rank| *rank > 0).map(|rank| (rank, id))
    }
}

impl Shown {
    fn fields(&self, rank: u32) -> Fields {
        let Self { id, prev_id, timestamp, len, hash } = *self;
        Fields { hash, id, prev_id, timestamp, len, rank }
    }
}

/// Checks that a message is above the one that it links to: directly above it for a previous link, anywhere above it
/// for a jump.
fn in_order(fields: &Fields, below: Option<(u32, u32)>, taken: Taken) -> Result<(), Refused> {
    let ordered = match (below, taken) {
        (None, _) => true,
        (Some((rank, id)), Taken::Previous) => fields.prev_id == id && Some(fields.rank) == rank.checked_add(1),
        (Some((rank, id)), Taken::Jump) => fields.rank > rank && fields.id > id,
    };
    if ordered { Ok(()) } else { Err(Refused::Order { id: fields.id }) }
}

/// The two ends of a page whose chain has been verified.
struct Ends<'a> {
    proof: &'a PageProof,
    head: &'a Head,
    shown: &'a [Shown],
    now: u64,
}

impl Ends<'_> {
    /// Whether there is more above, if the page begins where it should.
    fn ascending(&self, entry: Entry) -> Result<bool, Refused> {
        let Some(oldest) = self.shown.first() else {
            let beyond = match entry {
                Entry::Start => false,
                Entry::After(id) => self.head.last_id <= id,
                Entry::Time(second) => self.head.last_time < second,
                Entry::Rank(rank) => self.head.rank < rank,
            };
            return if beyond || self.newest_is_gone() { Ok(false) } else { Err(Refused::Empty) };
        };
        let rank = self.proof.first_rank;
        let belongs = match entry {
            Entry::Start => true,
            Entry::After(id) => oldest.id > id,
            Entry::Time(second) => oldest.timestamp >= second,
            Entry::Rank(first) => rank >= first,
        };
        if !belongs {
            return Err(Refused::BeforeEntry { id: oldest.id });
        }
        let begins_there = match entry {
            Entry::Start => false,
            Entry::After(id) => oldest.prev_id <= id,
            Entry::Time(second) => self.proof.below.fields().is_some_and(|before| before.timestamp < second),
            Entry::Rank(first) => rank == first,
        };
        if !begins_there && !self.ends_below(rank, oldest.prev_id) {
            return Err(Refused::Start { rank });
        }
        Ok(!self.proof.steps.is_empty())
    }

    /// Whether there is more below, if the page begins where it should.
    fn descending(&self, entry: Entry) -> Result<bool, Refused> {
        let belongs = |id: u32, timestamp: u32, rank: u32| match entry {
            Entry::Start => true,
            Entry::After(before) => id < before,
            Entry::Time(second) => timestamp <= second,
            Entry::Rank(last) => rank <= last,
        };
        let rank = self.proof.first_rank;
        if let Some(newest) = self.shown.last()
            && !belongs(newest.id, newest.timestamp, rank + (self.shown.len() as u32 - 1))
        {
            return Err(Refused::BeforeEntry { id: newest.id });
        }
        // The message above the page does not belong to it.
        let begins_there = match self.proof.steps.last() {
            None => true,
            Some(Step { taken, fields, .. }) => {
                *taken == Taken::Previous && !belongs(fields.id, fields.timestamp, fields.rank)
            }
        };
        match (self.shown.first(), self.proof.steps.last()) {
            (Some(_), _) if !begins_there => Err(Refused::Start { rank }),
            (Some(oldest), _) => Ok(!self.ends_below(rank, oldest.prev_id)),
            (None, None) if self.newest_is_gone() => Ok(false),
            (None, Some(Step { fields, .. })) if begins_there && self.ends_below(fields.rank, fields.prev_id) => {
                Ok(false)
            }
            (None, _) => Err(Refused::Empty),
        }
    }

    /// The key's newest message is no longer live, so no other message is.
    fn newest_is_gone(&self) -> bool {
        let Head { last_id, last_time, rank, acknowledged_rank, .. } = *self.head;
        let state = &self.proof.state;
        last_id < state.first_id || acknowledged_rank >= rank || state.too_old(last_time, self.now)
    }

    /// No message before the one with this rank and previous id is live.
    fn ends_below(&self, rank: u32, prev_id: u32) -> bool {
        let state = &self.proof.state;
        let too_old = |before: &Fields| state.too_old(before.timestamp, self.now);
        rank == 1
            || prev_id < state.first_id
            || u64::from(rank) <= u64::from(self.head.acknowledged_rank) + 1
            || self.proof.below.fields().is_some_and(too_old)
    }
}
