//! The numbers received from a device: the highest, and which of the 64 before it were received.

use serde::{Deserialize, Serialize};

/// Number of numbers below the highest that may still arrive.
const WIDTH: u64 = 64;

/// The received numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    highest: u64,
    /// Bit i: `highest - 1 - i` was received.
    before: u64,
}

/// The relation of a number to those received before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The next one.
    Next,
    /// A later one. Those from `first` to `last` were not received before it.
    Ahead { first: u64, last: u64 },
    /// One that was reported as missing.
    Late,
    /// A number that was received before, or is too old to tell.
    Again,
}

impl Window {
    /// Whether no number came.
    pub fn is_empty(&self) -> bool {
        self.highest == 0
    }

    /// Takes a number, from 1.
    pub fn take(&mut self, number: u64) -> Taken {
        if number > self.highest {
            let ahead = number - self.highest;
            let shifted = |bits: u64, by: u64| if by < WIDTH { bits << by } else { 0 };
            let highest = if self.highest == 0 { 0 } else { shifted(1, ahead - 1) };
            let first = self.highest + 1;
            self.before = shifted(self.before, ahead) | highest;
            self.highest = number;
            return if ahead == 1 { Taken::Next } else { Taken::Ahead { first, last: number - 1 } };
        }
        let behind = self.highest - number;
        if behind == 0 || behind > WIDTH {
            return Taken::Again;
        }
        let bit = 1 << (behind - 1);
        if self.before & bit != 0 {
            return Taken::Again;
        }
        self.before |= bit;
        Taken::Late
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_number_is_taken_once_and_gaps_are_reported() {
        let mut window = Window::default();
        assert_eq!(window.take(1), Taken::Next);
        assert_eq!(window.take(1), Taken::Again);
        assert_eq!(window.take(4), Taken::Ahead { first: 2, last: 3 });
        assert_eq!(window.take(2), Taken::Late);
        assert_eq!(window.take(2), Taken::Again);
        assert_eq!(window.take(200), Taken::Ahead { first: 5, last: 199 });
        assert_eq!(window.take(3), Taken::Again, "too old to tell");
        assert_eq!(window.take(136), Taken::Late, "the oldest that can be told");
        assert_eq!(window.take(135), Taken::Again);
    }

    /// Compares the window with the set of all received numbers.
    #[test]
    fn random_orders_agree_with_a_set() {
        let mut state = 7_u64;
        let (mut window, mut came) = (Window::default(), BTreeSet::new());
        for turn in 0..20_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = 1 + (turn / 4).saturating_add(state >> 58).saturating_sub(30);
            let highest = came.last().copied().unwrap_or(0);
            let taken = window.take(number);
            let is_new = taken != Taken::Again;
            let tellable = number + WIDTH >= highest;
            assert_eq!(is_new, tellable && came.insert(number), "{number} after {highest}");
        }
    }
}
