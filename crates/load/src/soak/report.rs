//! What a soak did.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Options;
use super::operation::Operation;

/// What is counted while it runs.
#[derive(Default)]
pub struct Tally {
    /// Operations by their kind.
    operations: Mutex<Vec<(&'static str, u64)>>,
    /// How often the network was killed while it ran, and found whole.
    pub kills: AtomicU64,
    /// How often calls were under way, which the kill cut off.
    pub kills_under_way: AtomicU64,
    /// How often it was killed while it started.
    pub kills_at_start: AtomicU64,
    /// Upgrades that were confirmed.
    pub upgrades: AtomicU64,
    /// Upgrades that a kill cut off.
    pub upgrades_cut: AtomicU64,
    /// How often a client was told to come again, as the indexes were being rebuilt.
    pub unavailable: AtomicU64,
    /// Calls without outcome that had been executed.
    pub landed: AtomicU64,
    /// Calls without outcome that were sent again, the same envelope.
    pub resent: AtomicU64,
    /// Those whose messages were asked for and sent in a new envelope.
    pub sent_anew: AtomicU64,
    /// Those that had expired when they were sent again.
    pub expired: AtomicU64,
    /// Answered calls that were sent again and had the same answer.
    pub replays: AtomicU64,
    /// Those that had expired.
    pub replays_expired: AtomicU64,
    /// Time of restarts, in which the store was looked at.
    pub looking: Mutex<Duration>,
}

impl Tally {
    /// Counts an operation.
    pub fn count(&self, operation: &Operation) {
        let mut operations = self.operations.lock().expect("nobody panics with it");
        match operations.iter_mut().find(|(name, _)| *name == operation.name()) {
            Some((_, count)) => *count += 1,
            None => operations.push((operation.name(), 1)),
        }
    }
}

impl Operation {
    /// What it is called.
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
            Self::Replay(_) => "answered calls sent again",
            Self::Upgrade => "upgrades",
        }
    }
}

/// What a soak did.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it was told to.
    pub options: Options,
    /// Messages in the store at the end.
    pub messages: usize,
    /// Kills while the network ran.
    pub kills: u64,
    /// Those while calls were under way.
    pub kills_under_way: u64,
    /// Kills while the network started.
    pub kills_at_start: u64,
    /// Calls without outcome: those that were found executed.
    pub landed: u64,
    /// Calls without outcome that were sent again, the same envelope.
    pub resent: u64,
    /// Calls without outcome that were sent in a new envelope: their messages were asked for, or the old one had expired.
    pub renewed: u64,
    /// Answered calls that were sent again and had the same answer.
    pub replays: u64,
    /// Upgrades that were confirmed.
    pub upgrades: u64,
    /// Upgrades that a kill cut off.
    pub upgrades_cut: u64,
    /// How often a client had to wait for a rebuild of the indexes.
    pub unavailable: u64,
    text: String,
}

impl Report {
    pub(super) fn new(options: &Options, tally: &Tally, messages: usize, folder: u64, time: Duration) -> Self {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut operations = tally.operations.lock().expect("nobody panics with it").clone();
        operations.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let mut text: String = operations.iter().map(|(name, count)| format!("{count:>8}  {name}\n")).collect();
        let looking = *tally.looking.lock().expect("nobody panics with it");
        let rows = [
            (get(&tally.kills), "kills, after each of which all was there"),
            (get(&tally.kills_under_way), "of them while calls were under way"),
            (get(&tally.kills_at_start), "kills more while the network started"),
            (get(&tally.landed), "calls without outcome that were found executed"),
            (get(&tally.resent), "calls without outcome sent again in the same envelope"),
            (get(&tally.sent_anew), "calls without outcome asked for, and sent in a new envelope"),
            (get(&tally.expired), "calls without outcome that had expired"),
            (get(&tally.replays), "answered calls that had the same answer again"),
            (get(&tally.replays_expired), "answered calls that had expired"),
            (get(&tally.upgrades), "upgrades confirmed, the killer's among them"),
            (get(&tally.upgrades_cut), "upgrades that a kill cut off"),
            (get(&tally.unavailable), "times that a client had to wait for a rebuild of the indexes"),
            (messages as u64, "messages stored, each once"),
            (folder >> 20, "MiB of state on disk"),
            (time.as_secs(), "seconds in all"),
            (looking.as_secs(), "seconds of them for restarts and comparing the store"),
        ];
        for (count, what) in rows {
            text.push_str(&format!("{count:>8}  {what}\n"));
        }
        Self {
            options: options.clone(),
            messages,
            kills: get(&tally.kills),
            kills_under_way: get(&tally.kills_under_way),
            kills_at_start: get(&tally.kills_at_start),
            landed: get(&tally.landed),
            resent: get(&tally.resent),
            renewed: get(&tally.sent_anew) + get(&tally.expired),
            replays: get(&tally.replays),
            upgrades: get(&tally.upgrades),
            upgrades_cut: get(&tally.upgrades_cut),
            unavailable: get(&tally.unavailable),
            text,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}, {} operations of {} clients",
            self.options.seed,
            self.options.operations,
            super::CLIENTS
        )?;
        f.write_str(&self.text)
    }
}
