//! Statements that no honest directory makes.

use directory_core::change::Refusal;
use directory_core::hash::Hash;
use std::fmt;

/// The rule that an epoch breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// The head has another epoch than the next one.
    Epoch {
        /// The next epoch.
        expected: u64,
        /// The head's epoch.
        found: u64,
    },
    /// The head's time is before that of the last head or of an update in the epoch.
    HeadTime {
        /// The earliest legal time, in nanoseconds since 1970.
        earliest: u64,
        /// The head's time.
        found: u64,
    },
    /// The head was closed in the future.
    Future {
        /// The latest time that is accepted, in nanoseconds since 1970: the verifier's clock and a tolerance.
        latest: u64,
        /// The head's time.
        found: u64,
    },
    /// The head has another configuration than the pinned one.
    Configuration(Hash),
    /// The epoch does not begin with the next update of the log.
    FirstUpdate {
        /// The next position.
        expected: u64,
        /// The position in the head.
        found: u64,
    },
    /// The epoch has more or fewer updates than its head says.
    Updates {
        /// Number of updates that were shown.
        expected: u64,
        /// The number in the head.
        found: u32,
    },
    /// An update does not have the next position.
    Position {
        /// The next position.
        expected: u64,
        /// The update's position.
        found: u64,
    },
    /// An update has an earlier time than the one before.
    UpdateTime {
        /// The update.
        position: u64,
        /// The time of the update or head before, in nanoseconds since 1970.
        earliest: u64,
        /// The update's time.
        found: u64,
    },
    /// A label has two updates in the epoch.
    Twice {
        /// The second update.
        position: u64,
        /// The label's index.
        index: Hash,
    },
    /// The rules of change refuse an update.
    Rule {
        /// The update.
        position: u64,
        /// The broken rule.
        refusal: Refusal,
    },
    /// The head's root of the epoch's updates does not match the updates.
    UpdatesRoot {
        /// The root of the updates that were shown.
        expected: Hash,
        /// The root in the head.
        found: Hash,
    },
    /// The head's number of labels is wrong.
    Labels {
        /// Number of labels that have an entry.
        expected: u64,
        /// The number in the head.
        found: u64,
    },
    /// The head's root of the map does not match the updates.
    MapRoot {
        /// The root of the verifier's tree.
        expected: Hash,
        /// The root in the head.
        found: Hash,
    },
    /// The certified or signed log does not match the heads that were shown.
    LogRoot {
        /// Number of heads.
        size: u64,
        /// The root of the verifier's log.
        expected: Hash,
        /// The certified or signed root.
        found: Hash,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epoch { expected, found } => write!(f, "the head is of epoch {found}, not of epoch {expected}"),
            Self::HeadTime { earliest, found } => {
                write!(f, "the head closed at {found} ns, earlier than its predecessor at {earliest} ns")
            }
            Self::Future { latest, found } => {
                write!(f, "the head closed at {found} ns, later than {latest} ns, the latest time allowed")
            }
            Self::Configuration(found) => {
                write!(f, "the head names the configuration {}, not the pinned one", hex(found))
            }
            Self::FirstUpdate { expected, found } => {
                write!(f, "the epoch begins with update {found}, not with update {expected}")
            }
            Self::Updates { expected, found } => {
                write!(f, "the head says {found} updates, but there are {expected}")
            }
            Self::Position { expected, found } => write!(f, "update {found} is in the place of update {expected}"),
            Self::UpdateTime { position, earliest, found } => {
                write!(f, "update {position} is at {found} ns, earlier than its predecessor at {earliest} ns")
            }
            Self::Twice { position, index } => {
                write!(f, "update {position} is the second in its epoch for the index {}", hex(index))
            }
            Self::Rule { position, refusal } => write!(f, "update {position} breaks a rule: {refusal:?}"),
            Self::UpdatesRoot { expected, found } => {
                write!(f, "the updates have the root {}, not {}", hex(expected), hex(found))
            }
            Self::Labels { expected, found } => write!(f, "the head says {found} labels, but there are {expected}"),
            Self::MapRoot { expected, found } => {
                write!(f, "the map has the root {}, not {}", hex(expected), hex(found))
            }
            Self::LogRoot { size, expected, found } => {
                write!(
                    f,
                    "the log of {size} heads has the root {}, and {} was certified or signed before",
                    hex(expected),
                    hex(found)
                )
            }
        }
    }
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
