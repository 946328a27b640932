//! What a client checks that does not believe the network, for what curl has fetched: signatures, and how old a
//! certificate is; with the crates that the agents use, not with the network's own code.
//!
//! Ranges of canister ids bind what the root key delegates to another subnet. This network has one subnet, whose key is
//! the root key: there is no delegation, and a certificate with one is refused.

use std::time::{Duration, SystemTime};

use candid::Principal;
use ic_certification::hash_tree::LookupResult;
use ic_certification::{Certificate, Label};
use ic_transport_types::{QueryResponse, RequestId};

/// Bytes of a root key in DER before the key itself.
const ROOT_KEY_PREFIX: usize = 37;

/// How old a certificate may be, or how far ahead: as old as a request may be.
const MAX_AGE: Duration = Duration::from_secs(300);

/// A certificate that the root key has signed, not long ago.
pub struct Verified(Certificate);

impl Verified {
    /// The certificate in these bytes, or why it is not to be believed.
    pub fn new(bytes: &[u8], root_key: &[u8]) -> Result<Self, String> {
        let certificate: Certificate = serde_cbor::from_slice(bytes).map_err(|error| error.to_string())?;
        if certificate.delegation.is_some() {
            return Err("a subnet that is the root delegates to nobody".to_string());
        }
        let message = [b"\x0Dic-state-root".as_slice(), &certificate.tree.digest()].concat();
        let key = root_key.get(ROOT_KEY_PREFIX..).ok_or("the root key is too short")?;
        ic_verify_bls_signature::verify_bls_signature(&certificate.signature, &message, key)
            .map_err(|()| "the signature is not the root key's")?;
        let verified = Self(certificate);
        let age = verified.time().elapsed().unwrap_or_else(|ahead| ahead.duration());
        if age > MAX_AGE {
            return Err(format!("the certificate is of another time: {} s", age.as_secs()));
        }
        Ok(verified)
    }

    /// When it was made.
    fn time(&self) -> SystemTime {
        let bytes = self.at(&[b"time"]);
        let nanos = bytes.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f));
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
    }

    /// What is at a path.
    ///
    /// # Panics
    ///
    /// If nothing is, or the certificate does not say.
    pub fn at(&self, path: &[&[u8]]) -> &[u8] {
        match self.0.tree.lookup_path(labels(path)) {
            LookupResult::Found(contents) => contents,
            other => panic!("{other:?} at {path:02x?}"),
        }
    }

    /// Whether the certificate proves that nothing is at a path.
    pub fn proves_absent(&self, path: &[&[u8]]) -> bool {
        matches!(self.0.tree.lookup_path(labels(path)), LookupResult::Absent)
    }

    /// What it says of a request.
    pub fn status(&self, id: &RequestId, what: &str) -> &[u8] {
        self.at(&[b"request_status", id.as_slice(), what.as_bytes()])
    }

    /// The key in DER of a node of a subnet.
    pub fn node_key(&self, subnet: Principal, node: Principal) -> &[u8] {
        self.at(&[b"subnet", subnet.as_slice(), b"node", node.as_slice(), b"public_key"])
    }
}

fn labels(path: &[&[u8]]) -> Vec<Label> {
    path.iter().map(|label| Label::from_bytes(label)).collect()
}

/// Checks that a node with one of these keys has answered this query.
pub fn query(
    response: &QueryResponse,
    id: RequestId,
    mut key_of: impl FnMut(Principal) -> Vec<u8>,
) -> Result<(), String> {
    let [signature] = response.signatures() else {
        return Err(format!("{} signatures are not one", response.signatures().len()));
    };
    let key = key_of(signature.identity);
    let key = ic_ed25519::PublicKey::deserialize_rfc8410_der(&key).map_err(|error| format!("{error:?}"))?;
    let message = response.signable(id, signature.timestamp);
    key.verify_signature(&message, &signature.signature).map_err(|error| format!("the query's signature: {error:?}"))
}
