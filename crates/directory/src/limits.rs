//! The limits of a directory.

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;
/// Nanoseconds from a ratification to the close of the next epoch, if updates wait.
pub const MIN_INTERVAL: u64 = 5 * SECOND;
/// Nanoseconds from an epoch's close to the close of the next one, if updates wait and no quorum has ratified.
pub const RATIFY_WAIT: u64 = 60 * SECOND;
/// Nanoseconds from an epoch's close to the close of the next one without updates.
pub const MAX_INTERVAL: u64 = 86_400 * SECOND;
/// Maximum number of updates in an epoch. The last one closes it at once.
pub const MAX_PENDING: u64 = 10_000;
/// Maximum number of updates of one label in 24 hours.
pub const DAILY_UPDATES: usize = 24;
/// Maximum number of labels.
pub const MAX_LABELS: u64 = 150_000_000;
/// Maximum size of stable memory in bytes.
pub const MAX_STABLE_BYTES: u64 = 500 << 30;
/// Maximum number of updates or heads in a page, and of versions in a page of a history.
pub const PAGE_ITEMS: u32 = 256;
/// Maximum number of instructions of one step that rebuilds the index.
pub const REBUILD_INSTRUCTIONS: u64 = 1_000_000_000;
/// Number of strangers with a rate of their own. Further strangers share one rate.
pub const MAX_STRANGERS: usize = 10_000;
