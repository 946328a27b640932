//! Calls: accepting, executing and answering them.

use candid::Principal;

use super::execute::{Input, Output};
use super::{Call, Engine, Message, did_not_reply, no_method, out_of_cycles, running_code};
use crate::canister::{CallContext, Callback, Canister, Origin};
use crate::fees;
use crate::limits::*;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::{Request, Response, Target};
use crate::system_api::EntryPoint;
use crate::wasm::MethodKind;

const NANOS_PER_SEC: u64 = 1_000_000_000;

impl Engine {
    /// Accepts an ingress message, or turns it away. Returns its number.
    pub fn submit(
        &mut self,
        callee: Principal,
        caller: Principal,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<u64, RejectResponse> {
        let number = self.number();
        if method.len() > MAX_METHOD_NAME {
            let message = format!("the method's name has {} bytes, more than {MAX_METHOD_NAME}", method.len());
            return Err(RejectResponse::new(ErrorCode::CanisterRejectedMessage, message).uncertified());
        }
        let envelope = (method.len() + argument.len()) as u64 + ENVELOPE_OVERHEAD;
        if envelope > MAX_INGRESS_BYTES {
            let message = format!("the ingress message has {envelope} bytes, more than {MAX_INGRESS_BYTES}");
            return Err(RejectResponse::new(ErrorCode::CanisterRejectedMessage, message).uncertified());
        }
        let accepted = if callee == Principal::management_canister() {
            self.accept_management(caller, method, &argument)
        } else {
            self.accept_ingress(callee, caller, method, &argument, envelope, number)
        };
        accepted.map_err(RejectResponse::uncertified)?;
        self.ingress.insert(number, None);
        self.queue.push_back(Message::Call(Call {
            origin: Origin::Ingress(number),
            callee,
            caller,
            method: method.to_owned(),
            argument,
            cycles: 0,
            deadline: 0,
            root: number,
        }));
        Ok(number)
    }

    /// Whether no message waits to be executed.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Ingress messages whose execution has not begun.
    pub fn queued_ingress(&self) -> usize {
        let ingress = |message: &&Message| matches!(message, Message::Call(Call { origin: Origin::Ingress(_), .. }));
        self.queue.iter().filter(ingress).count()
    }

    /// Rejects the ingress messages whose execution has not begun and that are, by number, `expired`.
    pub fn time_out(&mut self, mut expired: impl FnMut(u64) -> bool) {
        for _ in 0..self.queue.len() {
            let message = self.queue.pop_front().expect("it was counted");
            match message {
                Message::Call(Call { origin: Origin::Ingress(number), .. }) if expired(number) => {
                    self.respond(Origin::Ingress(number), Err(RejectResponse::expired()), 0);
                }
                message => self.queue.push_back(message),
            }
        }
    }

    /// The response to an ingress message, once there is one. It is handed out once.
    pub fn take_response(&mut self, number: u64) -> Option<Response> {
        self.ingress.get(&number)?.as_ref()?;
        self.ingress.remove(&number)?
    }

    /// Whether an ingress message waits for its response.
    pub fn is_pending(&self, number: u64) -> bool {
        self.ingress.contains_key(&number)
    }

    fn accept_ingress(
        &mut self,
        callee: Principal,
        caller: Principal,
        method: &str,
        argument: &[u8],
        envelope: u64,
        number: u64,
    ) -> Result<(), RejectResponse> {
        let fee = fees::ingress(envelope);
        let canister = self.canister(callee)?;
        let code = running_code(canister)?;
        if !canister.can_pay(fee) {
            return Err(out_of_cycles(canister, fee));
        }
        if code.module.methods.has_hook("canister_inspect_message") {
            let input = Input { may_respond: false, ..Input::call(caller, method, argument.to_vec(), number) };
            let entry = EntryPoint::InspectMessage;
            let target = Target::Export("canister_inspect_message");
            let output = self.execute(callee, entry, target, input);
            output.result.map_err(|trap| trap.into_reject(callee))?;
            if !output.message_accepted {
                let message = format!("Canister {callee} rejected the message");
                return Err(RejectResponse::new(ErrorCode::CanisterRejectedMessage, message));
            }
        }
        self.canister_mut(callee)?.cycles -= fee;
        Ok(())
    }

    /// Executes a call. Returns the instructions that it ran.
    pub(super) fn execute_call(&mut self, call: Call) -> u64 {
        let kind = match self.prepare_call(&call) {
            Ok(kind) => kind,
            Err(reject) => {
                self.respond(call.origin, Err(reject), call.cycles);
                return 0;
            }
        };
        let Call { origin, callee, caller, method, argument, cycles, deadline, root } = call;
        let input = Input { available: cycles, ..Input::call(caller, &method, argument, root) };
        let export = kind.export(&method);
        let target = Target::Export(&export);
        if kind == MethodKind::Query {
            let output = self.execute(callee, EntryPoint::ReplicatedQuery, target, input);
            let instructions = output.instructions;
            let (response, refund) = answer(callee, output);
            self.respond(origin, response, refund);
            return instructions;
        }
        let input = Input { deadline, ..input };
        let output = self.execute(callee, EntryPoint::Update, target, input);
        let instructions = output.instructions;
        let context = self.open_context(
            callee,
            CallContext {
                origin,
                caller,
                available: cycles,
                deadline,
                responded: false,
                outstanding: 0,
                instructions: 0,
                root,
            },
        );
        self.finish(callee, context, output);
        instructions
    }

    /// Checks that a call can be executed.
    fn prepare_call(&self, call: &Call) -> Result<MethodKind, RejectResponse> {
        let canister = self.canister(call.callee)?;
        let code = running_code(canister)?;
        let kind = code.module.methods.kind(&call.method);
        let kind = kind.ok_or_else(|| no_method(canister, "update", &call.method))?;
        if kind == MethodKind::CompositeQuery {
            let message = "Composite query cannot be called in replicated mode";
            return Err(RejectResponse::new(ErrorCode::CompositeQueryCalledInReplicatedMode, message));
        }
        check_prepayment(canister, EntryPoint::Update)?;
        Ok(kind)
    }

    /// Opens a call. Returns its number.
    pub(super) fn open_context(&mut self, id: Principal, context: CallContext) -> u64 {
        let number = self.number();
        let canister = self.canisters.get_mut(&id).expect("the canister exists");
        canister.contexts.insert(number, context);
        number
    }

    /// Applies the output of a call's execution, and closes the call if nothing more can happen to it.
    pub(super) fn finish(&mut self, id: Principal, number: u64, output: Output) {
        for request in output.requests {
            self.send(id, number, request);
        }
        let canister = self.canisters.get_mut(&id).expect("the canister exists");
        let context = canister.contexts.get_mut(&number).expect("the call is open");
        context.instructions += output.instructions;
        context.available = output.available;
        let mut response = output.response;
        if response.is_none() && context.outstanding == 0 {
            response = Some(Err(match output.result {
                Ok(()) => did_not_reply(id),
                Err(trap) => trap.into_reject(id),
            }));
        }
        let origin = context.origin;
        let due = response.filter(|_| !context.responded);
        let refund = context.available;
        if due.is_some() {
            context.responded = true;
            context.available = 0;
        }
        if context.outstanding == 0 {
            canister.contexts.remove(&number);
        }
        if let Some(response) = due {
            self.respond(origin, response, refund);
        }
    }

    /// Sends a call that a canister made.
    fn send(&mut self, caller: Principal, context: u64, mut request: Request) {
        let number = self.number();
        let now = self.now;
        let canister = self.canisters.get_mut(&caller).expect("the canister exists");
        let open = canister.contexts.get_mut(&context).expect("the call is open");
        open.outstanding += 1;
        let root = open.root;
        let cycles = request.cycles;
        let timeout = request.timeout.map(|secs| now + u64::from(secs) * NANOS_PER_SEC);
        let callee = Principal::try_from_slice(&request.callee);
        let call = callee.map(|callee| Call {
            origin: Origin::Canister(caller, number),
            callee,
            caller,
            method: request.method.clone(),
            argument: std::mem::take(&mut request.argument),
            cycles,
            deadline: timeout.unwrap_or(0),
            root,
        });
        canister.callbacks.insert(number, Callback { context, request, deadline: timeout });
        match call {
            Ok(call) => self.queue.push_back(Message::Call(call)),
            Err(error) => {
                let message = format!("the callee is not a principal: {error}");
                let reject = RejectResponse::new(ErrorCode::CanisterNotFound, message);
                self.respond(Origin::Canister(caller, number), Err(reject), cycles);
            }
        }
    }

    /// Delivers a response, and the cycles that were not accepted.
    pub(super) fn respond(&mut self, origin: Origin, response: Response, refund: u128) {
        match origin {
            Origin::Ingress(number) => {
                self.ingress.insert(number, Some(response));
            }
            Origin::Canister(canister, callback) => {
                let message = Message::Response { canister, callback, response, refund };
                self.queue.push_back(message);
            }
            Origin::System => {}
        }
    }
}

/// The response of an execution that made no calls, and the cycles that it did not accept.
pub fn answer(id: Principal, output: Output) -> (Response, u128) {
    let response = match output.result {
        Ok(()) => output.response.unwrap_or_else(|| Err(did_not_reply(id))),
        Err(trap) => Err(trap.into_reject(id)),
    };
    (response, output.available)
}

/// Checks that a canister can set aside the cost of the longest execution.
pub fn check_prepayment(canister: &Canister, entry: EntryPoint) -> Result<(), RejectResponse> {
    let limits = super::execute::limits(canister, entry);
    let prepayment = fees::execution(limits.instructions);
    if canister.can_pay(prepayment) { Ok(()) } else { Err(out_of_cycles(canister, prepayment)) }
}
