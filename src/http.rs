//! The status as JSON, for requests through the HTTP gateway.

use crate::api::{HttpRequest, HttpResponse, Status};
use proofs::certified::branch;
use proofs::hash::Hash;

/// Answers `GET /` and `HEAD /` with the status, another method with 405, and another path with 404. `certified` is the
/// platform's certificate and the store's root; there is none in an update.
pub fn respond(request: &HttpRequest, status: &Status, certified: Option<(&[u8], &Hash)>) -> HttpResponse {
    let certified = certified.map(|(certificate, root)| (certificate, branch(root)));
    answer(request, status).left_uncertified(certified.as_ref().map(|(certificate, branch)| (*certificate, branch)))
}

fn answer(request: &HttpRequest, status: &Status) -> HttpResponse {
    match (request.method.as_str(), request.path()) {
        ("GET" | "HEAD", "/") => HttpResponse::new(200, "application/json", json(status)),
        (_, "/") => HttpResponse::new(405, "text/plain", "only GET\n".to_string()),
        _ => HttpResponse::new(404, "text/plain", "only /\n".to_string()),
    }
}

/// Names are those of `canister.did`.
fn json(status: &Status) -> String {
    serde_json::to_string(status).unwrap_or_default() + "\n"
}
