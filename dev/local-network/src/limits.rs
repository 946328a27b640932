//! The limits of the network, each named once. The engine's own limits are the platform's.

use std::time::Duration;

/// Bytes of a request's body. A larger one is answered 413.
pub const MAX_BODY_BYTES: usize = 4 << 20;
/// Bytes up to which a body is small.
pub const SMALL_BODY_BYTES: usize = 64 << 10;
/// Bytes that all bodies together may hold at once, without the small part of each. Further bytes wait, within the time of
/// their body.
pub const MAX_LARGE_BODY_BYTES: usize = 64 * MAX_BODY_BYTES;
/// Levels of arrays, maps and tags of a request's CBOR.
pub const MAX_NESTING: usize = 64;
/// Connections that are open at once. Further ones wait to be accepted.
pub const MAX_CONNECTIONS: usize = 2_048;
/// Open files that connections leave to the database, the memory of canisters and the runtime. An upgrade makes files, and
/// the network could not go on without them.
pub const RESERVED_FILES: u64 = 64;
/// Requests that are verified, or certificates that are made for `read_state`, at once. Further ones wait.
pub const MAX_CONCURRENT_CHECKS: usize = 16;
/// Maximum time that a connection may take to send the head of its next request: longer than clients keep one that they do
/// not use (reqwest 90 s, curl 118 s). Otherwise a request could be lost on a connection that is being closed.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// Maximum time that a request may take to send its body. A slower one is answered 408.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum time that a connection may take to accept the next byte of an answer. A slower one is closed.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time that open connections have to finish their request once the network is told to stop.
pub const STOP_GRACE: Duration = Duration::from_secs(5);
/// Steps of the candid library for decoding unexpected values. Without a limit, a few bytes can claim four billion values
/// that take no bytes.
pub const MAX_SKIPPING_STEPS: usize = 64 << 10;
/// Time that a call waits for its response before it is answered 202.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time between now and the expiry of a request.
pub const MAX_INGRESS_EXPIRY: Duration = Duration::from_secs(5 * 60);
/// Maximum difference of clocks. A request may expire later by this time.
pub const CLOCK_DRIFT: Duration = Duration::from_secs(60);
/// Bytes of a request's nonce.
pub const MAX_NONCE_BYTES: usize = 32;
/// Delegations between a sender and the key that signed its request.
pub const MAX_DELEGATIONS: usize = 20;
/// Canisters that one delegation may name as its targets.
pub const MAX_DELEGATION_TARGETS: usize = 1_000;
/// Paths of one `read_state`.
pub const MAX_PATHS: usize = 1_000;
/// Labels of one path.
pub const MAX_PATH_LABELS: usize = 127;
/// Time that a call's status is kept after it has expired, for clients that poll late.
pub const STATUS_RETENTION: Duration = Duration::from_secs(5 * 60);
/// Calls whose status is kept. Further ones are answered 503 until some have expired. From half of that on a status is
/// forgotten as soon as its call has expired.
pub const MAX_REQUEST_STATUSES: usize = 1_000_000;
/// Bytes of answers that are kept. Beyond that, the calls that expire first lose their answers, and keep only the status
/// `done`.
pub const MAX_REPLY_BYTES_KEPT: usize = 512 << 20;
/// Calls that wait to be accepted. Further ones are answered 503.
pub const MAX_WAITING_CALLS: usize = 10_000;
/// Bytes of their method names and arguments.
pub const MAX_WAITING_BYTES: usize = 128 << 20;
/// Calls that share a signature. Each certificate hides all other calls. With more calls that would cost more than
/// signatures.
pub const MAX_SHARED_SIGNATURE: usize = 64;
/// Calls that the engine accepts for one round: as many as in one block.
pub const MAX_BLOCK_MESSAGES: usize = 1_000;
/// Bytes of their method names and arguments together.
pub const MAX_BLOCK_BYTES: usize = 4 << 20;
/// The cycles of a canister that has fewer than [`MIN_CYCLES`].
pub const FULL_CYCLES: u128 = 100_000_000_000_000_000;
/// Below it a canister is refilled: it is more than the largest storage costs in nine years, in which the network may be
/// off.
pub const MIN_CYCLES: u128 = FULL_CYCLES / 2;
/// Interval of rounds while there is nothing to do, for timers and heartbeats.
pub const IDLE_ROUND: Duration = Duration::from_millis(200);
/// Interval at which answered queries are counted as their canisters'.
pub const QUERY_COUNT_INTERVAL: Duration = Duration::from_secs(60);
