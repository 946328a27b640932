//! The procedures of docs/deploy.md for snapshots, with `icp`: before an upgrade, and downloaded to be restored
//! elsewhere.

use message_canister::api::*;

use super::{Icp, Inbox, built_module_hash, module_hash_in};
use crate::decoded;
use crate::network::Network;
use crate::programs::Folder;
use candid::Principal;
use std::time::{Duration, SystemTime};
use test_support::artifact::{canister_path, canister_wasm};

fn add(inbox: &Inbox, ciphertext: &str) -> Result<Added, AddError> {
    decoded(&inbox.update("add_message", &format!("(blob \"alice\", blob \"{ciphertext}\")")))
}

fn status(inbox: &Inbox) -> Status {
    decoded::<Status, StatusError>(&inbox.query("get_status", "()")).expect("it is ready")
}

fn messages(inbox: &Inbox) -> u64 {
    status(inbox).store.expect("reads are open").messages.into()
}

fn seal(inbox: &Inbox) {
    decoded::<(), SealError>(&inbox.update("seal", "()")).expect("it is sealed");
}

/// Resumes the store, and waits for the second in which adds begin. Returns the epoch.
fn resume(inbox: &Inbox) -> u64 {
    let epoch = decoded::<u64, ResumeError>(&inbox.update("resume", "()")).expect("it was sealed");
    while SystemTime::now() < SystemTime::UNIX_EPOCH + Duration::from_secs(epoch) {
        std::thread::sleep(Duration::from_millis(10));
    }
    epoch
}

#[test]
fn an_upgrade_is_taken_back_with_a_snapshot() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    add(&inbox, "before").expect("it is added");
    seal(&inbox);
    inbox.manage("stop", &[]);
    let snapshot = inbox.new_snapshot("create", &["--quiet"]);
    let module = canister_path();
    let module = module.to_str().expect("the path is text");
    inbox.manage("install", &["--mode", "upgrade", "--wasm", module, "--args", "(null)", "--yes"]);
    inbox.manage("start", &[]);
    resume(&inbox);
    add(&inbox, "after").expect("it is added");
    assert_eq!(messages(&inbox), 2);

    inbox.manage("stop", &[]);
    inbox.snapshot("restore", &[&snapshot]);
    inbox.manage("start", &[]);
    assert_eq!(messages(&inbox), 1, "messages after the snapshot are gone");
    resume(&inbox);
    assert_eq!(add(&inbox, "again").expect("it goes on").id, 2);
    assert_eq!(module_hash_in(&inbox.status().succeeded()), built_module_hash());
    inbox.snapshot("delete", &[&snapshot]);
}

#[test]
fn a_downloaded_snapshot_is_restored_in_another_canister() {
    let anonymous = Principal::anonymous();
    let network = Network::with(&[(anonymous, Some(canister_wasm())), (anonymous, None)]);
    let [full, empty] = network.canisters[..] else { panic!("there are two canisters") };
    let (icp, folder) = (Icp::new(), Folder::new());
    let inbox = Inbox::at(&icp, network.url(), full);
    for number in 0..3 {
        add(&inbox, &format!("message {number}")).expect("it is added");
    }
    seal(&inbox);
    inbox.manage("stop", &[]);
    let snapshot = inbox.new_snapshot("create", &["--quiet"]);
    let backup = folder.path().join("backup");
    let backup = backup.to_str().expect("the path is text");
    inbox.snapshot("download", &[&snapshot, "--output", backup]);

    let other = Inbox::at(&icp, network.url(), empty);
    other.manage("stop", &[]);
    let uploaded = other.new_snapshot("upload", &["--input", backup, "--quiet"]);
    other.snapshot("restore", &[&uploaded]);
    other.manage("start", &[]);
    assert_eq!(module_hash_in(&other.status().succeeded()), built_module_hash());
    for id in 1..=3 {
        let message = other.query("get_message_by_id", &format!("({id}, null)"));
        let found = decoded::<Found, GetError>(&message).expect("it is there");
        assert_eq!(found.message.ciphertext, format!("message {}", id - 1).as_bytes());
    }
    assert_eq!(add(&other, "too early"), Err(AddError::Sealed), "it was taken sealed");
    resume(&other);
    assert_eq!(add(&other, "more").expect("it goes on").id, 4);
}

/// A store restored from a snapshot assigns ids that were assigned before, in another epoch.
#[test]
fn a_snapshot_is_sealed_restored_and_resumed() {
    let (network, icp, folder) = (Network::start(), Icp::new(), Folder::new());
    let inbox = Inbox::of(&icp, &network);
    add(&inbox, "before").expect("it is added");
    let installed = status(&inbox).epoch;
    seal(&inbox);
    assert_eq!(add(&inbox, "while sealed"), Err(AddError::Sealed));
    inbox.manage("stop", &[]);
    let snapshot = inbox.new_snapshot("create", &["--quiet"]);
    inbox.manage("start", &[]);
    let first = resume(&inbox);
    assert_eq!(add(&inbox, "in the first life").expect("it goes on").id, 2);

    let backup = folder.path().join("backup");
    let backup = backup.to_str().expect("the path is text");
    inbox.snapshot("download", &[&snapshot, "--output", backup]);
    inbox.manage("stop", &[]);
    let uploaded = inbox.new_snapshot("upload", &["--input", backup, "--quiet"]);
    inbox.snapshot("restore", &[&uploaded]);
    inbox.manage("start", &[]);
    let restored = status(&inbox);
    assert_eq!((restored.sealed, restored.epoch), (true, installed), "as it was taken");
    assert_eq!(add(&inbox, "too early"), Err(AddError::Sealed));
    let second = resume(&inbox);
    assert_eq!(add(&inbox, "in the second life").expect("it goes on").id, 2, "the id is given out again");
    assert!(installed < first && first < second, "epochs {installed}, {first} and {second}");
}
