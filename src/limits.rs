//! The limits of the store, once. `get_status` reports those that callers meet with, `docs/limits.md` explains all.

/// Bytes of a key id. The record's first 23 bytes of it stand in the inbox, the rest beside the ciphertext.
pub const MAX_KEY_ID_BYTES: usize = 64;

/// Bytes of a ciphertext: with its key id, the method name and a signed envelope it fits into the platform's
/// 2 MiB ingress message, and with its record into a 2 MiB reply.
pub const MAX_CIPHERTEXT_BYTES: usize = 2_000_000;

/// Messages of one `add_messages`.
pub const MAX_BATCH_MESSAGES: usize = 1_000;

/// Items of one `get_key_heads` or `has_messages`.
pub const MAX_LOOKUP_ITEMS: usize = 1_000;

/// Messages of a page.
pub const MAX_PAGE_MESSAGES: u32 = 1_000;

/// Bytes of a page's messages, each counted as [`PAGE_MESSAGE_OVERHEAD`] + key id + ciphertext. One message of the
/// largest size fits, so a page always makes progress, and what candid adds keeps the reply under 2 MiB.
pub const MAX_PAGE_BYTES: usize = 2_020_000;

/// What a message costs in a page beside its key id and ciphertext: the numbers, the hash and candid's lengths.
pub const PAGE_MESSAGE_OVERHEAD: usize = 64;

/// The least `max_messages`, and the least `max_age_seconds`.
pub const MIN_RETAINED: u32 = 1;

/// The least `max_bytes`: what the largest message takes, its record and the tail of its key id with it.
pub const MIN_MAX_BYTES: u64 = 84 + 41 + MAX_CIPHERTEXT_BYTES as u64;

/// Dropped messages that one add sweeps out of indexes and memory: more than it drops itself, on average.
pub const SWEPT_BY_ADD: u32 = 2;

/// Instructions after which a message of the timer sweeps no further run of dropped messages: a fortieth of what the
/// platform allows, so that calls wait for half a second at most.
pub const SWEEP_INSTRUCTIONS: u64 = 1_000_000_000;

/// Dropped messages that the timer sweeps between two looks at its budget.
pub const SWEEP_RUN: u32 = 1_000;

/// 4 KiB pages of stable memory that one message of the timer touches to sweep: as many as in a rebuild.
pub const SWEEP_PAGES: u64 = MAX_REBUILD_PAGES as u64;

/// Seconds, by the clock's full minutes, for which the timer gathers messages that become too old before it sweeps them.
/// Readers see them no longer from the second on.
pub const EXPIRY_STEP_SECONDS: u64 = 60;

/// Links to dropped messages that one call follows to find where the live part of keys' lists begins.
pub const MAX_SKIPPED_LINKS: u32 = 10_000;

/// The last id. The one above it is kept free so that "one past the last" is always a u32.
pub const LAST_ID: u32 = u32::MAX - 1;

/// Entries of the indexes: a message takes one, a key two. At 12.5 bytes an entry, with the rebuild's 4 bytes a
/// message beside them, this many fit well into the platform's default heap limit of 3 GiB.
pub const MAX_INDEX_ENTRIES: u64 = 150_000_000;

/// Bytes of the payload stream ever written: what 6-byte positions can name.
pub const MAX_PAYLOAD_STREAM_BYTES: u64 = 1 << 48;

/// Bytes of stable memory: the platform's 500 GiB.
pub const MAX_STABLE_BYTES: u64 = 500 << 30;

/// The least and the most 4 KiB pages of stable memory one message touches while it rebuilds the indexes. The most is
/// 1 GiB, half of what the platform allows in a timer; the least lets a record, its key and its neighbours be read.
pub const MIN_REBUILD_PAGES: u32 = 16;
/// See [`MIN_REBUILD_PAGES`].
pub const MAX_REBUILD_PAGES: u32 = (1 << 30) / 4096;
