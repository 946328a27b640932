//! The endpoints that take requests, each with one that it accepts.

use super::Network;
use super::envelope::*;
use super::http::{Answer, Connection, head};
use super::keys::Key;

/// The refusal of a body that is no envelope.
pub const NO_ENVELOPE: &str = "the body is no envelope of a request in CBOR";

/// An endpoint, and a request that it accepts.
pub struct Endpoint {
    pub kind: &'static str,
    pub url: String,
    pub body: Vec<u8>,
}

/// One for each kind of request. They are signed, because unsigned requests are not checked as
/// a whole.
pub fn endpoints(network: &Network) -> [Endpoint; 3] {
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
pub struct Sender<'a> {
    endpoint: &'a Endpoint,
    connection: Connection,
}

impl<'a> Sender<'a> {
    pub async fn to(network: &Network, endpoint: &'a Endpoint) -> Self {
        Self { endpoint, connection: network.connect().await }
    }

    pub async fn send(&mut self, body: &[u8]) -> Answer {
        let head = head("POST", &self.endpoint.url, &[("content-type", "application/cbor")], body.len());
        self.connection.send(&[&head[..], body].concat()).await;
        self.connection.answer().await.expect("the connection stays open")
    }

    pub async fn refused(&mut self, what: &str, body: &[u8], reason: &str) {
        let answer = self.send(body).await;
        let kind = self.endpoint.kind;
        assert_eq!(answer.status, 400, "{kind}, {what}: {}", answer.text());
        assert!(answer.text().contains(reason), "{kind}, {what}: {}", answer.text());
    }

    /// The control: the request as it was is accepted, on the same connection.
    pub async fn accepted(&mut self) {
        let body = self.endpoint.body.clone();
        let answer = self.send(&body).await;
        assert_eq!(answer.status, 200, "{}: {}", self.endpoint.kind, answer.text());
    }
}
