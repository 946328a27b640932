//! HTTP over bare connections, so that tests can send bytes that no client library would send.

use std::net::SocketAddr;
use std::time::Duration;

use candid::Principal;
use ic_transport_types::Envelope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Network;

/// Maximum time of an answer before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, in CBOR.
    pub fn cbor<T: serde::de::DeserializeOwned>(&self) -> T {
        assert_eq!((self.status, self.header("content-type")), (200, Some("application/cbor")), "{}", self.text());
        serde_cbor::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:02x?}", self.body))
    }
}

/// A connection.
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("the connection is open");
        Self { stream, unread: Vec::new() }
    }

    /// Sends bytes. That the server closed meanwhile shows in the answer.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next answer, which has a body unless it is to a HEAD. `None` if the server closes before.
    pub async fn answer(&mut self) -> Option<Answer> {
        self.answer_to(false).await
    }

    /// The next answer, to a HEAD.
    pub async fn answer_to_head(&mut self) -> Option<Answer> {
        self.answer_to(true).await
    }

    async fn answer_to(&mut self, head: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            if !self.read().await {
                return None;
            }
        };
        let text = String::from_utf8(self.unread.drain(..end + 4).collect()).expect("heads are texts");
        let mut lines = text.trim_end().split("\r\n");
        let status = lines.next().expect("there is a first line").split(' ').nth(1).expect("it has a status");
        let status = status.parse().expect("it is a number");
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').expect("it is a header"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().expect("it is a number"));
        let length = if head || status == 304 || status == 204 { 0 } else { length };
        while self.unread.len() < length {
            assert!(self.read().await, "the server closed in the middle of a body");
        }
        answer.body = self.unread.drain(..length).collect();
        Some(answer)
    }

    /// Whether the server closes the connection without a further answer.
    pub async fn closes(&mut self) -> bool {
        while self.read().await {}
        self.unread.is_empty()
    }

    /// Reads the bytes that have arrived. `false` at the end.
    async fn read(&mut self) -> bool {
        let mut chunk = vec![0; 64 << 10];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await.expect("an answer comes in time");
        let count = read.unwrap_or(0);
        self.unread.extend_from_slice(&chunk[..count]);
        count > 0
    }
}

/// The head of a request with a body of so many bytes.
pub fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\ncontent-length: {length}\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text += "host: 127.0.0.1\r\n";
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + "\r\n").into_bytes()
}

impl Network {
    pub async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// Sends a request on a connection of its own.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut connection = self.connect().await;
        connection.send(&[&head(method, path, headers, body.len())[..], body].concat()).await;
        let answer = if method == "HEAD" { connection.answer_to_head().await } else { connection.answer().await };
        answer.unwrap_or_else(|| panic!("{method} {path} is not answered"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], &[]).await
    }

    /// Posts CBOR.
    pub async fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &[("content-type", "application/cbor")], body).await
    }

    /// Posts an envelope to `/api/<version>/canister/<id>/<endpoint>`.
    pub async fn send(&self, version: &str, canister: Principal, endpoint: &str, envelope: &Envelope<'_>) -> Answer {
        self.post(&format!("/api/{version}/canister/{canister}/{endpoint}"), &envelope.encode_bytes()).await
    }

    /// Posts an envelope to the endpoint of its kind, about the network's own canister.
    pub async fn ask(&self, envelope: &Envelope<'_>) -> Answer {
        use ic_transport_types::EnvelopeContent::*;
        let (version, endpoint) = match &*envelope.content {
            Call { .. } => ("v4", "call"),
            Query { .. } => ("v3", "query"),
            ReadState { .. } => ("v3", "read_state"),
        };
        self.send(version, self.canister, endpoint, envelope).await
    }

    /// Asserts that the network answers.
    pub async fn assert_alive(&self) {
        assert_eq!(self.get("/api/v2/status").await.status, 200);
    }
}

/// The immediate answer to a synchronous call.
#[derive(Debug, serde::Deserialize)]
pub struct CallAnswer {
    pub status: String,
    pub certificate: Option<serde_bytes::ByteBuf>,
    pub reject_code: Option<u64>,
    pub reject_message: Option<String>,
    pub error_code: Option<String>,
}

impl Network {
    /// Makes a call on the synchronous endpoint about `canister`. The reply, or the reject code and the error code of
    /// a certified rejection.
    pub async fn call(&self, canister: Principal, envelope: &Envelope<'_>) -> Result<Vec<u8>, (u64, String)> {
        let answer: CallAnswer = self.send("v4", canister, "call", envelope).await.cbor();
        assert_eq!(answer.status, "replied", "{answer:?}");
        let certificate = answer.certificate.expect("an answer has a certificate");
        let tree = super::certificate::verified(&self.root_key, &certificate);
        let id = envelope.content.to_request_id();
        super::certificate::response(&tree, id.as_slice()).expect("the certificate is of this request's response")
    }

    /// Makes a call that is rejected. The reject code and the error code.
    pub async fn turned_away(&self, canister: Principal, envelope: &Envelope<'_>) -> (u64, String) {
        let answer: CallAnswer = self.send("v4", canister, "call", envelope).await.cbor();
        assert_eq!((answer.status.as_str(), &answer.certificate), ("non_replicated_rejection", &None), "{answer:?}");
        assert!(answer.reject_message.is_some(), "{answer:?}");
        (answer.reject_code.expect("it has a code"), answer.error_code.expect("it has an error code"))
    }

    /// The tree of a `read_state` about `canister`, verified.
    pub async fn state(&self, canister: Principal, envelope: &Envelope<'_>) -> ic_certification::HashTree {
        self.tree(&self.send("v3", canister, "read_state", envelope).await)
    }

    /// The tree of an answer to `read_state`, verified.
    pub fn tree(&self, answer: &Answer) -> ic_certification::HashTree {
        let ic_transport_types::ReadStateResponse { certificate } = answer.cbor();
        super::certificate::verified(&self.root_key, &certificate)
    }
}
