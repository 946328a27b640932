//! The budget that the callers of one group share.
//!
//! ```text
//! spent
//! offset size
//!      0    4  day: days since 1970
//!      4    8  cycles used on that day
//!     12
//! ```
//!
//! Little-endian. An upgrade forgets units, which recover in seconds. It keeps cycles, which recover in a day.

use super::rate::{Debt, Rate};

/// Bytes of the durable form.
pub const SPENT_BYTES: usize = 12;

const DAY: u64 = 86_400_000_000_000;

/// The limits of a group of callers. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Items of work, such as messages.
    pub items: Option<Rate>,
    /// Bytes that were sent.
    pub bytes: Option<Rate>,
    /// Cycles on one day of the clock, in UTC.
    pub cycles_a_day: Option<u64>,
}

/// The budget that the group has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    items: Debt,
    bytes: Debt,
    day: u32,
    cycles: u64,
    /// True if a rate was used up. It opens again at half its burst, so that it does not open and close with each call.
    shut: bool,
}

impl Spent {
    /// Reads the durable form.
    pub fn from_bytes(bytes: &[u8; SPENT_BYTES]) -> Self {
        let (day, cycles) = bytes.split_at(4);
        Self {
            day: day.try_into().map_or(0, u32::from_le_bytes),
            cycles: cycles.try_into().map_or(0, u64::from_le_bytes),
            ..Self::default()
        }
    }

    /// The durable form.
    pub fn to_bytes(&self) -> [u8; SPENT_BYTES] {
        let mut bytes = [0; SPENT_BYTES];
        bytes[..4].copy_from_slice(&self.day.to_le_bytes());
        bytes[4..].copy_from_slice(&self.cycles.to_le_bytes());
        bytes
    }

    /// Whether one more call is admitted at `now`, in nanoseconds since 1970. Otherwise the nanoseconds to wait.
    pub fn admit(&self, budget: &Budget, now: u64) -> Result<(), u64> {
        let wait = |debt: &Debt, rate: Option<Rate>| {
            rate.map_or(0, |rate| debt.wait(&rate, if self.shut { rate.burst.div_ceil(2) } else { 1 }, now))
        };
        let spent = budget.cycles_a_day.is_some_and(|most| self.cycles_on(day(now)) >= most);
        let next_day = if spent { DAY - now % DAY } else { 0 };
        match wait(&self.items, budget.items).max(wait(&self.bytes, budget.bytes)).max(next_day) {
            0 => Ok(()),
            wait => Err(wait),
        }
    }

    /// Notes the items and bytes of an admitted call. True: the call has used up one of the rates.
    pub fn spend(&mut self, budget: &Budget, items: u64, bytes: u64, now: u64) -> bool {
        let use_up = |debt: &mut Debt, rate: Option<Rate>, units| {
            rate.is_some_and(|rate| {
                debt.spend(&rate, units, now);
                debt.wait(&rate, 1, now) > 0
            })
        };
        let used_up = [use_up(&mut self.items, budget.items, items), use_up(&mut self.bytes, budget.bytes, bytes)];
        self.shut = used_up.contains(&true);
        self.shut
    }

    /// Notes a refused call: one item.
    pub fn refuse(&mut self, budget: &Budget, now: u64) {
        if let Some(rate) = budget.items {
            self.items.refuse(&rate, now);
            self.shut |= self.items.wait(&rate, 1, now) > 0;
        }
    }

    /// Notes the cycles of a call, admitted or refused. True: the call has used up those of the day.
    pub fn spend_cycles(&mut self, budget: &Budget, cycles: u64, now: u64) -> bool {
        let day = day(now);
        let before = self.cycles_on(day);
        self.cycles = before.saturating_add(cycles);
        self.day = day.max(self.day);
        budget.cycles_a_day.is_some_and(|most| before < most && self.cycles >= most)
    }

    /// Cycles used on the day of `now`.
    pub fn cycles_today(&self, now: u64) -> u64 {
        self.cycles_on(day(now))
    }

    /// If the clock goes back, the day that was counted last continues.
    fn cycles_on(&self, day: u32) -> u64 {
        if day > self.day { 0 } else { self.cycles }
    }
}

fn day(now: u64) -> u32 {
    u32::try_from(now / DAY).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 20_775 * DAY + DAY / 2;
    const SECOND: u64 = 1_000_000_000;

    fn budget() -> Budget {
        Budget {
            items: Some(Rate { per_second: 5, burst: 200 }),
            bytes: Some(Rate { per_second: 100_000, burst: 8_000_000 }),
            cycles_a_day: Some(1_000),
        }
    }

    #[test]
    fn a_budget_without_limits_admits_everything() {
        let mut spent = Spent::default();
        for _ in 0..1_000 {
            spent.spend(&Budget::default(), u64::MAX, u64::MAX, NOW);
            spent.spend_cycles(&Budget::default(), u64::MAX, NOW);
        }
        assert_eq!(spent.admit(&Budget::default(), NOW), Ok(()));
    }

    #[test]
    fn a_budget_that_was_used_up_opens_again_at_half_its_burst() {
        let mut spent = Spent::default();
        for _ in 0..200 {
            assert_eq!(spent.admit(&budget(), NOW), Ok(()));
            spent.spend(&budget(), 1, 10, NOW);
        }
        assert_eq!(spent.admit(&budget(), NOW), Err(20 * SECOND));
        assert_eq!(spent.admit(&budget(), NOW + 19 * SECOND), Err(SECOND));
        let then = NOW + 20 * SECOND;
        assert_eq!(spent.admit(&budget(), then), Ok(()));
        spent.spend(&budget(), 1, 10, then);
        assert_eq!(spent.admit(&budget(), then), Ok(()), "it is open until it is used up again");
    }

    #[test]
    fn bytes_are_limited_like_items() {
        let mut spent = Spent::default();
        for _ in 0..4 {
            assert_eq!(spent.admit(&budget(), NOW), Ok(()));
            spent.spend(&budget(), 1, 2_000_000, NOW);
        }
        assert_eq!(spent.admit(&budget(), NOW), Err(40 * SECOND));
    }

    #[test]
    fn cycles_come_back_with_the_next_day_and_survive_an_upgrade() {
        let mut spent = Spent::default();
        spent.spend_cycles(&budget(), 999, NOW);
        assert_eq!(spent.admit(&budget(), NOW), Ok(()));
        spent.spend_cycles(&budget(), 1, NOW);
        assert_eq!(spent.admit(&budget(), NOW), Err(DAY / 2));
        let upgraded = Spent::from_bytes(&spent.to_bytes());
        assert_eq!(upgraded.admit(&budget(), NOW), Err(DAY / 2));
        assert_eq!(upgraded.admit(&budget(), NOW + DAY / 2), Ok(()));
        assert_eq!(upgraded.cycles_today(NOW + DAY / 2), 0);
        assert_eq!(spent.to_bytes(), [0x27, 0x51, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_cycles_back() {
        let mut spent = Spent::default();
        spent.spend_cycles(&budget(), 1_000, NOW);
        assert!(spent.admit(&budget(), NOW - DAY).is_err());
        spent.spend_cycles(&budget(), 5, NOW - DAY);
        assert_eq!(spent.cycles_today(NOW - DAY), 1_005);
    }
}
