//! `GET /` through the HTTP gateway returns the status as JSON.

use message_canister::api::*;
use serde_json::{Value, json};

use crate::support::{Inbox, bytes, new_message};

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
        assert_eq!(found, serde_json::to_value(&status).expect("a status is JSON"), "as get_status has it");
        let store = found.get("store").expect("the store's part");
        for (name, value) in [("next_id", 13), ("messages", 12), ("keys", 5), ("index_entries", 12)] {
            assert_eq!(store.get(name), Some(&json!(value)), "{name}");
        }
    }
}

#[test]
fn the_progress_of_a_rebuild_is_in_the_json() {
    let inbox = Inbox::new();
    let batch: Vec<_> = (0..1_000u32).map(|n| new_message(&bytes(n, 41), &n.to_le_bytes())).collect();
    assert!(inbox.add_messages(&batch).expect("a good batch").iter().all(Result::is_ok), "all of it is stored");
    let more: Vec<_> = (1_000..2_000u32).map(|n| new_message(&bytes(n, 41), &n.to_le_bytes())).collect();
    assert!(inbox.add_messages(&more).expect("a good batch").iter().all(Result::is_ok), "all of it is stored");
    inbox.begin_upgrade(Some(&[Setting::rebuild_pages(Bound::AtMost(16))])).expect("the canister upgrades");
    let progress = inbox.store_status().rebuild.expect("one slice is not enough");
    let body: Value = serde_json::from_slice(&inbox.http_request("GET", "/").body).expect("the body is JSON");
    assert_eq!(body["store"]["rebuild_failure"], Value::Null, "it goes on");
    assert_eq!(body["store"]["rebuild"], json!({ "done": progress.done, "total": 2_000 }), "how far it has come");
}

#[test]
fn other_paths_and_verbs_are_refused_as_http_does() {
    let inbox = Inbox::new();
    for url in ["/index.html", "/status", "//", "/../etc/passwd", "messages", "/metrics/"] {
        assert_eq!(inbox.http_request("GET", url).status_code, 404, "GET {url:?} is not there");
    }
    for verb in ["POST", "PUT", "DELETE", "get", ""] {
        for url in ["/", "/metrics"] {
            let response = inbox.http_request(verb, url);
            assert_eq!(response.status_code, 405, "{verb:?} is not allowed");
            assert!(header(&response, "Allow").is_some_and(|verbs| verbs.contains("GET")), "{verb:?} is told what is");
        }
    }
}
