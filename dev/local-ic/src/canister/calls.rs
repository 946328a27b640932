//! The calls that a canister must answer, and those that it waits for.

use candid::Principal;
use serde::{Deserialize, Serialize};

use crate::sandbox::Request;

/// The origin that waits for a call's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The user who sent this ingress message.
    Ingress(u64),
    /// The canister that made the call, with its callback.
    Canister(Principal, u64),
    /// Nobody: the system called the canister's timer or heartbeat.
    System,
}

/// A call that a canister is answering.
#[derive(Debug, Serialize, Deserialize)]
pub struct CallContext {
    /// The origin that waits for the response.
    pub origin: Origin,
    /// The caller.
    pub caller: Principal,
    /// Cycles of the call that were not accepted yet.
    pub available: u128,
    /// The deadline of a best-effort call, or 0.
    pub deadline: u64,
    /// Whether the response was given, or none is due.
    pub responded: bool,
    /// Calls made for it that are not answered yet.
    pub outstanding: usize,
    /// Instructions that its executions ran.
    pub instructions: u64,
    /// The number of the ingress message or task that it goes back to.
    pub root: u64,
}

/// A call that a canister waits for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Callback {
    /// The call that it was made for.
    pub context: u64,
    /// The request, with the callbacks.
    pub request: Request,
    /// When a best-effort call ends unanswered, in nanoseconds since the Unix epoch.
    pub deadline: Option<u64>,
}
