//! The checks of a client that does not trust the network, applied to curl's answers: signatures, and the age of
//! certificates. They use the crates that agents use, not the network's own code.
//!
//! The root key delegates to the subnet for a range of canister ids. A certificate is signed with the subnet's key. It
//! is accepted only for a canister in the delegated range.

use std::time::{Duration, SystemTime};

use candid::Principal;
use ic_certification::hash_tree::LookupResult;
use ic_certification::{Certificate, Delegation, Label};
use ic_transport_types::{QueryResponse, RequestId};

/// Bytes of a key in DER before the key itself.
const KEY_PREFIX: usize = 37;

/// Maximum age of a certificate, and maximum time ahead: as old as a request may be.
const MAX_AGE: Duration = Duration::from_secs(300);

/// A recent certificate, signed by the root key or by a subnet that it delegates to.
pub struct Verified(Certificate);

impl Verified {
    /// The certificate of a canister in these bytes, or the reason why it is refused.
    pub fn new(bytes: &[u8], root_key: &[u8], canister: Principal) -> Result<Self, String> {
        let certificate: Certificate = serde_cbor::from_slice(bytes).map_err(|error| error.to_string())?;
        let key = match &certificate.delegation {
            Some(delegation) => delegated_key(delegation, root_key, canister)?,
            None => root_key.to_vec(),
        };
        check_signature(&certificate, &key)?;
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

    /// The subnet that has signed it.
    ///
    /// # Panics
    ///
    /// If it was the root key itself.
    pub fn subnet(&self) -> Principal {
        Principal::from_slice(&self.0.delegation.as_ref().expect("a subnet has signed it").subnet_id)
    }

    /// The value at a path.
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

    /// The status of a request.
    pub fn status(&self, id: &RequestId, what: &str) -> &[u8] {
        self.at(&[b"request_status", id.as_slice(), what.as_bytes()])
    }

    /// The key in DER of a node of a subnet.
    pub fn node_key(&self, subnet: Principal, node: Principal) -> &[u8] {
        self.at(&[b"subnet", subnet.as_slice(), b"node", node.as_slice(), b"public_key"])
    }
}

/// The key of the subnet that the root key delegates to, if the delegation covers this canister.
fn delegated_key(delegation: &Delegation, root_key: &[u8], canister: Principal) -> Result<Vec<u8>, String> {
    let certificate: Certificate =
        serde_cbor::from_slice(&delegation.certificate).map_err(|error| error.to_string())?;
    if certificate.delegation.is_some() {
        return Err("a delegation must be the root key's own".to_string());
    }
    check_signature(&certificate, root_key)?;
    let of_subnet = |name: &str| {
        let path = labels(&[b"subnet", &delegation.subnet_id, name.as_bytes()]);
        match certificate.tree.lookup_path(path) {
            LookupResult::Found(contents) => Ok(contents.to_vec()),
            other => Err(format!("the delegation's {name}: {other:?}")),
        }
    };
    let ranges: Vec<(Principal, Principal)> =
        serde_cbor::from_slice(&of_subnet("canister_ranges")?).map_err(|error| error.to_string())?;
    if !ranges.iter().any(|(first, last)| (first..=last).contains(&&canister)) {
        return Err(format!("the delegation is not for canister {canister}"));
    }
    of_subnet("public_key")
}

fn check_signature(certificate: &Certificate, key: &[u8]) -> Result<(), String> {
    let message = [b"\x0Dic-state-root".as_slice(), &certificate.tree.digest()].concat();
    let key = key.get(KEY_PREFIX..).ok_or("a key is too short")?;
    ic_verify_bls_signature::verify_bls_signature(&certificate.signature, &message, key)
        .map_err(|()| "the signature is not the root key's, nor that of whom it delegates to".to_string())
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
