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

/// Names are those of `canister.did`. Version and failure are the only texts; neither contains a character to escape.
fn json(status: &Status) -> String {
    let limits = &status.limits;
    let rebuild = status.rebuild.map_or("null".to_string(), |progress| {
        object(&[("done", progress.done.into()), ("total", progress.total.into())])
    });
    let numbers = object(&[
        ("layout_version", status.layout_version.into()),
        ("first_id", status.first_id.into()),
        ("next_id", status.next_id.into()),
        ("messages", status.messages.into()),
        ("keys", status.keys.into()),
        ("backlog", status.backlog.into()),
        ("oldest_timestamp", status.oldest_timestamp.into()),
        ("newest_timestamp", status.newest_timestamp.into()),
        ("live_bytes", status.live_bytes),
        ("stable_bytes", status.stable_bytes),
        ("stable_bytes_free", status.stable_bytes_free),
        ("index_entries", status.index_entries),
    ]);
    let limits = object(&[
        ("key_id_bytes", limits.key_id_bytes.into()),
        ("ciphertext_bytes", limits.ciphertext_bytes.into()),
        ("batch_messages", limits.batch_messages.into()),
        ("lookup_items", limits.lookup_items.into()),
        ("page_messages", limits.page_messages.into()),
        ("page_bytes", limits.page_bytes.into()),
        ("last_id", limits.last_id.into()),
        ("index_entries", limits.index_entries),
        ("payload_stream_bytes", limits.payload_stream_bytes),
        ("stable_bytes", limits.stable_bytes),
        ("rebuild_pages", limits.rebuild_pages.into()),
        ("skipped_links", limits.skipped_links.into()),
    ]);
    let settings = &status.settings;
    let settings = object_of_options(&[
        ("rebuild_pages", settings.rebuild_pages.limit().map(u64::from)),
        ("max_messages", settings.max_messages.limit().map(u64::from)),
        ("max_bytes", settings.max_bytes.limit()),
        ("max_age_seconds", settings.max_age_seconds.limit().map(u64::from)),
    ]);
    let failure = status.rebuild_failure.as_ref().map_or("null".to_string(), |failure| format!("\"{failure}\""));
    format!(
        "{{\"version\":\"{}\",{},\"rebuild\":{rebuild},\"rebuild_failure\":{failure},\"limits\":{limits},\"settings\":{settings}}}\n",
        status.version,
        &numbers[1..numbers.len() - 1],
    )
}

fn object(fields: &[(&str, u64)]) -> String {
    object_of_options(&fields.iter().map(|&(name, value)| (name, Some(value))).collect::<Vec<_>>())
}

fn object_of_options(fields: &[(&str, Option<u64>)]) -> String {
    let value = |value: Option<u64>| value.map_or("null".to_string(), |value| value.to_string());
    let fields: Vec<String> = fields.iter().map(|&(name, number)| format!("\"{name}\":{}", value(number))).collect();
    format!("{{{}}}", fields.join(","))
}
