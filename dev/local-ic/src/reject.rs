//! The failures of a call: the platform's reject codes and error codes, with its numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::MAX_REJECT_MESSAGE;

/// The class of a failure, as a canister sees it in `ic0.msg_reject_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum RejectCode {
    /// The system failed, and retrying is useless.
    SysFatal = 1,
    /// The system failed for now, and retrying may help.
    SysTransient = 2,
    /// There is no such canister or method.
    DestinationInvalid = 3,
    /// The canister rejected the call itself.
    CanisterReject = 4,
    /// The canister failed.
    CanisterError = 5,
    /// The outcome of a best-effort call is unknown.
    SysUnknown = 6,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal),* $(,)?) => {
        /// The cause of a failure. The hundreds are the [`RejectCode`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u16)]
        pub enum ErrorCode {
            $($(#[$doc])* $name = $number,)*
        }
    };
}

error_codes! {
    /// The ingress message expired before its execution began.
    IngressMessageTimeout = 202,
    /// The canister did not stop in time.
    StopCanisterRequestTimeout = 206,
    /// The canister cannot pay for the message.
    CanisterOutOfCycles = 207,
    /// The state that a query would run on cannot be had for now.
    CertifiedStateUnavailable = 208,
    /// There is no canister with this id.
    CanisterNotFound = 301,
    /// The canister has no snapshot with this id.
    CanisterSnapshotNotFound = 305,
    /// Fewer cycles are attached than the creation of a canister costs.
    InsufficientCyclesForCreateCanister = 402,
    /// The canister rejected the call, its `canister_inspect_message` did not accept the message, or the message
    /// is too large to be accepted.
    CanisterRejectedMessage = 406,
    /// The management canister has no such method here.
    UnknownManagementMessage = 407,
    /// The argument of a management call does not decode, or names an illegal value.
    InvalidManagementPayload = 408,
    /// Only a snapshot that was uploaded can be written to.
    CanisterSnapshotImmutable = 409,
    /// WebAssembly trapped.
    CanisterTrapped = 502,
    /// The canister called `ic0.trap`.
    CanisterCalledTrap = 503,
    /// The canister broke a rule of the System API.
    CanisterContractViolation = 504,
    /// The module is not a legal canister module.
    CanisterInvalidWasm = 505,
    /// The call ended, with no call left to wait for, and no response.
    CanisterDidNotReply = 506,
    /// The heap or stable memory is exhausted.
    CanisterOutOfMemory = 507,
    /// The canister is stopped.
    CanisterStopped = 508,
    /// The canister is stopping.
    CanisterStopping = 509,
    /// The canister must be stopped first.
    CanisterNotStopped = 510,
    /// The canister was started before it had stopped.
    StopCancelled = 511,
    /// The sender does not control the canister.
    CanisterInvalidController = 512,
    /// A callback is no function of the module's table.
    CanisterFunctionNotFound = 513,
    /// The canister for the installation already has a module.
    CanisterNonEmpty = 514,
    /// The message ran more instructions than its kind may.
    CanisterInstructionLimitExceeded = 522,
    /// The message accessed or dirtied more stable memory than its kind may.
    CanisterMemoryAccessLimitExceeded = 524,
    /// A composite query was called as an update.
    CompositeQueryCalledInReplicatedMode = 527,
    /// The balance does not allow the memory to grow.
    InsufficientCyclesInMemoryGrow = 532,
    /// The module exports no such method.
    CanisterMethodNotFound = 536,
    /// The canister has no module.
    CanisterWasmModuleNotFound = 537,
    /// The heap would exceed the canister's `wasm_memory_limit`.
    CanisterWasmMemoryLimitExceeded = 539,
    /// The best-effort call was not answered before its deadline.
    DeadlineExpired = 601,
}

impl ErrorCode {
    /// The class of this cause.
    pub fn reject_code(self) -> RejectCode {
        match self as u16 / 100 {
            1 => RejectCode::SysFatal,
            2 => RejectCode::SysTransient,
            3 => RejectCode::DestinationInvalid,
            4 => RejectCode::CanisterReject,
            5 => RejectCode::CanisterError,
            _ => RejectCode::SysUnknown,
        }
    }
}

impl fmt::Display for ErrorCode {
    /// The platform's notation, such as `IC0503`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IC{:04}", *self as u16)
    }
}

/// A call's failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectResponse {
    /// The class of the failure.
    pub reject_code: RejectCode,
    /// The cause in words.
    pub reject_message: String,
    /// The cause.
    pub error_code: ErrorCode,
    /// Whether the platform would certify this response: true of calls that were accepted, false of
    /// queries and of messages that were rejected.
    pub certified: bool,
}

impl RejectResponse {
    /// A failure that the platform certifies. A text longer than [`MAX_REJECT_MESSAGE`] is cut to both ends, with an
    /// ellipsis between.
    pub(crate) fn new(error_code: ErrorCode, message: impl Into<String>) -> Self {
        let reject_message = shortened(message.into(), MAX_REJECT_MESSAGE);
        Self { reject_code: error_code.reject_code(), reject_message, error_code, certified: true }
    }

    /// The failure of an ingress message that expired before its execution began.
    pub fn expired() -> Self {
        Self::new(ErrorCode::IngressMessageTimeout, "Ingress message timed out waiting to start executing.")
    }

    /// The same failure, answered without a certificate.
    pub fn uncertified(self) -> Self {
        Self { certified: false, ..self }
    }
}

/// A text, or its two ends if it has more than so many bytes.
fn shortened(text: String, bytes: usize) -> String {
    const ELLIPSIS: &str = "...";
    if text.len() <= bytes {
        return text;
    }
    let head = text.floor_char_boundary(bytes / 2);
    let tail = text.ceil_char_boundary(text.len() - (bytes - bytes / 2 - ELLIPSIS.len()));
    format!("{}{ELLIPSIS}{}", &text[..head], &text[tail..])
}

impl fmt::Display for RejectResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}): {}", self.error_code, self.reject_code, self.reject_message)
    }
}

impl std::error::Error for RejectResponse {}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_text_keeps_its_ends_and_its_characters() {
        assert_eq!(shortened("0123456789".into(), 10), "0123456789");
        assert_eq!(shortened("0123456789a".into(), 10), "01234...9a");
        // Characters of three bytes, which no end may cut.
        let text = "\u{20ac}".repeat(10);
        for bytes in 5..30 {
            let short = shortened(text.clone(), bytes);
            assert!(short.len() <= bytes, "{bytes}: {short}");
            assert!(short.trim_matches('\u{20ac}') == "...", "{bytes}: {short}");
        }
    }
}
