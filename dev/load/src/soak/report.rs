//! The report of a soak.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::operation::Operation;
use super::{CLIENTS, Options};

/// The counts while it runs.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Operations by what they are called.
    operations: BTreeMap<&'static str, u64>,
    /// Number of kills while it ran, after which it was found whole.
    pub kills: u64,
    /// Number of calls under way that the kills cut off.
    pub kills_under_way: u64,
    /// Number of kills while it started.
    pub kills_at_start: u64,
    /// Upgrades that were confirmed.
    pub upgrades: u64,
    /// Upgrades that a kill cut off.
    pub upgrades_cut: u64,
    /// Number of times that a client was told to come again, because the indexes were being
    /// rebuilt.
    pub unavailable: u64,
    /// Calls without outcome that had been executed.
    pub landed: u64,
    /// Calls without outcome that were sent again, the same envelope.
    pub resent: u64,
    /// Those whose messages were asked for and sent in a new envelope.
    pub sent_anew: u64,
    /// Those that had expired when they were sent again.
    pub expired: u64,
    /// Answered calls that were sent again and had the same answer.
    pub replays: u64,
    /// Those that had expired.
    pub replays_expired: u64,
    /// Acknowledgements that were confirmed.
    pub acknowledgements: u64,
    /// Messages that they acknowledged.
    pub acknowledged: u64,
    /// Acknowledgements of somebody else's key, which were refused.
    pub not_owner: u64,
    /// Messages that a key's quota did not admit.
    pub refused: u64,
    /// Time of restarts, in which the store was looked at.
    pub looking: Duration,
}

impl Tally {
    /// Counts an operation.
    pub fn count(&mut self, operation: &Operation) {
        *self.operations.entry(operation.name()).or_default() += 1;
    }
}

impl Operation {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "adds",
            Self::AddContested(_) => "adds by all clients of one message",
            Self::AddStored(_) => "adds of a stored message",
            Self::AddBatch(_) => "batches",
            Self::PagesOfKey { .. } => "walks through a key",
            Self::PagesOfRange { .. } => "walks through a range",
            Self::PagesOfTime { .. } => "walks through a time",
            Self::GetById(_) => "gets by id",
            Self::GetByHash(_) => "gets by hash",
            Self::HasMessages(..) => "lookups of messages",
            Self::GetHeads => "lookups of keys",
            Self::Acknowledge { .. } => "walks through a key to acknowledge it",
            Self::Replay(_) => "answered calls sent again",
            Self::Upgrade => "upgrades",
        }
    }
}

/// The result of a soak.
#[derive(Clone, Debug)]
pub struct Report {
    /// The options of the soak.
    pub options: Options,
    /// The counts.
    pub tally: Tally,
    /// Messages in the store at the end.
    pub messages: u64,
    /// Bytes of its state on disk.
    pub bytes: u64,
    /// The time that it took.
    pub time: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, tally, messages, bytes, time } = self;
        writeln!(f, "seed {}, {} operations of {CLIENTS} clients", options.seed, options.operations)?;
        let mut operations: Vec<(u64, &str)> = tally.operations.iter().map(|(name, count)| (*count, *name)).collect();
        operations.sort_by_key(|(count, _)| Reverse(*count));
        let rows = [
            (tally.kills, "kills, after each of which all was there"),
            (tally.kills_under_way, "of them while calls were under way"),
            (tally.kills_at_start, "kills more while the network started"),
            (tally.landed, "calls without outcome that were found executed"),
            (tally.resent, "calls without outcome sent again in the same envelope"),
            (tally.sent_anew, "calls without outcome asked for, and sent in a new envelope"),
            (tally.expired, "calls without outcome that had expired"),
            (tally.replays, "answered calls that had the same answer again"),
            (tally.replays_expired, "answered calls that had expired"),
            (tally.acknowledgements, "acknowledgements confirmed"),
            (tally.acknowledged, "messages that they acknowledged"),
            (tally.not_owner, "acknowledgements refused, of somebody else's key"),
            (tally.refused, "messages refused by a key's quota"),
            (tally.upgrades, "upgrades confirmed, the killer's among them"),
            (tally.upgrades_cut, "upgrades that a kill cut off"),
            (tally.unavailable, "times that a client had to wait for a rebuild of the indexes"),
            (*messages, "messages stored, each once"),
            (bytes >> 20, "MiB of state on disk"),
            (time.as_secs(), "seconds in all"),
            (tally.looking.as_secs(), "seconds of them for restarts and comparing the store"),
        ];
        for (count, what) in operations.into_iter().chain(rows) {
            writeln!(f, "{count:>8}  {what}")?;
        }
        Ok(())
    }
}
