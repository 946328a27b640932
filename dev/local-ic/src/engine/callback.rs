//! Responses: running the callbacks of waiting calls.

use candid::Principal;

use super::Engine;
use super::execute::Input;
use crate::fees;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::{Rejection, Response, Target};
use crate::system_api::EntryPoint;

impl Engine {
    /// Runs the callback that a response is for. Returns the instructions that it ran.
    ///
    /// The canister gets the cycles that come back even if no callback waits for them any more.
    pub(super) fn execute_response(&mut self, id: Principal, callback: u64, response: Response, refund: u128) -> u64 {
        let Some(canister) = self.canisters.get_mut(&id) else { return 0 };
        let Some(callback) = canister.callbacks.remove(&callback) else {
            // The call was a best-effort one, and ended at its deadline.
            canister.cycles += refund;
            return 0;
        };
        let request = callback.request;
        let bytes = match &response {
            Ok(reply) => reply.len(),
            Err(reject) => reject.reject_message.len(),
        };
        canister.cycles += refund + request.prepaid - fees::response(bytes as u64);
        let number = callback.context;
        // The code that made the call was uninstalled, and its open calls with it.
        let Some(context) = canister.contexts.get_mut(&number) else { return 0 };
        context.outstanding -= 1;

        let (entry, closure) = match &response {
            Ok(_) => (EntryPoint::ReplyCallback, request.reply),
            Err(_) => (EntryPoint::RejectCallback, request.reject),
        };
        let (argument, rejection) = match response {
            Ok(reply) => (reply, None),
            Err(reject) => {
                let RejectResponse { reject_code, reject_message, .. } = reject;
                let code = reject_code as u32;
                (Vec::new(), Some(Rejection { code, message: reject_message }))
            }
        };
        let input = Input {
            caller: context.caller,
            method: request.method,
            argument,
            rejection,
            available: context.available,
            refunded: refund,
            deadline: context.deadline,
            may_respond: !context.responded,
            earlier_instructions: context.instructions,
            root: context.root,
            certifier: None,
        };
        let cleanup_input = Input {
            method: input.method.clone(),
            rejection: input.rejection.clone(),
            certifier: None,
            argument: Vec::new(),
            may_respond: false,
            ..input
        };
        let mut output = self.execute(id, entry, Target::Callback(closure), input);
        if let (Err(_), Some(cleanup)) = (&output.result, request.cleanup) {
            let target = Target::Callback(cleanup);
            let cleaned = self.execute(id, EntryPoint::Cleanup, target, cleanup_input);
            output.instructions += cleaned.instructions;
        }
        let instructions = output.instructions;
        self.finish(id, number, output);
        instructions
    }

    /// Ends the best-effort calls whose deadline has passed.
    pub(super) fn expire_calls(&mut self) {
        let now = self.now;
        let mut expired = Vec::new();
        for canister in self.canisters.values() {
            for (&number, callback) in &canister.callbacks {
                if callback.deadline.is_some_and(|deadline| deadline <= now) {
                    expired.push((canister.id, number));
                }
            }
        }
        for (id, number) in expired {
            let reject = RejectResponse::new(ErrorCode::DeadlineExpired, "Call deadline has expired.");
            self.execute_response(id, number, Err(reject), 0);
        }
    }
}
