//! `check`, `GET /metrics` and the log.

use crate::site::*;
use candid::Principal;
use directory::api::*;
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

fn check(site: &Site, caller: Principal, from: CheckCursor) -> Result<CheckReport, CheckError> {
    let argument = candid::encode_one(from).expect("encoded");
    let reply = site.engine.query_call(site.id, caller, "check", argument).expect("a reply");
    candid::decode_one(&reply).expect("the interface's types")
}

/// Labels of two epochs, a bundle and an update that waits.
fn filled() -> Site {
    let site = Site::new(&open());
    for number in 0..6 {
        site.pass(5 * (number % 2));
        site.register(&name(&format!("label {number}")), 1).expect("registered");
    }
    site
}

#[test]
fn a_controller_checks_a_directory_and_damage_is_found() {
    let site = filled();
    assert_eq!(check(&site, Principal::anonymous(), CheckCursor::default()), Err(CheckError::NotAllowed));
    let beyond = CheckCursor { part: 6, number: 0 };
    assert_eq!(check(&site, operator(), beyond), Err(CheckError::Cursor(beyond)));
    let report = check(&site, operator(), CheckCursor::default()).expect("a report");
    assert_eq!((report.next, report.violations), (None, vec![]));
    assert!(report.checked > 20, "{} records", report.checked);
    // The profile of a label.
    let mut stable = site.engine.get_stable_memory(site.id);
    let profile = profile(0);
    let at = stable.windows(profile.len()).position(|window| window == profile).expect("it is stored as it was sent");
    stable[at + 100] ^= 1;
    site.engine.set_stable_memory(site.id, stable);
    let report = check(&site, operator(), CheckCursor::default()).expect("a report");
    assert_eq!(report.violations, ["DCUP 0: it does not commit to its profile"]);
}

fn metrics(site: &Site) -> String {
    let request =
        HttpRequest { method: "GET".to_string(), url: "/metrics".to_string(), headers: vec![], body: ByteBuf::new() };
    let (response,): (HttpResponse,) = site.query("http_request", (request,));
    String::from_utf8(response.body.into_vec()).expect("text")
}

#[test]
fn the_metrics_are_the_numbers_of_the_status() {
    let site = filled();
    let settings =
        Settings { strangers: Budget { cycles_a_day: Bound::AtMost(1 << 40), ..Budget::default() }, reserve: 0 };
    site.call::<Result<(), SettingsError>>(operator(), "set_settings", (settings,)).expect("a reply").expect("set");
    site.register(&name("one more"), 1).expect("registered");
    let (status, metrics) = (site.status(), metrics(&site));
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let [name, value, _time] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        (name.to_string(), value.parse::<f64>().expect("a number"))
    };
    let found: BTreeMap<_, _> = lines.map(value).collect();
    assert!(status.cycles_today > 0);
    for (name, value) in [
        ("updates_total", status.updates),
        ("epochs_total", status.epochs),
        ("labels", status.labels),
        ("pending_updates", status.pending),
        ("ratified_epochs", status.ratified),
        ("stable_memory_bytes", status.stable_bytes),
        ("cycles_today", status.cycles_today),
        ("max_cycles_today", 1 << 40),
        ("open_registration", 1),
        ("certified_only", 1),
        ("ready", 1),
    ] {
        assert_eq!(found.get(&format!("directory_{name}")), Some(&(value as f64)), "{name}");
    }
    assert!(!found.keys().any(|name| name.contains("balance")), "the balance is nobody else's business");
}

#[test]
fn promtool_accepts_the_metrics() {
    let program = std::env::var("MESSAGE_CANISTER_PROMTOOL").unwrap_or("promtool".to_string());
    let objections = |metrics: &str| {
        let mut promtool = Command::new(&program);
        promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut started = promtool.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        started.stdin.take().expect("piped").write_all(metrics.as_bytes()).expect("it reads");
        let output = started.wait_with_output().expect("it ends");
        [output.stdout, output.stderr].concat()
    };
    let metrics = metrics(&filled());
    assert_eq!(String::from_utf8_lossy(&objections(&metrics)), "");
    let spoilt = metrics.replace("directory_updates_total", "directory_updates");
    assert!(!objections(&spoilt).is_empty(), "it objects to other names");
}

#[test]
fn the_log_says_what_an_operator_should_know() {
    let site = filled();
    let release = env!("CARGO_PKG_VERSION");
    assert_eq!(site.log(), [format!("release {release} is installed"), "the VRF key is drawn".to_string()]);
    site.upgrade().expect("upgraded");
    site.pass(1);
    let upgraded = format!("upgraded to release {release}: 6 labels are to be indexed");
    assert_eq!(site.log()[2..], [upgraded, "the index is rebuilt: 6 labels".to_string()]);
}
