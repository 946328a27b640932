//! The limits of a directory.

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;
/// Nanoseconds between a ratification and the close of the next epoch, where updates wait.
pub const MIN_INTERVAL: u64 = 5 * SECOND;
/// Nanoseconds after an epoch's close after which the next one closes although no quorum has ratified.
pub const RATIFY_WAIT: u64 = 60 * SECOND;
/// Nanoseconds after an epoch's close after which the next one closes without updates.
pub const MAX_INTERVAL: u64 = 86_400 * SECOND;
/// Updates of an epoch: the next one closes it at once.
pub const MAX_PENDING: u64 = 10_000;
/// Updates of one label in 24 hours.
pub const DAILY_UPDATES: usize = 24;
/// Labels of a directory.
pub const MAX_LABELS: u64 = 150_000_000;
/// Bytes of stable memory.
pub const MAX_STABLE_BYTES: u64 = 500 << 30;
/// Updates or heads of a page, and versions of a page of a history.
pub const PAGE_ITEMS: u32 = 256;
/// Instructions of one step that rebuilds the index.
pub const REBUILD_INSTRUCTIONS: u64 = 1_000_000_000;
/// Number of strangers with a rate of their own. Further strangers share one rate.
pub const MAX_STRANGERS: usize = 10_000;
