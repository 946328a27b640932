//! Calls that wait for their round until they expire, and calls that wait for others for ever.

use std::time::Duration;

use crate::common::Network;
use crate::common::certificate::{found, response};
use crate::common::envelope::*;
use crate::common::http::{CallAnswer, Connection, head};
use crate::common::probe::counted;
use candid::Principal;

const ANONYMOUS: Principal = Principal::anonymous();
/// Millions of steps that are more than a round has.
const MORE_THAN_A_ROUND: u32 = 1_000;

/// Sends a call on a connection of its own, and does not wait for the answer.
async fn send(network: &Network, version: &str, canister: Principal, method: &str, arg: &[u8]) -> Connection {
    let body = bare(call(canister, ANONYMOUS, method, arg)).encode_bytes();
    let path = format!("/api/{version}/canister/{canister}/call");
    let mut connection = network.connect().await;
    connection.send(&head("POST", &path, &[("content-type", "application/cbor")], body.len())).await;
    connection.send(&body).await;
    connection
}

/// Keeps the network executing while the connections are there: each of these calls takes more than a round.
async fn occupy(network: &Network, calls: usize) -> Vec<Connection> {
    let mut connections = Vec::new();
    for _ in 0..calls {
        connections.push(send(network, "v4", network.canister, "spin", &MORE_THAN_A_ROUND.to_le_bytes()).await);
    }
    connections
}

/// A client that sees that a call has expired without a status may make it again. So the call must not be executed later.
#[tokio::test]
async fn a_call_that_expires_before_its_turn_is_not_executed() {
    let network = Network::probe().await;
    let mut pause = Duration::from_millis(200);
    let mut in_time = 0;
    loop {
        let _occupied = occupy(&network, 2).await;
        tokio::time::sleep(pause).await;
        let count = call(network.canister, ANONYMOUS, "count", &[]);
        let late = bare(expiring(count, after(Duration::from_millis(500))));
        let answer: CallAnswer = loop {
            let answer = network.send("v4", network.canister, "call", &late).await;
            // It was not accepted in time, and may be sent again.
            if answer.status != 503 {
                break answer.cbor();
            }
        };
        let error = match answer.status.as_str() {
            // It was not accepted before it expired; or it was, and not begun.
            "non_replicated_rejection" => Some(answer.error_code.expect("it has an error code")),
            _ => {
                let certificate = answer.certificate.expect("it is certified");
                let tree = crate::common::certificate::verified(&network.root_key, &certificate);
                let id = late.content.to_request_id();
                response(&tree, id.as_slice()).expect("it is answered").err().map(|(_, code)| code)
            }
        };
        if let Some(error) = error {
            assert_eq!(error, "IC0202");
            break;
        }
        // A busy machine has not begun the others before it, so it was not late.
        in_time += 1;
        pause *= 4;
        assert!(pause < Duration::from_secs(30), "no machine is that busy");
    }
    network.call(network.canister, &bare(call(network.canister, ANONYMOUS, "count", &[]))).await.expect("it counts");
    assert_eq!(counted(&network).await, in_time + 1);
}

/// A client that sees, at a time after its expiry, that a call has no status may make it again. A call has no status while it
/// is executed. So the certified time stops at the call's expiry until then.
#[tokio::test]
async fn a_call_that_is_executed_is_not_proved_absent_after_its_expiry() {
    let network = Network::probe().await;
    let expiry = after(Duration::from_millis(300));
    // A fast machine too takes longer for it than until its expiry.
    let spin = call(network.canister, ANONYMOUS, "spin", &MORE_THAN_A_ROUND.to_le_bytes());
    let spin = bare(expiring(spin, expiry));
    let id = *spin.content.to_request_id();
    let status = [path([b"request_status", &id])];
    let watch = async {
        let mut looks_after_expiry = 0;
        loop {
            let late = after(Duration::ZERO) > expiry;
            let tree = network.state(network.canister, &bare(read_state(ANONYMOUS, &status))).await;
            if response(&tree, &id).is_some() {
                return looks_after_expiry;
            }
            let time = found(&tree, &path([b"time"])).expect("every certificate has a time");
            let time = leb128::read::unsigned(&mut time.as_slice()).expect("it is a number");
            assert!(time <= expiry, "it is shown as unknown {} ns after its expiry", time - expiry);
            looks_after_expiry += u32::from(late);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (answer, looks_after_expiry) = tokio::join!(network.send("v4", network.canister, "call", &spin), watch);
    assert!(answer.status == 200 || answer.status == 202, "{}", answer.text());
    assert!(looks_after_expiry > 0, "it was executed too fast to be looked at");
}

/// More calls than a block has wait for others; what would release them is executed all the same.
#[tokio::test]
async fn more_than_a_thousand_open_calls_stop_nothing() {
    let (network, canisters) = Network::start_with(&[crate::common::probe::PROBE; 6]).await;
    // Each open call takes a part of each round. So many calls come within few rounds.
    for _ in 0..5 {
        let mut connections = Vec::new();
        for canister in &canisters[1..] {
            for _ in 0..41 {
                connections.push(send(&network, "v2", *canister, "wait", &[]).await);
            }
        }
        for mut connection in connections {
            assert_eq!(connection.answer().await.expect("it is answered").status, 202);
        }
    }
    let counted = network.call(network.canister, &bare(call(network.canister, ANONYMOUS, "count", &[]))).await;
    assert_eq!(counted, Ok(vec![1, 0, 0, 0]));
}
