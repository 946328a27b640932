//! The doctor's findings. Faults in the store's rows are tested in `src/doctor/rows.rs`, the clock in `online.rs`.

use crate::network::Network;
use crate::people::{Done, Person, json};
use client::api::{Setting, Writes};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The only line of a doctor's output that reports a fault.
#[track_caller]
fn wrong(done: Done) -> String {
    let done = done.code(1);
    let lines: Vec<_> = done.stdout.lines().filter(|line| line.contains(": WRONG: ")).collect();
    let [line] = lines[..] else { panic!("{}", done.stdout) };
    line.to_owned()
}

#[track_caller]
fn begins(line: &str, with: &str) {
    assert!(line.starts_with(with), "{line}");
}

#[test]
fn a_sound_mailbox_is_called_sound_line_by_line() {
    let network = Network::start();
    let (alice, bob) = Person::pair(&network);
    bob.run(&["directory", &network.directory.to_text(), "--certified-only"]).code(0);
    bob.run(&["register", "bob"]).code(0);
    alice.run(&["send", "bob", "-m", "hello"]).code(0);
    bob.run(&["receive"]).code(0);
    let checks = json(&bob.run(&["doctor", "--json"]).code(0).stdout);
    let subjects: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    let all = [
        "folder",
        "key",
        "store",
        "contacts",
        "outbox",
        "monitoring",
        "network",
        "clock",
        "canister",
        "inbox",
        "label",
    ];
    assert_eq!(subjects, all);
    assert!(checks.iter().all(|check| check["ok"] == true));
    let lines = bob.run(&["doctor"]).code(0).stdout;
    assert!(lines.contains("\nlabel: ok: bob: yours, as registered\n"), "{lines}");
    assert!(lines.contains(&format!("\ncanister: ok: {}, module ", network.canister)), "{lines}");
}

#[test]
fn faults_of_folder_key_and_store_are_reported_one_by_one() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    alice.run(&["receive"]).code(0);
    let doctor = || alice.run(&["doctor"]);
    let (folder, key, database) =
        (alice.folder(), alice.folder().join("root.key"), alice.folder().join("store/store.sqlite"));
    chmod(&folder, 0o755);
    begins(&wrong(doctor()), "folder: WRONG: ");
    chmod(&folder, 0o700);
    chmod(&key, 0o644);
    begins(&wrong(doctor()), "key: WRONG: ");
    chmod(&key, 0o600);
    let bytes = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    begins(&wrong(doctor()), "key: WRONG: ");
    fs::write(&key, &bytes).unwrap();
    chmod(&key, 0o600);
    // The same bytes in another file are a copy.
    let copy = alice.path("copy");
    fs::copy(&database, &copy).unwrap();
    fs::rename(&copy, &database).unwrap();
    let line = wrong(doctor());
    begins(&line, "store: WRONG: ");
    assert!(line.contains("a copy from another place") && line.contains("mailbox restore"), "{line}");
    let none = alice.path("none");
    let lines = alice.run(&["--mailbox", none.to_str().unwrap(), "doctor"]).code(1).stdout;
    begins(&lines, "folder: WRONG: ");
    assert!(lines.contains("mailbox init"), "{lines}");
}

#[test]
fn a_locked_mailbox_is_reported_and_opens_by_a_descriptor() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    alice.run(&["receive"]).code(0);
    alice.pipe(&["passphrase", "--new-fd", "0"], "correct horse\n").code(0);
    let line = wrong(alice.run(&["doctor"]));
    begins(&line, "key: WRONG: ");
    assert!(line.contains("mailbox unlock"), "{line}");
    let by = |passphrase: &str| alice.pipe(&["--passphrase-fd", "0", "doctor"], passphrase);
    begins(&wrong(by("wrong\n")), "key: WRONG: the passphrase is wrong");
    assert!(by("correct horse\n").code(0).stdout.contains("key: ok: under a passphrase"));
}

#[test]
fn an_unclaimed_inbox_is_reported_until_the_mailbox_receives() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    begins(&wrong(alice.run(&["doctor"])), "inbox: WRONG: it is not claimed yet");
    alice.run(&["receive"]).code(0);
    alice.run(&["doctor"]).code(0);
}

#[test]
fn an_outbox_of_more_messages_than_one_snapshot_returns_is_reported() {
    let network = Network::start();
    let (alice, _bob) = Person::pair(&network);
    alice.run(&["receive"]).code(0);
    network.set(Setting::writes(Writes::members));
    alice.pipe(&["send", "bob", "-", "--lines"], &"line\n".repeat(1_000)).code(3);
    let told = alice.run(&["doctor"]).code(0).stdout;
    assert!(told.contains("\noutbox: ok: 1001 sealed messages wait\n"), "with an introduction: {told}");
}

#[test]
fn another_canister_and_an_unreachable_network_are_reported() {
    let network = Network::start();
    let alice = Person::new("alice", &network);
    let other = alice.path("other");
    let other = other.to_str().unwrap();
    let (url, directory) = (network.url(), network.directory.to_text());
    let init = ["--mailbox", other, "init", "--network", &url, "--canister", &directory, "--fetch-root-key"];
    alice.run(&init).code(0);
    let line = wrong(alice.run(&["--mailbox", other, "doctor"]));
    begins(&line, &format!("canister: WRONG: {directory}, module "));
    drop(network);
    begins(&wrong(alice.run(&["doctor"])), &format!("network: WRONG: {url}: "));
}

#[test]
fn foreign_keys_under_the_own_label_are_reported() {
    let network = Network::start();
    let bob = Person::new("bob", &network);
    let directory = network.directory.to_text();
    bob.run(&["directory", &directory, "--certified-only"]).code(0);
    bob.run(&["register", "bob"]).code(0);
    bob.run(&["receive"]).code(0);
    let (backup, new) = (bob.path("backup"), bob.path("new"));
    let (backup, new) = (backup.to_str().unwrap(), new.to_str().unwrap());
    bob.pipe(&["backup", backup, "--new-fd", "0"], "correct horse\n").code(0);
    bob.pipe(&["--mailbox", new, "restore", backup, "--secret-fd", "0"], "correct horse\n").code(0);
    bob.run(&["--mailbox", new, "directory", &directory, "--certified-only"]).code(0);
    bob.run(&["--mailbox", new, "register", "bob"]).code(0);
    let line = wrong(bob.run(&["doctor"]));
    begins(&line, "label: WRONG: version 1 of bob has keys that this device did not register");
}
