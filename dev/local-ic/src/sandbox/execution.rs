//! One execution of an entry point: its inputs and its effects.

use std::sync::Arc;

use candid::Principal;
use serde::{Deserialize, Serialize};

use super::certificate::DataCertificate;
use crate::canister::{CanisterLog, Settings};
use crate::limits::WASM_PAGE;
use crate::memory::StableMemory;
use crate::reject::RejectResponse;
use crate::system_api::EntryPoint;

/// The inputs of an entry point.
pub struct Context {
    /// The entry point.
    pub entry: EntryPoint,
    /// The canister.
    pub canister_id: Principal,
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Its status as `ic0.canister_status` returns it.
    pub status: u32,
    /// Its version.
    pub version: u64,
    /// Bytes of its memory that the execution cannot change: its module's and its snapshots'.
    pub other_bytes: u64,
    /// The subnet.
    pub subnet_id: Principal,
    /// Nanoseconds since the Unix epoch.
    pub now: u64,
    /// The caller.
    pub caller: Principal,
    /// The method called, for `canister_inspect_message`.
    pub method: String,
    /// The argument, or the reply in a reply callback.
    pub argument: Vec<u8>,
    /// The rejection in a reject callback, and in the cleanup of one.
    pub rejection: Option<Rejection>,
    /// Cycles that came back with the response.
    pub refunded: u128,
    /// The deadline of a best-effort call, or 0.
    pub deadline: u64,
    /// Instructions that earlier executions of the same call ran.
    pub earlier_instructions: u64,
    /// Whether the call still needs a response.
    pub may_respond: bool,
    /// The certificate of the certified data, for a query that is answered with one.
    pub data_certificate: Option<DataCertificate>,
}

/// The limits of an entry point.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Instructions.
    pub instructions: u64,
    /// 4-KiB pages of stable memory accessed, and dirtied.
    pub stable_pages: u64,
    /// Size of stable memory, in 64-KiB pages.
    pub stable_memory: u64,
    /// Bytes of the reply.
    pub reply: u64,
    /// Calls that may still be made until others are answered.
    pub calls: usize,
    /// The system call that traps, counted from 1.
    pub trap_at: Option<u64>,
}

/// A reject code and message, as a canister sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The code.
    pub code: u32,
    /// The message.
    pub message: String,
}

/// A response to a call.
pub type Response = Result<Vec<u8>, RejectResponse>;

/// A function of the canister's table, and the argument that it is to be called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The index in the table.
    pub function: u32,
    /// The argument.
    pub environment: u32,
}

/// A call that a canister makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The canister called.
    pub callee: Vec<u8>,
    /// The method called.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
    /// Cycles attached.
    pub cycles: u128,
    /// Called with the reply.
    pub reply: Closure,
    /// Called with the rejection.
    pub reject: Closure,
    /// Called if one of those traps.
    pub cleanup: Option<Closure>,
    /// Seconds after which the caller stops waiting, for a best-effort call.
    pub timeout: Option<u32>,
    /// Cycles set aside for the response and its callback.
    pub prepaid: u128,
}

/// An execution of an entry point. Everything except `context` and `limits` is its effect so far, or the state
/// that it works on.
pub struct Execution {
    /// The inputs of the entry point.
    pub context: Context,
    /// Its limits.
    pub limits: Limits,
    /// The stable memory.
    pub stable: StableMemory,
    /// The log. It is kept even if the execution traps.
    pub log: CanisterLog,
    /// The cycles of the canister.
    pub balance: u128,
    /// Cycles of the call that were not accepted yet.
    pub available: u128,
    /// The reply as far as it is assembled.
    pub reply_data: Vec<u8>,
    /// The response, once it is given.
    pub response: Option<Response>,
    /// The call being assembled.
    pub pending: Option<Request>,
    /// The calls made.
    pub requests: Vec<Request>,
    /// The certified data, if it was set.
    pub certified_data: Option<Vec<u8>>,
    /// The global timer in nanoseconds since the Unix epoch, or 0.
    pub global_timer: u64,
    /// Whether `canister_inspect_message` accepted the message.
    pub message_accepted: bool,
    /// System calls made.
    pub system_calls: u64,
}

/// The bytes that a canister pays storage for.
pub fn memory_usage(heap_bytes: u64, stable_pages: u64, other_bytes: u64) -> u64 {
    heap_bytes + stable_pages * WASM_PAGE + other_bytes
}

impl Execution {
    /// An execution that has done nothing yet, of a canister with this stable memory, balance and global timer.
    pub fn new(context: Context, limits: Limits, stable: StableMemory, balance: u128, global_timer: u64) -> Self {
        Self {
            context,
            limits,
            stable,
            log: CanisterLog::default(),
            balance,
            available: 0,
            reply_data: Vec::new(),
            response: None,
            pending: None,
            requests: Vec::new(),
            certified_data: None,
            global_timer,
            message_accepted: false,
            system_calls: 0,
        }
    }

    /// Whether the call still needs a response.
    pub fn may_respond(&self) -> bool {
        self.context.may_respond && self.response.is_none()
    }

    /// Gives the cycles attached to a call that was begun and not made back to the canister.
    pub fn drop_pending(&mut self) {
        if let Some(request) = self.pending.take() {
            self.balance += request.cycles;
        }
    }
}
