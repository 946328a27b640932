//! `GET /` through the HTTP gateway gives the status as JSON.

use message_canister::api::*;
use serde_json::{Value, json};

use crate::support::{Inbox, bytes};

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    let found = response.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[test]
fn the_root_is_the_status_as_json() {
    let inbox = Inbox::new();
    for n in 0..12u32 {
        inbox.add_message(&bytes(n % 5, 41), &bytes(n, 300)).expect("stored");
    }
    for url in ["/", "/?x=1", ""] {
        let response = inbox.http_request("GET", url);
        assert_eq!(response.status_code, 200, "GET {url:?}");
        assert_eq!(header(&response, "Content-Type"), Some("application/json"), "GET {url:?}");
        let found: Value = serde_json::from_slice(&response.body).expect("the body is JSON");
        let status = inbox.get_status();
        let limits = status.limits;
        let expected = json!({
            "version": status.version,
            "layout_version": status.layout_version,
            "first_id": 1,
            "next_id": 13,
            "messages": 12,
            "keys": 5,
            "oldest_timestamp": status.oldest_timestamp,
            "newest_timestamp": status.newest_timestamp,
            "live_bytes": status.live_bytes,
            "stable_bytes": status.stable_bytes,
            "stable_bytes_free": status.stable_bytes_free,
            "index_entries": 22,
            "rebuild": null,
            "limits": {
                "key_id_bytes": limits.key_id_bytes,
                "ciphertext_bytes": limits.ciphertext_bytes,
                "batch_messages": limits.batch_messages,
                "lookup_items": limits.lookup_items,
                "page_messages": limits.page_messages,
                "page_bytes": limits.page_bytes,
                "last_id": limits.last_id,
                "index_entries": limits.index_entries,
                "payload_stream_bytes": limits.payload_stream_bytes,
                "stable_bytes": limits.stable_bytes,
                "rebuild_pages": limits.rebuild_pages,
                "skipped_links": limits.skipped_links,
            },
            "settings": {
                "rebuild_pages": status.settings.rebuild_pages.limit(),
                "max_messages": status.settings.max_messages.limit(),
                "max_bytes": status.settings.max_bytes.limit(),
                "max_age_seconds": status.settings.max_age_seconds.limit(),
            },
        });
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(found.get(name), Some(value), "{name} as get_status has it");
        }
    }
}

#[test]
fn the_progress_of_a_rebuild_is_in_the_json() {
    let inbox = Inbox::new();
    for n in 0..300u32 {
        inbox.add_message(&bytes(n, 41), &bytes(n, 2_000)).expect("stored");
    }
    inbox
        .begin_upgrade(Some(Settings { rebuild_pages: Bound::AtMost(16), ..Settings::default() }))
        .expect("the canister upgrades");
    let progress = inbox.get_status().rebuild.expect("one slice is not enough");
    let body: Value = serde_json::from_slice(&inbox.http_request("GET", "/").body).expect("the body is JSON");
    assert_eq!(body["rebuild"], json!({ "done": progress.done, "total": 300 }), "how far it has come");
}

#[test]
fn other_paths_and_verbs_are_refused_as_http_does() {
    let inbox = Inbox::new();
    for url in ["/index.html", "/status", "//", "/../etc/passwd", "messages"] {
        assert_eq!(inbox.http_request("GET", url).status_code, 404, "GET {url:?} is not there");
    }
    for verb in ["POST", "PUT", "DELETE", "get", ""] {
        let response = inbox.http_request(verb, "/");
        assert_eq!(response.status_code, 405, "{verb:?} is not allowed");
        assert!(header(&response, "Allow").is_some_and(|verbs| verbs.contains("GET")), "{verb:?} is told what is");
    }
}
