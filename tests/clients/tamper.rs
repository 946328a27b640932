//! The changes that a dishonest network can make to a response. One part is changed at a time, and the rest remains well
//! formed.

use std::time::{Duration, SystemTime};

use candid::Principal;
use ic_certification::hash_tree::{fork, label, leaf};
use ic_certification::{Certificate, Delegation};
use ic_verify_bls_signature::PrivateKey;
use local_ic::CANISTER_ID_RANGE;
use local_network::BLS_DER_PREFIX;
use serde_cbor::Value;
use test_support::proxy::Between;

/// The part of the response that is tampered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// Nothing.
    Nothing,
    /// The contents of certificates: replies, module hashes, metadata and public keys differ in a bit.
    CertificateTree,
    /// A bit of each certificate's signature.
    CertificateSignature,
    /// A bit of each reply to a query.
    QueryReply,
    /// A bit of the node's signature of each query.
    QuerySignature,
    /// The signatures of queries are left out.
    QueryUnsigned,
    /// `/status` tells the root key of another network.
    RootKey,
    /// The same, and that network has signed each certificate, so everything is consistent.
    SignedAnew,
    /// The same again, but certificates are ten minutes old.
    SignedLongAgo,
    /// `/status` tells the root key of another network, which delegates to a subnet that has signed each certificate: for
    /// the canister ids of this network.
    DelegatedHere,
    /// The same, but for other canister ids.
    DelegatedElsewhere,
}

impl Between for Tamper {
    fn response(&self, path: &str, _asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        tampered(self, path, body)
    }
}

/// Age of the certificates of [`Tamper::SignedLongAgo`].
const LONG: Duration = Duration::from_secs(600);

/// Every way to tamper with certificates.
pub const WITH_CERTIFICATES: [Tamper; 2] = [Tamper::CertificateTree, Tamper::CertificateSignature];
/// Every way to tamper with queries.
pub const WITH_QUERIES: [Tamper; 3] = [Tamper::QueryReply, Tamper::QuerySignature, Tamper::QueryUnsigned];

/// The labels of the leaves that [`Tamper::CertificateTree`] changes. A changed time might be refused for its age.
const LIES: [&[u8]; 4] = [b"reply", b"module_hash", b"candid:service", b"public_key"];

/// The tag of self-described CBOR.
const SELF_DESCRIBED: &[u8] = b"\xd9\xd9\xf7";

/// The body of the response to a request of `path`, tampered with. The other bytes stay as they are.
pub fn tampered(tamper: &Tamper, path: &str, body: Vec<u8>) -> Vec<u8> {
    let Some(mut value) = parsed(&body) else { return body };
    let changed = match tamper {
        Tamper::Nothing => false,
        Tamper::CertificateTree => in_certificate(&mut value, |certificate| match field(certificate, "tree") {
            Some(tree) => change_leaves(tree, b"", &|label, contents| LIES.contains(&label) && flip(contents)),
            None => false,
        }),
        Tamper::CertificateSignature => {
            in_certificate(&mut value, |certificate| field(certificate, "signature").is_some_and(flip))
        }
        Tamper::QueryReply => field(&mut value, "reply").and_then(|reply| field(reply, "arg")).is_some_and(flip),
        Tamper::QuerySignature => match field(&mut value, "signatures") {
            Some(Value::Array(signatures)) => {
                signatures.iter_mut().filter_map(|signed| field(signed, "signature")).any(flip)
            }
            _ => false,
        },
        Tamper::QueryUnsigned => match field(&mut value, "signatures") {
            Some(Value::Array(signatures)) => signatures.drain(..).count() > 0,
            _ => false,
        },
        Tamper::RootKey
        | Tamper::SignedAnew
        | Tamper::SignedLongAgo
        | Tamper::DelegatedHere
        | Tamper::DelegatedElsewhere
            if path == "/api/v2/status" =>
        {
            match field(&mut value, "root_key") {
                Some(Value::Bytes(key)) => {
                    let other = other_network().public_key().serialize();
                    let prefix = key.len() - other.len();
                    key.splice(prefix.., other);
                    true
                }
                _ => false,
            }
        }
        Tamper::RootKey => false,
        Tamper::SignedAnew => in_certificate(&mut value, sign_anew),
        Tamper::DelegatedHere => in_certificate(&mut value, |certificate| delegate(certificate, CANISTER_ID_RANGE)),
        Tamper::DelegatedElsewhere => {
            let id = |number: u8| Principal::from_slice(&[0, 0, 0, 0, 0, 0, 0, number, 1, 1]);
            in_certificate(&mut value, |certificate| delegate(certificate, (id(0), id(9))))
        }
        Tamper::SignedLongAgo => {
            in_certificate(&mut value, |certificate| sign_as_of(certificate, SystemTime::now() - LONG))
        }
    };
    if changed { described(&value) } else { body }
}

/// The root key of another network.
fn other_network() -> PrivateKey {
    PrivateKey::deserialize(&[1; 32]).expect("it is less than the order")
}

/// A subnet of it.
fn other_subnet() -> PrivateKey {
    PrivateKey::deserialize(&[2; 32]).expect("it is less than the order")
}

/// Has the other network's root sign a certificate, without a delegation.
fn sign_anew(certificate: &mut Value) -> bool {
    let Value::Map(fields) = certificate else { return false };
    fields.remove(&text("delegation"));
    let parsed: Certificate = serde_cbor::from_slice(&encoded(certificate)).expect("the network made it");
    set_signature(certificate, signature(&other_network(), parsed.tree.digest()))
}

/// The same certificate, signed by the other network as of another time.
pub fn signed_as_of(certificate: &[u8], time: SystemTime) -> Vec<u8> {
    let mut value = parsed(certificate).expect("it is one");
    assert!(sign_as_of(&mut value, time), "it has a time");
    described(&value)
}

/// Has the other network's root sign a certificate as of another time.
fn sign_as_of(certificate: &mut Value, time: SystemTime) -> bool {
    let time = uleb128(nanos(time));
    let set_time = |label: &[u8], contents: &mut Value| {
        let concerned = label == b"time";
        if concerned {
            *contents = Value::Bytes(time.clone());
        }
        concerned
    };
    let changed = field(certificate, "tree").is_some_and(|tree| change_leaves(tree, b"", &set_time));
    changed && sign_anew(certificate)
}

/// Has a subnet of the other network sign a certificate, and its root delegate to that subnet for a range of canisters.
fn delegate(certificate: &mut Value, range: (Principal, Principal)) -> bool {
    let parsed: Certificate = serde_cbor::from_slice(&encoded(certificate)).expect("the network made it");
    // Answers that this network's root signs itself are not a subnet's.
    let Some(Delegation { subnet_id, .. }) = parsed.delegation else { return sign_anew(certificate) };
    let ranges = serde_cbor::to_vec(&[range]).expect("a vector takes everything");
    let key = [&BLS_DER_PREFIX[..], &other_subnet().public_key().serialize()].concat();
    let shard = label(range.0.as_slice(), leaf(ranges.clone()));
    let subnet = fork(label("canister_ranges", leaf(ranges)), label("public_key", leaf(key)));
    let tree = fork(
        label("canister_ranges", label(subnet_id.as_slice(), shard)),
        fork(
            label("subnet", label(subnet_id.as_slice(), subnet)),
            label("time", leaf(uleb128(nanos(SystemTime::now())))),
        ),
    );
    let root_signature = signature(&other_network(), tree.digest());
    let delegation = Certificate { tree, signature: root_signature, delegation: None };
    let delegation =
        Delegation { subnet_id, certificate: serde_cbor::to_vec(&delegation).expect("a vector takes everything") };
    let delegation = serde_cbor::value::to_value(&delegation).expect("it is a map");
    let Value::Map(fields) = certificate else { return false };
    fields.insert(text("delegation"), delegation);
    set_signature(certificate, signature(&other_subnet(), parsed.tree.digest()))
}

fn signature(key: &PrivateKey, digest: [u8; 32]) -> Vec<u8> {
    key.sign(&[b"\x0Dic-state-root".as_slice(), &digest].concat()).serialize().to_vec()
}

fn set_signature(certificate: &mut Value, signature: Vec<u8>) -> bool {
    field(certificate, "signature").is_some_and(|place| {
        *place = Value::Bytes(signature);
        true
    })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_string())
}

/// Nanoseconds since 1970.
pub fn nanos(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_nanos() as u64
}

fn uleb128(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::unsigned(&mut bytes, number).expect("a vector takes everything");
    bytes
}

/// The CBOR of a body that describes itself as such.
fn parsed(body: &[u8]) -> Option<Value> {
    serde_cbor::from_slice(body.strip_prefix(SELF_DESCRIBED)?).ok()
}

/// A value's CBOR, which describes itself as such.
fn described(value: &Value) -> Vec<u8> {
    [SELF_DESCRIBED, &encoded(value)].concat()
}

/// A value's CBOR.
pub fn encoded(value: &Value) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("a vector takes everything")
}

/// The response to a query, with another reply in the place of the honest one.
pub fn with_reply(body: &[u8], reply: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut response = parsed(body).expect("the network replies in CBOR");
    let honest = field(&mut response, "reply").and_then(|reply| field(reply, "arg"));
    let Some(Value::Bytes(honest)) = honest else { panic!("the network replies") };
    *honest = reply(honest);
    described(&response)
}

/// The field of a map.
pub fn field<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let Value::Map(fields) = value else { return None };
    fields.get_mut(&Value::Text(name.to_string()))
}

/// Changes the certificate in a response, if there is one.
fn in_certificate(response: &mut Value, change: impl FnOnce(&mut Value) -> bool) -> bool {
    let Some(Value::Bytes(bytes)) = field(response, "certificate") else { return false };
    let Some(mut certificate) = parsed(bytes) else { return false };
    let changed = change(&mut certificate);
    if changed {
        *bytes = described(&certificate);
    }
    changed
}

/// Calls `change` for each leaf below `label`, with the leaf's label. It returns whether it changed the leaf. Nodes of a
/// hash tree are `[1, left, right]`, `[2, label, subtree]` and `[3, contents]`; others have nothing below.
fn change_leaves(tree: &mut Value, label: &[u8], change: &dyn Fn(&[u8], &mut Value) -> bool) -> bool {
    let Value::Array(node) = tree else { return false };
    match &mut node[..] {
        [Value::Integer(1), left, right] => {
            let both = [change_leaves(left, label, change), change_leaves(right, label, change)];
            both.contains(&true)
        }
        [Value::Integer(2), Value::Bytes(label), subtree] => change_leaves(subtree, label, change),
        [Value::Integer(3), contents] => change(label, contents),
        _ => false,
    }
}

/// Flips the last bit of a byte string, if it has any.
fn flip(bytes: &mut Value) -> bool {
    let Value::Bytes(bytes) = bytes else { return false };
    let Some(last) = bytes.last_mut() else { return false };
    *last ^= 1;
    true
}
