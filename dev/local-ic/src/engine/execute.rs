//! Executing one entry point as a transaction.

use std::sync::Arc;

use candid::Principal;

use super::Engine;
use crate::canister::Canister;
use crate::fees;
use crate::limits::*;
use crate::memory::Footprint;
use crate::metrics::{ExecutionRecord, Usage};
use crate::sandbox::{
    Certifier, Context, DataCertificate, Execution, Finished, Limits, Rejection, Request, Response, Target, Trap,
};
use crate::system_api::EntryPoint;

/// When and where an execution is.
#[derive(Clone, Copy)]
pub struct Moment {
    /// Nanoseconds since the Unix epoch.
    pub now: u64,
    /// The subnet.
    pub subnet_id: Principal,
}

/// The input of an execution.
pub struct Input {
    /// The caller.
    pub caller: Principal,
    /// The method.
    pub method: String,
    /// The argument, or the reply.
    pub argument: Vec<u8>,
    /// The rejection.
    pub rejection: Option<Rejection>,
    /// Cycles that can be accepted.
    pub available: u128,
    /// Cycles that came back.
    pub refunded: u128,
    /// The deadline, or 0.
    pub deadline: u64,
    /// Whether a response is due.
    pub may_respond: bool,
    /// Instructions that the call ran before.
    pub earlier_instructions: u64,
    /// The number of the message or task that led to the execution.
    pub root: u64,
    /// The certifier of the canister's data.
    pub certifier: Option<Certifier>,
}

impl Input {
    /// A call of `caller`, to be answered.
    pub fn call(caller: Principal, method: &str, argument: Vec<u8>, root: u64) -> Self {
        Self {
            caller,
            method: method.to_owned(),
            argument,
            rejection: None,
            available: 0,
            refunded: 0,
            deadline: 0,
            may_respond: true,
            earlier_instructions: 0,
            root,
            certifier: None,
        }
    }

    /// A method that the system calls by itself. It owes no response.
    pub fn system(root: u64) -> Self {
        let caller = Principal::management_canister();
        Self { may_respond: false, ..Self::call(caller, "", Vec::new(), root) }
    }
}

/// The work that an execution leaves to the engine.
pub struct Output {
    /// The response, if it gave one.
    pub response: Option<Response>,
    /// The calls that it made.
    pub requests: Vec<Request>,
    /// Cycles that it did not accept.
    pub available: u128,
    /// Instructions that it ran.
    pub instructions: u64,
    /// Whether it accepted the ingress message.
    pub message_accepted: bool,
    /// Whether it trapped, and why.
    pub result: Result<(), Trap>,
}

impl Engine {
    /// Executes `target` of a canister that has code: see [`execute`].
    pub(super) fn execute(&mut self, id: Principal, entry: EntryPoint, target: Target<'_>, input: Input) -> Output {
        let moment = self.moment();
        let canister = self.canisters.get_mut(&id).expect("the canister exists");
        execute(canister, entry, target, input, moment)
    }

    /// When and where executions are.
    pub(super) fn moment(&self) -> Moment {
        Moment { now: self.now, subnet_id: self.subnet_id }
    }
}

/// Executes `target` of a canister that has code, as a transaction. Commits its changes if it returned and its entry point
/// keeps changes. Otherwise it rolls them back. The maximum cost of the execution is set aside before.
pub fn execute(canister: &mut Canister, entry: EntryPoint, target: Target<'_>, input: Input, moment: Moment) -> Output {
    let (id, now) = (canister.id, moment.now);
    let (method, root) = (input.method.clone(), input.root);
    let (available, charged) = (input.available, entry.is_replicated());
    let limits = limits(canister, entry);
    let before = canister.cycles;
    let prepaid = if charged { fees::execution(limits.instructions).min(before) } else { 0 };
    canister.cycles -= prepaid;
    let execution = begin(canister, entry, input, limits, moment);
    let code = canister.code.as_mut().expect("the canister has code");
    code.begin();
    let Finished { mut execution, result, instructions } = code.run(target, execution);
    let usage = usage(&execution, instructions, Footprint::default());

    let keep = result.is_ok() && !entry.is_read_only();
    if keep {
        code.commit();
        execution.stable.commit();
    } else {
        code.rollback();
        execution.stable.rollback();
    }
    canister.stable = execution.stable;
    if entry != EntryPoint::InspectMessage {
        canister.faults.trap_at = None;
    }
    if charged {
        let fee = fees::execution(instructions).min(prepaid);
        // A trapped execution's transfers of cycles are undone. Its fee stays charged.
        canister.cycles = match &result {
            Ok(()) => execution.balance + prepaid - fee,
            Err(_) => before - fee,
        };
        if let Err(trap) = &result {
            execution.log.push(now, format!("[TRAP]: {trap}").into_bytes());
        }
        canister.log.append(execution.log);
    }
    if result.is_ok() && charged {
        canister.version += 1;
    }
    if keep {
        canister.update_low_wasm_memory();
        canister.global_timer = execution.global_timer;
        if let Some(data) = execution.certified_data {
            canister.certified_data = data;
        }
    }
    let error = result.as_ref().err().map(|trap| trap.clone().into_reject(id));
    canister.record(ExecutionRecord {
        entry,
        method,
        root,
        usage,
        heap_pages: canister.heap_bytes() / WASM_PAGE,
        stable_pages: canister.stable.pages(),
        error,
    });
    if result.is_err() {
        return Output {
            response: None,
            requests: Vec::new(),
            available,
            instructions,
            message_accepted: false,
            result,
        };
    }
    Output {
        response: execution.response,
        requests: execution.requests,
        available: execution.available,
        instructions,
        message_accepted: execution.message_accepted,
        result,
    }
}

/// The limits of `entry`.
pub fn limits(canister: &Canister, entry: EntryPoint) -> Limits {
    use EntryPoint::*;
    let (instructions, stable_pages) = match entry {
        Start | Init | PreUpgrade | PostUpgrade => (INSTALL_INSTRUCTIONS, INSTALL_STABLE_PAGES),
        Query | CompositeQuery => (QUERY_INSTRUCTIONS, QUERY_STABLE_PAGES),
        InspectMessage => (INSPECT_INSTRUCTIONS, QUERY_STABLE_PAGES),
        _ => (UPDATE_INSTRUCTIONS, UPDATE_STABLE_PAGES),
    };
    let platform = MAX_STABLE_MEMORY / WASM_PAGE;
    Limits {
        instructions: canister.faults.instruction_limit(entry).unwrap_or(instructions),
        stable_pages,
        stable_memory: canister.faults.stable_memory_limit.unwrap_or(platform).min(platform),
        reply: if entry.is_replicated() { MAX_INTER_CANISTER_PAYLOAD } else { MAX_QUERY_REPLY },
        calls: MAX_OUTSTANDING_CALLS.saturating_sub(canister.callbacks.len()),
        trap_at: canister.faults.trap_at.filter(|_| entry != EntryPoint::InspectMessage),
    }
}

/// The execution of `entry`, its stable memory in a new transaction.
fn begin(canister: &mut Canister, entry: EntryPoint, input: Input, limits: Limits, moment: Moment) -> Execution {
    let mut stable = std::mem::take(&mut canister.stable);
    stable.begin();
    let available = input.available;
    let context = context(canister, entry, input, moment);
    let execution = Execution::new(context, limits, stable, canister.cycles, canister.global_timer);
    Execution { available, ..execution }
}

/// The context that `entry` may ask about itself.
pub fn context(canister: &Canister, entry: EntryPoint, input: Input, Moment { now, subnet_id }: Moment) -> Context {
    Context {
        entry,
        canister_id: canister.id,
        settings: Arc::clone(&canister.settings),
        status: canister.status_number(),
        version: canister.version,
        other_bytes: canister.other_bytes(),
        subnet_id,
        now,
        caller: input.caller,
        method: input.method,
        argument: input.argument,
        rejection: input.rejection,
        refunded: input.refunded,
        deadline: input.deadline,
        earlier_instructions: input.earlier_instructions,
        may_respond: input.may_respond,
        data_certificate: input
            .certifier
            .map(|certifier| DataCertificate::new(certifier, canister.id, canister.certified_data.clone())),
    }
}

/// The resources that an execution used, its stable memory counted from `before` on.
pub fn usage(execution: &Execution, instructions: u64, before: Footprint) -> Usage {
    let reply_bytes = match &execution.response {
        Some(Ok(reply)) => reply.len() as u64,
        _ => 0,
    };
    let mut usage = Usage { instructions, system_calls: execution.system_calls, reply_bytes, ..Usage::default() };
    usage.set_footprint(before, execution.stable.footprint());
    usage
}
