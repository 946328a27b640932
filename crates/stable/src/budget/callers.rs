//! A rate for each caller, in a table of bounded size.
//!
//! A caller leaves the table only when it has recovered everything that it used. So nobody loses a debt because others
//! fill the table. Callers that find no room share one entry.

use super::rate::{Debt, Rate};
use std::collections::{BTreeMap, BTreeSet};

/// The budget that callers have used.
#[derive(Debug)]
pub struct Callers<K> {
    most: usize,
    debts: BTreeMap<K, Debt>,
    /// The same, ordered by the time at which the debt is settled.
    by_debt: BTreeSet<(Debt, K)>,
    others: Debt,
}

impl<K: Ord + Clone> Callers<K> {
    /// A table of at most `most` callers.
    pub fn new(most: usize) -> Self {
        Self { most, debts: BTreeMap::new(), by_debt: BTreeSet::new(), others: Debt::default() }
    }

    /// Whether one more call of this caller is admitted at `now`, in nanoseconds since 1970. Otherwise the nanoseconds
    /// to wait.
    pub fn admit(&self, caller: &K, rate: &Rate, now: u64) -> Result<(), u64> {
        let debt = match self.debts.get(caller) {
            Some(debt) => *debt,
            None if self.has_room(now) => return Ok(()),
            None => self.others,
        };
        match debt.wait(rate, 1, now) {
            0 => Ok(()),
            wait => Err(wait),
        }
    }

    /// Notes what an admitted call uses.
    pub fn spend(&mut self, caller: &K, rate: &Rate, units: u64, now: u64) {
        self.change(caller, now, |debt| debt.spend(rate, units, now));
    }

    /// Notes a refused call: one unit.
    pub fn refuse(&mut self, caller: &K, rate: &Rate, now: u64) {
        self.change(caller, now, |debt| debt.refuse(rate, now));
    }

    fn change(&mut self, caller: &K, now: u64, change: impl FnOnce(&mut Debt)) {
        let known = self.debts.get(caller).copied();
        if known.is_none() && !self.has_room(now) {
            return change(&mut self.others);
        }
        if let Some(debt) = known {
            self.by_debt.remove(&(debt, caller.clone()));
        } else if self.debts.len() >= self.most
            && let Some((_, settled)) = self.by_debt.pop_first()
        {
            self.debts.remove(&settled);
        }
        let mut debt = known.unwrap_or_default();
        change(&mut debt);
        self.debts.insert(caller.clone(), debt);
        self.by_debt.insert((debt, caller.clone()));
    }

    fn has_room(&self, now: u64) -> bool {
        self.debts.len() < self.most || self.by_debt.first().is_some_and(|(debt, _)| debt.is_settled(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_795_000_000_000_000_000;
    const SECOND: u64 = 1_000_000_000;
    const RATE: Rate = Rate { per_second: 1, burst: 3 };

    fn use_all(callers: &mut Callers<u32>, caller: u32, now: u64) -> usize {
        let mut admitted = 0;
        while callers.admit(&caller, &RATE, now).is_ok() {
            callers.spend(&caller, &RATE, 1, now);
            admitted += 1;
        }
        admitted
    }

    #[test]
    fn each_caller_has_its_own_rate() {
        let mut callers = Callers::new(10);
        assert_eq!(use_all(&mut callers, 1, NOW), 3);
        assert_eq!(callers.admit(&1, &RATE, NOW), Err(SECOND));
        assert_eq!(use_all(&mut callers, 2, NOW), 3);
        assert_eq!(use_all(&mut callers, 1, NOW + SECOND), 1);
    }

    #[test]
    fn callers_without_room_share_one_rate_and_nobody_is_rid_of_a_debt() {
        let mut callers = Callers::new(10);
        let admitted: usize = (0..1_000).map(|caller| use_all(&mut callers, caller, NOW)).sum();
        assert_eq!(admitted, 10 * 3 + 3);
        assert_eq!(callers.debts.len(), 10);
        assert!(callers.admit(&0, &RATE, NOW).is_err());
        // Once the debts are settled, others take their places.
        let later = NOW + 3 * SECOND;
        let admitted: usize = (2_000..3_000).map(|caller| use_all(&mut callers, caller, later)).sum();
        assert_eq!(admitted, 10 * 3 + 3);
    }

    proptest! {
        #[test]
        fn the_table_is_a_map_of_debts_of_bounded_size(
            calls in prop::collection::vec((0..20_u32, 1..5_u64, 0..3_000_000_000_u64), 1..300),
        ) {
            let mut callers = Callers::new(5);
            let mut now = NOW;
            for (caller, units, pause) in calls {
                now += pause;
                let before = callers.debts.clone();
                if callers.admit(&caller, &RATE, now).is_ok() {
                    callers.spend(&caller, &RATE, units, now);
                }
                prop_assert!(callers.debts.len() <= 5);
                let all: BTreeSet<_> = callers.debts.iter().map(|(caller, debt)| (*debt, *caller)).collect();
                prop_assert_eq!(&all, &callers.by_debt);
                for (caller, debt) in before {
                    prop_assert!(callers.debts.contains_key(&caller) || debt.is_settled(now));
                }
            }
        }
    }
}
