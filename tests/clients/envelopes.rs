//! Requests as bytes, for a client that does not make them itself.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use candid::Principal;
use ic_agent::Identity;
use ic_agent::agent::EnvelopeContent;
use ic_certification::Label;
use ic_transport_types::{Envelope, RequestId};

/// A request, signed.
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// Its body.
    pub body: Vec<u8>,
}

fn sender(identity: &dyn Identity) -> Principal {
    identity.sender().expect("it has one")
}

fn expiry() -> u64 {
    let expiry = SystemTime::now() + Duration::from_secs(240);
    expiry.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_nanos() as u64
}

/// An update call.
pub fn call(identity: &dyn Identity, canister_id: Principal, method: &str, arg: Vec<u8>) -> Request {
    signed(
        identity,
        EnvelopeContent::Call {
            nonce: None,
            ingress_expiry: expiry(),
            sender: sender(identity),
            canister_id,
            method_name: method.to_string(),
            arg,
            sender_info: None,
        },
    )
}

/// A query.
pub fn query(identity: &dyn Identity, canister_id: Principal, method: &str, arg: Vec<u8>) -> Request {
    signed(
        identity,
        EnvelopeContent::Query {
            nonce: None,
            ingress_expiry: expiry(),
            sender: sender(identity),
            canister_id,
            method_name: method.to_string(),
            arg,
            sender_info: None,
        },
    )
}

/// A look at the state tree.
pub fn read_state(identity: &dyn Identity, path: &[&[u8]]) -> Request {
    let path = path.iter().map(|label| Label::from_bytes(label)).collect();
    signed(
        identity,
        EnvelopeContent::ReadState { ingress_expiry: expiry(), sender: sender(identity), paths: vec![path] },
    )
}

fn signed(identity: &dyn Identity, content: EnvelopeContent) -> Request {
    let id = content.to_request_id();
    let signature = identity.sign(&content).expect("the key signs");
    let envelope = Envelope {
        content: Cow::Owned(content),
        sender_pubkey: signature.public_key,
        sender_sig: signature.signature,
        sender_delegation: signature.delegations,
    };
    Request { id, body: envelope.encode_bytes() }
}
