//! The answer to a call that takes longer than its client waits. The clock of the timeouts moves only as these tests
//! say; the engine's clock runs.

use std::time::SystemTime;

use axum::body::Body;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use ic_transport_types::EnvelopeContent;
use local_ic::{LocalIc, Time};
use test_support::envelope::{bare, call, expiring};

use super::super::router;
use super::*;

/// `spin` takes some seconds, and `nop` nothing.
const CANISTER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (func (export "canister_update spin") (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 3000000000))))
        (call $reply))
    (func (export "canister_update nop") (call $reply)))"#;

struct Network {
    router: TowerToHyperService<axum::Router>,
    canister: Principal,
}

impl Network {
    fn start() -> Self {
        let engine = LocalIc::new();
        engine.set_time(Time::from(SystemTime::now()));
        let canister = engine.create_canister();
        engine.install_canister(canister, wat::parse_str(CANISTER).expect("the text is legal"), vec![], None);
        let state = crate::State::in_memory(engine).expect("there is randomness");
        let (node, _) = Node::start(state).expect("there is a thread");
        Self { router: TowerToHyperService::new(router(node, None)), canister }
    }

    /// The status of the answer to a call. Calls of one method are the same call.
    async fn call(&self, version: &str, method: &str, expiry: u64) -> StatusCode {
        let mut content = expiring(call(self.canister, Principal::anonymous(), method, &[]), expiry);
        if let EnvelopeContent::Call { nonce, .. } = &mut content {
            *nonce = None;
        }
        let envelope = bare(content);
        let request = axum::http::Request::post(format!("/api/{version}/canister/{}/call", self.canister))
            .header("content-type", "application/cbor")
            .body(Body::from(envelope.encode_bytes()))
            .expect("it is legal");
        match self.router.call(request).await {
            Ok(response) => response.status(),
            Err(never) => match never {},
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_taken_in_while_it_is_executed_and_not_while_it_waits() {
    let network = Network::start();
    let expiry = crate::clock::nanos() + 200_000_000_000;
    // At first the executor may not have seen it.
    while network.call("v4", "spin", expiry).await == StatusCode::SERVICE_UNAVAILABLE {}
    for version in ["v2", "v3", "v4"] {
        assert_eq!(network.call(version, "spin", expiry).await, StatusCode::ACCEPTED, "{version}, in its first round");
        assert_eq!(network.call(version, "nop", expiry).await, StatusCode::SERVICE_UNAVAILABLE, "{version}, behind it");
    }
    // Sent again they are the calls that they were.
    for method in ["spin", "nop"] {
        while network.call("v4", method, expiry).await != StatusCode::OK {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
