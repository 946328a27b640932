//! The project's own `icp.yaml`, from the build to the running canister. `icp` builds and installs with the environment
//! `local-network`. Its port is that of `scripts/serve`; here it is a free one.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use ::client::directory::api as directory;
use candid::Principal;
use flate2::read::GzDecoder;
use message_canister::api::*;
use serde_json::Value;

use crate::decoded;
use crate::icp::{Icp, Inbox, built_module_hash, module_hash_in};
use crate::network::Network;
use crate::programs::Folder;
use test_support::artifact::{canister_wasm, directory_wasm, root};

/// 90 days, in seconds.
const FREEZING: u64 = 90 * 24 * 60 * 60;
/// The address in `icp.yaml`.
const SERVED: &str = "http://127.0.0.1:4943";

/// This project as `icp` sees it, except for the port. Nothing that `icp` writes is left in the checkout.
fn project(url: &str) -> Folder {
    let (folder, root) = (Folder::new(), root());
    let yaml = fs::read_to_string(root.join("icp.yaml")).expect("the file is there");
    assert_eq!(yaml.matches(SERVED).count(), 1, "icp.yaml names {SERVED} once");
    folder.write("icp.yaml", yaml.replace(SERVED, url));
    for shared in ["recipes", "artifacts"] {
        symlink(root.join(shared), folder.path().join(shared)).expect("folders can be linked");
    }
    // The script finds the checkout by its own path, so a link to it would not work.
    fs::create_dir(folder.path().join("scripts")).expect("folders can be made");
    let script =
        folder.write("scripts/build", format!("#!/bin/sh\nexec '{}' \"$@\"\n", root.join("scripts/build").display()));
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    folder
}

/// The built module without compression: another file, with another hash, and the same behaviour.
fn another_module() -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(canister_wasm()).read_to_end(&mut bytes).expect("the artifact is gzipped");
    bytes
}

/// Tells the environment the id of a canister.
fn link(icp: &Icp, project: &Path, name: &str, id: Principal, words: &[&str]) {
    let id = id.to_text();
    let link = ["canister", "link", name, &id, "-e", "local-network"];
    icp.run_in(project, &[&link[..], words].concat()).succeeded();
}

/// Builds and upgrades a canister that the environment knows.
fn deploy(icp: &Icp, project: &Path, name: &str) {
    icp.run_in(project, &["deploy", name, "-e", "local-network", "--no-create", "--yes"]).succeeded();
}

/// `icp canister status` of a canister that the environment knows.
fn status(icp: &Icp, project: &Path, name: &str) -> Vec<u8> {
    icp.run_in(project, &["canister", "status", name, "-e", "local-network", "--json"]).succeeded()
}

/// Whether a status has these settings of `icp.yaml`.
fn assert_settings(status: &[u8], expected: &[(&str, u64)]) {
    let status: Value = serde_json::from_slice(status).expect("the output is JSON");
    for (setting, value) in expected {
        let found = status["settings"][setting].to_string().replace(['"', '_'], "");
        assert_eq!(found, value.to_string(), "{setting} of icp.yaml: {status}");
    }
}

#[test]
fn the_projects_environment_builds_installs_and_upgrades_with_the_bytes_of_scripts_build() {
    let anonymous = Principal::anonymous();
    let old = another_module();
    let network = Network::with(&[(anonymous, None), (anonymous, Some(&old))]);
    let [empty, running] = network.canisters[..] else { panic!("there are two canisters") };
    let (icp, project) = (Icp::new(), project(&network.url()));
    let project = project.path();
    let status = || status(&icp, project, "message-canister");

    link(&icp, project, "message-canister", empty, &[]);
    icp.run_in(project, &["build", "message-canister", "-e", "local-network"]).succeeded();
    let built = fs::read(project.join(".icp/cache/artifacts/message-canister")).expect("the build leaves it");
    assert!(built == canister_wasm(), "icp builds other bytes than scripts/build");
    let install = ["canister", "install", "message-canister", "-e", "local-network", "--mode", "install"];
    icp.run_in(project, &[&install[..], &["--args", "(null)"]].concat()).succeeded();
    assert_eq!(module_hash_in(&status()), built_module_hash());

    link(&icp, project, "message-canister", running, &["--force"]);
    let inbox = Inbox::at(&icp, network.url(), running);
    let added = inbox.update("add_message", "(blob \"alice\", blob \"sealed\")");
    assert_eq!(decoded::<Added, AddError>(&added), Ok(Added { id: 1, duplicate: false }));
    assert_ne!(module_hash_in(&status()), built_module_hash(), "there is something to deploy");
    deploy(&icp, project, "message-canister");
    let status = status();
    assert_eq!(module_hash_in(&status), built_module_hash());
    let message = decoded::<Found, GetError>(&inbox.query("get_message_by_id", "(1, null)"));
    assert_eq!(message.expect("the upgrade has kept it").message.ciphertext, b"sealed");
    assert_settings(&status, &[("freezing_threshold", FREEZING), ("wasm_memory_threshold", 512 << 20)]);
}

#[test]
fn the_projects_environment_upgrades_the_directory() {
    let (network, icp) = (Network::of_directories(1), Icp::new());
    let project = project(&network.url());
    let project = project.path();
    link(&icp, project, "directory", network.canister(), &[]);
    deploy(&icp, project, "directory");
    let built = fs::read(project.join(".icp/cache/artifacts/directory")).expect("the build leaves it");
    assert!(built == directory_wasm(), "icp builds other bytes than scripts/build");
    let inbox = Inbox::of(&icp, &network);
    let log = inbox.manage("logs", &[]);
    assert!(log.contains("upgraded to release"), "{log}");
    let after = decoded::<directory::Status, directory::StatusError>(&inbox.query("get_status", "()"));
    let after = after.expect("it answers");
    assert_eq!((after.ready, after.registration, after.epochs), (true, directory::Registration::open, 1));
    assert_settings(&status(&icp, project, "directory"), &[("freezing_threshold", FREEZING)]);
}
