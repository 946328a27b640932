//! The transport of ic-agent: the Internet Computer, and local networks that speak its HTTP interface.
//!
//! The agent checks a replica's signature on the reply to each query, and the subnet's certificate on the reply to each
//! update and on each proof. Calls that [`crate::Client`] repeats are signed anew.

use std::error::Error;
use std::time::Duration;

use candid::Principal;
use ic_agent::agent::route_provider::RoundRobinRouteProvider;
use ic_agent::agent::{AgentBuilder, RejectCode as AgentRejectCode};
use ic_agent::{Agent, AgentError, Certificate, RequestId, lookup_value};

use crate::client::Client;
use crate::directory::DirectoryClient;
use crate::directory::directory_core::verify::Trusted;
use crate::transport::{Certificates, Certified, Failure, Reject, RejectCode, Transport};

/// Maximum number of bytes of an answer over HTTP: more than the platform's largest reply (3 MiB) and its certificate have.
const MAX_ANSWER: usize = 8 << 20;

/// Builds an agent that reads only so much of an answer as an honest one has. Without a limit a replica could fill the memory.
///
/// # Errors
///
/// If `url` is not an address. (The agent's own `with_url` panics then.)
pub fn builder(url: &str) -> Result<AgentBuilder, AgentError> {
    let route = RoundRobinRouteProvider::new(vec![url])?;
    Ok(Agent::builder().with_route_provider(route).with_max_response_body_size(MAX_ANSWER))
}

/// Carries calls to a canister with an agent, whose identity is the caller. Needs a runtime of Tokio.
#[derive(Clone, Debug)]
pub struct AgentTransport {
    agent: Agent,
    canister: Principal,
}

impl AgentTransport {
    /// The transport to this canister.
    pub fn new(agent: Agent, canister: Principal) -> Self {
        Self { agent, canister }
    }

    /// Reads the canister's state under these labels, such as `module_hash`. The subnet certifies it, and the agent checks the
    /// certificate.
    ///
    /// # Errors
    ///
    /// No answer came, or it does not verify.
    pub async fn state(&self, labels: &[&str]) -> Result<Checked, Failure> {
        let path = |label: &&str| vec!["canister".into(), self.canister.as_slice().into(), (*label).into()];
        let certificate = self.agent.read_state_raw(labels.iter().map(path).collect(), self.canister).await?;
        Ok(Checked { certificate, canister: self.canister })
    }

    /// Checks a certificate of this canister. The agent checks signature, delegation, range of canisters and age.
    ///
    /// # Errors
    ///
    /// The reason why it is refused.
    pub fn checked(&self, certificate: &[u8]) -> Result<Checked, CertificateError> {
        let certificate: Certificate = serde_cbor::from_slice(certificate)?;
        self.agent.verify(&certificate, self.canister)?;
        Ok(Checked { certificate, canister: self.canister })
    }
}

/// The reason why a certificate is refused.
pub type CertificateError = Box<dyn Error + Send + Sync>;

/// A certificate of a canister that was checked.
#[derive(Debug)]
pub struct Checked {
    certificate: Certificate,
    canister: Principal,
}

impl Checked {
    /// The certificate's time, in nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// The certificate has none.
    pub fn time(&self) -> Result<u64, CertificateError> {
        let mut time = lookup_value(&self.certificate, [b"time".as_slice()])?;
        Ok(leb128::read::unsigned(&mut time)?)
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The canister's value under a label, such as `certified_data`.
    ///
    /// # Errors
    ///
    /// The certificate has no such value.
    pub fn value(&self, label: &[u8]) -> Result<&[u8], CertificateError> {
        Ok(lookup_value(&self.certificate, [b"canister", self.canister.as_slice(), label])?)
    }

    /// The canister's reply to a call that was signed and sent by other means than a transport.
    ///
    /// # Errors
    ///
    /// The certificate has no reply to that call.
    pub fn reply(&self, call: &RequestId) -> Result<&[u8], CertificateError> {
        Ok(lookup_value(&self.certificate, [b"request_status".as_slice(), call.as_slice(), b"reply"])?)
    }
}

impl Client<AgentTransport> {
    /// A client of this canister.
    pub fn with_agent(agent: Agent, canister: Principal) -> Self {
        Self::new(AgentTransport::new(agent, canister))
    }
}

impl DirectoryClient<AgentTransport> {
    /// A client of the directory in this canister, which is the one that is pinned.
    pub fn with_agent(agent: Agent, canister: Principal, trusted: Trusted) -> Self {
        Self::new(AgentTransport::new(agent, canister), trusted)
    }
}

impl Transport for AgentTransport {
    async fn update(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.agent.update(&self.canister, method).with_arg(arg).call_and_wait().await.map_err(Failure::from)
    }

    async fn query(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.agent.query(&self.canister, method).with_arg(arg).call().await.map_err(Failure::from)
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        Some(self)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl Certificates for AgentTransport {
    fn check(&self, certificate: &[u8]) -> Result<Certified, CertificateError> {
        let certificate = self.checked(certificate)?;
        Ok(Certified { data: certificate.value(b"certified_data")?.try_into()?, time: certificate.time()? })
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        use AgentError::*;
        match error {
            CertifiedReject { reject, .. } | UncertifiedReject { reject, .. } => Self::Rejected(Reject {
                code: reject_code(reject.reject_code),
                error_code: reject.error_code.as_deref().and_then(number_of),
                message: reject.reject_message,
            }),
            LookupPathAbsent(_)
            | LookupPathUnknown(_)
            | LookupPathError(_)
            | CertificateVerificationFailed()
            | QuerySignatureVerificationFailed
            | CertificateNotAuthorized()
            | CertificateOutdated(_)
            | CertificateHasTooManyDelegations
            | MissingSignature
            | MalformedSignature
            | MalformedPublicKey
            | TooManySignatures { .. }
            | DerKeyLengthMismatch { .. }
            | DerPrefixMismatch { .. }
            | NoRootKeyInStatus(_) => Self::Unverified(error.into()),
            InvalidReplicaUrl(_)
            | SigningError(_)
            | CannotCalculateRequestId(_)
            | UrlParseError(_)
            | InvalidMethodError(_)
            | PrincipalError(_)
            | CallDataMismatch { .. } => Self::Unsendable(error.into()),
            _ => Self::Unanswered(error.into()),
        }
    }
}

fn reject_code(code: AgentRejectCode) -> RejectCode {
    match code {
        AgentRejectCode::SysFatal => RejectCode::SysFatal,
        AgentRejectCode::SysTransient => RejectCode::SysTransient,
        AgentRejectCode::DestinationInvalid => RejectCode::DestinationInvalid,
        AgentRejectCode::CanisterReject => RejectCode::CanisterReject,
        AgentRejectCode::CanisterError => RejectCode::CanisterError,
    }
}

/// The number in a code such as `IC0503`.
fn number_of(error_code: &str) -> Option<u32> {
    error_code.strip_prefix("IC")?.parse().ok()
}
