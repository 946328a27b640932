//! The agent's transport takes only certificates that are signed by the root, belong to this canister, and are recent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use candid::Principal;
use client::agent::{AgentTransport, builder};
use client::{Certified, Failure, Transport};
use ic_agent::agent::AgentBuilder;
use ic_certification::Certificate;
use ic_certification::hash_tree::{fork, label, leaf};
use ic_verify_bls_signature::PrivateKey;

/// DER's bytes before a BLS12-381 public key.
const DER_PREFIX: [u8; 37] = *b"\x30\x81\x82\x30\x1d\x06\x0d\x2b\x06\x01\x04\x01\x82\xdc\x7c\x05\x03\x01\x02\x01\x06\x0c\x2b\x06\x01\x04\x01\x82\xdc\x7c\x05\x03\x02\x01\x03\x61\x00";

fn canister(number: u8) -> Principal {
    Principal::from_slice(&[0, 0, 0, 0, 0, 0, 0, number, 1, 1])
}

fn root(secret: u8) -> PrivateKey {
    PrivateKey::deserialize(&[secret; 32]).expect("it is less than the order")
}

/// A certificate that a root signs of the certified data of a canister.
fn certificate(root: &PrivateKey, canister: Principal, data: &[u8], age: Duration) -> Vec<u8> {
    let time = (SystemTime::now() - age).duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos() as u64;
    let mut encoded = Vec::new();
    leb128::write::unsigned(&mut encoded, time).expect("a vector takes everything");
    let of_canister = label(canister.as_slice(), label("certified_data", leaf(data)));
    let tree = fork(label("canister", of_canister), label("time", leaf(encoded)));
    let signature = root.sign(&[b"\x0Dic-state-root".as_slice(), &tree.digest()].concat()).serialize().to_vec();
    serde_cbor::to_vec(&Certificate { tree, signature, delegation: None }).expect("a vector takes everything")
}

fn transport() -> AgentTransport {
    let agent = builder("http://127.0.0.1:1").and_then(AgentBuilder::build).expect("the url is legal");
    agent.set_root_key([&DER_PREFIX[..], &root(1).public_key().serialize()].concat());
    AgentTransport::new(agent, canister(1))
}

/// The certified data, or the reason why there is none.
fn checked(certificate: &[u8]) -> Result<Certified, String> {
    let transport = transport();
    let certificates = transport.certificates().expect("an agent checks certificates");
    certificates.check(certificate).map_err(|error| error.to_string())
}

#[test]
fn a_certificate_proves_the_certified_data_of_its_canister_as_of_its_time() {
    let age = Duration::from_secs(20);
    let certified = checked(&certificate(&root(1), canister(1), &[7; 32], age)).expect("it is genuine");
    let Certified { data, .. } = certified;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    assert_eq!(data, [7; 32]);
    let time = certified.seconds();
    assert!((now - 25..=now - 20).contains(&time), "{time} at {now}");
}

#[test]
fn other_certificates_prove_nothing() {
    let (now, long) = (Duration::ZERO, Duration::from_secs(600));
    let mut flipped = certificate(&root(1), canister(1), &[7; 32], now);
    let data = flipped.windows(32).position(|bytes| bytes == [7; 32]).expect("the data is in it");
    flipped[data] ^= 1;
    for (what, certificate, expected) in [
        ("another root", certificate(&root(2), canister(1), &[7; 32], now), "Certificate verification failed"),
        ("another canister", certificate(&root(1), canister(2), &[7; 32], now), "is absent in the certificate"),
        ("too old", certificate(&root(1), canister(1), &[7; 32], long), "Certificate is stale"),
        ("other data", flipped, "Certificate verification failed"),
        ("short data", certificate(&root(1), canister(1), &[7; 31], now), "could not convert slice to array"),
    ] {
        let error = checked(&certificate).expect_err(what);
        assert!(error.contains(expected), "{what}: {error}");
    }
    assert!(checked(b"certificate").is_err());
}

/// The address of a replica that answers a request with so many bytes.
fn talkative(bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("somebody connects");
            let _ = stream.read(&mut [0; 4_096]);
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/cbor\r\nconnection: close\r\n\r\n";
            let body = vec![0; 1 << 20];
            // It ends early where nobody reads on.
            let _ =
                stream.write_all(head).and_then(|()| (0..bytes / body.len()).try_for_each(|_| stream.write_all(&body)));
        }
    });
    format!("http://{address}")
}

#[test]
fn an_answer_that_is_longer_than_any_honest_one_is_not_read_to_its_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("there is a runtime");
    let transport = AgentTransport::new(
        builder(&talkative(64 << 20)).and_then(AgentBuilder::build).expect("the url is legal"),
        canister(1),
    );
    match runtime.block_on(transport.query("get_status", Vec::new())) {
        Err(Failure::Unanswered(why)) => assert!(why.to_string().contains("length limit exceeded"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_address_that_is_none_is_an_error() {
    for url in ["nonsense", "", "http://", "127.0.0.1:4943"] {
        assert!(builder(url).and_then(AgentBuilder::build).is_err(), "{url:?}");
    }
}
