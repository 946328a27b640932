//! Calls are answered at once with a certificate, or accepted and polled. They are executed once, however often they
//! are sent.

use std::time::Duration;

use crate::common::Network;
use crate::common::certificate::{found, hidden, response, status_path, verified};
use crate::common::envelope::*;
use crate::common::http::CallAnswer;
use crate::common::keys::Key;
use crate::common::probe::counted;
use candid::Principal;
use ic_transport_types::{Envelope, QueryResponse};
use serde::Deserialize;

const ANONYMOUS: Principal = Principal::anonymous();

fn anonymous(network: &Network, method: &str, arg: &[u8]) -> Envelope<'static> {
    bare(call(network.canister, ANONYMOUS, method, arg))
}

/// Polls the status of a request until it is answered.
async fn poll(network: &Network, call: &Envelope<'_>, key: Option<&Key>) -> Result<Vec<u8>, (u64, String)> {
    let id = *call.content.to_request_id();
    loop {
        let content = read_state(*call.content.sender(), &[path([b"request_status", &id])]);
        let envelope = key.map_or_else(|| bare(content.clone()), |key| signed(content.clone(), key));
        let tree = network.state(network.canister, &envelope).await;
        if let Some(response) = response(&tree, &id) {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_asynchronous_call_is_taken_in_and_polled_for() {
    let network = Network::probe().await;
    let key = Key::secp256k1(1);
    for (envelope, key) in [
        (anonymous(&network, "echo", b"abc"), None),
        (signed(call(network.canister, key.principal(), "echo", b"abc"), &key), Some(&key)),
    ] {
        let answer = network.send("v2", network.canister, "call", &envelope).await;
        assert_eq!((answer.status, answer.body.as_slice()), (202, &[][..]));
        assert_eq!(poll(&network, &envelope, key).await, Ok(b"abc".to_vec()));
    }
    for (method, code, error) in [("trap", 5, "IC0502"), ("reject", 4, "IC0406"), ("missing", 5, "IC0536")] {
        let envelope = anonymous(&network, method, &[]);
        assert_eq!(network.send("v2", network.canister, "call", &envelope).await.status, 202, "{method}");
        assert_eq!(poll(&network, &envelope, None).await, Err((code, error.to_string())), "{method}");
    }
}

#[tokio::test]
async fn a_synchronous_call_is_answered_with_the_certificate_of_its_response() {
    let network = Network::probe().await;
    for version in ["v3", "v4"] {
        let envelope = anonymous(&network, "echo", b"abc");
        let id = envelope.content.to_request_id();
        let answer: CallAnswer = network.send(version, network.canister, "call", &envelope).await.cbor();
        assert_eq!((answer.status.as_str(), answer.reject_code, answer.error_code), ("replied", None, None));
        let tree = verified(&network.root_key, &answer.certificate.expect("there is a certificate"));
        assert_eq!(response(&tree, id.as_slice()), Some(Ok(b"abc".to_vec())));
        assert_eq!(found(&tree, &status_path(id.as_slice(), "reject_code")), None);
        let hidden_paths = [path([b"canister"]), path([b"subnet"])];
        assert!(hidden_paths.iter().all(|path| hidden(&tree, path)), "it shows the request and the time only");
    }
    for (method, code, error) in [("trap", 5, "IC0502"), ("reject", 4, "IC0406"), ("missing", 5, "IC0536")] {
        let answer = network.call(network.canister, &anonymous(&network, method, &[])).await;
        assert_eq!(answer, Err((code, error.to_string())), "{method}");
    }
}

#[tokio::test]
async fn a_query_method_may_be_called_for_a_certificate() {
    let network = Network::probe().await;
    let key = Key::p256(1);
    let envelope = signed(call(network.canister, key.principal(), "caller_of_query", &[]), &key);
    assert_eq!(network.call(network.canister, &envelope).await, Ok(key.principal().as_slice().to_vec()));
}

#[tokio::test]
async fn a_call_that_is_not_let_in_is_answered_without_certificate_and_leaves_nothing() {
    #[derive(Deserialize, Debug, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    struct Rejection {
        reject_code: u64,
        reject_message: String,
        error_code: String,
    }
    let network = Network::probe().await;
    let envelope = anonymous(&network, "refused_by_inspection", &[]);
    let refused = network.send("v2", network.canister, "call", &envelope).await.cbor::<Rejection>();
    assert_eq!((refused.reject_code, refused.error_code.as_str()), (4, "IC0406"));
    assert!(!refused.reject_message.is_empty());
    for version in ["v3", "v4"] {
        let answer: CallAnswer = network.send(version, network.canister, "call", &envelope).await.cbor();
        let CallAnswer { status, certificate, reject_code, reject_message, error_code } = answer;
        assert_eq!((status.as_str(), certificate), ("non_replicated_rejection", None));
        assert_eq!((reject_code, reject_message), (Some(4), Some(refused.reject_message.clone())));
        assert_eq!(error_code.as_deref(), Some("IC0406"));
    }
    let id = *envelope.content.to_request_id();
    let read = bare(read_state(ANONYMOUS, &[path([b"request_status", &id])]));
    assert_eq!(response(&network.state(network.canister, &read).await, &id), None);
}

#[tokio::test]
async fn calls_to_a_canister_that_is_missing_or_empty_are_not_let_in() {
    let (network, canisters) = Network::start_with(&[crate::common::probe::PROBE, ""]).await;
    let empty = canisters[1];
    let mut missing = network.canister.as_slice().to_vec();
    missing[7] = 0xff;
    let missing = Principal::from_slice(&missing);
    for (canister, code, error) in [(empty, 5, "IC0537"), (missing, 3, "IC0301")] {
        let envelope = bare(call(canister, ANONYMOUS, "count", &[]));
        assert_eq!(network.turned_away(canister, &envelope).await, (code, error.to_string()));
    }
}

#[tokio::test]
async fn a_request_is_executed_once_however_often_it_is_sent() {
    let network = Network::probe().await;
    let key = Key::secp256k1(1);
    let envelope = signed(call(network.canister, key.principal(), "count", &[]), &key);
    // Another signature of the same content is the same request.
    let signature = envelope.sender_sig.as_ref().expect("it is signed");
    let other = Envelope { sender_sig: key.other_form(signature), ..envelope.clone() };
    let at_once = async |envelope: &Envelope<'_>| network.call(network.canister, envelope).await;
    let taken = async |envelope: &Envelope<'_>| {
        assert_eq!(network.send("v2", network.canister, "call", envelope).await.status, 202);
    };
    let first = Ok(1_u32.to_le_bytes().to_vec());
    let (a, b, c, d, (), (), ()) = tokio::join!(
        at_once(&envelope),
        at_once(&other),
        at_once(&envelope),
        at_once(&envelope),
        taken(&envelope),
        taken(&other),
        taken(&envelope)
    );
    assert_eq!([&a, &b, &c, &d], [&first; 4]);
    for envelope in [&envelope, &other] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(at_once(envelope).await, first);
        taken(envelope).await;
        assert_eq!(poll(&network, envelope, Some(&key)).await, first);
    }
    assert_eq!(counted(&network).await, 1);
    let another = signed(call(network.canister, key.principal(), "count", &[]), &key);
    assert_eq!(at_once(&another).await, Ok(2_u32.to_le_bytes().to_vec()));
    assert_eq!(counted(&network).await, 2);
}

#[tokio::test]
async fn a_rejected_request_is_not_executed_again_either() {
    let network = Network::probe().await;
    let envelope = anonymous(&network, "trap", &[]);
    let answers = [
        network.call(network.canister, &envelope).await,
        network.call(network.canister, &envelope).await,
        poll(&network, &envelope, None).await,
    ];
    assert!(answers.iter().all(|answer| *answer == Err((5, "IC0502".to_string()))), "{answers:?}");
}

#[tokio::test]
async fn after_its_expiry_a_request_is_refused_and_its_response_still_there() {
    let network = Network::probe().await;
    let expiry = after(Duration::from_secs(4));
    let envelope = bare(expiring(call(network.canister, ANONYMOUS, "count", &[]), expiry));
    let first = Ok(1_u32.to_le_bytes().to_vec());
    assert_eq!(network.call(network.canister, &envelope).await, first);
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    for version in ["v2", "v3", "v4"] {
        let answer = network.send(version, network.canister, "call", &envelope).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("Invalid request expiry"), "{}", answer.text());
    }
    assert_eq!(poll(&network, &envelope, None).await, first);
    assert_eq!(counted(&network).await, 1);
}

#[tokio::test]
async fn arguments_and_replies_of_nearly_two_mebibytes_pass_and_larger_calls_are_refused() {
    let network = Network::probe().await;
    let large: Vec<u8> = (0..(2_usize << 20) - 1_000).map(|place| (place / 7) as u8).collect();
    let answer = network.call(network.canister, &anonymous(&network, "echo", &large)).await;
    assert!(answer == Ok(large), "the reply is the argument");
    let larger = anonymous(&network, "echo", &vec![0; 2 << 20]);
    for version in ["v2", "v3", "v4"] {
        let answer = network.send(version, network.canister, "call", &larger).await;
        assert_eq!(answer.status, 413, "{}", answer.text());
        assert!(answer.text().contains("more than 2097152"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_query_is_signed_by_the_node_for_its_request() {
    let network = Network::probe().await;
    let read = bare(read_state(ANONYMOUS, &[path([b"subnet"])]));
    let tree = network.state(network.canister, &read).await;
    for method in ["echo_of_query", "trap_of_query"] {
        let envelope = bare(query(network.canister, ANONYMOUS, method, b"abc"));
        let response: QueryResponse = network.ask(&envelope).await.cbor();
        let [signature] = response.signatures() else { panic!("there is one node") };
        let node = path([b"subnet", network.subnet.as_slice(), b"node", signature.identity.as_slice(), b"public_key"]);
        let key = found(&tree, &node).expect("the node is of the subnet");
        let key = ic_ed25519::PublicKey::deserialize_rfc8410_der(&key).expect("it is a key");
        let verifies = |envelope: &Envelope<'_>| {
            let signable = response.signable(envelope.content.to_request_id(), signature.timestamp);
            key.verify_signature(&signable, &signature.signature).is_ok()
        };
        assert!(verifies(&envelope));
        assert!(!verifies(&bare(query(network.canister, ANONYMOUS, method, b"abc"))), "of another nonce");
        let now = before(10 * Duration::from_secs(1))..=after(Duration::ZERO);
        assert!(now.contains(&signature.timestamp), "{}", signature.timestamp);
        match response {
            QueryResponse::Replied { reply, .. } => {
                assert_eq!((method, reply.arg.as_slice()), ("echo_of_query", &b"abc"[..]))
            }
            QueryResponse::Rejected { reject, .. } => {
                assert_eq!((method, reject.reject_code as u8), ("trap_of_query", 5));
                assert_eq!(reject.error_code.as_deref(), Some("IC0502"));
            }
        }
    }
}
