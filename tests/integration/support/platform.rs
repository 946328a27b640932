//! What the tests ask of a platform that runs the canister: the part that PocketIC and the embedded engine share.

use candid::Principal;

/// Seconds to nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

/// Why a call was not answered by the canister, or an installation refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The platform's error code, the number in `IC0503`.
    pub code: u64,
    /// For people.
    pub message: String,
}

impl Reject {
    /// The canister trapped, with or without a message of its own.
    pub fn is_trap(&self) -> bool {
        matches!(self.code, 502 | 503)
    }

    /// The canister exports no such method.
    pub fn is_unknown_method(&self) -> bool {
        self.code == 536
    }

    /// The message used up its instructions.
    pub fn is_instruction_limit(&self) -> bool {
        self.code == 522
    }
}

/// A platform. Every call returns when it is answered.
pub trait Platform {
    /// Creates an empty canister with 100 T cycles, controlled by [`super::controller`].
    fn create(&self) -> Principal;
    /// Installs code into an empty canister.
    fn install(&self, id: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject>;
    /// Replaces the code and keeps stable memory.
    fn upgrade(&self, id: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject>;
    /// A call that may change the canister.
    fn update(&self, id: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject>;
    /// A call that changes nothing.
    fn query(&self, id: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject>;
    /// Nanoseconds since 1970.
    fn time(&self) -> u64;
    /// Sets the clock, to no earlier time than it shows.
    fn set_time(&self, nanos: u64);
    /// Runs one round: what is due of timers, and what they started.
    fn tick(&self);
    /// The whole stable memory.
    fn stable_memory(&self, id: Principal) -> Vec<u8>;
    /// Replaces the stable memory.
    fn set_stable_memory(&self, id: Principal, bytes: Vec<u8>);
    /// What is left of the canister's cycles.
    fn cycle_balance(&self, id: Principal) -> u128;
}
