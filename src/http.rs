//! The status as JSON and the metrics, for requests through the HTTP gateway.

use crate::api::{HttpRequest, HttpResponse, Status};
use proofs::certified::branch;
use proofs::hash::Hash;

/// For `GET` and `HEAD`, `/` returns the status and `/metrics` the metrics. Another method is answered with 405, another path
/// with 404. `certified` is the platform's certificate and the store's root. An update has neither.
pub fn respond(
    request: &HttpRequest,
    status: &Status,
    metrics: impl FnOnce() -> String,
    certified: Option<(&[u8], &Hash)>,
) -> HttpResponse {
    let certified = certified.map(|(certificate, root)| (certificate, branch(root)));
    let response = answer(request, status, metrics);
    response.left_uncertified(certified.as_ref().map(|(certificate, branch)| (*certificate, branch)))
}

fn answer(request: &HttpRequest, status: &Status, metrics: impl FnOnce() -> String) -> HttpResponse {
    match (request.method.as_str(), request.path()) {
        ("GET" | "HEAD", "/") => HttpResponse::new(200, "application/json", json(status)),
        ("GET" | "HEAD", "/metrics") => HttpResponse::new(200, "text/plain; version=0.0.4; charset=utf-8", metrics()),
        (_, "/" | "/metrics") => HttpResponse::new(405, "text/plain", "only GET and HEAD\n".to_string()),
        _ => HttpResponse::new(404, "text/plain", "only / and /metrics\n".to_string()),
    }
}

/// The field names are those of `canister.did`.
fn json(status: &Status) -> String {
    serde_json::to_string(status).unwrap_or_default() + "\n"
}
