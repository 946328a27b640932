//! Creating, starting, stopping, emptying and deleting canisters, and their settings.

use std::sync::Arc;

use candid::Principal;
use ic_management_canister_types::{CanisterSettings, CanisterStatusType};

use super::{CANISTERS, Engine, FIRST_CANISTER, Sender};
use crate::canister::{Canister, ChangeDetails, Settings};
use crate::reject::{ErrorCode, RejectResponse};

impl Engine {
    /// Creates a canister with so many cycles, that `sender` controls unless `settings` name others.
    pub fn create(
        &mut self,
        sender: Sender,
        settings: CanisterSettings,
        cycles: u128,
    ) -> Result<Principal, RejectResponse> {
        let settings = Settings::new(sender.id, settings).map_err(invalid)?;
        if self.next_canister >= FIRST_CANISTER + CANISTERS {
            let message = format!("the subnet has given out its {CANISTERS} canister ids");
            return Err(RejectResponse::new(ErrorCode::CanisterRejectedMessage, message));
        }
        let id = canister_id(self.next_canister);
        self.next_canister += 1;
        let controllers = settings.controllers.clone();
        self.canisters.insert(id, Canister::new(id, settings, cycles, self.now));
        self.note(id, sender, ChangeDetails::Creation { controllers });
        Ok(id)
    }

    /// Changes the settings of a canister that `sender` controls.
    pub fn update_settings(
        &mut self,
        id: Principal,
        sender: Sender,
        wanted: CanisterSettings,
    ) -> Result<(), RejectResponse> {
        let canister = self.check_controller(id, sender.id)?;
        let controllers = wanted.controllers.clone();
        let mut settings = Settings::clone(&canister.settings);
        settings.update(wanted).map_err(invalid)?;
        canister.settings = Arc::new(settings);
        canister.update_low_wasm_memory();
        canister.version += 1;
        if let Some(controllers) = controllers {
            self.note(id, sender, ChangeDetails::Controllers { controllers });
        }
        Ok(())
    }

    /// Lets a canister that `sender` controls take messages.
    pub fn start(&mut self, id: Principal, sender: Principal) -> Result<(), RejectResponse> {
        let canister = self.check_controller(id, sender)?;
        canister.status = CanisterStatusType::Running;
        canister.version += 1;
        Ok(())
    }

    /// Makes a canister that `sender` controls refuse further calls. It is stopped once no call is
    /// open.
    pub fn stop(&mut self, id: Principal, sender: Principal) -> Result<(), RejectResponse> {
        let canister = self.check_controller(id, sender)?;
        if canister.status == CanisterStatusType::Running {
            canister.status = CanisterStatusType::Stopping;
            canister.version += 1;
        }
        self.finish_stopping(id);
        Ok(())
    }

    /// Stops a stopping canister if it has no open call.
    pub(super) fn finish_stopping(&mut self, id: Principal) {
        let Some(canister) = self.canisters.get_mut(&id) else { return };
        if canister.status == CanisterStatusType::Stopping && !canister.has_open_calls() {
            canister.status = CanisterStatusType::Stopped;
            canister.version += 1;
        }
    }

    /// Removes the code of a canister that `sender` controls.
    pub fn uninstall(&mut self, id: Principal, sender: Sender) -> Result<(), RejectResponse> {
        self.check_controller(id, sender.id)?;
        self.remove_code(id, sender);
        Ok(())
    }

    /// Removes a canister's code and rejects the calls that it was answering.
    pub(super) fn remove_code(&mut self, id: Principal, sender: Sender) {
        let Some(canister) = self.canisters.get_mut(&id) else { return };
        canister.uninstall();
        for (_, context) in std::mem::take(&mut canister.contexts) {
            if !context.responded {
                let message = "Canister has been uninstalled.";
                let reject = RejectResponse::new(ErrorCode::CanisterRejectedMessage, message);
                self.respond(context.origin, Err(reject), context.available);
            }
        }
        self.note(id, sender, ChangeDetails::Uninstalled);
    }

    /// Deletes a stopped canister that `sender` controls, with its snapshots and its cycles.
    pub fn delete(&mut self, id: Principal, sender: Principal) -> Result<(), RejectResponse> {
        let canister = self.check_controller(id, sender)?;
        if sender == id {
            let message = format!("Canister {id} cannot delete itself");
            return Err(RejectResponse::new(ErrorCode::CanisterInvalidController, message));
        }
        if canister.status != CanisterStatusType::Stopped {
            let message = format!("Canister {id} must be stopped before it is deleted");
            return Err(RejectResponse::new(ErrorCode::CanisterNotStopped, message));
        }
        self.canisters.remove(&id);
        self.snapshots.retain(|(canister, _), _| *canister != id);
        Ok(())
    }

    /// The canister, if `sender` controls it.
    pub(super) fn check_controller(
        &mut self,
        id: Principal,
        sender: Principal,
    ) -> Result<&mut Canister, RejectResponse> {
        let canister = self.canister_mut(id)?;
        check_controller(canister, sender)?;
        Ok(canister)
    }
}

/// Checks that `sender` controls a canister.
pub(super) fn check_controller(canister: &Canister, sender: Principal) -> Result<(), RejectResponse> {
    if canister.is_controlled_by(sender) {
        return Ok(());
    }
    let message = format!("Only the controllers of the canister {} can control it.", canister.id);
    Err(RejectResponse::new(ErrorCode::CanisterInvalidController, message))
}

/// The id of the canister with this number, as the platform forms it.
pub(super) const fn canister_id(number: u64) -> Principal {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    Principal::from_slice(&[a, b, c, d, e, f, g, h, 1, 1])
}

/// The rejection of an illegal argument.
pub(super) fn invalid(message: String) -> RejectResponse {
    RejectResponse::new(ErrorCode::InvalidManagementPayload, message)
}
