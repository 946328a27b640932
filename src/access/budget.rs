//! Who pays for a call, and whether the call is admitted. Inspection and the call itself decide by the same function.
//!
//! ```text
//!   caller, key ──▶ Payer: strangers, members or owners
//!   Payer, settings, spent, time, cycles ──▶ admitted, or Limited
//! ```

use super::caller::Caller;
use crate::api::{Bound, Budget, Limited, Rate};
use crate::limits::{MAX_ROLES, MAX_STRANGERS};
use crate::settings::Configuration;
use candid::Principal;
use stable::budget::{self, Callers, Spent};

const SECOND: u64 = 1_000_000_000;

/// The group of callers whose budget a call is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Callers without a role, in all calls that owners do not pay for.
    Strangers = 0,
    /// Writers and admins.
    Members = 1,
    /// Owners, for keys that exist.
    Owners = 2,
}

/// The time of a call, and the cycles that are left then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Cycles that the canister can spend before it is frozen.
    pub cycles: u128,
}

/// The purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It adds messages, which cost storage.
    Add,
    /// Anything else.
    Other,
}

/// What each principal has spent of its own rate. It is lost in an upgrade.
#[derive(Debug)]
pub struct Rates {
    strangers: Callers<Principal>,
    /// Members and owners. Each member has its own place. Owners may have to share one.
    known: Callers<Principal>,
}

impl Default for Rates {
    fn default() -> Self {
        Self { strangers: Callers::new(MAX_STRANGERS), known: Callers::new(2 * MAX_ROLES as usize) }
    }
}

impl Payer {
    /// Who pays for an add.
    pub fn of_add(caller: &Caller) -> Self {
        if caller.is_member() { Self::Members } else { Self::Strangers }
    }

    /// Who pays for another call about keys: owners, if one of them is there and the caller owns it, or may claim it.
    pub fn of_keys(caller: &Caller, owns: bool) -> Self {
        if owns { Self::Owners } else { Self::of_add(caller) }
    }

    /// The payer's budget.
    pub fn budget(self, settings: &Configuration) -> &Budget {
        match self {
            Self::Strangers => &settings.strangers,
            Self::Members => &settings.members,
            Self::Owners => &settings.owners,
        }
    }
}

/// Whether a call is admitted.
pub fn admit(
    settings: &Configuration,
    spent: &Spent,
    rates: &Rates,
    payer: Payer,
    purpose: Purpose,
    caller: Principal,
    moment: Moment,
) -> Result<(), Limited> {
    let reserve = match (purpose, payer) {
        (Purpose::Other, _) => 0,
        (Purpose::Add, Payer::Strangers) => settings.reserves.strangers,
        (Purpose::Add, _) => settings.reserves.all,
    };
    if moment.cycles < u128::from(reserve) {
        return Err(Limited::low_cycles);
    }
    let budget = payer.budget(settings);
    let retry = |wait: u64| u32::try_from(wait.div_ceil(SECOND)).unwrap_or(u32::MAX);
    spent.admit(&pure(budget), moment.time).map_err(|wait| Limited::budget { retry_after: retry(wait) })?;
    let Bound::AtMost(each) = budget.each else { return Ok(()) };
    rates.of(payer).admit(&caller, &rate(each), moment.time).map_err(|wait| Limited::rate { retry_after: retry(wait) })
}

/// Charges an admitted call. True: the call has used up the budget.
pub fn charge(
    settings: &Configuration,
    spent: &mut Spent,
    rates: &mut Rates,
    payer: Payer,
    caller: Principal,
    (items, bytes): (u64, u64),
    time: u64,
) -> bool {
    let budget = payer.budget(settings);
    if let Bound::AtMost(each) = budget.each {
        rates.of_mut(payer).spend(&caller, &rate(each), items, time);
    }
    spent.spend(&pure(budget), items, bytes, time)
}

/// Charges a refused call one item. Otherwise a caller whose rate is used up could send a block of calls in each
/// second, and the inspection before the block would let all of them in.
pub fn refuse(
    settings: &Configuration,
    spent: &mut Spent,
    rates: &mut Rates,
    payer: Payer,
    caller: Principal,
    time: u64,
) {
    let budget = payer.budget(settings);
    if let Bound::AtMost(each) = budget.each {
        rates.of_mut(payer).refuse(&caller, &rate(each), time);
    }
    spent.refuse(&pure(budget), time);
}

/// The budget in the form of the pure library.
pub fn pure(budget: &Budget) -> budget::Budget {
    budget::Budget {
        items: budget.items.limit().map(rate),
        bytes: budget.bytes.limit().map(rate),
        cycles_a_day: budget.cycles_a_day.limit(),
    }
}

fn rate(Rate { per_second, burst }: Rate) -> budget::Rate {
    budget::Rate { per_second, burst }
}

impl Rates {
    fn of_mut(&mut self, payer: Payer) -> &mut Callers<Principal> {
        if payer == Payer::Strangers { &mut self.strangers } else { &mut self.known }
    }

    fn of(&self, payer: Payer) -> &Callers<Principal> {
        if payer == Payer::Strangers { &self.strangers } else { &self.known }
    }
}
