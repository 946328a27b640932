//! The status as JSON, for requests through the HTTP gateway.

use crate::api::{HttpRequest, HttpResponse, Status};
use serde_bytes::ByteBuf;

/// Answers `GET /` and `HEAD /` with the status, another method with 405, and another path with 404.
pub fn respond(request: &HttpRequest, status: &Status) -> HttpResponse {
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    match (request.method.as_str(), path) {
        ("GET" | "HEAD", "/" | "") => response(200, "application/json", json(status)),
        (_, "/" | "") => response(405, "text/plain", "only GET\n".to_string()),
        _ => response(404, "text/plain", "only /\n".to_string()),
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
