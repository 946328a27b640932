//! The budget of callers who do not control the directory, and the used part of it. Inspection before a call and the call
//! itself decide by the same function.
//!
//! Ratification does not count. Otherwise somebody could stop strict look-ups by using up the budget. Only a verifier's newer
//! cosignature of the newest log changes anything, and refusing a call costs more cycles than checking a signature.

use crate::api::{Bound, Limited, Settings, SettingsError};
use crate::directory::Directory;
use crate::limits::MAX_STRANGERS;
use candid::Principal;
use canister_base::budget::TooLow;
use ic_stable_structures::Memory;
use stable::budget::{Callers, Spent};

/// A caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The principal.
    pub principal: Principal,
    /// Whether it controls the canister: then nothing limits it.
    pub controls: bool,
}

/// The moment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Cycles that the canister can spend before it is frozen.
    pub cycles: u128,
}

/// The settings, and the used part of the budget.
#[derive(Debug)]
pub(crate) struct Strangers {
    settings: Settings,
    spent: Spent,
    /// The rate of each caller. An upgrade forgets it.
    each: Callers<Principal>,
}

impl Strangers {
    pub fn new(settings: Settings, spent: Spent) -> Self {
        Self { settings, spent, each: Callers::new(MAX_STRANGERS) }
    }
}

impl<M: Memory + Clone> Directory<M> {
    /// The settings of the operators.
    pub fn settings(&self) -> &Settings {
        &self.strangers.settings
    }

    /// Replaces the settings. An error changes nothing.
    pub fn set_settings(&mut self, settings: &Settings) -> Result<(), SettingsError> {
        settings.strangers.check().map_err(|TooLow { field, value, min }| SettingsError::TooLow {
            setting: format!("strangers.{field}"),
            value: value.into(),
            min: min.into(),
        })?;
        self.state.set_settings(settings);
        self.strangers.settings = *settings;
        Ok(())
    }

    /// Whether strangers are not limited and no reserve is set.
    pub fn is_unbounded(&self) -> bool {
        *self.settings() == Settings::default()
    }

    /// Cycles that strangers have used on the day of `time`. They are counted only while there is a limit.
    pub fn cycles_today(&self, time: u64) -> u64 {
        self.strangers.spent.cycles_today(time)
    }

    /// Decides whether a call that adds to the directory is admitted.
    pub fn admit(&self, caller: Caller, moment: Moment) -> Result<(), Limited> {
        let Strangers { settings, spent, each } = &self.strangers;
        if caller.controls {
            return Ok(());
        }
        if moment.cycles < u128::from(settings.reserve) {
            return Err(Limited::low_cycles);
        }
        settings.strangers.admit(spent, each, caller.principal, moment.time)
    }

    /// Charges a call with this many bytes of arguments. `admitted`: whether it was admitted. Returns true if it has used up
    /// the budget.
    pub fn charge(&mut self, caller: Caller, admitted: bool, bytes: u64, time: u64) -> bool {
        let Strangers { settings, spent, each } = &mut self.strangers;
        if caller.controls {
            return false;
        }
        if admitted {
            return settings.strangers.charge(spent, each, caller.principal, (1, bytes), time);
        }
        settings.strangers.refuse(spent, each, caller.principal, time);
        false
    }

    /// Charges the cycles of a call, admitted or not. Returns true if they have used up the day's budget.
    pub fn charge_cycles(&mut self, caller: Caller, cycles: u64, time: u64) -> bool {
        let Strangers { settings, spent, .. } = &mut self.strangers;
        if caller.controls || settings.strangers.cycles_a_day == Bound::Unlimited {
            return false;
        }
        let used_up = settings.strangers.charge_cycles(spent, cycles, time);
        self.state.set_spent(spent);
        used_up
    }
}
