//! The gateway: a canister's `http_request` under its own host, or with its id in the query.

use crate::common::Network;
use crate::common::envelope::*;
use crate::common::http::Answer;
use crate::common::probe::PROBE;
use candid::{CandidType, Deserialize, Principal};
use serde_bytes::ByteBuf;

const ANONYMOUS: Principal = Principal::anonymous();

/// The request that the canister receives. It answers with the candid of it as the body.
#[derive(CandidType, Deserialize, Debug, PartialEq, Eq)]
struct HttpRequest {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: ByteBuf,
}

impl HttpRequest {
    fn of(answer: &Answer) -> Self {
        assert_eq!((answer.status, answer.header("x-test")), (200, Some("set-by-canister")), "{}", answer.text());
        candid::decode_one(&answer.body).expect("the body is what the canister was asked")
    }

    fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }
}

#[derive(CandidType, Clone)]
struct HttpResponse {
    status_code: u16,
    headers: Vec<(String, String)>,
    body: ByteBuf,
    upgrade: Option<bool>,
    streaming_strategy: Option<Strategy>,
}

#[derive(CandidType, Clone)]
enum Strategy {
    Callback { token: u32 },
}

fn response(status_code: u16, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    HttpResponse { status_code, headers, body: ByteBuf::from(body), upgrade: None, streaming_strategy: None }
}

/// Has the canister answer `http_request` with these bytes from now on.
async fn answer_raw(network: &Network, bytes: &[u8]) {
    let envelope = bare(call(network.canister, ANONYMOUS, "set_response", bytes));
    assert_eq!(network.call(network.canister, &envelope).await, Ok(Vec::new()));
}

/// The answer to a GET when the canister gives this response.
async fn given(network: &Network, response: &HttpResponse) -> Answer {
    answer_raw(network, &candid::encode_one(response).expect("it encodes")).await;
    get(network, "/").await
}

/// A GET under the canister's host.
async fn get(network: &Network, path: &str) -> Answer {
    network.request("GET", path, &[("host", &host(network))], &[]).await
}

fn host(network: &Network) -> String {
    format!("{}.localhost:{}", network.canister, network.address.port())
}

#[tokio::test]
async fn a_canister_is_named_by_its_host_or_in_the_query() {
    let (network, canisters) = Network::start_with(&[PROBE, ""]).await;
    let id = network.canister.to_text();
    let port = network.address.port();
    for host in [
        format!("{id}.localhost:{port}"),
        format!("{id}.localhost"),
        format!("{}.LOCALHOST:{port}", id.to_uppercase()),
        format!("{id}.raw.localhost:{port}"),
    ] {
        let answer = network.request("GET", "/a/b?c=d", &[("host", &host)], &[]).await;
        assert_eq!(HttpRequest::of(&answer).url, "/a/b?c=d", "{host}");
    }
    for host in ["127.0.0.1".to_string(), format!("localhost:{port}"), "example.com".to_string()] {
        for query in [format!("canisterId={id}"), format!("a=b&canisterId={id}"), format!("canisterId={id}&c=d")] {
            let url = format!("/page?{query}");
            let answer = network.request("GET", &url, &[("host", &host)], &[]).await;
            assert_eq!(HttpRequest::of(&answer).url, url, "{host}");
        }
    }
    // Browsers separate pages by their host.
    let url = format!("/?canisterId={}", canisters[1]);
    assert_eq!(HttpRequest::of(&get(&network, &url).await).url, url);
}

#[tokio::test]
async fn a_request_without_a_canister_of_this_network_is_refused() {
    let network = Network::probe().await;
    let id = network.canister.to_text();
    for (host, url) in [
        ("localhost", "/".to_string()),
        ("example.com", "/".to_string()),
        ("127.0.0.1", "/?canister=x".to_string()),
        ("127.0.0.1", format!("/?xcanisterId={id}")),
        ("127.0.0.1", format!("/canisterId={id}")),
        (&format!("{id}.example.com"), "/".to_string()),
        (&format!("{id}localhost"), "/".to_string()),
    ] {
        let answer = network.request("GET", &url, &[("host", host)], &[]).await;
        assert_eq!(answer.status, 404, "{host}{url}");
        assert!(answer.text().contains("name a canister"), "{}", answer.text());
    }
    for bad in ["x", "", "aaaaa-aaa", &format!("{id}x"), "%00", "a.b"] {
        let answer = network.get(&format!("/?canisterId={bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.text().contains(&format!("'{bad}' is not a canister id")), "{}", answer.text());
    }
    let answer = network.request("GET", "/", &[("host", "page.localhost")], &[]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("'page' is not a canister id"), "{}", answer.text());
    for foreign in ["ryjl3-tyaaa-aaaaa-aaaba-cai", "aaaaa-aa", "2vxsx-fae"] {
        let answer = network.get(&format!("/?canisterId={foreign}")).await;
        assert_eq!(answer.status, 400, "{foreign}");
        assert!(answer.text().contains(&format!("canister_not_found: canister {foreign}")), "{}", answer.text());
    }
    let mut missing = network.canister.as_slice().to_vec();
    missing[7] = 0xff;
    let answer = network.get(&format!("/?canisterId={}", Principal::from_slice(&missing))).await;
    assert_eq!(answer.status, 404, "{}", answer.text());
}

#[tokio::test]
async fn a_request_reaches_the_canister_as_it_was_sent() {
    let network = Network::probe().await;
    let host = host(&network);
    let body: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "BREW"] {
        let headers = [("host", &host[..]), ("x-one", "1"), ("X-Twice", "a"), ("x-twice", "b"), ("cookie", "c=d")];
        let answer = network.request(method, "/a%20b/../c?d=%41&e", &headers, &body).await;
        let request = HttpRequest::of(&answer);
        assert_eq!((request.method.as_str(), request.url.as_str()), (method, "/a%20b/../c?d=%41&e"));
        assert_eq!(request.body, body);
        assert_eq!(request.header("host"), [host.as_str()]);
        assert_eq!((request.header("x-one"), request.header("x-twice")), (vec!["1"], vec!["a", "b"]));
        assert_eq!(request.header("cookie"), ["c=d"]);
    }
}

#[tokio::test]
async fn a_head_is_answered_without_body() {
    let network = Network::probe().await;
    let host = host(&network);
    let mut connection = network.connect().await;
    connection.send(format!("HEAD / HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await;
    let answer = connection.answer_to_head().await.expect("it is answered");
    assert_eq!((answer.status, answer.header("x-test")), (200, Some("set-by-canister")));
    // The next answer begins where the head ended.
    connection.send(format!("GET /next HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await;
    assert_eq!(HttpRequest::of(&connection.answer().await.expect("it is answered")).url, "/next");
}

#[tokio::test]
async fn large_bodies_pass_in_both_directions() {
    let network = Network::probe().await;
    let large: Vec<u8> = (0..(2_usize << 20) - 10_000).map(|place| (place / 3) as u8).collect();
    let answer = network.request("POST", "/", &[("host", &host(&network))], &large).await;
    assert!(HttpRequest::of(&answer).body == large, "the body is the same");
}

#[tokio::test]
async fn a_response_is_handed_on_as_the_canister_gives_it() {
    let network = Network::probe().await;
    let body: Vec<u8> = (0..=255).collect();
    let headers =
        [("content-type", "application/x-test"), ("Set-Cookie", "a=b"), ("set-cookie", "c=d"), ("x-empty", "")];
    for status in [200, 201, 299, 301, 400, 404, 418, 500, 503, 599, 999] {
        let answer = given(&network, &response(status, &headers, &body)).await;
        assert_eq!((answer.status, &answer.body), (status, &body));
        assert_eq!(answer.header("content-type"), Some("application/x-test"));
        assert_eq!(answer.header("x-empty"), Some(""));
        let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str());
        assert_eq!(cookies.collect::<Vec<_>>(), ["a=b", "c=d"]);
    }
    for status in [204, 304] {
        let answer = given(&network, &response(status, &headers, &body)).await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "such a response has no body");
    }
    network.assert_alive().await;
}

/// The canister does not control the headers of the connection.
#[tokio::test]
async fn headers_about_the_connection_are_left_out() {
    let network = Network::probe().await;
    let headers = [
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "close, x-test"),
        ("keep-alive", "timeout=1"),
        ("upgrade", "websocket"),
        ("trailer", "x-test"),
        ("x-test", "kept"),
    ];
    let answer = given(&network, &response(200, &headers, b"whole")).await;
    assert_eq!((answer.text().as_str(), answer.header("content-length")), ("whole", Some("5")));
    assert_eq!(answer.header("x-test"), Some("kept"));
    for name in ["transfer-encoding", "connection", "keep-alive", "upgrade", "trailer"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_reply_that_is_not_a_response_is_a_bad_gateway() {
    let network = Network::probe().await;
    for status in [0, 1, 99, 100, 101, 103, 199, 1_000, u16::MAX] {
        let answer = given(&network, &response(status, &[], b"")).await;
        assert_eq!(answer.status, 502, "{status}");
        assert!(answer.text().contains(&format!("{status} is no status")), "{}", answer.text());
    }
    for (name, value) in [
        ("", "empty"),
        ("with space", "x"),
        ("with:colon", "x"),
        ("ümlaut", "x"),
        ("x-injected", "a\r\nset-cookie: b=c"),
        ("x-injected\r\nset-cookie", "b=c"),
        ("x-null", "a\0b"),
    ] {
        let answer = given(&network, &response(200, &[(name, value)], b"")).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (502, None), "{name:?}: {value:?}");
        assert!(answer.text().contains("illegal header"), "{}", answer.text());
    }
    let nothing = candid::encode_args(()).expect("it encodes");
    for reply in [&b"no candid"[..], &nothing, &candid::encode_one("text").expect("it encodes")] {
        answer_raw(&network, reply).await;
        let answer = get(&network, "/").await;
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains("no answer of http_request"), "{}", answer.text());
    }
}

/// Passing on only a part of a response, or a query's answer in place of an update's, would be wrong without
/// looking wrong.
#[tokio::test]
async fn streams_and_upgrades_are_refused() {
    let network = Network::probe().await;
    let plain = response(200, &[], b"part");
    let streamed = HttpResponse { streaming_strategy: Some(Strategy::Callback { token: 1 }), ..plain.clone() };
    let upgraded = HttpResponse { upgrade: Some(true), ..plain.clone() };
    for (response, reason) in [(streamed, "streams its response"), (upgraded, "asks for an update call")] {
        let answer = given(&network, &response).await;
        assert_eq!(answer.status, 501);
        assert!(answer.text().contains(reason), "{}", answer.text());
    }
    let answer = given(&network, &HttpResponse { upgrade: Some(false), ..plain }).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "part"));
}

#[tokio::test]
async fn a_canister_that_fails_is_a_bad_gateway() {
    let (network, canisters) = Network::start_with(&[PROBE, crate::common::CANISTER, ""]).await;
    answer_raw(&network, b"\0").await;
    for (canister, error) in [(canisters[0], "IC0502"), (canisters[1], "IC0536"), (canisters[2], "IC0537")] {
        let answer = network.get(&format!("/?canisterId={canister}")).await;
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains(error), "{}", answer.text());
    }
    network.assert_alive().await;
}

#[tokio::test]
async fn the_api_is_the_api_under_any_host() {
    let network = Network::probe().await;
    let host = host(&network);
    let status = network.request("GET", "/api/v2/status", &[("host", &host)], &[]).await;
    assert_eq!((status.status, status.header("content-type")), (200, Some("application/cbor")));
    // Other paths are the canister's, whatever they look like.
    assert_eq!(HttpRequest::of(&get(&network, "/api/users").await).url, "/api/users");
}

/// Pages of any origin may call the network, as on the platform.
#[tokio::test]
async fn pages_of_other_origins_are_let_in() {
    let network = Network::probe().await;
    let url = format!("/api/v3/canister/{}/query", network.canister);
    let headers = [
        ("origin", "http://example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let answer = network.request("OPTIONS", &url, &headers, &[]).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    for allowed in ["access-control-allow-methods", "access-control-allow-headers"] {
        assert_eq!(answer.header(allowed), Some("*"));
    }
    let answer = network.request("GET", "/api/v2/status", &headers[..1], &[]).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}
