//! The settings of a canister.

use candid::{Nat, Principal};
use ic_management_canister_types::{
    CanisterSettings, DefiniteCanisterSettings, EnvironmentVariable, LogVisibility, SnapshotVisibility,
    StatusVisibility,
};

use serde::{Deserialize, Serialize};

use crate::fees::DEFAULT_FREEZING_THRESHOLD_SECS;
use crate::limits::{DEFAULT_WASM_MEMORY_LIMIT, MAX_CONTROLLERS, MAX_HEAP, MAX_LOG_BYTES};

/// The settings that this engine applies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Who controls the canister.
    pub controllers: Vec<Principal>,
    /// Seconds of storage that it must be able to pay.
    pub freezing_threshold_secs: u64,
    /// Bytes that its heap may have after an update, installation or upgrade.
    pub wasm_memory_limit: u64,
    /// Its environment variables: names and values.
    pub environment_variables: Vec<(String, String)>,
    /// Who may read its log.
    pub log_visibility: LogVisibility,
}

impl Settings {
    /// The settings that `wanted` names, and for the others the platform's defaults.
    pub fn new(controller: Principal, wanted: CanisterSettings) -> Result<Self, String> {
        let mut settings = Self {
            controllers: vec![controller],
            freezing_threshold_secs: DEFAULT_FREEZING_THRESHOLD_SECS,
            wasm_memory_limit: DEFAULT_WASM_MEMORY_LIMIT,
            environment_variables: Vec::new(),
            log_visibility: LogVisibility::Controllers,
        };
        settings.update(wanted)?;
        Ok(settings)
    }

    /// Applies the settings that `wanted` names. Settings that this engine does not apply are refused.
    pub fn update(&mut self, wanted: CanisterSettings) -> Result<(), String> {
        let unsupported = [
            ("compute_allocation", wanted.compute_allocation.is_some()),
            ("memory_allocation", wanted.memory_allocation.is_some()),
            ("reserved_cycles_limit", wanted.reserved_cycles_limit.is_some()),
            ("log_memory_limit", wanted.log_memory_limit.is_some()),
            ("minimum_incoming_canister_call_cycles", wanted.minimum_incoming_canister_call_cycles.is_some()),
            ("status_visibility", wanted.status_visibility.is_some()),
            ("snapshot_visibility", wanted.snapshot_visibility.is_some()),
            ("wasm_memory_threshold", wanted.wasm_memory_threshold.is_some()),
        ];
        if let Some((name, _)) = unsupported.iter().find(|(_, wanted)| *wanted) {
            return Err(format!("setting {name} is not supported by this engine"));
        }
        if let Some(controllers) = wanted.controllers {
            if controllers.len() > MAX_CONTROLLERS {
                return Err(format!("a canister has at most {MAX_CONTROLLERS} controllers"));
            }
            self.controllers = controllers;
        }
        if let Some(threshold) = wanted.freezing_threshold {
            self.freezing_threshold_secs = number("freezing_threshold", threshold)?;
        }
        if let Some(limit) = wanted.wasm_memory_limit {
            // The platform takes 0 as no limit.
            self.wasm_memory_limit = match number("wasm_memory_limit", limit)? {
                0 => MAX_HEAP,
                limit => limit,
            };
        }
        if let Some(variables) = wanted.environment_variables {
            self.environment_variables =
                variables.into_iter().map(|variable| (variable.name, variable.value)).collect();
        }
        if let Some(visibility) = wanted.log_visibility {
            self.log_visibility = visibility;
        }
        Ok(())
    }

    /// The settings as `canister_status` reports them.
    pub fn report(&self) -> DefiniteCanisterSettings {
        let variables = self.environment_variables.iter().cloned();
        DefiniteCanisterSettings {
            controllers: self.controllers.clone(),
            compute_allocation: Nat::from(0u8),
            memory_allocation: Nat::from(0u8),
            freezing_threshold: Nat::from(self.freezing_threshold_secs),
            reserved_cycles_limit: Nat::from(0u8),
            minimum_incoming_canister_call_cycles: Nat::from(0u8),
            log_visibility: self.log_visibility.clone(),
            log_memory_limit: Nat::from(MAX_LOG_BYTES),
            snapshot_visibility: SnapshotVisibility::Controllers,
            status_visibility: StatusVisibility::Controllers,
            wasm_memory_limit: Nat::from(self.wasm_memory_limit),
            wasm_memory_threshold: Nat::from(0u8),
            environment_variables: variables.map(|(name, value)| EnvironmentVariable { name, value }).collect(),
        }
    }
}

fn number(name: &str, value: Nat) -> Result<u64, String> {
    u64::try_from(value.0).map_err(|_| format!("setting {name} does not fit 64 bits"))
}
