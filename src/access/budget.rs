//! The payer of a call, and whether the call is admitted. Inspection and the call itself decide by the same function.
//!
//! ```text
//!   caller, key ──▶ Payer: strangers, members or owners
//!   Payer, settings, spent, time, cycles ──▶ admitted, or Limited
//! ```

use super::caller::Caller;
use crate::api::{Budget, Limited};
use crate::limits::{MAX_MEMBERS, MAX_OWNERS, MAX_STRANGERS};
use crate::settings::Configuration;
use candid::Principal;
use stable::budget::{Callers, Spent};

/// The group of callers whose budget a call is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Callers who are not members, in all calls that owners do not pay for.
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

/// The part of its own rate that each principal has spent, by budget. It is lost in an upgrade.
///
/// Strangers and owners may have to share a place with others. Every member has its own.
#[derive(Debug)]
pub struct Rates {
    strangers: Callers<Principal>,
    members: Callers<Principal>,
    owners: Callers<Principal>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            strangers: Callers::new(MAX_STRANGERS),
            members: Callers::new(MAX_MEMBERS),
            owners: Callers::new(MAX_OWNERS),
        }
    }
}

impl Payer {
    /// The payer of an add, and of a call that names no key.
    pub fn of_caller(caller: &Caller) -> Self {
        if caller.is_member() { Self::Members } else { Self::Strangers }
    }

    /// The payer of any other call that names keys. Owners pay if one of the keys exists and the caller owns it or has proved that
    /// it may claim it: then `owns` is true.
    pub fn of_keys(caller: &Caller, owns: bool) -> Self {
        if owns { Self::Owners } else { Self::of_caller(caller) }
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
    payer.budget(settings).admit(spent, rates.of(payer), caller, moment.time)
}

impl Rates {
    /// The table of the payer's budget, to be changed.
    pub fn of_mut(&mut self, payer: Payer) -> &mut Callers<Principal> {
        match payer {
            Payer::Strangers => &mut self.strangers,
            Payer::Members => &mut self.members,
            Payer::Owners => &mut self.owners,
        }
    }

    fn of(&self, payer: Payer) -> &Callers<Principal> {
        match payer {
            Payer::Strangers => &self.strangers,
            Payer::Members => &self.members,
            Payer::Owners => &self.owners,
        }
    }
}
