//! The report of a soak.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{CLIENTS, Options, directory, messages};

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
    /// Calls without outcome that were sent again, the same envelope.
    pub resent: u64,
    /// Answered calls that were sent again and had the same answer.
    pub replays: u64,
    /// Those that had expired.
    pub replays_expired: u64,
    /// How often an actor was told to come again, as an index was being rebuilt.
    pub unavailable: u64,
    /// Time of restarts, in which the canisters were looked at.
    pub looking: Duration,
    /// What is counted at the message canister.
    pub messages: messages::Tally,
    /// What is counted at the directory.
    pub directory: directory::Tally,
}

impl Tally {
    /// Counts an operation of this name.
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
    /// The time that it took.
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
            (tally.kills, "kills, after each of which all was there"),
            (tally.kills_under_way, "of them while calls were under way"),
            (tally.kills_at_start, "kills more while the network started"),
            (tally.resent, "calls without outcome sent again in the same envelope"),
            (tally.replays, "answered calls that had the same answer again"),
            (tally.replays_expired, "answered calls that had expired"),
            (tally.unavailable, "times that an actor had to wait for a rebuild of an index"),
        ];
        let sizes = [
            (*messages, "messages stored, each once"),
            (*labels, "labels registered"),
            (*updates, "updates of them, each once in the log"),
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
