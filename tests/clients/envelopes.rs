//! Requests as bytes, for a client that does not make them itself.

use candid::Principal;
use ic_agent::Identity;
use ic_agent::agent::EnvelopeContent;
use ic_transport_types::{Envelope, RequestId};
use test_support::envelope;

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

/// An update call.
pub fn call(identity: &dyn Identity, canister_id: Principal, method: &str, arg: Vec<u8>) -> Request {
    signed(identity, envelope::call(canister_id, sender(identity), method, &arg))
}

/// A query.
pub fn query(identity: &dyn Identity, canister_id: Principal, method: &str, arg: Vec<u8>) -> Request {
    signed(identity, envelope::query(canister_id, sender(identity), method, &arg))
}

/// A look at the state tree.
pub fn read_state(identity: &dyn Identity, path: &[&[u8]]) -> Request {
    let path = path.iter().map(|label| label.to_vec()).collect();
    signed(identity, envelope::read_state(sender(identity), &[path]))
}

fn signed(identity: &dyn Identity, content: EnvelopeContent) -> Request {
    let id = content.to_request_id();
    let signature = identity.sign(&content).expect("the key signs");
    let envelope = Envelope {
        sender_pubkey: signature.public_key,
        sender_sig: signature.signature,
        sender_delegation: signature.delegations,
        ..envelope::bare(content)
    };
    Request { id, body: envelope.encode_bytes() }
}
