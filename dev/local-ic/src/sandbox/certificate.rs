//! The certificate that a query can ask for.

use std::sync::{Arc, OnceLock};

use candid::Principal;

/// Makes the certificate of a canister's certified data.
pub type Certifier = Arc<dyn Fn(Principal, &[u8]) -> Vec<u8> + Send + Sync>;

/// The certificate of a canister's certified data at the beginning of a query. It is made when it is first
/// asked for.
pub struct DataCertificate {
    certifier: Certifier,
    canister: Principal,
    data: Vec<u8>,
    made: OnceLock<Vec<u8>>,
}

impl DataCertificate {
    /// The certificate of `data`, that `certifier` will make.
    pub fn new(certifier: Certifier, canister: Principal, data: Vec<u8>) -> Self {
        Self { certifier, canister, data, made: OnceLock::new() }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.made.get_or_init(|| (self.certifier)(self.canister, &self.data))
    }
}
