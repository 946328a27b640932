//! Requests and responses of the HTTP gateway.
//!
//! A gateway passes an answer on the certified domain only with a proof that the canister leaves the answer
//! uncertified. The proof is the branch `http_expr` of the certified tree ([`proofs::certified`]). One replica alone
//! vouches for the answer's content.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use candid::CandidType;
use proofs::certified::EXPRESSION;
use proofs::hash::Hash;
use serde::Deserialize;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

/// A request of the HTTP gateway.
#[derive(CandidType, Deserialize, Clone, Debug)]
pub struct HttpRequest {
    /// The verb, in capitals.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: ByteBuf,
}

/// A response to the HTTP gateway.
#[derive(CandidType, Deserialize, Clone, Debug)]
pub struct HttpResponse {
    /// The HTTP status code.
    pub status_code: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: ByteBuf,
}

impl HttpResponse {
    /// A response that must not be cached.
    pub fn new(status_code: u16, content_type: &str, body: String) -> Self {
        let header = |name: &str, value: &str| (name.to_string(), value.to_string());
        let mut headers = vec![header("Content-Type", content_type), header("Cache-Control", "no-store")];
        if status_code == 405 {
            headers.push(header("Allow", "GET, HEAD"));
        }
        Self { status_code, headers, body: ByteBuf::from(body.into_bytes()) }
    }

    /// The same response with the proof that it is left uncertified. `certified` is the platform's certificate and the
    /// branch of the certified tree beside `http_expr`, which the proof prunes. `None` in an update.
    pub fn left_uncertified(mut self, certified: Option<(&[u8], &Hash)>) -> Self {
        if let Some((certificate, branch)) = certified {
            self.headers.push(("IC-CertificateExpression".to_string(), EXPRESSION.to_string()));
            self.headers.push(("IC-Certificate".to_string(), certificate_header(certificate, branch)));
        }
        self
    }
}

impl HttpRequest {
    /// The path, without query and fragment; `/` where there is none.
    pub fn path(&self) -> &str {
        match self.url.split(['?', '#']).next() {
            None | Some("") => "/",
            Some(path) => path,
        }
    }
}

fn certificate_header(certificate: &[u8], branch: &Hash) -> String {
    let [certificate, tree, path] =
        [certificate, &uncertified_branch(branch), EXPRESSION_PATH].map(|b| BASE64.encode(b));
    format!("certificate=:{certificate}:, tree=:{tree}:, expr_path=:{path}:, version=2")
}

/// The path `["http_expr", "<*>"]` in CBOR: it matches every answer.
const EXPRESSION_PATH: &[u8] = b"\xd9\xd9\xf7\x82\x69http_expr\x63<*>";

/// The certified tree in CBOR: the whole branch `http_expr`, and the other branch pruned.
fn uncertified_branch(branch: &Hash) -> Vec<u8> {
    let expression = Sha256::digest(EXPRESSION);
    let left = [&b"\x83\x02\x49http_expr\x83\x02\x43<*>\x83\x02\x58\x20"[..], &expression, b"\x82\x03\x40"].concat();
    [&b"\xd9\xd9\xf7\x83\x01"[..], &left, b"\x82\x04\x58\x20", branch].concat()
}
