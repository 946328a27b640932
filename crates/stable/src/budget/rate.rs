//! A rate, and the used part of it: the generic cell rate algorithm, in whole nanoseconds.

const SECOND: u128 = 1_000_000_000;
/// Maximum number of nanoseconds beyond the burst that refused calls can add: a minute.
pub const MAX_REFUSED: u64 = 60_000_000_000;

/// A rate: so many units a second, and `burst` of them at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second, at least 1.
    pub per_second: u32,
    /// Units at once, at least 1.
    pub burst: u32,
}

/// The time at which everything that was used will have recovered, in nanoseconds since 1970. 0: nothing was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Debt(u64);

impl Rate {
    /// Nanoseconds in which so many units recover, rounded up.
    fn nanoseconds(&self, units: u64) -> u64 {
        let exact = (u128::from(units) * SECOND).div_ceil(self.per_second.max(1).into());
        u64::try_from(exact).unwrap_or(u64::MAX)
    }
}

impl Debt {
    /// True if everything has recovered at `now`.
    pub fn is_settled(&self, now: u64) -> bool {
        self.0 <= now
    }

    /// Nanoseconds from `now` until the rate has `units` left (at most its burst); 0: it has them.
    pub fn wait(&self, rate: &Rate, units: u32, now: u64) -> u64 {
        let burst = rate.burst.max(1);
        let room = rate.nanoseconds((burst - units.clamp(1, burst)).into());
        self.0.saturating_sub(now).saturating_sub(room)
    }

    /// Uses one unit for a call that is refused at `now`. Refused calls alone make nobody wait longer than
    /// `MAX_REFUSED`.
    pub fn refuse(&mut self, rate: &Rate, now: u64) {
        let more = self.0.max(now).saturating_add(rate.nanoseconds(1));
        let most = now.saturating_add(rate.nanoseconds(rate.burst.into())).saturating_add(MAX_REFUSED);
        self.0 = self.0.max(more.min(most));
    }

    /// Uses units at `now`, even more than are left.
    pub fn spend(&mut self, rate: &Rate, units: u64, now: u64) {
        self.0 = self.0.max(now).saturating_add(rate.nanoseconds(units));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_795_000_000_000_000_000;
    const RATE: Rate = Rate { per_second: 5, burst: 20 };

    #[test]
    fn a_burst_is_used_at_once_and_won_back_at_the_rate() {
        let mut debt = Debt::default();
        for _ in 0..20 {
            assert_eq!(debt.wait(&RATE, 1, NOW), 0);
            debt.spend(&RATE, 1, NOW);
        }
        assert_eq!(debt.wait(&RATE, 1, NOW), 200_000_000);
        assert_eq!(debt.wait(&RATE, 10, NOW), 2_000_000_000);
        assert_eq!(debt.wait(&RATE, 1, NOW + 200_000_000), 0);
        assert!(!debt.is_settled(NOW + 3_999_999_999));
        assert!(debt.is_settled(NOW + 4_000_000_000));
    }

    #[test]
    fn a_caller_that_uses_more_than_is_left_waits_for_all_of_it() {
        let mut debt = Debt::default();
        debt.spend(&RATE, 1_000, NOW);
        assert_eq!(debt.wait(&RATE, 1, NOW), (1_000 - 19) * 200_000_000);
    }

    #[test]
    fn refused_calls_count_and_make_nobody_wait_for_longer_than_a_minute() {
        let mut debt = Debt::default();
        debt.spend(&RATE, 20, NOW);
        for refused in 1..=10 {
            debt.refuse(&RATE, NOW);
            assert_eq!(debt.wait(&RATE, 1, NOW), (1 + refused) * 200_000_000);
        }
        (0..10_000).for_each(|_| debt.refuse(&RATE, NOW));
        assert_eq!(debt.wait(&RATE, 1, NOW), MAX_REFUSED + 200_000_000);
        let mut larger = Debt::default();
        larger.spend(&RATE, 100_000, NOW);
        let before = larger;
        larger.refuse(&RATE, NOW);
        assert_eq!(larger, before, "the used part stays");
    }

    proptest! {
        #[test]
        fn no_sequence_of_calls_gets_more_than_its_burst_and_its_rate(
            per_second in 1..1_000_u32,
            burst in 1..10_000_u32,
            calls in prop::collection::vec((1..50_u64, 0..2_000_000_000_u64), 1..200),
        ) {
            let (rate, mut debt) = (Rate { per_second, burst }, Debt::default());
            let (mut now, mut used, mut last) = (NOW, 0_u64, 0);
            for (units, pause) in calls {
                now += pause;
                if debt.wait(&rate, 1, now) == 0 {
                    debt.spend(&rate, units, now);
                    (used, last) = (used + units, units);
                }
                // Everything except the last call's excess.
                let won = u128::from(now - NOW) * u128::from(per_second) / SECOND;
                prop_assert!(u128::from(used - last) < u128::from(burst) + won + 1);
            }
        }

        #[test]
        fn a_caller_that_waits_for_the_given_time_is_admitted(
            per_second in 1..u32::MAX,
            burst in 1..u32::MAX,
            units in 0..1_u64 << 40,
            needed in 0..u32::MAX,
        ) {
            let (rate, mut debt) = (Rate { per_second, burst }, Debt::default());
            debt.spend(&rate, units, NOW);
            let wait = debt.wait(&rate, needed, NOW);
            prop_assert_eq!(debt.wait(&rate, needed, NOW + wait), 0);
            prop_assert!(wait == 0 || debt.wait(&rate, needed, NOW + wait - 1) == 1);
        }
    }
}
