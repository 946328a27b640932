//! The report of a soak.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{CLIENTS, Options, directory, messages};

/// The counts of a soak.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Number of operations by name.
    operations: BTreeMap<&'static str, u64>,
    /// Kills while the network ran. After each of them it was found whole.
    pub kills: u64,
    /// Kills while calls were under way.
    pub kills_under_way: u64,
    /// Kills while the network started.
    pub kills_at_start: u64,
    /// Calls without outcome whose envelope was sent again.
    pub resent: u64,
    /// Answered calls that were sent again and had the same answer.
    pub replays: u64,
    /// Answered calls that had expired when they were sent again.
    pub replays_expired: u64,
    /// How often an actor had to wait for a rebuild of an index.
    pub unavailable: u64,
    /// Time of restarts, including the comparisons.
    pub looking: Duration,
    /// The counts at the message canister.
    pub messages: messages::Tally,
    /// The counts at the directory.
    pub directory: directory::Tally,
}

impl Tally {
    /// Counts an operation with this name.
    pub fn count(&mut self, operation: &'static str) {
        *self.operations.entry(operation).or_default() += 1;
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
    /// Labels in the directory.
    pub labels: u64,
    /// Updates in its log.
    pub updates: u64,
    /// Epochs that have closed.
    pub epochs: u64,
    /// Bytes of the network's state on disk.
    pub bytes: u64,
    /// Duration.
    pub time: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, tally, messages, labels, updates, epochs, bytes, time } = self;
        let (seed, count, labelled) = (options.seed, options.operations, options.label_operations());
        let owners = directory::OWNERS;
        writeln!(f, "seed {seed}, {count} operations of {CLIENTS} clients, {labelled} of {owners} owners of labels")?;
        let mut operations: Vec<(u64, &str)> = tally.operations.iter().map(|(name, count)| (*count, *name)).collect();
        operations.sort_by_key(|(count, _)| Reverse(*count));
        let network = [
            (tally.kills, "kills, with nothing lost after any of them"),
            (tally.kills_under_way, "of them while calls were under way"),
            (tally.kills_at_start, "more kills while the network started"),
            (tally.resent, "calls without outcome sent again in the same envelope"),
            (tally.replays, "answered calls sent again, with the same answer"),
            (tally.replays_expired, "answered calls sent again, but expired"),
            (tally.unavailable, "times that an actor had to wait for a rebuild of an index"),
        ];
        let sizes = [
            (*messages, "messages stored, each once"),
            (*labels, "labels registered"),
            (*updates, "updates of labels, each once in the log"),
            (*epochs, "epochs closed"),
            (bytes >> 20, "MiB of state on disk"),
            (time.as_secs(), "seconds in all"),
            (tally.looking.as_secs(), "seconds of them for restarts and comparing the canisters"),
        ];
        let parts: [(&str, &mut dyn Iterator<Item = (u64, &str)>); 5] = [
            ("operations", &mut operations.into_iter()),
            ("the network", &mut network.into_iter()),
            ("the message canister", &mut tally.messages.rows()),
            ("the directory", &mut tally.directory.rows()),
            ("at the end", &mut sizes.into_iter()),
        ];
        for (part, rows) in parts {
            writeln!(f, "{part}")?;
            for (count, what) in rows {
                writeln!(f, "{count:>8}  {what}")?;
            }
        }
        Ok(())
    }
}
