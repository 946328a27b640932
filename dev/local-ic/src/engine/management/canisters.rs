//! Creates, installs, stops and deletes canisters, and notes each change with its author.

use candid::Principal;
use ic_management_canister_types::{
    CanisterIdRecord, CanisterInfoArgs, CanisterInfoResult, CanisterInstallMode, CreateCanisterArgs, InstallCodeArgs,
    UninstallCodeArgs, UpdateSettingsArgs,
};

use super::super::{Engine, Sender};
use super::codec::{decode, encode, encode_nothing};
use super::history::change;
use crate::canister::InstallMode;
use crate::fees;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;

impl Engine {
    /// Takes all cycles that are attached, if they pay for the creation. The new canister gets the rest of them.
    pub(super) fn create_canister(&mut self, caller: Principal, argument: &[u8], cycles: &mut u128) -> Response {
        let args: CreateCanisterArgs = decode(argument)?;
        let Some(rest) = cycles.checked_sub(fees::CREATE_CANISTER) else {
            let message = format!("the creation of a canister costs {}, {cycles} are attached", fees::CREATE_CANISTER);
            return Err(RejectResponse::new(ErrorCode::InsufficientCyclesForCreateCanister, message));
        };
        let sender = Sender { id: caller, version: args.sender_canister_version };
        let canister_id = self.create(sender, args.settings.unwrap_or_default(), rest)?;
        *cycles = 0;
        encode(&CanisterIdRecord { canister_id })
    }

    /// Takes all cycles that are attached.
    pub(super) fn deposit_cycles(&mut self, argument: &[u8], cycles: &mut u128) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        let canister = self.canister_mut(canister_id)?;
        canister.cycles += std::mem::take(cycles);
        encode_nothing()
    }

    pub(super) fn install_code(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: InstallCodeArgs = decode(argument)?;
        let mode = match args.mode {
            CanisterInstallMode::Install => InstallMode::Install,
            CanisterInstallMode::Reinstall => InstallMode::Reinstall,
            // This engine has no options to skip the old code's hook or to keep the heap.
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
        let sender = Sender { id: caller, version: args.sender_canister_version };
        self.install(mode, args.canister_id, &args.wasm_module, args.arg, sender)?;
        encode_nothing()
    }

    pub(super) fn uninstall_code(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: UninstallCodeArgs = decode(argument)?;
        self.uninstall(args.canister_id, Sender { id: caller, version: args.sender_canister_version })?;
        encode_nothing()
    }

    pub(super) fn change_settings(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let args: UpdateSettingsArgs = decode(argument)?;
        let sender = Sender { id: caller, version: args.sender_canister_version };
        self.update_settings(args.canister_id, sender, args.settings)?;
        encode_nothing()
    }

    pub(super) fn start_canister(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        self.start(canister_id, caller)?;
        encode_nothing()
    }

    /// Begins to stop a canister, and returns which.
    pub(super) fn stop_canister(&mut self, caller: Principal, argument: &[u8]) -> Result<Principal, RejectResponse> {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        self.stop(canister_id, caller)?;
        Ok(canister_id)
    }

    pub(super) fn delete_canister(&mut self, caller: Principal, argument: &[u8]) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        self.delete(canister_id, caller)?;
        encode_nothing()
    }

    pub(super) fn canister_info(&self, argument: &[u8]) -> Response {
        let args: CanisterInfoArgs = decode(argument)?;
        let canister = self.canister(args.canister_id)?;
        let count = usize::try_from(args.num_requested_changes.unwrap_or(0)).unwrap_or(usize::MAX);
        encode(&CanisterInfoResult {
            total_num_changes: canister.history.total,
            recent_changes: canister.history.last(count).map(change).collect(),
            module_hash: canister.code.as_ref().map(|code| code.module.hash.to_vec()),
            controllers: canister.settings.controllers.clone(),
        })
    }
}
