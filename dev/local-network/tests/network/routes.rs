//! Bodies, methods, paths and media types: the checks before a request is decoded.

use crate::common::Network;
use crate::common::endpoints::{NO_ENVELOPE, endpoints};
use crate::common::envelope::*;
use crate::common::http::head;
use crate::common::keys::Key;
use candid::Principal;
use ic_transport_types::Envelope;

const ANONYMOUS: Principal = Principal::anonymous();
const MAX_BODY: usize = local_network::limits::MAX_BODY_BYTES;

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused_before_they_are_sent() {
    let network = Network::probe().await;
    let headers = [("content-type", "application/cbor")];
    for endpoint in &endpoints(&network) {
        for length in [MAX_BODY + 1, 1 << 40] {
            let mut connection = network.connect().await;
            connection.send(&head("POST", &endpoint.url, &headers, length)).await;
            let answer = connection.answer().await.expect("it does not wait for the body");
            assert_eq!(answer.status, 413, "{}", answer.text());
            assert!(answer.text().contains(&format!("larger than {MAX_BODY} bytes")), "{}", answer.text());
        }
    }
    network.assert_alive().await;
}

#[tokio::test]
async fn bodies_of_any_size_up_to_the_limit_are_read() {
    let network = Network::probe().await;
    let [_, query, _] = endpoints(&network);
    for length in [1, 64 << 10, (64 << 10) + 1, 1 << 20, MAX_BODY] {
        let answer = network.post(&query.url, &vec![0xff; length]).await;
        assert_eq!((answer.status, answer.text().contains(NO_ENVELOPE)), (400, true), "{}", answer.text());
    }
}

#[tokio::test]
async fn chunks_are_put_together_and_cut_off_at_the_limit() {
    let network = Network::probe().await;
    let [_, query, _] = endpoints(&network);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cbor\r\ntransfer-encoding: chunked\r\n\r\n",
        query.url
    );
    let mut connection = network.connect().await;
    connection.send(head.as_bytes()).await;
    for byte in &query.body {
        connection.send(&[b"1\r\n", &[*byte][..], b"\r\n"].concat()).await;
    }
    connection.send(b"0\r\n\r\n").await;
    assert_eq!(connection.answer().await.expect("it is answered").status, 200);

    let mut connection = network.connect().await;
    connection.send(head.as_bytes()).await;
    let chunk = [&b"10000\r\n"[..], &[0; 0x10000], b"\r\n"].concat();
    for _ in 0..=MAX_BODY >> 16 {
        connection.send(&chunk).await;
    }
    assert_eq!(connection.answer().await.expect("it is answered").status, 413);

    for broken in ["zz\r\n\r\n", "ffffffffffffffffff\r\n", "-1\r\n", "3\r\nabcd\r\n0\r\n\r\n"] {
        let mut connection = network.connect().await;
        connection.send(&[head.as_bytes(), broken.as_bytes()].concat()).await;
        let answer = connection.answer().await.expect("it is answered");
        assert_eq!(answer.status, 400, "{broken}: {}", answer.text());
        assert!(connection.closes().await, "what follows is no request");
    }
    network.assert_alive().await;
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let network = Network::probe().await;
    let subnet = format!("/api/v2/subnet/{}/read_state", network.subnet);
    let mut urls = vec![("POST", subnet), ("GET,HEAD", "/api/v2/status".to_string())];
    for version in ["v2", "v3", "v4"] {
        let endpoints: &[&str] = if version == "v4" { &["call"] } else { &["call", "query", "read_state"] };
        let url = |endpoint: &&str| ("POST", format!("/api/{version}/canister/{}/{endpoint}", network.canister));
        urls.extend(endpoints.iter().map(url));
    }
    for (allowed, url) in urls {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "CONNECTED"] {
            if allowed.split(',').any(|allowed| allowed == method) {
                continue;
            }
            let answer = network.request(method, &url, &[("content-type", "application/cbor")], b"").await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {url}");
        }
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let network = Network::probe().await;
    let id = network.canister;
    for url in [
        "/api".to_string(),
        "/api/v2".to_string(),
        "/api/v1/status".to_string(),
        "/api/v2/status/".to_string(),
        "/api/v2/status/more".to_string(),
        format!("/api/v1/canister/{id}/call"),
        format!("/api/v5/canister/{id}/call"),
        format!("/api/v4/canister/{id}/query"),
        format!("/api/v2/canister/{id}"),
        format!("/api/v2/canister/{id}/"),
        format!("/api/v2/canister/{id}/update"),
        format!("/api/v2/canister/{id}/call/more"),
        format!("/api/v2/subnet/{}/call", network.subnet),
        format!("//api/v2/canister/{id}/call"),
    ] {
        for method in ["GET", "POST"] {
            let answer = network.request(method, &url, &[("content-type", "application/cbor")], b"\xa0").await;
            assert_eq!(answer.status, 404, "{method} {url}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_request_says_that_it_is_cbor() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let answer = network.request("POST", &endpoint.url, &[], &endpoint.body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("must say its content-type, application/cbor"), "{}", answer.text());
        for other in
            ["text/plain", "application/json", "application/cborish", "cbor", "", "application/x-www-form-urlencoded"]
        {
            let answer = network.request("POST", &endpoint.url, &[("content-type", other)], &endpoint.body).await;
            assert_eq!(answer.status, 400, "{other}");
            assert!(answer.text().contains(&format!("application/cbor, not \"{other}\"")), "{}", answer.text());
        }
        for same in ["application/cbor", "Application/CBOR", "application/cbor; charset=binary"] {
            let answer = network.request("POST", &endpoint.url, &[("content-type", same)], &endpoint.body).await;
            assert_eq!(answer.status, 200, "{same}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn the_principal_in_a_path_must_be_one() {
    let network = Network::probe().await;
    let id = network.canister.to_text();
    let changed = id.replacen(id.chars().next().expect("it is long"), "2", 1);
    for bad in [
        "x",
        "aaaaa",
        "0",
        "....",
        "%00",
        "%2e%2e",
        "a%20b",
        &changed,
        &id.replace('-', ""),
        &format!("{id}-aaaaa"),
        &"a".repeat(2_000),
    ] {
        for endpoint in &endpoints(&network) {
            let answer = network.post(&endpoint.url.replace(&id, bad), &endpoint.body).await;
            assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
            assert!(answer.text().contains("in the path is not a principal"), "{bad}: {}", answer.text());
        }
        let answer = network.post(&format!("/api/v2/subnet/{bad}/read_state"), b"\xa0").await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
    }
    let answer = network.post("/api/v2/canister/%ff/call", b"\xa0").await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[tokio::test]
async fn canisters_of_other_subnets_are_not_found_here() {
    let network = Network::probe().await;
    let foreign = Principal::from_text("ryjl3-tyaaa-aaaaa-aaaba-cai").expect("it is an id");
    let (user, anonymous) = (Key::ed25519(1).principal(), ANONYMOUS);
    for id in [foreign, user, anonymous, network.subnet, Principal::from_slice(&[0xff; 29])] {
        let envelopes =
            [("call", bare(call(id, ANONYMOUS, "count", &[]))), ("query", bare(query(id, ANONYMOUS, "counted", &[])))];
        for (endpoint, envelope) in envelopes {
            for version in ["v2", "v3"] {
                let answer = network.send(version, id, endpoint, &envelope).await;
                assert_eq!(answer.status, 400, "{}", answer.text());
                assert!(answer.text().contains(&format!("canister_not_found: canister {id}")), "{}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn a_request_goes_to_the_canister_that_its_path_names() {
    let (network, canisters) = Network::start_with(&[crate::common::probe::PROBE, crate::common::probe::PROBE]).await;
    let id = network.canister;
    let envelopes: [(&str, Envelope<'_>); 2] =
        [("call", bare(call(id, ANONYMOUS, "count", &[]))), ("query", bare(query(id, ANONYMOUS, "counted", &[])))];
    for (endpoint, envelope) in &envelopes {
        for other in [canisters[1], Principal::management_canister(), ANONYMOUS] {
            let answer = network.send("v3", other, endpoint, envelope).await;
            assert_eq!(answer.status, 400);
            let reason = format!("the request is for canister {id}, its path names {other}");
            assert!(answer.text().contains(&reason), "{}", answer.text());
        }
        assert_eq!(network.send("v3", id, endpoint, envelope).await.status, 200);
    }
}
