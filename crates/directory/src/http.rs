//! `GET /`, `/checkpoint` and `/metrics`, through the HTTP gateway.

use crate::api::{HttpRequest, HttpResponse, Status};
use crate::directory::Directory;
use crate::metrics::metrics;
use ic_stable_structures::Memory;

/// Answers a request at a time in nanoseconds since 1970. `certificate` is the platform's; in an update there is none.
pub fn respond<M: Memory + Clone>(
    directory: &Directory<M>,
    request: &HttpRequest,
    certificate: Option<&[u8]>,
    heap_bytes: u64,
    now: u64,
) -> HttpResponse {
    let branch = directory.log().ok().map(|log| log.branch());
    answer(directory, request, heap_bytes, now).left_uncertified(certificate.zip(branch.as_ref()))
}

fn answer<M: Memory + Clone>(
    directory: &Directory<M>,
    request: &HttpRequest,
    heap_bytes: u64,
    now: u64,
) -> HttpResponse {
    let path = request.path();
    if !["/", "/checkpoint", "/metrics"].contains(&path) {
        return HttpResponse::new(404, "text/plain", "only /, /checkpoint and /metrics\n".to_string());
    }
    if !["GET", "HEAD"].contains(&request.method.as_str()) {
        return HttpResponse::new(405, "text/plain", "only GET and HEAD\n".to_string());
    }
    match path {
        "/" => HttpResponse::new(200, "application/json", json(&directory.status(now))),
        "/metrics" => {
            let metrics = metrics(&directory.status(now), heap_bytes, now / 1_000_000);
            HttpResponse::new(200, "text/plain; version=0.0.4; charset=utf-8", metrics)
        }
        _ => match directory.log() {
            Ok(log) => HttpResponse::new(200, "text/plain", log.checkpoint.text(&directory.origin())),
            Err(_) => HttpResponse::new(503, "text/plain", "the VRF key is not drawn yet\n".to_string()),
        },
    }
}

fn json(status: &Status) -> String {
    serde_json::to_string(status).unwrap_or_default() + "\n"
}
