//! The operations that the embedded engine and PocketIC share.

use candid::Principal;
use client::Reject;

/// Seconds to nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

/// The controller of the canisters that [`Platform::create`] creates.
pub fn controller() -> Principal {
    Principal::self_authenticating(b"controller of the tests")
}

/// A platform. Every call blocks until it is answered.
pub trait Platform {
    /// Creates an empty canister with 100 T cycles, controlled by [`controller`].
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
    /// Sets the clock. The time must not be before the current one.
    fn set_time(&self, nanos: u64);
    /// Runs one round: the timers that are due, and their calls.
    fn tick(&self);
    /// The whole stable memory.
    fn stable_memory(&self, id: Principal) -> Vec<u8>;
    /// Replaces the stable memory.
    fn set_stable_memory(&self, id: Principal, bytes: Vec<u8>);
    /// The canister's balance of cycles.
    fn cycle_balance(&self, id: Principal) -> u128;
}
