//! What callers have spent, and whether a call is admitted.

use super::MessageStore;
use crate::access::Caller;
use crate::access::budget::{self, Moment, Payer, Purpose};
use crate::access::owner::{check_claim, owns};
use crate::access::policy;
use crate::api::{Bound, Limited, OwnerProof};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory + Clone> MessageStore<M> {
    /// Who pays for a call about a key.
    pub fn payer_of_key(&self, key_id: &[u8], caller: &Caller) -> Payer {
        Payer::of_key(caller, self.is_owned(key_id, caller))
    }

    /// Who pays for a call about several keys: owners, if the caller owns one of them.
    pub fn payer_of_keys<'a>(&self, mut key_ids: impl Iterator<Item = &'a [u8]>, caller: &Caller) -> Payer {
        Payer::of_key(caller, key_ids.any(|key_id| self.is_owned(key_id, caller)))
    }

    /// Who pays for a claim: owners, if the key exists and the proof is right.
    pub fn payer_of_claim(&self, key_id: &[u8], proof: &OwnerProof, caller: &Caller) -> Payer {
        let exists = self.find_key(key_id).is_some();
        Payer::of_key(caller, exists && check_claim(key_id, proof, caller.principal()).is_ok())
    }

    /// Whether a key exists and the caller owns it.
    pub fn is_owned(&self, key_id: &[u8], caller: &Caller) -> bool {
        let key = self.find_key(key_id);
        key.is_some_and(|(_, key)| owns(key_id, key.rights.owner, caller.principal()))
    }

    /// Whether a call is admitted. Inspection asks this before the call, the call itself asks again.
    pub fn admits(&self, payer: Payer, purpose: Purpose, caller: Principal, moment: Moment) -> Result<(), Limited> {
        budget::admit(self.settings(), self.state.spent(payer), &self.rates, payer, purpose, caller, moment)
    }

    /// Charges an admitted call of so many items and bytes. True: it has used up the budget.
    pub fn charge(&mut self, payer: Payer, caller: Principal, used: (u64, u64), time: u64) -> bool {
        let budget = *payer.budget(self.settings());
        budget.charge(self.state.spent_mut(payer), self.rates.of_mut(payer), caller, used, time)
    }

    /// Charges a refused call one item.
    pub fn charge_refused(&mut self, payer: Payer, caller: Principal, time: u64) {
        let budget = *payer.budget(self.settings());
        budget.refuse(self.state.spent_mut(payer), self.rates.of_mut(payer), caller, time);
    }

    /// Charges the cycles of a call, also of a refused one. True: they have used up the day's.
    pub fn charge_cycles(&mut self, payer: Payer, cycles: u64, time: u64) -> bool {
        let budget = *payer.budget(self.settings());
        if budget.cycles_a_day == Bound::Unlimited {
            return false;
        }
        let used_up = budget.charge_cycles(self.state.spent_mut(payer), cycles, time);
        self.state.keep_spent(payer);
        used_up
    }

    /// Whether the store takes messages from a caller at all.
    pub fn takes_from(&self, caller: &Caller) -> bool {
        policy::may_add(self.settings().writes, caller)
    }

    /// Whether nothing bounds what strangers may use.
    pub fn is_unbounded(&self) -> bool {
        *Payer::Strangers.budget(self.settings()) == crate::api::Budget::default()
    }
}
