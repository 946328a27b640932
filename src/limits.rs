//! All limits of the store. `get_status` reports those that callers can reach; `docs/limits.md` explains all of them.

/// Bytes of a key id. The record holds the first 23 bytes; the rest follows the ciphertext.
pub const MAX_KEY_ID_BYTES: usize = 64;

/// Bytes of a public key in DER. The longest key that the platform takes, RSA of 8,192 bits, has about 1,100.
pub const MAX_PUBLIC_KEY_BYTES: usize = 2_048;

/// Bytes of a send key. A longer one counts as wrong.
pub const MAX_SEND_KEY_BYTES: usize = 64;

/// Principals with a role.
pub const MAX_ROLES: u32 = 10_000;

/// Number of strangers with a rate of their own. Further strangers share one rate.
pub const MAX_STRANGERS: usize = 10_000;

/// Number of members with a rate of their own: all who can have a role, and as many again for controllers and for those whose
/// role was removed before their rate had recovered.
pub const MAX_MEMBERS: usize = 2 * MAX_ROLES as usize;

/// Number of owners with a rate of their own. Further owners share one rate.
pub const MAX_OWNERS: usize = 10_000;

/// Roles of one `get_roles`.
pub const MAX_PAGE_ROLES: usize = 1_000;

/// Bytes of a ciphertext. The largest one still fits into the platform's 2 MiB ingress message, together with key id,
/// method name and signed envelope. Together with its record it fits into a 2 MiB reply.
pub const MAX_CIPHERTEXT_BYTES: usize = 2_000_000;

/// Bytes of an argument that the platform passes to the canister: 2 MiB, and five times as many from a canister of the same
/// subnet.
pub const MAX_ARGUMENT_BYTES: u64 = 10 << 20;

/// Messages of one `add_messages`.
pub const MAX_BATCH_MESSAGES: usize = 1_000;

/// Items of one `get_key_heads`, `has_messages` or `acknowledge`.
pub const MAX_LOOKUP_ITEMS: usize = 1_000;

/// Messages of a page.
pub const MAX_PAGE_MESSAGES: u32 = 1_000;

/// Bytes of a page's messages, each counted as [`PAGE_MESSAGE_OVERHEAD`] + key id + ciphertext. The largest message
/// fits, so every page makes progress. The reply stays under 2 MiB with candid's own bytes.
pub const MAX_PAGE_BYTES: usize = 2_020_000;

/// Bytes that a message takes in a page besides its key id and ciphertext: numbers, hash and candid's lengths.
pub const PAGE_MESSAGE_OVERHEAD: usize = 64;

/// The lowest `max_messages`, `max_age_seconds` and `max_keys.all`.
pub const MIN_RETAINED: u32 = 1;

/// The lowest `max_bytes`: the size of the largest message with its record and the tail of its key id.
pub const MIN_MAX_BYTES: u64 = MESSAGE_OVERHEAD + MAX_CIPHERTEXT_BYTES as u64;

/// Maximum number of bytes of a message besides its ciphertext: its record and the tail of its key id.
pub const MESSAGE_OVERHEAD: u64 = 84 + 41;

/// Dropped messages that one add removes from indexes and memory: more than an add drops on average.
pub const SWEPT_BY_ADD: u32 = 2;

/// Instructions after which the timer starts no further run of sweeping in one execution. It is a fortieth of the
/// platform's limit, so that calls wait for at most half a second.
pub const SWEEP_INSTRUCTIONS: u64 = 1_000_000_000;

/// Dropped messages that the timer sweeps between two checks of its budget.
pub const SWEEP_RUN: u32 = 1_000;

/// 4 KiB pages of stable memory that one execution of the timer may touch to sweep: as many as in a rebuild.
pub const SWEEP_PAGES: u64 = MAX_REBUILD_PAGES as u64;

/// 4 KiB pages of stable memory that the same execution may touch to overwrite acknowledged ciphertexts.
pub const ERASE_PAGES: u64 = SWEEP_PAGES / 16;

/// 4 KiB pages of stable memory that the same execution may touch to forget keys. Sweeping, overwriting and this stay below
/// the platform's 2 GiB together.
pub const FORGET_PAGES: u64 = SWEEP_PAGES / 4;

/// Period in seconds at which the timer sweeps messages that are too old, on full minutes of the clock. From the second in
/// which a message becomes too old, readers no longer see it.
pub const EXPIRY_STEP_SECONDS: u64 = 60;

/// The highest id. The number above it stays free, so that "one past the last" always fits into a u32.
pub const LAST_ID: u32 = u32::MAX - 1;

/// The highest `max_keys.all`. A key takes at most two nodes of the trie, whose places have 4 bytes.
pub const MAX_KEYS: u32 = u32::MAX / 2;

/// Entries of the index; each message has one. An entry takes 12.5 bytes, and a rebuild takes 4 more bytes a message.
/// This many fit into the platform's default heap limit of 3 GiB.
pub const MAX_INDEX_ENTRIES: u64 = 150_000_000;

/// Bytes that can ever be written to the payload stream: positions have 6 bytes.
pub const MAX_PAYLOAD_STREAM_BYTES: u64 = 1 << 48;

/// Bytes of stable memory: the platform's limit of 500 GiB.
pub const MAX_STABLE_BYTES: u64 = 500 << 30;

/// The lowest setting for the 4 KiB pages of stable memory that one step of a rebuild may touch. It is enough to read a
/// record, its key and its neighbours.
pub const MIN_REBUILD_PAGES: u32 = 16;
/// The highest such setting: 1 GiB, half of the platform's limit in a timer.
pub const MAX_REBUILD_PAGES: u32 = (1 << 30) / 4096;
