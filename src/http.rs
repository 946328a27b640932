//! The status as JSON and the metrics, for requests through the HTTP gateway.
//!
//! Gateways pass an answer on the certified domain only with a proof that the canister leaves it uncertified. The proof
//! is the branch `http_expr` of the certified tree ([`proofs::certified`]); the answer's content is one replica's word.

use crate::api::{HttpRequest, HttpResponse, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use proofs::certified::{EXPRESSION, branch};
use proofs::hash::Hash;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

/// Answers `GET` and `HEAD` of `/` with the status and of `/metrics` with the metrics, another method with 405, and another
/// path with 404. `certified` is the platform's certificate and the store's root; there is none in an update.
pub fn respond(
    request: &HttpRequest,
    status: &Status,
    metrics: impl FnOnce() -> String,
    certified: Option<(&[u8], &Hash)>,
) -> HttpResponse {
    let mut response = answer(request, status, metrics);
    if let Some((certificate, root)) = certified {
        response.headers.push(("IC-CertificateExpression".to_string(), EXPRESSION.to_string()));
        response.headers.push(("IC-Certificate".to_string(), certificate_header(certificate, root)));
    }
    response
}

fn certificate_header(certificate: &[u8], root: &Hash) -> String {
    let [certificate, tree, path] = [certificate, &uncertified_branch(root), EXPRESSION_PATH].map(|b| BASE64.encode(b));
    format!("certificate=:{certificate}:, tree=:{tree}:, expr_path=:{path}:, version=2")
}

/// The path `["http_expr", "<*>"]` in CBOR: every answer is meant.
const EXPRESSION_PATH: &[u8] = b"\xd9\xd9\xf7\x82\x69http_expr\x63<*>";

/// The certified tree in CBOR: the branch `http_expr` whole, the branch with the root pruned.
fn uncertified_branch(root: &Hash) -> Vec<u8> {
    let expression = Sha256::digest(EXPRESSION);
    let left = [&b"\x83\x02\x49http_expr\x83\x02\x43<*>\x83\x02\x58\x20"[..], &expression, b"\x82\x03\x40"].concat();
    [&b"\xd9\xd9\xf7\x83\x01"[..], &left, b"\x82\x04\x58\x20", &branch(root)].concat()
}

fn answer(request: &HttpRequest, status: &Status, metrics: impl FnOnce() -> String) -> HttpResponse {
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    match (request.method.as_str(), path) {
        ("GET" | "HEAD", "/" | "") => response(200, "application/json", json(status)),
        ("GET" | "HEAD", "/metrics") => response(200, "text/plain; version=0.0.4; charset=utf-8", metrics()),
        (_, "/" | "" | "/metrics") => response(405, "text/plain", "only GET\n".to_string()),
        _ => response(404, "text/plain", "only / and /metrics\n".to_string()),
    }
}

fn response(status_code: u16, content_type: &str, body: String) -> HttpResponse {
    let header = |name: &str, value: &str| (name.to_string(), value.to_string());
    let mut headers = vec![header("Content-Type", content_type), header("Cache-Control", "no-store")];
    if status_code == 405 {
        headers.push(header("Allow", "GET, HEAD"));
    }
    HttpResponse { status_code, headers, body: ByteBuf::from(body.into_bytes()) }
}

/// Names are those of `canister.did`.
fn json(status: &Status) -> String {
    serde_json::to_string(status).unwrap_or_default() + "\n"
}
