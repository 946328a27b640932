//! Budgets as operators set them, and whether a call is admitted. `stable::budget` has the arithmetic.
//!
//! ```text
//! budget
//! offset size
//!      0    8  items: a second 4, burst 4 (bit 0 of its bounds)
//!      8    8  bytes: the same (bit 1)
//!     16    8  each: the same (bit 2)
//!     24    8  cycles a day (bit 3)
//!     32
//! ```
//!
//! Little-endian. A bound whose bit is 0 has no limit, and its bytes are 0. The structure that contains the budget stores
//! these bits.

use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};
use stable::budget::{self, Callers, Spent};
use stable::header::field;

/// Bytes of the durable form.
pub const BUDGET_BYTES: usize = 32;
/// Bounds of a budget.
pub const BUDGET_BOUNDS: u32 = 4;
/// Cycles that the platform charges for an update with an argument of so many bytes, on a subnet of 13 nodes, besides
/// its instructions.
const CALL_CYCLES: u64 = 6_200_000;
/// The same for each byte of the argument.
const BYTE_CYCLES: u64 = 2_000;
const SECOND: u64 = 1_000_000_000;
/// Minimum units a second, and minimum burst.
const MIN_UNITS: u32 = 1;

/// A limit that an operator chooses. Candid reads an `opt` of another type as `null`, so this is a variant: a mistyped
/// number must be an error, never "no limit".
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound<T> {
    /// No limit.
    #[default]
    #[serde(rename = "unlimited")]
    Unlimited,
    /// At most this much.
    #[serde(rename = "at_most")]
    AtMost(T),
}

/// So many units a second on average.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second, at least 1.
    pub per_second: u32,
    /// Units at once after a pause, at least 1.
    pub burst: u32,
}

/// Limits of one group of callers. A call is admitted while the budget is not used up. If it uses more than what is left, the
/// next call waits longer.
#[derive(CandidType, Deserialize, Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Items of work, which each canister defines.
    pub items: Bound<Rate>,
    /// Bytes of arguments.
    pub bytes: Bound<Rate>,
    /// Cycles on one day in UTC.
    pub cycles_a_day: Bound<u64>,
    /// Items of each principal.
    pub each: Bound<Rate>,
}

/// The reason why a call was refused that would be accepted at another time.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Limited {
    /// The budget of the caller's group is used up.
    budget {
        /// Seconds until it is open again.
        retry_after: u32,
    },
    /// The caller's own rate is used up.
    rate {
        /// Seconds until a call is admitted.
        retry_after: u32,
    },
    /// The canister keeps its last cycles for other work.
    low_cycles,
}

/// A rate of a budget is below 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLow {
    /// The number's name within the budget.
    pub field: &'static str,
    /// The number.
    pub value: u32,
    /// The lowest value allowed.
    pub min: u32,
}

impl<T> Bound<T> {
    /// The limit, if there is one.
    pub fn limit(self) -> Option<T> {
        match self {
            Self::Unlimited => None,
            Self::AtMost(limit) => Some(limit),
        }
    }
}

impl<T> From<Option<T>> for Bound<T> {
    fn from(limit: Option<T>) -> Self {
        limit.map_or(Self::Unlimited, Self::AtMost)
    }
}

impl Budget {
    /// Checks that each rate is at least 1.
    pub fn check(&self) -> Result<(), TooLow> {
        let rates = [
            (self.items, ["items.per_second", "items.burst"]),
            (self.bytes, ["bytes.per_second", "bytes.burst"]),
            (self.each, ["each.per_second", "each.burst"]),
        ];
        for (rate, names) in rates {
            let Bound::AtMost(Rate { per_second, burst }) = rate else { continue };
            if let Some((field, value)) =
                names.into_iter().zip([per_second, burst]).find(|(_, value)| *value < MIN_UNITS)
            {
                return Err(TooLow { field, value, min: MIN_UNITS });
            }
        }
        Ok(())
    }

    /// The durable form, and the bits of its bounds.
    pub fn to_bytes(&self) -> ([u8; BUDGET_BYTES], u32) {
        let rates = [self.items, self.bytes, self.each].map(Bound::limit);
        let word = |rate: Rate| u64::from(rate.per_second) | u64::from(rate.burst) << 32;
        let [items, argument, each] = rates.map(|rate| rate.map(word));
        let (mut bytes, mut bits) = ([0; BUDGET_BYTES], 0);
        let words = [items, argument, each, self.cycles_a_day.limit()];
        for (number, (room, word)) in bytes.chunks_exact_mut(8).zip(words).enumerate() {
            room.copy_from_slice(&word.unwrap_or(0).to_le_bytes());
            bits |= u32::from(word.is_some()) << number;
        }
        (bytes, bits)
    }

    /// Reads the durable form, with the bits of its bounds.
    pub fn from_bytes(bytes: &[u8; BUDGET_BYTES], bits: u32) -> Self {
        let [items, argument, each, cycles] = std::array::from_fn(|number| {
            (bits >> number & 1 == 1).then(|| u64::from_le_bytes(field(bytes, 8 * number)))
        });
        let rate =
            |word: Option<u64>| word.map(|word| Rate { per_second: word as u32, burst: (word >> 32) as u32 }).into();
        Self { items: rate(items), bytes: rate(argument), each: rate(each), cycles_a_day: cycles.into() }
    }

    /// Whether a call is admitted at `time`, in nanoseconds since 1970.
    pub fn admit(
        &self,
        spent: &Spent,
        callers: &Callers<Principal>,
        caller: Principal,
        time: u64,
    ) -> Result<(), Limited> {
        let retry = |wait: u64| u32::try_from(wait.div_ceil(SECOND)).unwrap_or(u32::MAX);
        spent.admit(&self.pure(), time).map_err(|wait| Limited::budget { retry_after: retry(wait) })?;
        let Bound::AtMost(each) = self.each else { return Ok(()) };
        callers.admit(&caller, &pure(each), time).map_err(|wait| Limited::rate { retry_after: retry(wait) })
    }

    /// Charges an admitted call of so many items and bytes. A call without items counts as one. True: it has used up the
    /// budget.
    pub fn charge(
        &self,
        spent: &mut Spent,
        callers: &mut Callers<Principal>,
        caller: Principal,
        (items, bytes): (u64, u64),
        time: u64,
    ) -> bool {
        let items = items.max(1);
        if let Bound::AtMost(each) = self.each {
            callers.spend(&caller, &pure(each), items, time);
        }
        spent.spend(&self.pure(), items, bytes, time)
    }

    /// Charges a refused call one item. Otherwise a caller whose rate is used up could send a block of calls in each second,
    /// all of which pass the inspection before the block.
    pub fn refuse(&self, spent: &mut Spent, callers: &mut Callers<Principal>, caller: Principal, time: u64) {
        if let Bound::AtMost(each) = self.each {
            callers.refuse(&caller, &pure(each), time);
        }
        spent.refuse(&self.pure(), time);
    }

    /// Charges the cycles of a call, admitted or refused. True: they have used up the budget of the day.
    pub fn charge_cycles(&self, spent: &mut Spent, cycles: u64, time: u64) -> bool {
        spent.spend_cycles(&self.pure(), cycles, time)
    }

    fn pure(&self) -> budget::Budget {
        budget::Budget {
            items: self.items.limit().map(pure),
            bytes: self.bytes.limit().map(pure),
            cycles_a_day: self.cycles_a_day.limit(),
        }
    }
}

/// The cycles that the platform charges for an update, without those for its messages and memory.
pub fn cycles_of_call(argument_bytes: u64, instructions: u64) -> u64 {
    CALL_CYCLES + BYTE_CYCLES * argument_bytes + instructions
}

fn pure(Rate { per_second, burst }: Rate) -> budget::Rate {
    budget::Rate { per_second, burst }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Budget {
        Budget {
            items: Bound::AtMost(Rate { per_second: 1, burst: 2 }),
            bytes: Bound::Unlimited,
            each: Bound::AtMost(Rate { per_second: 5, burst: 6 }),
            cycles_a_day: Bound::AtMost(7),
        }
    }

    #[test]
    fn the_durable_form_stays_byte_for_byte_and_is_read_back() {
        let (bytes, bits) = example().to_bytes();
        let golden = [[1, 0, 0, 0, 2, 0, 0, 0], [0; 8], [5, 0, 0, 0, 6, 0, 0, 0], [7, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!((&bytes[..], bits), (&golden[..], 0b1101));
        assert_eq!(Budget::from_bytes(&bytes, bits), example());
        assert_eq!(Budget::from_bytes(&bytes, 0), Budget::default());
    }

    #[test]
    fn a_rate_is_at_least_1() {
        let none = Budget { each: Bound::AtMost(Rate { per_second: 1, burst: 0 }), ..example() };
        assert_eq!(none.check(), Err(TooLow { field: "each.burst", value: 0, min: 1 }));
        let none = Budget { bytes: Bound::AtMost(Rate { per_second: 0, burst: 1 }), ..example() };
        assert_eq!(none.check(), Err(TooLow { field: "bytes.per_second", value: 0, min: 1 }));
        assert_eq!(example().check(), Ok(()));
    }

    #[test]
    fn a_call_without_items_counts_as_one() {
        let (mut spent, mut callers) = (Spent::default(), Callers::new(2));
        let (one, other) = (Principal::self_authenticating([1]), Principal::self_authenticating([2]));
        assert!(!example().charge(&mut spent, &mut callers, one, (0, 0), SECOND));
        assert!(example().charge(&mut spent, &mut callers, one, (0, 0), SECOND), "it was the second of a burst of 2");
        let mine = Budget { each: Bound::AtMost(Rate { per_second: 1, burst: 1 }), ..Budget::default() };
        mine.charge(&mut spent, &mut callers, other, (0, 0), SECOND);
        assert_eq!(mine.admit(&spent, &callers, other, SECOND), Err(Limited::rate { retry_after: 1 }));
    }

    #[test]
    fn a_budget_refuses_before_a_callers_own_rate() {
        let (mut spent, mut callers) = (Spent::default(), Callers::new(2));
        let (one, other) = (Principal::self_authenticating([1]), Principal::self_authenticating([2]));
        let budget = Budget { items: Bound::AtMost(Rate { per_second: 1, burst: 20 }), ..example() };
        assert!(!budget.charge(&mut spent, &mut callers, one, (6, 0), SECOND));
        let rate = budget.admit(&spent, &callers, one, SECOND);
        assert_eq!(rate, Err(Limited::rate { retry_after: 1 }));
        assert_eq!(budget.admit(&spent, &callers, other, SECOND), Ok(()));
        assert!(budget.charge(&mut spent, &mut callers, other, (14, 0), SECOND));
        assert_eq!(budget.admit(&spent, &callers, other, SECOND), Err(Limited::budget { retry_after: 10 }));
        assert!(budget.charge_cycles(&mut spent, cycles_of_call(0, 0), SECOND), "a call costs more than 7 cycles");
        assert_eq!(budget.admit(&spent, &callers, other, 60 * SECOND), Err(Limited::budget { retry_after: 86_340 }));
    }
}
