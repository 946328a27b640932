//! A process that may open only a few files serves few connections at once, and keeps files for upgrades.

use std::ffi::OsString;
use std::time::Duration;

use crate::common::envelope::*;
use crate::common::http::{Connection, head};
use crate::common::probe::PROBE;
use candid::Principal;
use ic_management_canister_types::{CanisterInstallMode, InstallCodeArgs};
use tempfile::NamedTempFile;
use test_support::process::{Process, Start};

/// Of these, connections leave the half, and have one for themselves and one for the page each.
const OPEN_FILES: usize = 128;
const CONNECTIONS: usize = 32;

/// A network of the probe that may have [`OPEN_FILES`].
fn limited() -> Process {
    let module = NamedTempFile::new().expect("there is room");
    std::fs::write(module.path(), wat::parse_str(PROBE).expect("the text is legal")).expect("there is room");
    let start = Start::new([format!("probe={}", module.path().display())]).expect("cargo has built it");
    let script = format!("ulimit -n {OPEN_FILES} && exec \"$0\" \"$@\"");
    let shell: [OsString; 3] = ["-c".into(), script.into(), start.program.into()];
    let words = shell.into_iter().chain(start.words).collect();
    Start { program: "sh".into(), words, ..start }.run().expect("it starts")
}

fn post(endpoint: &str, canister: Principal, envelope: &ic_transport_types::Envelope<'_>) -> Vec<u8> {
    let body = envelope.encode_bytes();
    let url = format!("/api/v3/canister/{canister}/{endpoint}");
    [&head("POST", &url, &[("content-type", "application/cbor")], body.len())[..], &body].concat()
}

#[tokio::test]
async fn an_upgrade_finds_the_files_that_it_needs_however_many_connect() {
    let network = limited();
    let canister = network.canister();
    let status = head("GET", "/api/v2/status", &[], 0);
    let mut served = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(network.address()).await;
        connection.send(&status).await;
        assert_eq!(connection.answer().await.expect("there is a place").status, 200);
        served.push(connection);
    }
    let mut waiting = Vec::new();
    for _ in CONNECTIONS..OPEN_FILES {
        let mut connection = Connection::open(network.address()).await;
        connection.send(&status).await;
        waiting.push(connection);
    }
    let first = waiting.first_mut().expect("there are some");
    let answered = tokio::time::timeout(Duration::from_millis(300), first.answer()).await;
    assert!(answered.is_err(), "it waits: {answered:?}");

    let upgrade = InstallCodeArgs {
        mode: CanisterInstallMode::Reinstall,
        canister_id: canister,
        wasm_module: wat::parse_str(PROBE).expect("the text is legal"),
        arg: Vec::new(),
        sender_canister_version: None,
    };
    let argument = candid::encode_one(upgrade).expect("it encodes");
    for _ in 0..3 {
        let content = call(Principal::management_canister(), Principal::anonymous(), "install_code", &argument);
        served[0].send(&post("call", canister, &bare(content))).await;
        let answer = served[0].answer().await.expect("it is answered");
        assert_eq!(answer.status, 200, "{}", answer.text());
        for connection in &mut served {
            let content = query(canister, Principal::anonymous(), "echo_of_query", b"abc");
            connection.send(&post("query", canister, &bare(content))).await;
        }
        for connection in &mut served {
            assert_eq!(connection.answer().await.expect("it is answered").status, 200);
        }
    }
    drop(served);
    for mut connection in waiting {
        assert_eq!(connection.answer().await.expect("there are places").status, 200);
    }
}
