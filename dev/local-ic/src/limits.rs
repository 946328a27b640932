//! The platform's limits, each named once. Sizes are in bytes unless the name says otherwise.

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A page of WebAssembly memory and of stable memory.
pub const WASM_PAGE: u64 = 64 * KIB;
/// The unit in which the platform tracks accessed and dirtied memory.
pub const OS_PAGE: u64 = 4 * KIB;

/// The heap a 32-bit module can address.
pub const MAX_HEAP: u64 = 4 * GIB;
/// `wasm_memory_limit` of a canister whose settings name none.
pub const DEFAULT_WASM_MEMORY_LIMIT: u64 = 3 * GIB;
/// The stable memory of one canister.
pub const MAX_STABLE_MEMORY: u64 = 500 * GIB;
/// The WebAssembly stack. Rust's own shadow stack lies in the heap and is bounded by its linker.
pub const MAX_WASM_STACK: usize = 1 << 20;

/// The signed envelope of an ingress message.
pub const MAX_INGRESS_BYTES: u64 = 2 * MIB;
/// Bytes that an envelope adds to method name and argument: ids, expiry, key and signature.
pub const ENVELOPE_OVERHEAD: u64 = 340;
/// Bytes of the reason why a call failed, from a canister or the system. The middle of a longer reason is left out.
pub const MAX_REJECT_MESSAGE: usize = 8 * KIB as usize;
/// Argument of a call between canisters, and the reply of anything but a query.
pub const MAX_INTER_CANISTER_PAYLOAD: u64 = 2 * MIB;
/// The reply of a non-replicated query.
pub const MAX_QUERY_REPLY: u64 = 3 * MIB;
/// A method name, in ingress messages and calls.
pub const MAX_METHOD_NAME: usize = 20_000;
/// Calls of one canister that wait for their response.
pub const MAX_OUTSTANDING_CALLS: usize = 500;
/// The longest time that a best-effort call waits, in seconds.
pub const MAX_CALL_TIMEOUT_SECS: u32 = 300;
/// Maximum time that a call of `stop_canister` waits for its canister.
pub const STOP_TIMEOUT_NANOS: u64 = 300_000_000_000;
/// Certified data of one canister.
pub const MAX_CERTIFIED_DATA: usize = 32;
/// The log of one canister: older records give way to newer ones.
pub const MAX_LOG_BYTES: usize = 4 * KIB as usize;
/// Snapshots of one canister.
pub const MAX_SNAPSHOTS: usize = 10;
/// Bytes that are read from a snapshot at once, or written to it.
pub const MAX_SNAPSHOT_CHUNK: u64 = 2_000_000;
/// Changes of one canister that its history keeps.
pub const MAX_HISTORY: usize = 20;
/// Controllers of one canister.
pub const MAX_CONTROLLERS: usize = 10;

/// Instructions of one update, callback, timer or heartbeat.
pub const UPDATE_INSTRUCTIONS: u64 = 40_000_000_000;
/// Instructions of one non-replicated query.
pub const QUERY_INSTRUCTIONS: u64 = 5_000_000_000;
/// Instructions of `canister_inspect_message`.
pub const INSPECT_INSTRUCTIONS: u64 = 200_000_000;
/// Instructions of one installation or upgrade, all its hooks together.
pub const INSTALL_INSTRUCTIONS: u64 = 300_000_000_000;
/// Instructions after which a round begins no further message.
pub const ROUND_INSTRUCTIONS: u64 = 7_000_000_000;
/// Instructions that each execution adds to the round besides its own.
pub const EXECUTION_OVERHEAD_INSTRUCTIONS: u64 = 2_000_000;
/// Instructions for each 4-KiB page of stable memory that a message is first to dirty.
pub const DIRTY_PAGE_INSTRUCTIONS: u64 = 1_000;

/// Queries that run on a canister beside each other. Further ones wait.
pub const MAX_CONCURRENT_QUERIES: usize = 16;

/// 4-KiB pages of stable memory that a query may access, and may dirty.
pub const QUERY_STABLE_PAGES: u64 = GIB / OS_PAGE;
/// The same for an update, callback, timer or heartbeat.
pub const UPDATE_STABLE_PAGES: u64 = 2 * GIB / OS_PAGE;
/// The same for an installation or upgrade, all its hooks together.
pub const INSTALL_STABLE_PAGES: u64 = 8 * GIB / OS_PAGE;

/// A module after decompression.
pub const MAX_MODULE: u64 = 100 * MIB;
/// The code section of a module.
pub const MAX_CODE_SECTION: u64 = 10 * MIB;
/// Functions that a module defines.
pub const MAX_FUNCTIONS: usize = 50_000;
/// Globals that a module defines.
pub const MAX_GLOBALS: usize = 1_000;
/// Operators of one function.
pub const MAX_FUNCTION_OPERATORS: usize = 1_000_000;
/// Exported update, query and composite query methods.
pub const MAX_EXPORTED_METHODS: usize = 1_000;
/// The names of those methods together.
pub const MAX_EXPORTED_NAMES: usize = 20_000;
/// `icp:` custom sections.
pub const MAX_CUSTOM_SECTIONS: usize = 16;
/// Names and contents of the `icp:` custom sections together.
pub const MAX_CUSTOM_SECTION_BYTES: usize = MIB as usize;
