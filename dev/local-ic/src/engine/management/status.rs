//! The methods of the management canister that can also be queries: the status of a canister, and its log.

use candid::{Nat, Principal};
use ic_management_canister_types::{
    CanisterIdRecord, CanisterLogFilter, CanisterLogRecord, CanisterStatusResult, FetchCanisterLogsArgs,
    FetchCanisterLogsResult, LogVisibility, MemoryMetrics, QueryStats,
};

use super::super::lifecycle::check_controller;
use super::codec::{decode, encode};
use super::{LOGS, STATUS};
use crate::canister::{Canister, Global};
use crate::fees;
use crate::limits::MAX_LOG_BYTES;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;

const DAY_SECS: u64 = 24 * 60 * 60;

/// The canister that a query to the management canister is about.
pub fn subject_of_query(method: &str, argument: &[u8]) -> Result<Principal, RejectResponse> {
    if ![STATUS, LOGS].contains(&method) {
        let message = format!("this engine has no management query '{method}'");
        return Err(RejectResponse::new(ErrorCode::UnknownManagementMessage, message));
    }
    let CanisterIdRecord { canister_id } = decode(argument)?;
    Ok(canister_id)
}

/// Answers a query to the management canister about `canister`, whose method [`subject_of_query`] knows.
pub fn answer_query(canister: &Canister, caller: Principal, method: &str, argument: &[u8]) -> Response {
    if method == STATUS {
        return encode(&status(canister, caller)?);
    }
    let FetchCanisterLogsArgs { filter, .. } = decode(argument)?;
    let mut canister_log_records = logs(canister, caller)?;
    canister_log_records.retain(|record| match filter {
        None => true,
        Some(CanisterLogFilter::ByIdx { start, end }) => (start..end).contains(&record.idx),
        Some(CanisterLogFilter::ByTimestampNanos { start, end }) => (start..end).contains(&record.timestamp_nanos),
    });
    encode(&FetchCanisterLogsResult { canister_log_records })
}

/// The status of a canister, for its controllers and itself.
pub fn status(canister: &Canister, sender: Principal) -> Result<CanisterStatusResult, RejectResponse> {
    if sender != canister.id {
        check_controller(canister, sender)?;
    }
    Ok(report(canister))
}

/// The log of a canister, for those who may read it.
pub fn logs(canister: &Canister, sender: Principal) -> Result<Vec<CanisterLogRecord>, RejectResponse> {
    let visible = match &canister.settings.log_visibility {
        LogVisibility::Public => true,
        LogVisibility::AllowedViewers(viewers) => viewers.contains(&sender),
        LogVisibility::Controllers => false,
    };
    if !visible {
        check_controller(canister, sender)?;
    }
    Ok(canister.log.records())
}

fn report(canister: &Canister) -> CanisterStatusResult {
    // The engine has neither chunk stores nor reserved cycles.
    let none = || Nat::from(0u8);
    let queries = canister.queries;
    let (globals, sections) = canister
        .code
        .as_ref()
        .map_or((0, 0), |code| (code.globals().len() * size_of::<Global>(), code.module.metadata.bytes()));
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
            global_memory_size: Nat::from(globals),
            wasm_binary_size: Nat::from(canister.module_bytes()),
            custom_sections_size: Nat::from(sections),
            canister_history_size: Nat::from(canister.history.bytes()),
            wasm_chunk_store_size: none(),
            snapshots_size: Nat::from(canister.snapshot_bytes),
            log_memory_store_size: Nat::from(MAX_LOG_BYTES - canister.log.remaining_bytes()),
        },
        cycles: Nat::from(canister.cycles),
        reserved_cycles: none(),
        idle_cycles_burned_per_day: Nat::from(fees::freezing_balance(canister.memory_usage(), DAY_SECS)),
        query_stats: QueryStats {
            num_calls_total: Nat::from(queries.calls),
            num_instructions_total: Nat::from(queries.instructions),
            request_payload_bytes_total: Nat::from(queries.request_bytes),
            response_payload_bytes_total: Nat::from(queries.response_bytes),
        },
    }
}
