//! The way of calls to a canister, and the failures on it.

use crate::plain::plain;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Carries calls to one canister, from one caller.
pub trait Transport {
    /// Calls an update and returns the bytes of its reply.
    fn update(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;

    /// Calls a query and returns the bytes of its reply.
    fn query(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;

    /// Checks the certificates that come with proofs. `None`: there are no certificates, as in an embedded engine, and
    /// reads stay unverified.
    fn certificates(&self) -> Option<&dyn Certificates> {
        None
    }

    /// Waits before a call is repeated.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// Checks certificates of the transport's canister.
pub trait Certificates {
    /// Checks that a certificate is signed by the subnet, belongs to this canister, and is recent. Returns what it
    /// proves.
    ///
    /// # Errors
    ///
    /// The reason why it is refused.
    fn check(&self, certificate: &[u8]) -> Result<Certified, Box<dyn Error + Send + Sync>>;
}

/// The facts that a certificate proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certified {
    /// The certified data of the canister.
    pub data: [u8; 32],
    /// The certificate's time, in nanoseconds since 1970.
    pub time: u64,
}

impl Certified {
    /// The time as of which the value was true, in unix seconds.
    pub fn seconds(&self) -> u64 {
        self.time / 1_000_000_000
    }
}

/// The reason why no reply came. Its text is one line: whoever answers may have chosen it ([`crate::plain`]).
#[derive(Debug)]
pub enum Failure {
    /// The platform or the canister rejected the call.
    Rejected(Reject),
    /// No answer came. The call may have been executed, or may yet be.
    Unanswered(Box<dyn Error + Send + Sync>),
    /// An answer came whose signature or certificate does not verify. The call may have been executed.
    Unverified(Box<dyn Error + Send + Sync>),
    /// The call was not sent, for a lasting reason such as the address or the identity.
    Unsendable(Box<dyn Error + Send + Sync>),
}

/// A rejected call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The class of the failure.
    pub code: RejectCode,
    /// The cause, as the number in a code such as `IC0503`, if the platform names one.
    pub error_code: Option<u32>,
    /// The cause in words.
    pub message: String,
}

/// The platform's classes of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectCode {
    /// The system failed, and repeating the call is useless.
    SysFatal = 1,
    /// The system failed temporarily. The call was not executed.
    SysTransient = 2,
    /// There is no such canister or method.
    DestinationInvalid = 3,
    /// The canister rejected the call itself.
    CanisterReject = 4,
    /// The canister failed: it trapped, is stopped, or is out of cycles.
    CanisterError = 5,
    /// The outcome is unknown.
    SysUnknown = 6,
}

impl Reject {
    /// The canister is being stopped.
    pub const STOPPING: u32 = 509;
    /// The canister is stopped.
    pub const STOPPED: u32 = 508;
    /// The canister did not admit the call when the platform asked.
    pub const NOT_ADMITTED: u32 = 406;

    /// True if the canister does not run at present, as during an upgrade. The call was not executed.
    pub fn is_stopped(&self) -> bool {
        matches!(self.error_code, Some(Self::STOPPED | Self::STOPPING))
    }

    /// True if the canister did not admit the call when the platform asked, before it executed anything: the budget of such
    /// callers is used up, or they may not call this.
    pub fn is_not_admitted(&self) -> bool {
        self.error_code == Some(Self::NOT_ADMITTED)
    }

    /// True if the canister trapped, with its own message or without.
    pub fn is_trap(&self) -> bool {
        matches!(self.error_code, Some(502 | 503))
    }

    /// True if the canister exports no such method.
    pub fn is_unknown_method(&self) -> bool {
        self.error_code == Some(536)
    }

    /// True if the message used up its instructions.
    pub fn is_instruction_limit(&self) -> bool {
        self.error_code == Some(522)
    }
}

impl RejectCode {
    /// The class with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        use RejectCode::*;
        [SysFatal, SysTransient, DestinationInvalid, CanisterReject, CanisterError, SysUnknown]
            .into_iter()
            .find(|code| *code as u64 == number)
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected ({:?}", self.code)?;
        if let Some(number) = self.error_code {
            write!(f, ", IC{number:04}")?;
        }
        write!(f, "): {}", plain(&self.message))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(reject) => reject.fmt(f),
            Self::Unanswered(why) => write!(f, "no answer came: {}", plain(&why.to_string())),
            Self::Unverified(why) => write!(f, "the answer does not verify: {}", plain(&why.to_string())),
            Self::Unsendable(why) => write!(f, "the call was not sent: {}", plain(&why.to_string())),
        }
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_names_a_reason_controls_no_terminal() {
        let message = "\u{1b}]0;owned\u{7}\nmailbox: all is well".to_owned();
        let why = || message.clone().into();
        let reject = Reject { code: RejectCode::SysFatal, error_code: None, message: message.clone() };
        for failure in [
            Failure::Rejected(reject),
            Failure::Unanswered(why()),
            Failure::Unverified(why()),
            Failure::Unsendable(why()),
        ] {
            let text = failure.to_string();
            assert!(text.ends_with("mailbox: all is well") && !text.chars().any(char::is_control), "{text:?}");
        }
    }
}
