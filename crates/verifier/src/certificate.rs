//! The data that the platform certifies of a directory: its log, its module and its controllers.
//!
//! ```text
//! certified    log 80 (docs/directory.md) | certificate
//! ```

use candid::Principal;
use client::agent::{AgentTransport, Checked};
use directory::certified::CertifiedLog;
use directory_core::hash::Hash;
use ic_agent::Agent;
use std::time::Duration;

/// Bytes of a log in the certified bytes.
const LOG: usize = 80;
/// Maximum age of a certificate in evidence. Evidence may be checked at any later time, so every age is accepted.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A directory's log, as the platform certified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// The log.
    pub log: CertifiedLog,
    /// The time of the certificate, in nanoseconds since 1970.
    pub time: u64,
    certificate: Vec<u8>,
}

/// A canister's module and controllers, as the platform certified them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// SHA-256 of the module.
    pub hash: Hash,
    /// The principals that may change it.
    pub controllers: Vec<Principal>,
    /// The time of the certificate, in nanoseconds since 1970.
    pub time: u64,
    /// The certificate.
    pub certificate: Vec<u8>,
}

/// Checks certificates of one canister: the signature, and the delegation of the root key.
pub struct Authority {
    // It makes no network call: checking needs only the root key.
    transport: AgentTransport,
}

impl Authority {
    /// Takes the canister and the platform's root key.
    ///
    /// # Errors
    ///
    /// The reason why no agent could be made.
    pub fn new(canister: Principal, root_key: &[u8]) -> Result<Self, String> {
        let agent = Agent::builder().with_url("http://127.0.0.1:1").with_ingress_expiry(FOR_EVER).build();
        let agent = agent.map_err(|error| error.to_string())?;
        agent.set_root_key(root_key.to_vec());
        Ok(Self { transport: AgentTransport::new(agent, canister) })
    }

    /// The log that a certificate proves.
    ///
    /// # Errors
    ///
    /// The reason why it proves none.
    pub fn log(&self, log: &[u8], certificate: &[u8]) -> Result<Certified, String> {
        let checked = self.checked(certificate)?;
        let data = value(&checked, b"certified_data")?;
        let log = CertifiedLog::decode(log).map_err(|error| format!("the log is malformed: {error:?}"))?;
        if data != log.certified_data() {
            return Err("the certificate is of another log".to_owned());
        }
        Ok(Certified { log, time: time(&checked)?, certificate: certificate.to_vec() })
    }

    /// Decodes and checks the bytes of [`Certified::encode`].
    ///
    /// # Errors
    ///
    /// The reason why they are not certified.
    pub fn decode(&self, bytes: &[u8]) -> Result<Certified, String> {
        let (log, certificate) = bytes.split_at_checked(LOG).ok_or("a certified log is cut off")?;
        self.log(log, certificate)
    }

    /// The module and the controllers that a certificate proves.
    ///
    /// # Errors
    ///
    /// The reason why it proves none.
    pub fn module(&self, certificate: &[u8]) -> Result<Module, String> {
        let checked = self.checked(certificate)?;
        let hash = value(&checked, b"module_hash")?;
        let controllers = ciborium::from_reader(value(&checked, b"controllers")?);
        Ok(Module {
            hash: hash.try_into().map_err(|_| format!("the module's hash has {} bytes, not 32", hash.len()))?,
            controllers: controllers.map_err(|error| format!("the controllers: {error}"))?,
            time: time(&checked)?,
            certificate: certificate.to_vec(),
        })
    }

    fn checked(&self, certificate: &[u8]) -> Result<Checked, String> {
        self.transport.checked(certificate).map_err(|error| error.to_string())
    }
}

impl Certified {
    /// Encodes log and certificate.
    pub fn encode(&self) -> Vec<u8> {
        [self.log.encode(), self.certificate.clone()].concat()
    }
}

fn value<'a>(certificate: &'a Checked, label: &[u8]) -> Result<&'a [u8], String> {
    certificate.value(label).map_err(|error| error.to_string())
}

fn time(certificate: &Checked) -> Result<u64, String> {
    certificate.time().map_err(|error| format!("the certificate's time: {error}"))
}
