//! The fees of an application subnet of 13 nodes, in cycles.

use crate::limits::{MAX_INTER_CANISTER_PAYLOAD, UPDATE_INSTRUCTIONS};

/// Cycles that a new canister starts with, as PocketIC gives it.
pub const INITIAL_CYCLES: u128 = 100_000_000_000_000;
/// Each execution of an update, callback, timer, heartbeat, installation or upgrade.
pub const EXECUTION_BASE: u128 = 5_000_000;
/// Each ingress message that is accepted.
const INGRESS_BASE: u128 = 1_200_000;
/// Each byte of its envelope.
const INGRESS_BYTE: u128 = 2_000;
/// Each call to another canister, and to the canister itself.
const CALL_BASE: u128 = 260_000;
/// Each byte of a call's method name and argument, and of its response.
const CALL_BYTE: u128 = 1_000;
/// One GiB of memory for one second.
const GIB_SECOND: u128 = 317_500;
/// The creation of a canister.
pub const CREATE_CANISTER: u128 = 500_000_000_000;
/// Cycles that may be reserved for a canister's storage, unless its settings say otherwise.
pub const DEFAULT_RESERVED_CYCLES_LIMIT: u128 = 5_000_000_000_000;
/// Seconds of storage that a canister must be able to pay, unless its settings say otherwise: 30 days.
pub const DEFAULT_FREEZING_THRESHOLD_SECS: u64 = 2_592_000;

/// Instructions that taking or loading a snapshot counts as, besides its bytes.
const SNAPSHOT_BASE_INSTRUCTIONS: u64 = 2_000_000_000;
/// Instructions that reading or writing a part of it counts as, besides its bytes.
const SNAPSHOT_DATA_BASE_INSTRUCTIONS: u64 = 2_000_000;

const NANOS_PER_SEC: u128 = 1_000_000_000;

/// The fee of an execution that ran `instructions`.
pub fn execution(instructions: u64) -> u128 {
    EXECUTION_BASE + u128::from(instructions)
}

/// The fee of taking or loading a snapshot of so many bytes: instructions, of which the platform takes a base and one a byte.
pub fn snapshot(bytes: u64) -> u128 {
    execution(SNAPSHOT_BASE_INSTRUCTIONS.saturating_add(bytes))
}

/// The fee of reading so many bytes of a snapshot, or of writing them.
pub fn snapshot_data(bytes: u64) -> u128 {
    execution(SNAPSHOT_DATA_BASE_INSTRUCTIONS.saturating_add(bytes))
}

/// The fee of accepting an ingress message whose envelope has `bytes`.
pub fn ingress(bytes: u64) -> u128 {
    INGRESS_BASE + INGRESS_BYTE * u128::from(bytes)
}

/// The fee of sending `bytes` of method name and argument.
pub fn request(bytes: u64) -> u128 {
    CALL_BASE + CALL_BYTE * u128::from(bytes)
}

/// The fee of a response's `bytes`.
pub fn response(bytes: u64) -> u128 {
    CALL_BYTE * u128::from(bytes)
}

/// The cycles that a caller sets aside for the largest response and the longest callback. The unused part comes back with the
/// response.
pub fn response_prepayment() -> u128 {
    response(MAX_INTER_CANISTER_PAYLOAD) + execution(UPDATE_INSTRUCTIONS)
}

/// The fee of holding `bytes` for `nanos`, rounded down.
pub fn storage(bytes: u64, nanos: u64) -> u128 {
    u128::from(bytes) * GIB_SECOND * u128::from(nanos) / (NANOS_PER_SEC << 30)
}

/// The balance under which a canister that holds `bytes` is frozen.
pub fn freezing_balance(bytes: u64, threshold_secs: u64) -> u128 {
    (u128::from(bytes) * GIB_SECOND * u128::from(threshold_secs)) >> 30
}
