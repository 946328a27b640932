//! Whether the hook `canister_on_low_wasm_memory` is due.

use serde::{Deserialize, Serialize};

/// The state of the hook. The hook runs once each time that the memory gets low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LowWasmMemory {
    /// There is more memory left than `wasm_memory_threshold`.
    #[default]
    Enough,
    /// There is less left, and the hook has not run since.
    Ready,
    /// There is less left, and the hook has run.
    Executed,
}

impl LowWasmMemory {
    /// The state once the memory is low, or is not.
    pub fn next(self, low: bool) -> Self {
        match (low, self) {
            (false, _) => Self::Enough,
            (true, Self::Enough) => Self::Ready,
            (true, same) => same,
        }
    }

    /// Whether the memory can be low, or not, in this state.
    pub fn fits(self, low: bool) -> bool {
        low == (self != Self::Enough)
    }
}

#[cfg(test)]
mod tests {
    use super::LowWasmMemory::*;

    #[test]
    fn it_is_due_once_for_each_time_that_memory_gets_low() {
        let moves = [Enough, Ready, Executed].map(|state| (state.next(false), state.next(true)));
        assert_eq!(moves, [(Enough, Ready), (Enough, Ready), (Enough, Executed)]);
    }
}
