//! Prometheus' own program reads the metrics, the alerts and the dashboard's expressions.

use std::collections::BTreeSet;
use std::path::PathBuf;

use message_canister::api::*;

use crate::curl::{Curl, fetch};
use crate::network::Network;
use crate::programs::{Folder, Outcome, program, run};
use crate::{blob, decoded, encoded};
use test_support::artifact::root;

fn promtool(words: &[&str], input: &str) -> Outcome {
    run(program("MESSAGE_CANISTER_PROMTOOL", Some("promtool")).args(words), input.as_bytes())
}

/// The objections of promtool to these metrics, if any.
fn objections(metrics: &str) -> Option<String> {
    let outcome = promtool(&["check", "metrics"], metrics);
    (!outcome.status.success() || !outcome.errors.is_empty()).then_some(outcome.errors)
}

/// The metrics of a store, with every limit set, as `GET /metrics` answers.
fn metrics() -> String {
    let network = Network::start();
    let curl = Curl::of(&network);
    let limits = [Setting::max_messages(Bound::AtMost(100)), Setting::max_bytes(Bound::AtMost(100_000_000))];
    curl.update("add_message", encoded((blob(b"alice"), blob(b"sealed"))));
    let status: Result<Status, StatusError> = decoded(&curl.query("get_status", encoded(())));
    let version = status.expect("a status").settings.version;
    let set: Result<u32, SettingsError> = decoded(&curl.update("set_settings", encoded((version, limits))));
    set.expect("good settings");
    let response = fetch(&format!("{}/metrics?canisterId={}", network.url(), curl.canister), None);
    assert_eq!(response.status, 200);
    String::from_utf8(response.body).expect("it is text")
}

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("message_canister_")).map(str::to_string).collect()
}

fn monitoring(name: &str) -> (PathBuf, String) {
    let path = root().join("docs/monitoring").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (path, text)
}

#[test]
fn promtool_accepts_the_metrics() {
    let metrics = metrics();
    assert!(metrics.contains("message_canister_messages 1 "), "counts are among them: {metrics}");
    assert_eq!(objections(&metrics), None);
    let spoilt = metrics.replace("messages_added_total", "messages_added");
    assert!(objections(&spoilt).is_some_and(|why| why.contains("_total")), "it objects to other names");
}

#[test]
fn the_alerts_are_about_metrics_that_there_are_and_each_is_raised() {
    let (path, alerts) = monitoring("alerts.yml");
    let checked = promtool(&["check", "rules", path.to_str().expect("the path is text")], "").succeeded();
    assert!(String::from_utf8_lossy(&checked).contains("SUCCESS"));
    let tests = root().join("tests/clients/alerts.test.yml");
    promtool(&["test", "rules", tests.to_str().expect("the path is text")], "").succeeded();
    let tests = std::fs::read_to_string(tests).expect("it is text");
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname=\"{alert}\"")), "no test raises {alert}");
    }
    let there = names(&metrics());
    let missing: Vec<_> = names(&alerts).difference(&there).cloned().collect();
    assert_eq!(missing, [""; 0], "alerts about metrics that there are not");
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let (_, dashboard) = monitoring("dashboard.json");
    let parsed: serde_json::Value = serde_json::from_str(&dashboard).expect("it is JSON");
    let panels = parsed["panels"].as_array().expect("it has panels");
    let asked = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("each asks for something"));
    let asked: Vec<_> = asked.map(|target| target["expr"].as_str().expect("an expression")).collect();
    // Rules are how promtool checks expressions.
    let rules = asked.iter().enumerate().map(|(n, expr)| format!("  - {{ record: \"panel:{n}\", expr: '{expr}' }}\n"));
    let folder = Folder::new();
    let file = folder.write("rules.yml", format!("groups:\n- name: panels\n  rules:\n{}", rules.collect::<String>()));
    promtool(&["check", "rules", file.to_str().expect("the path is text")], "").succeeded();
    let there = names(&metrics());
    let missing: Vec<_> = names(&asked.join(" ")).difference(&there).cloned().collect();
    assert_eq!(missing, [""; 0], "panels about metrics that there are not");
}

/// The job of docs/deploy.md that passes the metrics to node_exporter. It must remove the times.
#[test]
fn the_documented_job_writes_metrics_without_times() {
    let network = Network::start();
    let text = std::fs::read_to_string(root().join("docs/deploy.md")).expect("it is text");
    let lines: Vec<_> = text.lines().skip_while(|line| !line.contains("get_metrics '()'")).take(3).collect();
    let icp = program("MESSAGE_CANISTER_ICP", None).get_program().to_owned();
    let job =
        lines.join("\n").replacen("icp canister call message-canister", "\"$ICP\" canister call \"$CANISTER\"", 1);
    let job = job.replacen("-e ic", "--network \"$URL\" --root-key fetch", 1);
    let home = Folder::new();
    let mut shell = program("MESSAGE_CANISTER_SHELL", Some("bash"));
    shell.args(["-ec", &job]).current_dir(home.path()).env("ICP", icp).env("URL", network.url());
    shell.env("CANISTER", network.canister().to_text()).env("ICP_HOME", home.path()).env("DO_NOT_TRACK", "1");
    run(&mut shell, b"").succeeded();
    let written = std::fs::read_to_string(home.path().join("message-canister.prom")).expect("the job writes it");
    assert_eq!(objections(&written), None);
    assert!(written.lines().any(|line| line == "message_canister_messages 0"), "{written}");
}
