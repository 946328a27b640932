//! Connections that are many, slow, broken or odd do not keep the network from answering others.

use std::time::{Duration, Instant};

use crate::common::Network;
use crate::common::envelope::*;
use crate::common::http::{Connection, head};
use candid::Principal;
use ic_transport_types::QueryResponse;
use local_network::limits::{MAX_CONNECTIONS, SMALL_BODY_BYTES};

const ANONYMOUS: Principal = Principal::anonymous();
/// Maximum time of an answer while others keep the network busy with nothing.
const SOON: Duration = Duration::from_secs(10);

async fn connections(network: &Network, count: usize) -> Vec<Connection> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(network.connect().await);
    }
    connections
}

/// Asserts that status, query, call and `read_state` are answered, soon.
async fn assert_serves(network: &Network) {
    let start = Instant::now();
    let canister = network.canister;
    let all = async {
        network.assert_alive().await;
        assert_eq!(network.ask(&bare(query(canister, ANONYMOUS, "echo_of_query", b"abc"))).await.status, 200);
        let called = network.call(canister, &bare(call(canister, ANONYMOUS, "echo", b"abc"))).await;
        assert_eq!(called, Ok(b"abc".to_vec()));
        network.state(canister, &bare(read_state(ANONYMOUS, &[]))).await;
    };
    tokio::time::timeout(SOON, all).await.unwrap_or_else(|_| panic!("no answer in {:?}", start.elapsed()));
}

/// The head of a query with so many bytes of body.
fn query_head(network: &Network, length: usize) -> Vec<u8> {
    let url = format!("/api/v3/canister/{}/query", network.canister);
    head("POST", &url, &[("content-type", "application/cbor")], length)
}

#[tokio::test]
async fn a_thousand_idle_connections_keep_nobody_waiting() {
    let network = Network::probe().await;
    let mut idle = connections(&network, 1_000).await;
    assert_serves(&network).await;
    // They are open still: each is answered when it asks.
    for connection in &mut idle {
        connection.send(b"GET /api/v2/status HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    }
    for connection in &mut idle {
        assert_eq!(connection.answer().await.expect("it is open").status, 200);
    }
    assert_serves(&network).await;
}

#[tokio::test]
async fn heads_that_never_end_keep_nobody_waiting() {
    let network = Network::probe().await;
    let mut half_open = connections(&network, 800).await;
    let head = query_head(&network, 100);
    for (number, connection) in half_open.iter_mut().enumerate() {
        connection.send(&head[..number % head.len()]).await;
    }
    assert_serves(&network).await;
}

#[tokio::test]
async fn bodies_that_never_come_keep_nobody_waiting() {
    let network = Network::probe().await;
    let mut waiting = connections(&network, 600).await;
    for (number, connection) in waiting.iter_mut().enumerate() {
        // Nothing, a little, and more than a small body.
        let sent = [0, 1, 100, 100_000][number % 4];
        connection.send(&[&query_head(&network, 1 << 20)[..], &vec![0xd9; sent]].concat()).await;
    }
    assert_serves(&network).await;
}

#[tokio::test]
async fn a_body_may_come_byte_by_byte() {
    let network = Network::probe().await;
    let body = bare(query(network.canister, ANONYMOUS, "echo_of_query", b"abc")).encode_bytes();
    let mut slow = network.connect().await;
    for byte in query_head(&network, body.len()).iter().chain(&body) {
        slow.send(&[*byte]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(slow.answer().await.expect("it is answered").status, 200);
}

#[tokio::test]
async fn requests_that_are_sent_at_once_are_answered_in_their_order() {
    let network = Network::probe().await;
    let mut sent = Vec::new();
    let mut expected = Vec::new();
    for number in 0..30_u32 {
        let body = bare(query(network.canister, ANONYMOUS, "echo_of_query", &number.to_be_bytes())).encode_bytes();
        sent.extend(query_head(&network, body.len()));
        sent.extend(body);
        expected.push(Some(number.to_be_bytes().to_vec()));
        // One that is refused does not end the connection.
        sent.extend(query_head(&network, 3));
        sent.extend(b"bad");
        expected.push(None);
    }
    let mut connection = network.connect().await;
    connection.send(&sent).await;
    for expected in expected {
        let answer = connection.answer().await.expect("it is answered");
        assert_eq!(answer.status, if expected.is_some() { 200 } else { 400 });
        if let Some(expected) = expected {
            let QueryResponse::Replied { reply, .. } = answer.cbor() else { panic!("it replies") };
            assert_eq!(reply.arg, expected);
        }
    }
}

#[tokio::test]
async fn connections_that_break_anywhere_are_their_clients_concern() {
    let network = Network::probe().await;
    let body = bare(call(network.canister, ANONYMOUS, "echo", &[7; 100_000])).encode_bytes();
    let url = format!("/api/v4/canister/{}/call", network.canister);
    let whole = [&head("POST", &url, &[("content-type", "application/cbor")], body.len())[..], &body].concat();
    for sent in [0, 1, 20, 100, 200, 10_000, whole.len() - 1, whole.len()] {
        for _ in 0..5 {
            let mut connection = network.connect().await;
            connection.send(&whole[..sent]).await;
            drop(connection);
        }
    }
    // It goes away while it is being answered.
    for _ in 0..5 {
        let mut connection = network.connect().await;
        connection.send(&[&whole[..], &whole[..]].concat()).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(connection);
    }
    assert_serves(&network).await;
}

/// A call is executed whether or not its client waits for the answer.
#[tokio::test]
async fn a_call_is_executed_though_its_client_is_gone() {
    let network = Network::probe().await;
    let url = format!("/api/v4/canister/{}/call", network.canister);
    let counting = bare(call(network.canister, ANONYMOUS, "count", &[]));
    // The first keeps the second waiting until its client is gone.
    for envelope in [&bare(call(network.canister, ANONYMOUS, "spin", &500_u32.to_le_bytes())), &counting] {
        let body = envelope.encode_bytes();
        let mut connection = network.connect().await;
        let head = head("POST", &url, &[("content-type", "application/cbor")], body.len());
        connection.send(&[&head[..], &body].concat()).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(connection);
    }
    let counted = async {
        loop {
            let envelope = bare(query(network.canister, ANONYMOUS, "counted", &[]));
            let QueryResponse::Replied { reply, .. } = network.ask(&envelope).await.cbor() else {
                panic!("it replies")
            };
            if reply.arg == 1_u32.to_le_bytes() {
                break;
            }
        }
    };
    tokio::time::timeout(SOON, counted).await.expect("the call is executed");
    assert_eq!(network.call(network.canister, &counting).await, Ok(1_u32.to_le_bytes().to_vec()), "once");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_and_is_served_then() {
    let network = Network::probe().await;
    let mut all = connections(&network, MAX_CONNECTIONS).await;
    // The last of them is accepted once it is answered.
    let last = all.last_mut().expect("there are some");
    last.send(b"GET /api/v2/status HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(last.answer().await.expect("it is within the limit").status, 200);
    let mut beyond = network.connect().await;
    beyond.send(b"GET /api/v2/status HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let waiting = tokio::time::timeout(Duration::from_millis(300), beyond.answer()).await;
    assert!(waiting.is_err(), "it waits: {waiting:?}");
    drop(all.pop());
    assert_eq!(beyond.answer().await.expect("there is room").status, 200);
}

/// Each connection holds only the bytes that it has sent, and does not reserve room for a large body.
#[tokio::test]
async fn large_bodies_that_come_slowly_keep_no_large_call_waiting() {
    let network = Network::probe().await;
    let mut slow = Vec::new();
    for count in [64, 200] {
        while slow.len() < count {
            let mut connection = network.connect().await;
            connection.send(&[&query_head(&network, 4 << 20)[..], &vec![0xd9; SMALL_BODY_BYTES + 1]].concat()).await;
            slow.push(connection);
        }
        let argument = vec![7; (2 << 20) - 1_000];
        let large = bare(call(network.canister, ANONYMOUS, "echo", &argument));
        let called = tokio::time::timeout(SOON, network.call(network.canister, &large)).await;
        assert!(called.expect("it waits for none of them") == Ok(argument), "{count} slow bodies");
        assert_serves(&network).await;
    }
}

/// A client that waits for a round takes nothing that others need.
#[tokio::test]
async fn a_thousand_calls_that_wait_are_all_answered() {
    let network = Network::probe().await;
    let url = format!("/api/v4/canister/{}/call", network.canister);
    let mut waiting = connections(&network, 1_001).await;
    for (number, connection) in waiting.iter_mut().enumerate() {
        // The first keeps the others waiting.
        let content = match number {
            0 => call(network.canister, ANONYMOUS, "spin", &500_u32.to_le_bytes()),
            _ => call(network.canister, ANONYMOUS, "count", &[]),
        };
        let body = bare(content).encode_bytes();
        let head = head("POST", &url, &[("content-type", "application/cbor")], body.len());
        connection.send(&[&head[..], &body].concat()).await;
    }
    network.assert_alive().await;
    for connection in &mut waiting {
        let answer = connection.answer().await.expect("it is answered");
        assert!([200, 202].contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
    let counted = network.ask(&bare(query(network.canister, ANONYMOUS, "counted", &[]))).await;
    let QueryResponse::Replied { reply, .. } = counted.cbor() else { panic!("it replies") };
    assert_eq!(reply.arg, 1_000_u32.to_le_bytes());
}

/// Running work is bounded even if nobody waits for it, and nothing is begun for clients who have
/// left.
#[tokio::test]
async fn clients_that_leave_during_slow_queries_leave_no_work_behind() {
    let network = Network::probe().await;
    let slow = bare(query(network.canister, ANONYMOUS, "spin_of_query", &200_u32.to_le_bytes())).encode_bytes();
    let asked = [&query_head(&network, slow.len())[..], &slow].concat();
    let mut leaving = connections(&network, 600).await;
    for connection in &mut leaving {
        connection.send(&asked).await;
    }
    // While they wait, certificates are made.
    let read = async {
        network.assert_alive().await;
        network.state(network.canister, &bare(read_state(ANONYMOUS, &[path([b"time"])]))).await;
    };
    tokio::time::timeout(SOON, read).await.expect("it does not wait for queries");
    drop(leaving);
    assert_serves(&network).await;
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    let network = Network::probe().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: unknown\r\n\r\n",
    ] {
        let mut connection = network.connect().await;
        connection.send(garbage).await;
        if let Some(answer) = connection.answer().await {
            assert_eq!(answer.status, 400, "{garbage:02x?}");
        }
        assert!(connection.closes().await, "{garbage:02x?}");
    }
    network.assert_alive().await;
}

#[tokio::test]
async fn heads_are_of_limited_size() {
    let network = Network::probe().await;
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(1 << 20));
    for headers in [many, long] {
        let mut connection = network.connect().await;
        connection.send(format!("GET /api/v2/status HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
        // The server may have hung up before it was sent whole.
        if let Some(answer) = connection.answer().await {
            assert_eq!(answer.status, 431);
        }
        assert!(connection.closes().await);
    }
    let mut connection = network.connect().await;
    connection.send(format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000)).as_bytes()).await;
    let answer = connection.answer().await.expect("it is answered");
    assert!([404, 414].contains(&answer.status), "{}", answer.status);
    network.assert_alive().await;
}

#[tokio::test]
async fn older_clients_and_those_that_ask_before_they_send_are_served() {
    let network = Network::probe().await;
    let mut connection = network.connect().await;
    connection.send(b"GET /api/v2/status HTTP/1.0\r\n\r\n").await;
    assert_eq!(connection.answer().await.expect("it is answered").status, 200);
    assert!(connection.closes().await, "HTTP/1.0 has one request a connection");
    let mut connection = network.connect().await;
    connection.send(b"GET /api/v2/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(connection.answer().await.expect("it is answered").status, 200);
    assert!(connection.closes().await);
    let body = bare(query(network.canister, ANONYMOUS, "echo_of_query", b"abc")).encode_bytes();
    let url = format!("/api/v3/canister/{}/query", network.canister);
    let headers = [("content-type", "application/cbor"), ("expect", "100-continue")];
    let mut connection = network.connect().await;
    connection.send(&head("POST", &url, &headers, body.len())).await;
    assert_eq!(connection.answer().await.expect("it is told to go on").status, 100);
    connection.send(&body).await;
    assert_eq!(connection.answer().await.expect("it is answered").status, 200);
}
