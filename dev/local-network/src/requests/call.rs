//! A call, and its possible states.

use std::fmt;

use candid::Principal;
use local_ic::{MessageId, RejectResponse};
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_REQUEST_STATUSES, MAX_WAITING_BYTES, MAX_WAITING_CALLS};

/// The id of a request: the hash of its content.
pub type RequestHash = [u8; 32];

/// The facts about a call that do not depend on its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The caller.
    pub sender: Principal,
    /// The callee.
    pub canister: Principal,
    /// When it expires, in nanoseconds since the Unix epoch.
    pub expiry: u64,
}

/// An update call.
pub struct Call {
    /// Its id.
    pub id: RequestHash,
    /// The sender and receiver.
    pub header: Header,
    /// The method.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
}

impl Call {
    /// Bytes that its sender chose: the method's name and the argument.
    pub fn bytes(&self) -> usize {
        self.method.len() + self.argument.len()
    }
}

/// The progress of a call.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It waits to be accepted.
    Waiting,
    /// It is accepted, but its round is not over, so nothing of it is saved
    /// yet.
    Executing,
    /// It was rejected, and leaves no status.
    TurnedAway(RejectResponse),
    /// It was accepted, and has this status.
    Taken(Status),
    /// The network stopped before it was accepted: it will not be executed.
    Stopped,
}

/// The known and certified data of a call that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// The engine has it under this number, and has not answered it.
    Processing(MessageId),
    /// It was answered.
    Answered(Result<Vec<u8>, RejectResponse>),
    /// It was answered, but the answer is no longer kept.
    Done,
}

impl Status {
    /// Bytes of the answer that it keeps.
    pub fn answer_bytes(&self) -> usize {
        match self {
            Self::Answered(Ok(reply)) => reply.len(),
            Self::Answered(Err(reject)) => reject.reject_message.len(),
            Self::Processing(_) | Self::Done => 0,
        }
    }
}

/// A call that was accepted, as it is saved.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenCall {
    /// The sender and receiver.
    pub header: Header,
    /// The progress of the call.
    pub status: Status,
}

/// The reason why a call cannot be submitted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Too many calls, or bytes of them, wait to be accepted.
    Waiting,
    /// The statuses of too many calls are kept.
    Statuses,
    /// Nothing is executed any more.
    Stopped,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => write!(
                f,
                "too many calls wait to be executed: up to {MAX_WAITING_CALLS}, of {MAX_WAITING_BYTES} bytes in all, may"
            ),
            Self::Statuses => write!(f, "the status of {MAX_REQUEST_STATUSES} calls is kept: none has expired yet"),
            Self::Stopped => write!(f, "the network is stopping"),
        }
    }
}
