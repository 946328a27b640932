//! curl: the interface as plain HTTP.
//!
//! curl knows neither CBOR nor signatures, so it cannot refuse anything. The tests make its requests, and verify what
//! it has fetched with the crates that clients use (`verification`). Answers from a network that lies must not pass
//! this verification.

mod http;
mod refusals;

use candid::Principal;
use ic_agent::Identity;
use ic_agent::identity::AnonymousIdentity;
use ic_transport_types::{QueryResponse, ReadStateResponse, RejectCode, TransportCallResponse};
use message_canister::api::*;
use serde_cbor::Value;

use crate::envelopes::{self, Request};
use crate::network::Network;
use crate::programs::{program, run};
use crate::verification::{self, Verified};
use crate::{assert_each_is_its_own_caller, blob, decoded, encoded, identities, item, module_hash, obeyed};
use test_support::artifact::root;

/// curl, for one network.
pub struct Curl {
    url: String,
    pub canister: Principal,
    root_key: Vec<u8>,
}

/// A response.
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Response {
    /// Its CBOR.
    fn value<T: serde::de::DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        serde_cbor::from_slice(&self.body).expect("the body is CBOR of this type")
    }
}

/// Fetches `url`, after posting `body` if there is one.
pub fn fetch(url: &str, body: Option<&[u8]>) -> Response {
    let mut command = program("MESSAGE_CANISTER_CURL", Some("curl"));
    // -q: without the user's own settings.
    command.args(["-q", "--silent", "--show-error", "--max-time", "60", "--write-out", "%{stderr}%{http_code}"]);
    if body.is_some() {
        command.args(["--header", "Content-Type: application/cbor", "--data-binary", "@-"]);
    }
    let outcome = run(command.arg(url), body.unwrap_or_default());
    assert!(outcome.status.success(), "curl {url}: {}", outcome.errors);
    Response { status: outcome.errors.parse().expect("a number"), body: outcome.output }
}

impl Curl {
    pub fn of(network: &Network) -> Self {
        Self::at(network.url(), network.canisters[0])
    }

    fn at(url: String, canister: Principal) -> Self {
        let status = fetch(&format!("{url}/api/v2/status"), None);
        assert!(status.body.starts_with(b"\xd9\xd9\xf7"), "the CBOR describes itself");
        let Value::Map(fields) = status.value() else { panic!("the status is a map") };
        let Value::Bytes(root_key) = &fields[&Value::Text("root_key".into())] else { panic!("the key is bytes") };
        Self { url, canister, root_key: root_key.clone() }
    }

    fn post(&self, path: &str, body: &[u8]) -> Response {
        fetch(&format!("{}/api/{path}", self.url), Some(body))
    }

    /// Reads the state. The answer must be signed by the root key.
    fn read_state(&self, path: &[&[u8]]) -> Result<Verified, String> {
        let request = envelopes::read_state(&AnonymousIdentity, path);
        let response = self.post(&format!("v2/canister/{}/read_state", self.canister), &request.body);
        Verified::new(&response.value::<ReadStateResponse>().certificate, &self.root_key, self.canister)
    }

    fn call(&self, canister: Principal, request: &Request) -> TransportCallResponse {
        self.post(&format!("v3/canister/{canister}/call"), &request.body).value()
    }

    /// The certificate of a call's status.
    fn certified(&self, request: &Request) -> Result<Verified, String> {
        match self.call(self.canister, request) {
            TransportCallResponse::Replied { certificate } => {
                Verified::new(&certificate, &self.root_key, self.canister)
            }
            other => panic!("{other:?}"),
        }
    }

    /// The certified reply of an update by `identity`.
    fn update_as(&self, identity: &dyn Identity, method: &str, argument: Vec<u8>) -> Vec<u8> {
        let request = envelopes::call(identity, self.canister, method, argument);
        let certificate = self.certified(&request).expect("the root key has signed it");
        assert_eq!(certificate.status(&request.id, "status"), b"replied");
        certificate.status(&request.id, "reply").to_vec()
    }

    pub fn update(&self, method: &str, argument: Vec<u8>) -> Vec<u8> {
        self.update_as(&AnonymousIdentity, method, argument)
    }

    /// The answer to a query. It must be signed by a node of the subnet.
    fn response(&self, identity: &dyn Identity, method: &str, argument: Vec<u8>) -> Result<QueryResponse, String> {
        let request = envelopes::query(identity, self.canister, method, argument);
        let response = self.post(&format!("v2/canister/{}/query", self.canister), &request.body);
        let response: QueryResponse = response.value();
        let nodes = self.read_state(&[b"subnet"])?;
        let subnet = nodes.subnet();
        verification::query(&response, request.id, |node| nodes.node_key(subnet, node).to_vec())?;
        Ok(response)
    }

    fn query_as(&self, identity: &dyn Identity, method: &str, argument: Vec<u8>) -> Vec<u8> {
        match self.response(identity, method, argument).expect("a node has signed it") {
            QueryResponse::Replied { reply, .. } => reply.arg,
            QueryResponse::Rejected { reject, .. } => panic!("{reject:?}"),
        }
    }

    pub fn query(&self, method: &str, argument: Vec<u8>) -> Vec<u8> {
        self.query_as(&AnonymousIdentity, method, argument)
    }
}

#[test]
fn messages_are_added_once_and_read_back() {
    let network = Network::start();
    let curl = Curl::of(&network);
    for duplicate in [false, true] {
        let reply = curl.update("add_message", encoded((blob(b"alice"), blob(b"sealed"))));
        assert_eq!(decoded::<Added, AddError>(&reply), Ok(Added { id: 1, duplicate }));
    }
    let reply = curl.update("add_message", encoded((blob(&[1; 65]), blob(b"sealed"))));
    assert_eq!(decoded::<Added, AddError>(&reply), Err(AddError::KeyIdLength(TooLong { length: 65, max: 64 })));
    let message = decoded::<Found, GetError>(&curl.query("get_message_by_id", encoded((1u32,))));
    assert_eq!(message.expect("it is stored").message.ciphertext, b"sealed");
    let unknown = decoded::<Found, GetError>(&curl.query("get_message_by_id", encoded((2u32,))));
    assert_eq!(unknown, Err(GetError::UnknownId { id: 2, last: 1 }));
}

#[test]
fn a_batch_is_added_and_read_in_pages() {
    let network = Network::start();
    let curl = Curl::of(&network);
    let batch: Vec<NewMessage> = (1..=5u8).map(|n| item(b"bob", &[n; 100])).collect();
    let reply = curl.update("add_messages", encoded((batch,)));
    let results = decoded::<Vec<Result<Added, AddError>>, BatchError>(&reply).expect("it is short enough");
    assert_eq!(results, [1, 2, 3, 4, 5].map(|id| Ok(Added { id, duplicate: false })));
    for (after, ids, next) in [(0, &[1, 2, 3][..], 3), (3, &[4, 5], 0)] {
        let start = if after == 0 { Start::beginning } else { Start::after(after) };
        let cursor = KeyCursor { start, order: Order::ascending, limit: 3, prove: false };
        let reply = curl.query("get_messages_by_key", encoded((blob(b"bob"), cursor)));
        let page = decoded::<Page, PageError>(&reply).expect("the cursor is one");
        assert_eq!(page.messages.iter().map(|message| message.id).collect::<Vec<_>>(), ids, "after {after}");
        assert_eq!(page.next, next, "after {after}");
    }
    let all = Cursor { after: 0, order: Order::descending, limit: 9 };
    let reply = curl.query("get_messages_by_time", encoded((0u32, u32::MAX, all)));
    let page = decoded::<Page, PageError>(&reply).expect("the times are in order");
    assert_eq!(page.messages.iter().map(|message| message.id).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
}

/// The asynchronous call: the network only accepts it, and the client polls its status.
#[test]
fn a_call_that_is_only_taken_in_is_polled() {
    let network = Network::start();
    let curl = Curl::of(&network);
    let argument = encoded((blob(b"alice"), blob(b"sealed")));
    let request = envelopes::call(&AnonymousIdentity, curl.canister, "add_message", argument);
    let response = curl.post(&format!("v2/canister/{}/call", curl.canister), &request.body);
    assert_eq!((response.status, &response.body[..]), (202, &b""[..]));
    let answered = (0..100).find_map(|_| {
        let certificate = curl.read_state(&[b"request_status", request.id.as_slice()]).expect("it is signed");
        (certificate.status(&request.id, "status") == b"replied").then_some(certificate)
    });
    let certificate = answered.expect("it is answered within a hundred looks");
    let reply = decoded::<Added, AddError>(certificate.status(&request.id, "reply"));
    assert_eq!(reply, Ok(Added { id: 1, duplicate: false }));
}

#[test]
fn traps_missing_methods_and_missing_canisters_are_told_apart() {
    let network = Network::start();
    let curl = Curl::of(&network);
    for (method, error_code) in [("get_message_by_id", "IC0503"), ("missing", "IC0536")] {
        // As an update.
        let request = envelopes::call(&AnonymousIdentity, curl.canister, method, b"no candid".to_vec());
        let certificate = curl.certified(&request).expect("the root key has signed it");
        assert_eq!(certificate.status(&request.id, "status"), b"rejected", "{method}");
        assert_eq!(certificate.status(&request.id, "reject_code"), [RejectCode::CanisterError as u8], "{method}");
        assert_eq!(certificate.status(&request.id, "error_code"), error_code.as_bytes(), "{method}");
    }
    for (method, error_code) in [("get_message_by_id", "IC0503"), ("missing", "IC0536")] {
        let response = curl.response(&AnonymousIdentity, method, b"no candid".to_vec()).expect("a node has signed it");
        let QueryResponse::Rejected { reject, .. } = response else { panic!("{response:?}") };
        assert_eq!(reject.reject_code, RejectCode::CanisterError, "{method}");
        assert_eq!(reject.error_code.as_deref(), Some(error_code), "{method}");
    }
    let nobody = network.absent_canister();
    let request = envelopes::call(&AnonymousIdentity, nobody, "add_message", encoded(()));
    let response = curl.call(nobody, &request);
    let TransportCallResponse::NonReplicatedRejection(reject) = response else { panic!("{response:?}") };
    assert_eq!(reject.reject_code, RejectCode::DestinationInvalid);
    assert_eq!(reject.error_code.as_deref(), Some("IC0301"));
}

#[test]
fn rejections_of_canisters_are_told() {
    let network = Network::rejecting();
    let curl = Curl::of(&network);
    let request = envelopes::call(&AnonymousIdentity, curl.canister, "reject", encoded(()));
    let certificate = curl.certified(&request).expect("the root key has signed it");
    for (label, expected) in [
        ("status", &b"rejected"[..]),
        ("reject_code", &[RejectCode::CanisterReject as u8]),
        ("reject_message", b"no"),
        ("error_code", b"IC0406"),
    ] {
        assert_eq!(certificate.status(&request.id, label), expected, "{label}");
    }
    let response = curl.response(&AnonymousIdentity, "reject_of_query", encoded(())).expect("a node has signed it");
    let QueryResponse::Rejected { reject, .. } = response else { panic!("{response:?}") };
    assert_eq!((reject.reject_code, &reject.reject_message[..]), (RejectCode::CanisterReject, "no"));
    let request = envelopes::call(&AnonymousIdentity, curl.canister, "refused", encoded(()));
    let response = curl.call(curl.canister, &request);
    let TransportCallResponse::NonReplicatedRejection(reject) = response else { panic!("{response:?}") };
    assert_eq!((reject.reject_code, reject.error_code.as_deref()), (RejectCode::CanisterReject, Some("IC0406")));
}

#[test]
fn metadata_and_the_module_hash_are_certified() {
    let network = Network::start();
    let curl = Curl::of(&network);
    let canister = curl.canister.as_slice();
    let interface = [&b"canister"[..], canister, b"metadata", b"candid:service"];
    let certificate = curl.read_state(&interface).expect("it is signed");
    assert_eq!(certificate.at(&interface), std::fs::read(root().join("canister.did")).expect("the file is there"));
    let absent = [&b"canister"[..], canister, b"metadata", b"absent"];
    assert!(curl.read_state(&absent).expect("it is signed").proves_absent(&absent));
    let hash = [&b"canister"[..], canister, b"module_hash"];
    assert_eq!(curl.read_state(&hash).expect("it is signed").at(&hash), module_hash());
}

#[test]
fn every_identity_is_its_own_caller() {
    let identities = identities::of_every_client();
    let names = identities.each_ref().map(|(name, _)| *name);
    let network = Network::controlled_by(&identities.each_ref().map(|(_, key)| identities::principal(&**key)));
    assert_each_is_its_own_caller(&names, |canister, caller| {
        let curl = Curl::at(network.url(), network.canisters[canister]);
        let identity = &*identities[caller].1;
        let settings = curl.update_as(identity, "set_settings", encoded((0u32, Vec::<Setting>::new())));
        let check = curl.query_as(identity, "check", encoded((CheckCursor::default(),)));
        obeyed(decoded(&settings), decoded(&check))
    });
}
