//! The settings of a canister.

use candid::{Nat, Principal};
use ic_management_canister_types::{
    CanisterSettings, DefiniteCanisterSettings, EnvironmentVariable, LogVisibility, SnapshotVisibility,
    StatusVisibility,
};

use serde::{Deserialize, Serialize};

use crate::fees::{DEFAULT_FREEZING_THRESHOLD_SECS, DEFAULT_RESERVED_CYCLES_LIMIT};
use crate::limits::{DEFAULT_WASM_MEMORY_LIMIT, MAX_CONTROLLERS, MAX_HEAP, MAX_LOG_BYTES};

/// The settings that this engine applies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The controllers of the canister.
    pub controllers: Vec<Principal>,
    /// Seconds of storage that it must be able to pay.
    pub freezing_threshold_secs: u64,
    /// Bytes that its heap may have after an update, installation or upgrade.
    pub wasm_memory_limit: u64,
    /// Bytes left below that limit under which `canister_on_low_wasm_memory` runs.
    pub wasm_memory_threshold: u64,
    /// Cycles that may be reserved for storage. This engine reserves none.
    pub reserved_cycles_limit: u128,
    /// Its environment variables: names and values.
    pub environment_variables: Vec<(String, String)>,
    /// The principals that may read its log.
    pub log_visibility: LogVisibility,
    /// The principals that may list and read its snapshots.
    pub snapshot_visibility: SnapshotVisibility,
}

impl Settings {
    /// The settings that `wanted` names, and for the others the platform's defaults.
    pub fn new(controller: Principal, wanted: CanisterSettings) -> Result<Self, String> {
        let mut settings = Self {
            controllers: vec![controller],
            freezing_threshold_secs: DEFAULT_FREEZING_THRESHOLD_SECS,
            wasm_memory_limit: DEFAULT_WASM_MEMORY_LIMIT,
            wasm_memory_threshold: 0,
            reserved_cycles_limit: DEFAULT_RESERVED_CYCLES_LIMIT,
            environment_variables: Vec::new(),
            log_visibility: LogVisibility::Controllers,
            snapshot_visibility: SnapshotVisibility::Controllers,
        };
        settings.update(wanted)?;
        Ok(settings)
    }

    /// Applies the settings that `wanted` names. Settings that this engine does not apply are refused.
    pub fn update(&mut self, wanted: CanisterSettings) -> Result<(), String> {
        let unsupported = [
            ("compute_allocation", wanted.compute_allocation.is_some()),
            ("memory_allocation", wanted.memory_allocation.is_some()),
            ("log_memory_limit", wanted.log_memory_limit.is_some()),
            ("minimum_incoming_canister_call_cycles", wanted.minimum_incoming_canister_call_cycles.is_some()),
            ("status_visibility", wanted.status_visibility.is_some()),
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
        if let Some(threshold) = wanted.wasm_memory_threshold {
            self.wasm_memory_threshold = number("wasm_memory_threshold", threshold)?;
        }
        if let Some(limit) = wanted.reserved_cycles_limit {
            self.reserved_cycles_limit = number("reserved_cycles_limit", limit)?;
        }
        if let Some(variables) = wanted.environment_variables {
            self.environment_variables =
                variables.into_iter().map(|variable| (variable.name, variable.value)).collect();
        }
        if let Some(visibility) = wanted.log_visibility {
            self.log_visibility = visibility;
        }
        if let Some(visibility) = wanted.snapshot_visibility {
            self.snapshot_visibility = visibility;
        }
        Ok(())
    }

    /// Whether a heap of so many bytes leaves less than the threshold below its limit. Not all messages are bound by the
    /// limit, so there may be more than it.
    pub fn is_wasm_memory_low(&self, heap_bytes: u64) -> bool {
        self.wasm_memory_limit < heap_bytes.saturating_add(self.wasm_memory_threshold)
    }

    /// The settings as `canister_status` reports them.
    pub fn report(&self) -> DefiniteCanisterSettings {
        let variables = self.environment_variables.iter().cloned();
        DefiniteCanisterSettings {
            controllers: self.controllers.clone(),
            compute_allocation: Nat::from(0u8),
            memory_allocation: Nat::from(0u8),
            freezing_threshold: Nat::from(self.freezing_threshold_secs),
            reserved_cycles_limit: Nat::from(self.reserved_cycles_limit),
            minimum_incoming_canister_call_cycles: Nat::from(0u8),
            log_visibility: self.log_visibility.clone(),
            log_memory_limit: Nat::from(MAX_LOG_BYTES),
            snapshot_visibility: self.snapshot_visibility.clone(),
            status_visibility: StatusVisibility::Controllers,
            wasm_memory_limit: Nat::from(self.wasm_memory_limit),
            wasm_memory_threshold: Nat::from(self.wasm_memory_threshold),
            environment_variables: variables.map(|(name, value)| EnvironmentVariable { name, value }).collect(),
        }
    }
}

fn number<T: TryFrom<u128>>(name: &str, value: Nat) -> Result<T, String> {
    let number = u128::try_from(value.0).ok().and_then(|number| number.try_into().ok());
    number.ok_or_else(|| format!("setting {name} does not fit {} bits", 8 * size_of::<T>()))
}
