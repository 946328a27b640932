//! Answering `stop_canister` once the canister has stopped.

use candid::Principal;
use ic_management_canister_types::CanisterStatusType;

use super::super::{Engine, Stopping};
use super::codec::encode_nothing;
use crate::canister::Origin;
use crate::limits::STOP_TIMEOUT_NANOS;
use crate::reject::{ErrorCode, RejectResponse};

impl Engine {
    /// Makes a call of `stop_canister` wait. The answer refunds the call's cycles.
    pub(super) fn answer_once_stopped(&mut self, canister: Principal, origin: Origin, cycles: u128) {
        self.stopping.push(Stopping { canister, origin, cycles, deadline: self.now + STOP_TIMEOUT_NANOS });
        self.answer_stopped();
    }

    /// Answers the calls of `stop_canister` whose canisters have stopped, or will not stop any more, or not in time. The
    /// last ones continue to stop, as on the platform.
    pub(in super::super) fn answer_stopped(&mut self) {
        for waiting in std::mem::take(&mut self.stopping) {
            let id = waiting.canister;
            let answer = match self.canister(id).map(|canister| canister.status) {
                Ok(CanisterStatusType::Stopping) if waiting.deadline <= self.now => {
                    let message = "Stop canister request timed out";
                    Err(RejectResponse::new(ErrorCode::StopCanisterRequestTimeout, message))
                }
                Ok(CanisterStatusType::Stopping) => {
                    self.stopping.push(waiting);
                    continue;
                }
                Ok(CanisterStatusType::Stopped) => encode_nothing(),
                Ok(CanisterStatusType::Running) => {
                    let message = format!("Canister {id} was started before it had stopped");
                    Err(RejectResponse::new(ErrorCode::StopCancelled, message))
                }
                Err(reject) => Err(reject),
            };
            self.respond(waiting.origin, answer, waiting.cycles);
        }
    }
}
