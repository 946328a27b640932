//! Envelopes: the contents of a request, and the proof of its sender.
//!
//! The types are those of the interface specification. They are decoded directly, without a tree of CBOR values in
//! between: blobs are byte strings, numbers are numbers, no field comes twice.

use candid::Principal;
use ic_transport_types::{DelegationPermissions, RequestId, to_request_id};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::bounded::Bounded;
use crate::limits::{MAX_DELEGATION_TARGETS, MAX_DELEGATIONS, MAX_PATH_LABELS, MAX_PATHS};

/// A request with the proof of its sender.
#[derive(Debug, Deserialize)]
pub struct Envelope<C> {
    /// The content of the request.
    pub content: C,
    /// The sender's public key, in DER.
    #[serde(default)]
    pub sender_pubkey: Option<ByteBuf>,
    /// The signature of the content's hash.
    #[serde(default)]
    pub sender_sig: Option<ByteBuf>,
    /// The delegations from the sender's key to the one that signed.
    #[serde(default)]
    pub sender_delegation: Option<Bounded<SignedDelegation, MAX_DELEGATIONS>>,
}

/// The fields that all contents have.
pub struct Header<'a> {
    pub request_type: &'a str,
    pub nonce: Option<&'a [u8]>,
    pub ingress_expiry: u64,
    pub sender: Principal,
    /// Whether there is information about the sender.
    pub sender_info: bool,
}

/// The content of a request. Its serialization has the fields of its hash.
pub trait Content: Serialize + Sized {
    /// The fields that every request has.
    fn header(&self) -> Header<'_>;

    /// The canister that the request is for, if it is for one.
    fn canister(&self) -> Option<Principal>;

    /// The id: the hash of the content.
    fn id(&self) -> RequestId {
        to_request_id(self).expect("blobs, texts, numbers and arrays of these have a hash")
    }
}

/// A call or a query.
#[derive(Debug, Deserialize, Serialize)]
pub struct Message {
    request_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<ByteBuf>,
    pub ingress_expiry: u64,
    pub sender: Principal,
    pub canister_id: Principal,
    pub method_name: String,
    pub arg: ByteBuf,
    #[serde(default, skip_serializing)]
    sender_info: Option<IgnoredAny>,
}

impl Content for Message {
    fn header(&self) -> Header<'_> {
        Header {
            request_type: &self.request_type,
            nonce: self.nonce.as_deref().map(Vec::as_slice),
            ingress_expiry: self.ingress_expiry,
            sender: self.sender,
            sender_info: self.sender_info.is_some(),
        }
    }

    fn canister(&self) -> Option<Principal> {
        Some(self.canister_id)
    }
}

/// A path of the state tree, label by label.
pub type Path = Bounded<ByteBuf, MAX_PATH_LABELS>;

/// The paths of the state that are to be read.
#[derive(Debug, Deserialize, Serialize)]
pub struct Reading {
    request_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<ByteBuf>,
    pub ingress_expiry: u64,
    pub sender: Principal,
    pub paths: Bounded<Path, MAX_PATHS>,
}

impl Content for Reading {
    fn header(&self) -> Header<'_> {
        Header {
            request_type: &self.request_type,
            nonce: self.nonce.as_deref().map(Vec::as_slice),
            ingress_expiry: self.ingress_expiry,
            sender: self.sender,
            sender_info: false,
        }
    }

    fn canister(&self) -> Option<Principal> {
        None
    }
}

/// A delegation and its signature, by the key before it.
#[derive(Debug, Deserialize)]
pub struct SignedDelegation {
    pub delegation: Delegation,
    pub signature: ByteBuf,
}

/// A delegation from one key to another.
#[derive(Debug, Deserialize, Serialize)]
pub struct Delegation {
    /// The other key, in DER.
    pub pubkey: ByteBuf,
    /// Nanoseconds since the Unix epoch.
    pub expiration: u64,
    /// The only canisters for which it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Bounded<Principal, MAX_DELEGATION_TARGETS>>,
    /// The only requests for which it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<DelegationPermissions>,
}

impl Delegation {
    /// The signed bytes.
    pub fn signable(&self) -> Vec<u8> {
        let hash = to_request_id(self).expect("blobs, texts, numbers and arrays of these have a hash");
        [b"\x1Aic-request-auth-delegation".as_slice(), hash.as_slice()].concat()
    }
}
