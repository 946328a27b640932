//! The management canister, as far as this engine offers it to canisters.

use candid::de::DecoderConfig;
use candid::{Nat, Principal};
use ic_management_canister_types::{
    CanisterIdRecord, CanisterInstallMode, CanisterLogFilter, CanisterLogRecord, CanisterStatusResult,
    CanisterStatusType, FetchCanisterLogsArgs, FetchCanisterLogsResult, InstallCodeArgs, LogVisibility, MemoryMetrics,
    QueryStats, UpdateSettingsArgs,
};

use super::lifecycle::check_controller;
use super::{Engine, InstallMode, Stopping};
use crate::canister::{Canister, Origin};
use crate::fees;
use crate::limits::{MAX_LOG_BYTES, STOP_TIMEOUT_NANOS};
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;

/// Work that decoding an argument may take, in steps of the candid library: about one for each byte of a legal one.
/// Without a limit, a few bytes can claim four billion values that take none.
const DECODING_STEPS: usize = 16 << 20;

const DAY_SECS: u64 = 24 * 60 * 60;

impl Engine {
    /// Executes a call to the management canister, and answers it: at once, but for `stop_canister` of a canister that
    /// has open calls.
    pub(super) fn management_call(&mut self, origin: Origin, caller: Principal, method: &str, argument: &[u8]) {
        let response = match method {
            "raw_rand" => encode(&self.random.block().to_vec()),
            STATUS => self.canister_status(caller, argument),
            INSTALL_CODE => self.install_code(caller, argument),
            "start_canister" => self.with_id(argument, |engine, id| engine.start(id, caller)),
            "stop_canister" => match self.with_id(argument, |engine, id| engine.stop(id, caller)) {
                Ok(_) => return self.answer_once_stopped(origin, argument),
                failed => failed,
            },
            "uninstall_code" => self.with_id(argument, |engine, id| engine.uninstall(id, caller)),
            "update_settings" => self.change_settings(caller, argument),
            _ => {
                let message = format!("this engine has no management method '{method}'");
                Err(RejectResponse::new(ErrorCode::UnknownManagementMessage, message))
            }
        };
        self.respond(origin, response, 0);
    }

    /// Whether an ingress message to the management canister is let in: not if it is about a canister that its sender
    /// does not control. One that is about none is rejected when it is executed.
    pub(super) fn accept_management(&mut self, caller: Principal, argument: &[u8]) -> Result<(), RejectResponse> {
        match decode(argument) {
            Ok(CanisterIdRecord { canister_id }) => self.check_controller(canister_id, caller).map(|_| ()),
            Err(_) => Ok(()),
        }
    }

    fn canister_status(&self, caller: Principal, argument: &[u8]) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        answer_query(self.canister(canister_id)?, caller, STATUS, argument)
    }

    fn install_code(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: InstallCodeArgs = decode(argument)?;
        let mode = match args.mode {
            CanisterInstallMode::Install => InstallMode::Install,
            CanisterInstallMode::Reinstall => InstallMode::Reinstall,
            // Whether to run the old code's hook, and to keep the heap, are options that this engine does not have.
            CanisterInstallMode::Upgrade(None) => InstallMode::Upgrade,
            CanisterInstallMode::Upgrade(Some(flags))
                if flags.skip_pre_upgrade != Some(true) && flags.wasm_memory_persistence.is_none() =>
            {
                InstallMode::Upgrade
            }
            CanisterInstallMode::Upgrade(Some(flags)) => {
                let message = format!("upgrade options are not supported by this engine: {flags:?}");
                return Err(RejectResponse::new(ErrorCode::InvalidManagementPayload, message));
            }
        };
        self.install(mode, args.canister_id, &args.wasm_module, args.arg, caller)?;
        encode_nothing()
    }

    fn change_settings(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: UpdateSettingsArgs = decode(argument)?;
        self.update_settings(args.canister_id, caller, args.settings)?;
        encode_nothing()
    }

    fn with_id(
        &mut self,
        argument: &[u8],
        f: impl FnOnce(&mut Self, Principal) -> Result<(), RejectResponse>,
    ) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        f(self, canister_id)?;
        encode_nothing()
    }

    fn answer_once_stopped(&mut self, origin: Origin, argument: &[u8]) {
        let CanisterIdRecord { canister_id } = decode(argument).expect("it was decoded before");
        self.stopping.push(Stopping { canister: canister_id, origin, deadline: self.now + STOP_TIMEOUT_NANOS });
        self.answer_stopped();
    }

    /// Answers the calls of `stop_canister` whose canisters have stopped, or will not any more, or not in time: these go on
    /// stopping, as on the platform.
    pub(super) fn answer_stopped(&mut self) {
        for Stopping { canister: id, origin, deadline } in std::mem::take(&mut self.stopping) {
            match self.canister(id).map(|canister| canister.status) {
                Ok(CanisterStatusType::Stopping) if deadline <= self.now => {
                    let message = "Stop canister request timed out";
                    let reject = RejectResponse::new(ErrorCode::StopCanisterRequestTimeout, message);
                    self.respond(origin, Err(reject), 0);
                }
                Ok(CanisterStatusType::Stopping) => self.stopping.push(Stopping { canister: id, origin, deadline }),
                Ok(CanisterStatusType::Stopped) => self.respond(origin, encode_nothing(), 0),
                Ok(CanisterStatusType::Running) => {
                    let message = format!("Canister {id} was started before it had stopped");
                    let reject = RejectResponse::new(ErrorCode::StopCancelled, message);
                    self.respond(origin, Err(reject), 0);
                }
                Err(reject) => self.respond(origin, Err(reject), 0),
            }
        }
    }
}

/// The method that installs modules.
pub const INSTALL_CODE: &str = "install_code";
const STATUS: &str = "canister_status";
const LOGS: &str = "fetch_canister_logs";

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

fn decode<T: candid::CandidType + for<'a> candid::Deserialize<'a>>(argument: &[u8]) -> Result<T, RejectResponse> {
    let mut config = DecoderConfig::new();
    config.set_skipping_quota(DECODING_STEPS).set_full_error_message(false);
    candid::utils::decode_one_with_config(argument, &config).map_err(|error| payload_error(&error))
}

fn encode_nothing() -> Response {
    candid::encode_args(()).map_err(|error| payload_error(&error))
}

fn encode(value: &impl candid::CandidType) -> Response {
    candid::encode_one(value).map_err(|error| payload_error(&error))
}

fn payload_error(error: &candid::Error) -> RejectResponse {
    RejectResponse::new(ErrorCode::InvalidManagementPayload, error.to_string())
}
