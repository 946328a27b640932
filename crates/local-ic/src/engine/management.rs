//! The management canister, as far as this engine offers it to canisters.

use candid::{Nat, Principal};
use ic_management_canister_types::{
    CanisterIdRecord, CanisterLogRecord, CanisterStatusResult, LogVisibility, MemoryMetrics, QueryStats,
};

use super::Engine;
use crate::canister::Canister;
use crate::fees;
use crate::limits::MAX_LOG_BYTES;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;

const DAY_SECS: u64 = 24 * 60 * 60;

impl Engine {
    /// Answers a call to the management canister.
    pub(super) fn management_call(&mut self, caller: Principal, method: &str, argument: &[u8]) -> Response {
        match method {
            "raw_rand" => encode(&self.random.block().to_vec()),
            "canister_status" => {
                let CanisterIdRecord { canister_id } =
                    candid::decode_one(argument).map_err(|error| payload_error(&error))?;
                encode(&self.status(canister_id, caller)?)
            }
            _ => {
                let message = format!("this engine has no management method '{method}'");
                Err(RejectResponse::new(ErrorCode::UnknownManagementMessage, message))
            }
        }
    }

    /// The status of a canister, for its controllers and itself.
    pub fn status(&mut self, id: Principal, sender: Principal) -> Result<CanisterStatusResult, RejectResponse> {
        if sender != id {
            self.check_controller(id, sender)?;
        }
        Ok(report(self.canister(id)?))
    }

    /// The log of a canister, for those who may read it.
    pub fn logs(&mut self, id: Principal, sender: Principal) -> Result<Vec<CanisterLogRecord>, RejectResponse> {
        let visible = match &self.canister(id)?.settings.log_visibility {
            LogVisibility::Public => true,
            LogVisibility::AllowedViewers(viewers) => viewers.contains(&sender),
            LogVisibility::Controllers => false,
        };
        if !visible {
            self.check_controller(id, sender)?;
        }
        Ok(self.canister(id)?.log.records())
    }
}

fn report(canister: &Canister) -> CanisterStatusResult {
    let zero = || Nat::from(0u8);
    CanisterStatusResult {
        status: canister.status,
        ready_for_migration: false,
        version: canister.version,
        settings: canister.settings.report(),
        module_hash: canister.code.as_ref().map(|code| code.module.hash.to_vec()),
        memory_size: Nat::from(canister.memory_usage()),
        memory_metrics: MemoryMetrics {
            wasm_memory_size: Nat::from(canister.heap_bytes()),
            stable_memory_size: Nat::from(canister.stable_bytes()),
            global_memory_size: zero(),
            wasm_binary_size: Nat::from(canister.module_bytes()),
            custom_sections_size: zero(),
            canister_history_size: zero(),
            wasm_chunk_store_size: zero(),
            snapshots_size: zero(),
            log_memory_store_size: Nat::from(MAX_LOG_BYTES - canister.log.remaining_bytes()),
        },
        cycles: Nat::from(canister.cycles),
        reserved_cycles: zero(),
        idle_cycles_burned_per_day: Nat::from(fees::freezing_balance(canister.memory_usage(), DAY_SECS)),
        query_stats: QueryStats {
            num_calls_total: zero(),
            num_instructions_total: zero(),
            request_payload_bytes_total: zero(),
            response_payload_bytes_total: zero(),
        },
    }
}

fn encode(value: &impl candid::CandidType) -> Response {
    candid::encode_one(value).map_err(|error| payload_error(&error))
}

fn payload_error(error: &candid::Error) -> RejectResponse {
    RejectResponse::new(ErrorCode::InvalidManagementPayload, error.to_string())
}
