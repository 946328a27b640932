//! `icp canister` stops, starts and upgrades a canister, and reads its logs.

use message_canister::api::*;

use super::{Icp, Inbox, built_module_hash, module_hash_in};
use crate::decoded;
use crate::network::Network;
use test_support::artifact::canister_path;

#[test]
fn a_canister_is_stopped_and_started() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    let status = || {
        let status: serde_json::Value = serde_json::from_str(&inbox.manage("status", &["--json"])).expect("it is JSON");
        status["status"].as_str().expect("it has one").to_string()
    };
    assert_eq!(status(), "Running");
    inbox.manage("stop", &[]);
    assert_eq!(status(), "Stopped");
    let errors = inbox.call("add_message", "(blob \"alice\", blob \"sealed\")", &[]).failed();
    assert!(errors.contains("IC0508"), "{errors}");
    inbox.manage("start", &[]);
    assert_eq!(status(), "Running");
    let added = inbox.update("add_message", "(blob \"alice\", blob \"sealed\")");
    assert_eq!(decoded::<Added, AddError>(&added), Ok(Added { id: 1, duplicate: false }));
}

#[test]
fn an_upgrade_keeps_messages_and_takes_settings() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    inbox.update("add_message", "(blob \"alice\", blob \"sealed\")");
    let module = canister_path();
    let module = module.to_str().expect("the path is text");
    // Without its type the number would be an int, which is refused.
    let settings = "(opt vec { variant { max_messages = variant { at_most = 7 : nat32 } } })";
    inbox.manage("install", &["--mode", "upgrade", "--wasm", module, "--args", settings, "--yes"]);
    let status = decoded::<Status, StatusError>(&inbox.query("get_status", "()")).expect("it is ready");
    assert!(status.settings.settings.contains(&Setting::max_messages(Bound::AtMost(7))), "{:?}", status.settings);
    let message = decoded::<Found, GetError>(&inbox.query("get_message_by_id", "(1, null)"));
    assert_eq!(message.expect("the upgrade has kept it").message.ciphertext, b"sealed");
    assert_eq!(module_hash_in(&inbox.status().succeeded()), built_module_hash());
}

#[test]
fn the_log_has_the_installation_and_traps() {
    let (network, icp) = (Network::start(), Icp::new());
    let inbox = Inbox::of(&icp, &network);
    for _ in 0..2 {
        inbox.call("get_message_by_id", "00", &["--args-format", "hex"]).failed();
    }
    let first = inbox.manage("logs", &["--until-index", "1"]);
    assert!(first.contains("release") && first.contains("is installed"), "{first}");
    let traps = |words: &[&str]| inbox.manage("logs", words).lines().filter(|line| line.contains("[TRAP]")).count();
    assert_eq!(traps(&[]), 2);
    let some = [&["--since-index", "2"][..], &["--since-index", "3"], &["--until-index", "2"]].map(traps);
    assert_eq!(some, [1, 0, 1]);
}
