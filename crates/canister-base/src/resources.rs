//! What the canister has left: watches the cycles balance, and says once in the log that it gets low; the heap's size.

use std::cell::Cell;

/// Changes between two looks at the balance. A look costs two system calls.
const CHANGES: u32 = 100;

thread_local! {
    /// Changes until the next look.
    static LEFT: Cell<u32> = const { Cell::new(0) };
    /// At the last look the balance was low.
    static LOW: Cell<bool> = const { Cell::new(false) };
}

/// Looks at the balance at the first call and then at every hundredth. It is low while it is below twice the amount at
/// which the platform freezes the canister.
pub fn watch_cycles() {
    match LEFT.get().checked_sub(1) {
        Some(left) => return LEFT.set(left),
        None => LEFT.set(CHANGES - 1),
    }
    let balance = ic_cdk::api::canister_cycle_balance();
    let frozen = balance.saturating_sub(ic_cdk::api::canister_liquid_cycle_balance());
    let low = balance / 2 < frozen;
    if low && !LOW.get() {
        let line = format!("low cycles: the balance is {balance}, and at {frozen} the canister is frozen");
        ic_cdk::api::debug_print(line);
    }
    LOW.set(low);
}

/// Bytes of the heap. Outside of a canister there is none.
pub fn heap_bytes() -> u64 {
    #[cfg(target_family = "wasm")]
    let pages = core::arch::wasm32::memory_size(0);
    #[cfg(not(target_family = "wasm"))]
    let pages = 0;
    pages as u64 * 65_536
}
