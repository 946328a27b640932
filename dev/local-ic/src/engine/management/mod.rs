//! The management canister, as far as this engine offers it.
//!
//! - `canisters`: creating, installing, stopping and deleting canisters;
//! - `history`: their changes in candid;
//! - `snapshots`: their snapshots;
//! - `status`: the methods that can also be queries;
//! - `stopping`: calls that wait until a canister has stopped;
//! - `codec`: candid arguments and replies.

mod canisters;
mod codec;
mod history;
mod snapshots;
mod status;
mod stopping;

pub use status::{answer_query, logs, status, subject_of_query};

use candid::Principal;
use ic_management_canister_types::CanisterIdRecord;

use super::{Call, Engine};
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;
use codec::{decode, encode};

/// The method that installs modules.
pub const INSTALL_CODE: &str = "install_code";
const STATUS: &str = "canister_status";
const LOGS: &str = "fetch_canister_logs";

/// The methods that users may call. The others are for canisters: users pay no cycles and get no randomness.
const FOR_USERS: [&str; 15] = [
    STATUS,
    INSTALL_CODE,
    "start_canister",
    "stop_canister",
    "uninstall_code",
    "update_settings",
    "delete_canister",
    "take_canister_snapshot",
    "load_canister_snapshot",
    "list_canister_snapshots",
    "delete_canister_snapshot",
    "read_canister_snapshot_metadata",
    "read_canister_snapshot_data",
    "upload_canister_snapshot_metadata",
    "upload_canister_snapshot_data",
];

impl Engine {
    /// Executes a call to the management canister, and answers it: at once, but for `stop_canister` of a canister that
    /// has open calls. Attached cycles that the method does not take come back with the answer.
    pub(super) fn management_call(&mut self, call: Call) {
        let Call { origin, caller, method, argument, mut cycles, .. } = call;
        let argument = argument.as_slice();
        let response = match method.as_str() {
            "raw_rand" => encode(&self.random.block().to_vec()),
            "create_canister" => self.create_canister(caller, argument, &mut cycles),
            "deposit_cycles" => self.deposit_cycles(argument, &mut cycles),
            "canister_info" => self.canister_info(argument),
            STATUS => self.canister_status(caller, argument),
            INSTALL_CODE => self.install_code(caller, argument),
            "start_canister" => self.start_canister(caller, argument),
            "stop_canister" => match self.stop_canister(caller, argument) {
                Ok(id) => return self.answer_once_stopped(id, origin, cycles),
                Err(reject) => Err(reject),
            },
            "uninstall_code" => self.uninstall_code(caller, argument),
            "update_settings" => self.change_settings(caller, argument),
            "delete_canister" => self.delete_canister(caller, argument),
            "take_canister_snapshot" => self.take_canister_snapshot(caller, argument),
            "load_canister_snapshot" => self.load_canister_snapshot(caller, argument),
            "list_canister_snapshots" => self.list_canister_snapshots(caller, argument),
            "delete_canister_snapshot" => self.delete_canister_snapshot(caller, argument),
            "read_canister_snapshot_metadata" => self.read_snapshot_metadata(caller, argument),
            "read_canister_snapshot_data" => self.read_snapshot_data(caller, argument),
            "upload_canister_snapshot_metadata" => self.upload_snapshot_metadata(caller, argument),
            "upload_canister_snapshot_data" => self.upload_snapshot_data(caller, argument),
            _ => {
                let message = format!("this engine has no management method '{method}'");
                Err(RejectResponse::new(ErrorCode::UnknownManagementMessage, message))
            }
        };
        self.respond(origin, response, cycles);
    }

    /// Whether an ingress message to the management canister is admitted. It is not if its method is not for users, or
    /// if its sender does not control the canister that it is about. A message about no canister is rejected when it is
    /// executed.
    pub(super) fn accept_management(
        &mut self,
        caller: Principal,
        method: &str,
        argument: &[u8],
    ) -> Result<(), RejectResponse> {
        if !FOR_USERS.contains(&method) {
            let message = format!("management method '{method}' cannot be called by users");
            return Err(RejectResponse::new(ErrorCode::CanisterRejectedMessage, message));
        }
        match decode(argument) {
            Ok(CanisterIdRecord { canister_id }) => self.check_controller(canister_id, caller).map(|_| ()),
            Err(_) => Ok(()),
        }
    }

    fn canister_status(&self, caller: Principal, argument: &[u8]) -> Response {
        let CanisterIdRecord { canister_id } = decode(argument)?;
        answer_query(self.canister(canister_id)?, caller, STATUS, argument)
    }
}
