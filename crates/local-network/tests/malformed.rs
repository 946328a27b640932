//! What is no request is refused with a reason, and the network answers the next one.

mod common;

use std::collections::BTreeMap;

use candid::Principal;
use common::Network;
use common::envelope::*;
use common::http::{Answer, Connection, head};
use common::keys::Key;
use common::random::Random;
use ic_transport_types::Envelope;
use serde_cbor::Value;

const ANONYMOUS: Principal = Principal::anonymous();
const MAX_BODY: usize = local_network::limits::MAX_BODY_BYTES;

/// An endpoint, and a request that it accepts.
struct Endpoint {
    kind: &'static str,
    url: String,
    body: Vec<u8>,
}

/// One for each kind of request. They are signed: what nobody signed, nobody checks as a whole.
fn endpoints(network: &Network) -> [Endpoint; 3] {
    let key = Key::ed25519(1);
    let sender = key.principal();
    let contents = [
        ("call", call(network.canister, sender, "count", b"argument")),
        ("query", query(network.canister, sender, "counted", b"argument")),
        ("read_state", read_state(sender, &[path([b"time"]), path([b"subnet"])])),
    ];
    contents.map(|(kind, content)| Endpoint {
        kind,
        url: format!("/api/v3/canister/{}/{kind}", network.canister),
        body: signed(content, &key).encode_bytes(),
    })
}

/// Sends bodies to one endpoint over one connection.
struct Sender<'a> {
    endpoint: &'a Endpoint,
    connection: Connection,
}

impl<'a> Sender<'a> {
    async fn to(network: &Network, endpoint: &'a Endpoint) -> Self {
        Self { endpoint, connection: network.connect().await }
    }

    async fn send(&mut self, body: &[u8]) -> Answer {
        let head = head("POST", &self.endpoint.url, &[("content-type", "application/cbor")], body.len());
        self.connection.send(&[&head[..], body].concat()).await;
        self.connection.answer().await.expect("the connection stays open")
    }

    async fn refused(&mut self, what: &str, body: &[u8], reason: &str) {
        let answer = self.send(body).await;
        let kind = self.endpoint.kind;
        assert_eq!(answer.status, 400, "{kind}, {what}: {}", answer.text());
        assert!(answer.text().contains(reason), "{kind}, {what}: {}", answer.text());
    }

    /// The control: the request as it was is accepted, on the same connection.
    async fn accepted(&mut self) {
        let body = self.endpoint.body.clone();
        let answer = self.send(&body).await;
        assert_eq!(answer.status, 200, "{}: {}", self.endpoint.kind, answer.text());
    }
}

const NO_ENVELOPE: &str = "the body is no envelope of a request in CBOR";

#[tokio::test]
async fn bodies_that_are_no_cbor_or_no_envelope_are_refused() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        for body in [
            &b""[..],
            b"text",
            b"{\"content\": {}}",
            b"<html>",
            b"DIDL\x00\x00",
            b"\x00",
            b"\x80",
            b"\xa0",
            b"\xff",
            b"\xf6",
            b"\xd9\xd9\xf7",
            b"\xd9\xd9\xf7\xf6",
            &[0; 1_000],
            &[0xff; 1_000],
        ] {
            sender.refused(&format!("{body:02x?}"), body, NO_ENVELOPE).await;
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn an_envelope_that_ends_early_or_late_is_refused() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        for length in 0..endpoint.body.len() {
            sender.refused(&format!("{length} bytes"), &endpoint.body[..length], NO_ENVELOPE).await;
        }
        for more in [&b"\x00"[..], b"\xf6", b"\xff", &endpoint.body] {
            sender.refused("trailing", &[&endpoint.body[..], more].concat(), NO_ENVELOPE).await;
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn the_tag_of_self_described_cbor_may_be_left_out() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        assert_eq!(endpoint.body[..3], [0xd9, 0xd9, 0xf7]);
        let answer = Sender::to(&network, endpoint).await.send(&endpoint.body[3..]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

type Map = BTreeMap<Value, Value>;

fn map(value: &mut Value) -> &mut Map {
    let Value::Map(map) = value else { panic!("{value:?} is no map") };
    map
}

fn text(text: &str) -> Value {
    Value::Text(text.to_string())
}

/// The endpoint's request after a change of its envelope.
fn changed(endpoint: &Endpoint, change: impl FnOnce(&mut Map)) -> Vec<u8> {
    let mut envelope: Value = serde_cbor::from_slice(&endpoint.body).expect("it is CBOR");
    change(map(&mut envelope));
    serde_cbor::to_vec(&envelope).expect("it encodes")
}

/// The endpoint's request after a change of its content.
fn changed_content(endpoint: &Endpoint, change: impl FnOnce(&mut Map)) -> Vec<u8> {
    changed(endpoint, |envelope| change(map(envelope.get_mut(&text("content")).expect("there is a content"))))
}

fn fields(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint.kind {
        "read_state" => &["ingress_expiry", "paths", "request_type", "sender"],
        _ => &["arg", "canister_id", "ingress_expiry", "method_name", "request_type", "sender"],
    }
}

#[tokio::test]
async fn each_field_must_be_there() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        let without = changed(endpoint, |envelope| drop(envelope.remove(&text("content"))));
        sender.refused("content", &without, "missing field `content`").await;
        for field in fields(endpoint) {
            let without = changed_content(endpoint, |content| {
                assert!(content.remove(&text(field)).is_some(), "{field}");
            });
            sender.refused(field, &without, &format!("missing field `{field}`")).await;
        }
        sender.accepted().await;
    }
}

/// Values of each type of CBOR.
fn values() -> Vec<(&'static str, Value)> {
    vec![
        ("null", Value::Null),
        ("bool", Value::Bool(true)),
        ("integer", Value::Integer(7)),
        ("negative", Value::Integer(-1)),
        ("float", Value::Float(1.5)),
        ("text", text("text")),
        ("map", Value::Map(Map::from([(text("key"), Value::Null)]))),
        ("array of maps", Value::Array(vec![Value::Map(Map::new())])),
        ("long bytes", Value::Bytes(vec![1; 30])),
    ]
}

#[tokio::test]
async fn each_field_must_be_of_its_type() {
    let network = Network::probe().await;
    // What a field may be, of the values above. Bytes and texts are taken for each other, as on the platform: it is the
    // signature then that is wrong.
    let legal = |field: &str, value: &str| match field {
        "arg" | "method_name" | "request_type" => ["long bytes", "text"].contains(&value),
        "ingress_expiry" => value == "integer",
        _ => false,
    };
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        for (name, value) in values() {
            for field in fields(endpoint) {
                let body = changed_content(endpoint, |content| {
                    content.insert(text(field), value.clone());
                });
                let what = format!("{field}: {name}");
                sender.refused(&what, &body, if legal(field, name) { "" } else { NO_ENVELOPE }).await;
            }
            let optional = if name == "null" { "" } else { NO_ENVELOPE };
            for field in ["sender_pubkey", "sender_sig"] {
                let blob = ["long bytes", "text"].contains(&name);
                let body = changed(endpoint, |envelope| drop(envelope.insert(text(field), value.clone())));
                sender.refused(&format!("{field}: {name}"), &body, if blob { "" } else { optional }).await;
            }
            if name != "null" {
                let body = changed(endpoint, |envelope| {
                    envelope.insert(text("sender_delegation"), value.clone());
                });
                sender.refused(&format!("sender_delegation: {name}"), &body, NO_ENVELOPE).await;
            }
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn an_expiry_beyond_64_bits_is_refused() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        let at =
            endpoint.body.windows(15).position(|window| window == b"\x6eingress_expiry").expect("it is there") + 15;
        // A bignum of nine bytes, in place of the nine that an integer takes.
        assert_eq!(endpoint.body[at], 0x1b);
        let bignum = [0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let body = [&endpoint.body[..at], &bignum, &endpoint.body[at + 9..]].concat();
        sender.refused("bignum", &body, NO_ENVELOPE).await;
    }
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        let mut envelope: Value = serde_cbor::from_slice(&endpoint.body).expect("it is CBOR");
        for field in fields(endpoint).iter().copied().chain(["content", "sender_pubkey", "sender_sig"]) {
            let of_content = fields(endpoint).contains(&field);
            let twice = |entries: &Map| {
                let mut bytes = vec![0xa0 + entries.len() as u8 + 1];
                for (key, value) in entries.iter().chain(entries.iter().filter(|(key, _)| **key == text(field))) {
                    bytes.extend(serde_cbor::to_vec(key).expect("it encodes"));
                    bytes.extend(serde_cbor::to_vec(value).expect("it encodes"));
                }
                bytes
            };
            let body = if of_content {
                let content = map(&mut envelope).get_mut(&text("content")).expect("there is a content");
                let content = twice(map(content));
                let key = serde_cbor::to_vec(&"content").expect("it encodes");
                [&[0xa1][..], &key, &content].concat()
            } else {
                twice(map(&mut envelope))
            };
            sender.refused(field, &body, &format!("duplicate field `{field}`")).await;
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn each_endpoint_takes_its_kind_of_request_only() {
    let network = Network::probe().await;
    let all = endpoints(&network);
    for endpoint in &all {
        let mut sender = Sender::to(&network, endpoint).await;
        let as_kind =
            |kind: &str| changed_content(endpoint, |content| drop(content.insert(text("request_type"), text(kind))));
        for kind in
            ["call", "query", "read_state", "", "Call", "update"].into_iter().filter(|kind| *kind != endpoint.kind)
        {
            let reason = format!("request_type is '{kind}', this endpoint takes '{}'", endpoint.kind);
            sender.refused(kind, &as_kind(kind), &reason).await;
        }
        for other in all.iter().filter(|other| other.kind != endpoint.kind) {
            // Of a call and a query the fields are the same.
            let same = endpoint.kind != "read_state" && other.kind != "read_state";
            sender.refused(other.kind, &other.body, if same { "request_type is" } else { NO_ENVELOPE }).await;
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn nesting_is_limited() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        for depth in [200, 10_000, 1_000_000] {
            // Arrays of one item, arrays without end, maps of one entry, tags.
            for opening in [&b"\x81"[..], b"\x9f", b"\xa1\x00", b"\xc1"] {
                let bomb = [&opening.repeat(depth)[..], b"\x00"].concat();
                sender.refused(&format!("{opening:02x?} {depth}"), &bomb, NO_ENVELOPE).await;
                // In a field that nobody reads.
                let field = [&b"\xa1\x66ignore"[..], &bomb].concat();
                sender.refused("ignored field", &field, NO_ENVELOPE).await;
            }
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn lengths_that_are_only_claimed_take_nothing() {
    let network = Network::probe().await;
    let claims: Vec<Vec<u8>> = [0x40, 0x60, 0x80, 0xa0]
        .into_iter()
        .flat_map(|major| {
            let long = |length: u64| [&[major | 0x1b][..], &length.to_be_bytes()].concat();
            let short = |length: u32| [&[major | 0x1a][..], &length.to_be_bytes()].concat();
            [long(u64::MAX), long(1 << 62), long(1 << 40), short(u32::MAX), short(1 << 30)]
        })
        .collect();
    for endpoint in &endpoints(&network) {
        let mut sender = Sender::to(&network, endpoint).await;
        for claim in &claims {
            sender.refused("alone", claim, NO_ENVELOPE).await;
            for field in fields(endpoint).iter().chain(&["sender_pubkey", "sender_sig", "sender_delegation", "ignored"])
            {
                let key = serde_cbor::to_vec(field).expect("it encodes");
                let content = serde_cbor::to_vec(&"content").expect("it encodes");
                let in_content = [&b"\xa1"[..], &content, b"\xa1", &key, claim].concat();
                sender.refused(field, &in_content, NO_ENVELOPE).await;
                sender.refused(field, &[&b"\xa1"[..], &key, claim].concat(), NO_ENVELOPE).await;
            }
        }
        sender.accepted().await;
    }
}

#[tokio::test]
async fn unknown_fields_of_an_envelope_are_ignored() {
    let network = Network::probe().await;
    for endpoint in &endpoints(&network) {
        let body = changed(endpoint, |envelope| {
            envelope.insert(text("later"), Value::Array(vec![text("addition"), Value::Null]));
        });
        let answer = Sender::to(&network, endpoint).await.send(&body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

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
            assert!(answer.text().contains("in the path is no principal"), "{bad}: {}", answer.text());
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
    let (network, canisters) = Network::start_with(&[common::probe::PROBE, common::probe::PROBE]).await;
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

/// Bytes of legal requests changed, removed, repeated and mixed: each is answered, and none with a failure of ours.
#[tokio::test]
async fn mutated_requests_are_answered() {
    const ROUNDS: usize = 4_000;
    let network = Network::probe().await;
    let anonymous = [
        bare(call(network.canister, ANONYMOUS, "count", b"argument")),
        bare(query(network.canister, ANONYMOUS, "counted", b"argument")),
        bare(read_state(
            ANONYMOUS,
            &[path([b"time"]), path([b"canister", network.canister.as_slice(), b"controllers"])],
        )),
    ];
    let endpoints = endpoints(&network);
    let chain = delegated(
        query(network.canister, Key::nth(0).principal(), "counted", &[]),
        &[Key::nth(0), Key::nth(1), Key::nth(2)],
    );
    // Each with the endpoint that it is for.
    let mut seeds: Vec<(usize, Vec<u8>)> =
        endpoints.iter().enumerate().map(|(number, endpoint)| (number, endpoint.body.clone())).collect();
    seeds.extend(anonymous.iter().enumerate().map(|(number, envelope)| (number, envelope.encode_bytes())));
    seeds.push((1, chain.encode_bytes()));
    let mut random = Random(1);
    let mut connection = network.connect().await;
    let mut statuses = BTreeMap::new();
    for round in 0..ROUNDS {
        let (mut endpoint, mut body) = seeds[random.below(seeds.len())].clone();
        if random.below(10) == 0 {
            endpoint = random.below(3);
        }
        for _ in 0..=random.below(3) {
            mutate(&mut body, &seeds, &mut random);
        }
        let head = head("POST", &endpoints[endpoint].url, &[("content-type", "application/cbor")], body.len());
        connection.send(&[&head[..], &body].concat()).await;
        let answer = connection.answer().await.unwrap_or_else(|| panic!("round {round} breaks: {body:02x?}"));
        let status = answer.status;
        assert!([200, 400, 403, 404].contains(&status), "round {round}: {status} {} for {body:02x?}", answer.text());
        *statuses.entry(status).or_insert(0) += 1;
    }
    assert!(statuses[&200] > ROUNDS / 100 && statuses[&400] > ROUNDS / 2, "some were legal, most not: {statuses:?}");
}

fn mutate(body: &mut Vec<u8>, seeds: &[(usize, Vec<u8>)], random: &mut Random) {
    if body.is_empty() {
        return body.push(random.byte());
    }
    let at = random.below(body.len());
    let length = random.below((body.len() - at).min(40)) + 1;
    match random.below(7) {
        0 => body[at] ^= 1 << random.below(8),
        1 => body[at] = random.byte(),
        2 => drop(body.drain(at..at + length)),
        3 => body.insert(at, random.byte()),
        4 => {
            let repeated = body[at..at + length].to_vec();
            body.splice(at..at, repeated);
        }
        5 => {
            let (_, other) = &seeds[random.below(seeds.len())];
            let from = random.below(other.len());
            let until = (from + length).min(other.len());
            body.splice(at..at + length, other[from..until].iter().copied());
        }
        // The first bytes of an item say its type and length.
        _ => body[at] = [0x1b, 0x3b, 0x5b, 0x7b, 0x9b, 0xbb, 0x9f, 0xbf, 0xff, 0xf6, 0xfb][random.below(11)],
    }
}
