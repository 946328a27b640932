//! The budget that callers have spent, and the admission of calls.

use super::MessageStore;
use crate::access::Caller;
use crate::access::budget::{self, Moment, Payer, Purpose};
use crate::access::policy;
use crate::api::{Bound, Limited};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory + Clone> MessageStore<M> {
    /// Whether a call is admitted. Inspection asks this before the call, the call itself asks again.
    pub fn admits(&self, payer: Payer, purpose: Purpose, caller: Principal, moment: Moment) -> Result<(), Limited> {
        budget::admit(self.settings(), self.state.spent(payer), &self.rates, payer, purpose, caller, moment)
    }

    /// Charges an admitted call of so many items and bytes. True: the call has used up the budget.
    pub fn charge(&mut self, payer: Payer, caller: Principal, used: (u64, u64), time: u64) -> bool {
        let budget = *payer.budget(self.settings());
        budget.charge(self.state.spent_mut(payer), self.rates.of_mut(payer), caller, used, time)
    }

    /// Charges a refused call one item.
    pub fn charge_refused(&mut self, payer: Payer, caller: Principal, time: u64) {
        let budget = *payer.budget(self.settings());
        budget.refuse(self.state.spent_mut(payer), self.rates.of_mut(payer), caller, time);
    }

    /// Charges the cycles of a call, admitted or refused, which are counted if there is a limit. True: the call has used up
    /// the budget of the day.
    pub fn charge_cycles(&mut self, payer: Payer, cycles: impl FnOnce() -> u64, time: u64) -> bool {
        let budget = *payer.budget(self.settings());
        if budget.cycles_a_day == Bound::Unlimited {
            return false;
        }
        let used_up = budget.charge_cycles(self.state.spent_mut(payer), cycles(), time);
        self.state.keep_spent(payer);
        used_up
    }

    /// Whether the store takes messages from a caller at all.
    pub fn takes_from(&self, caller: &Caller) -> bool {
        policy::may_add(self.settings().writes, caller)
    }

    /// Whether strangers are not limited.
    pub fn is_unbounded(&self) -> bool {
        *Payer::Strangers.budget(self.settings()) == crate::api::Budget::default()
    }
}
