//! A body that is no request is refused with a reason, and the network answers the next one.

use std::collections::BTreeMap;

use crate::common::Network;
use crate::common::endpoints::{Endpoint, NO_ENVELOPE, Sender, endpoints};
use serde_cbor::Value;

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
    // The legal values of a field, among those above. Bytes and texts are taken for each other, as on the platform: it
    // is the signature then that is wrong.
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
