//! Requests outside of the agents' interface: refusals in plain text, and the canister's page.

use ic_agent::identity::AnonymousIdentity;

use super::{Curl, fetch};
use crate::network::Network;
use crate::{blob, encoded, envelopes, identities};

#[test]
fn requests_that_are_none_are_refused_with_a_reason() {
    let network = Network::start();
    let curl = Curl::of(&network);
    let canister = curl.canister;
    let call = envelopes::call(&AnonymousIdentity, canister, "add_message", encoded(()));
    let query = envelopes::query(&AnonymousIdentity, canister, "get_status", encoded(()));
    let mut forged = envelopes::call(&identities::ed25519(), canister, "add_message", encoded(())).body;
    // The last bytes of an envelope are its signature.
    *forged.last_mut().expect("it is long") ^= 1;
    for (path, body, status, reason) in [
        (format!("v2/canister/{canister}/query"), &b"no envelope"[..], 400, "CBOR"),
        (format!("v2/canister/{canister}/query"), &call.body, 400, "query"),
        (format!("v3/canister/{canister}/call"), &query.body, 400, "call"),
        (format!("v3/canister/{canister}/call"), &forged, 400, "signature"),
        (format!("v3/canister/{}/call", network.absent_canister()), &call.body, 400, &canister.to_string()),
        ("v3/canister/nobody/call".to_string(), &call.body, 400, "'nobody'"),
    ] {
        let response = curl.post(&path, body);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(response.status, status, "{path}: {text}");
        assert!(text.contains(reason), "{path} must say {reason}: {text}");
    }
}

#[test]
fn the_status_is_a_page_by_both_ways_to_name_the_canister() {
    let network = Network::start();
    let curl = Curl::of(&network);
    curl.update("add_message", encoded((blob(b"alice"), blob(b"sealed"))));
    let (canister, port) = (curl.canister, network.port());
    for url in [format!("{}/?canisterId={canister}", curl.url), format!("http://{canister}.localhost:{port}/")] {
        let response = fetch(&url, None);
        assert_eq!(response.status, 200, "{url}");
        let status: serde_json::Value = serde_json::from_slice(&response.body).expect("the body is JSON");
        assert_eq!(status["store"]["messages"], 1, "{url}");
    }
    assert_eq!(fetch(&format!("{}/", curl.url), None).status, 404, "no canister is named");
    assert_eq!(fetch(&format!("{}/nothing?canisterId={canister}", curl.url), None).status, 404, "the canister says so");
}
