//! `get_metrics` and `GET /metrics` have the same numbers as the status, as far as the caller may see them.

use std::collections::BTreeMap;

use candid::Principal;
use message_canister::api::*;
use message_canister::limits::MAX_STABLE_BYTES;

use crate::support::{Inbox, bytes, new_message, stranger};

/// The values by name, labels included; the times apart.
fn values(metrics: &str) -> BTreeMap<String, f64> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let [name, value, time] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        time.parse::<u64>().expect("unix milliseconds");
        (name.to_string(), value.parse().expect("a number"))
    };
    lines.map(value).collect()
}

/// The answer to `GET /metrics`. The platform's gateways call anonymously, the engine calls as the inbox's
/// caller.
fn fetched(inbox: &Inbox) -> String {
    let response = inbox.http_request("GET", "/metrics");
    assert_eq!(response.status_code, 200);
    let of = |name: &str| response.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!(of("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    String::from_utf8(response.body.into_vec()).expect("it is text")
}

#[test]
fn the_numbers_are_those_of_the_status() {
    let inbox = Inbox::new();
    let limits = [Setting::max_messages(Bound::AtMost(10)), Setting::max_bytes(Bound::AtMost(3_000_000))];
    inbox.set_settings(&limits).expect("good settings");
    for n in 0..12u32 {
        inbox.add_message(&bytes(n % 5, 41), &bytes(n, 300)).expect("stored");
    }
    let found = values(&inbox.get_metrics());
    let status = inbox.store_status();
    for (name, value) in [
        ("messages", 10.0),
        ("messages_added_total", 12.0),
        ("messages_dropped_total", 2.0),
        ("max_messages_added", 4_294_967_294.0),
        ("keys", 5.0),
        ("backlog_messages", status.backlog.into()),
        ("oldest_message_timestamp_seconds", status.oldest_timestamp.into()),
        ("newest_message_timestamp_seconds", status.newest_timestamp.into()),
        ("live_bytes", status.live_bytes as f64),
        ("stable_memory_bytes", status.stable_bytes as f64),
        ("max_stable_memory_bytes", MAX_STABLE_BYTES as f64),
        ("index_entries", status.index_entries as f64),
        ("erasing", 0.0),
        ("low_memory", 0.0),
        ("rebuild_failed", 0.0),
        ("rebuild_messages", 0.0),
        ("rebuild_messages_done", 0.0),
        ("sealed", 0.0),
        ("settings_version", 2.0),
        ("epoch_timestamp_seconds", inbox.get_status().epoch as f64),
        ("max_messages", 10.0),
        ("max_bytes", 3_000_000.0),
        ("max_keys", 2_147_483_647.0),
    ] {
        assert_eq!(found.get(&format!("message_canister_{name}")), Some(&value), "{name}");
    }
    let info = format!("message_canister_info{{version=\"{}\",layout=\"2\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(found.get(&info), Some(&1.0));
    let heap = found["message_canister_heap_bytes"];
    assert!(heap >= 65_536.0 && heap % 65_536.0 == 0.0, "a heap of {heap} bytes");
    assert_eq!(values(&fetched(&inbox)), found, "GET /metrics tells the same caller the same");
    assert!(!found.keys().any(|name| name.contains("cycle")), "the balance is nobody else's business");
}

#[test]
fn a_setting_without_a_limit_is_left_out() {
    let found = values(&Inbox::new().get_metrics());
    assert!(!found.contains_key("message_canister_max_messages") && !found.contains_key("message_canister_max_bytes"));
}

#[test]
fn the_progress_of_a_rebuild_and_a_seal_are_told() {
    let inbox = Inbox::new();
    let batch: Vec<_> = (0..1_000u32).map(|n| new_message(&bytes(n, 41), &n.to_le_bytes())).collect();
    inbox.add_messages(&batch).expect("a good batch");
    inbox.seal().expect("sealed");
    inbox.begin_upgrade(Some(&[Setting::rebuild_pages(Bound::AtMost(16))])).expect("the canister upgrades");
    let progress = inbox.store_status().rebuild.expect("one slice is not enough");
    let found = values(&inbox.get_metrics());
    assert_eq!(found["message_canister_rebuild_messages"], 1_000.0);
    assert_eq!(found["message_canister_rebuild_messages_done"], f64::from(progress.done));
    assert_eq!(found["message_canister_sealed"], 1.0);
}

/// Nothing that is counted changes what strangers see of a store whose reads are closed.
#[test]
fn strangers_to_a_closed_store_see_no_counts() {
    let inbox = Inbox::new();
    inbox.set_settings(&[Setting::reads(Reads::owners)]).expect("good settings");
    let strangers = [stranger(), Principal::anonymous()].map(|caller| inbox.called_by(caller));
    let seen = || strangers.each_ref().map(|theirs| (values(&theirs.get_metrics()), values(&fetched(theirs))));
    let empty = seen();
    let names: Vec<_> = empty[0].0.keys().map(|name| name.split('{').next().expect("a name")).collect();
    let expected = ["epoch_timestamp_seconds", "info", "max_keys", "sealed", "settings_version"];
    assert_eq!(names, expected.map(|name| format!("message_canister_{name}")));
    for n in 0..12u32 {
        inbox.add_message(&bytes(n % 5, 41), &bytes(n, 300)).expect("stored");
    }
    assert_eq!(seen(), empty, "stored messages show nowhere");
    assert_eq!(values(&inbox.get_metrics())["message_canister_messages"], 12.0, "an admin sees it");
}

#[test]
fn readers_and_members_see_the_counts() {
    let inbox = Inbox::new();
    inbox.set_settings(&[Setting::reads(Reads::owners)]).expect("good settings");
    for role in [Role::reader, Role::writer, Role::admin] {
        inbox.set_role(stranger(), Some(role)).expect("a role");
        let found = values(&inbox.called_by(stranger()).get_metrics());
        assert_eq!(found.get("message_canister_messages"), Some(&0.0), "a {role:?}");
    }
    inbox.set_role(stranger(), None).expect("no role");
    assert!(!inbox.called_by(stranger()).get_metrics().contains("message_canister_messages"));
}
