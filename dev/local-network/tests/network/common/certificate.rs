//! Certificates, verified as a client does that trusts nobody but the root key.

use std::time::Duration;

use candid::Principal;
use ic_certification::hash_tree::LookupResult;
use ic_certification::{Certificate, HashTree};

use super::envelope::{Path, after, before, path};

/// Bytes of the DER of a BLS key before the key.
const DER_PREFIX: usize = 37;
/// Maximum difference between the time of a certificate and the clock.
const TIME_BOUND: Duration = Duration::from_secs(10);

/// A certificate as it was sent.
pub fn decoded(certificate: &[u8]) -> Certificate {
    serde_cbor::from_slice(certificate).expect("it is a certificate in CBOR")
}

/// The first and last canister id of each range.
pub type Ranges = Vec<(Principal, Principal)>;

/// The delegation of the root key in a certificate: the subnet's key in DER, and its ranges of canister ids.
pub fn delegation_of(root_key: &[u8], certificate: &Certificate) -> Option<(Vec<u8>, Ranges)> {
    let delegation = certificate.delegation.as_ref()?;
    let subnet = delegation.subnet_id.as_slice();
    let certificate = decoded(&delegation.certificate);
    assert!(certificate.delegation.is_none(), "the root delegates itself");
    check_signature(&certificate, root_key);
    let of_subnet = |label: &[u8]| found(&certificate.tree, &path([b"subnet", subnet, label])).expect("it is there");
    let ranges = of_subnet(b"canister_ranges");
    let decoded: Ranges = serde_cbor::from_slice(&ranges).expect("they are pairs");
    let shard = path([b"canister_ranges", subnet, decoded[0].0.as_slice()]);
    assert_eq!(found(&certificate.tree, &shard), Some(ranges), "both ways to name the ranges agree");
    Some((of_subnet(b"public_key"), decoded))
}

fn check_signature(certificate: &Certificate, key: &[u8]) {
    let message = [b"\x0Dic-state-root".as_slice(), &certificate.tree.digest()].concat();
    ic_verify_bls_signature::verify_bls_signature(&certificate.signature, &message, &key[DER_PREFIX..])
        .expect("it is signed with this key");
}

/// The tree of a certificate, once its signature is verified, by the key that the root key delegates to if it does, and its
/// time is now.
pub fn verified(root_key: &[u8], certificate: &[u8]) -> HashTree {
    let certificate = decoded(certificate);
    let key = delegation_of(root_key, &certificate).map_or_else(|| root_key.to_vec(), |(key, _)| key);
    check_signature(&certificate, &key);
    let time = found(&certificate.tree, &path([b"time"])).expect("every certificate has a time");
    let time = leb128::read::unsigned(&mut time.as_slice()).expect("it is a number");
    assert!((before(TIME_BOUND)..=after(TIME_BOUND)).contains(&time), "the time is now, not {time}");
    certificate.tree
}

/// The value at `path`, or `None` if the tree proves that there is none.
pub fn found(tree: &HashTree, path: &Path) -> Option<Vec<u8>> {
    match tree.lookup_path(path) {
        LookupResult::Found(contents) => Some(contents.to_vec()),
        LookupResult::Absent => None,
        LookupResult::Unknown => panic!("{path:?} is hidden"),
        LookupResult::Error => panic!("{path:?} is no leaf"),
    }
}

/// Whether the tree says nothing of `path`.
pub fn hidden(tree: &HashTree, path: &Path) -> bool {
    matches!(tree.lookup_path(path), LookupResult::Unknown)
}

/// The path of a field of a request's status.
pub fn status_path(id: &[u8], field: &str) -> Path {
    path([b"request_status", id, field.as_bytes()])
}

/// The tree's answer about a request: its reply, or its reject code and error code. `None` if it is unknown or not
/// answered.
pub fn response(tree: &HashTree, id: &[u8]) -> Option<Result<Vec<u8>, (u64, String)>> {
    let field = |name: &str| found(tree, &status_path(id, name));
    match field("status")?.as_slice() {
        b"replied" => Some(Ok(field("reply").expect("a replied request has a reply"))),
        b"rejected" => {
            let code = field("reject_code").expect("a rejected request has a code");
            let code = leb128::read::unsigned(&mut code.as_slice()).expect("it is a number");
            assert!(field("reject_message").is_some(), "a rejected request has a message");
            let error = field("error_code").expect("a rejected request has an error code");
            Some(Err((code, String::from_utf8(error).expect("it is a text"))))
        }
        b"received" | b"processing" => None,
        other => panic!("{:?} is no status", String::from_utf8_lossy(other)),
    }
}
