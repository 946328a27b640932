//! A query gets the certificate of its canister's certified data, signed by the network's key.

use crate::common::Network;
use crate::common::certificate::{found, verified};
use crate::common::envelope::path;
use ic_agent::Agent;

const CANISTER: &str = r#"(module
    (import "ic0" "certified_data_set" (func $set (param i32 i32)))
    (import "ic0" "data_certificate_size" (func $size (result i32)))
    (import "ic0" "data_certificate_copy" (func $copy (param i32 i32 i32)))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (memory 1)
    (data (i32.const 0) "what is certified")
    (func (export "canister_update certify") (call $set (i32.const 0) (i32.const 17)) (call $reply))
    (func (export "canister_query certificate")
        (call $copy (i32.const 64) (i32.const 0) (call $size))
        (call $append (i32.const 64) (call $size))
        (call $reply)))"#;

#[tokio::test]
async fn a_query_finds_its_canisters_certificate() {
    let (network, _) = Network::start_with(&[CANISTER]).await;
    let agent = Agent::builder().with_url(&network.url).build().expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    let place = path([b"canister".as_slice(), network.canister.as_slice(), b"certified_data"]);
    let certified = async || {
        let reply = agent.query(&network.canister, "certificate").with_arg([]).call().await;
        found(&verified(&network.root_key, &reply.expect("it replies")), &place)
    };
    assert_eq!(certified().await.as_deref(), Some(b"".as_slice()), "nothing is certified yet");
    agent.update(&network.canister, "certify").with_arg([]).call_and_wait().await.expect("it replies");
    assert_eq!(certified().await.as_deref(), Some(b"what is certified".as_slice()));
}
