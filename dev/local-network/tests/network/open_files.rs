//! A process that may have few files open serves few connections at once, and has files left for what an upgrade needs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::common::envelope::*;
use crate::common::http::{Connection, head};
use crate::common::probe::PROBE;
use candid::Principal;
use ic_management_canister_types::{CanisterInstallMode, InstallCodeArgs};
use tempfile::NamedTempFile;

/// Of these, connections leave the half, and have one for themselves and one for the page each.
const OPEN_FILES: usize = 128;
const CONNECTIONS: usize = 32;

/// A network in a process of its own, killed when the test ends.
struct Process {
    child: Child,
    /// Kept open for what it says.
    _output: BufReader<ChildStdout>,
    _module: NamedTempFile,
    address: SocketAddr,
    canister: Principal,
}

impl Process {
    fn start() -> Self {
        let module = NamedTempFile::new().expect("there is room");
        std::fs::write(module.path(), wat::parse_str(PROBE).expect("the text is legal")).expect("there is room");
        let limited = format!("ulimit -n {OPEN_FILES} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        let probe = format!("probe={}", module.path().display());
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_local-network"), &probe, "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut ready = String::new();
        output.read_line(&mut ready).expect("it says that it is ready");
        // "ready: http://127.0.0.1:PORT canister ID"
        let words: Vec<&str> = ready.split_whitespace().collect();
        let address = words[1].strip_prefix("http://").expect("it is a URL").parse().expect("it is an address");
        let canister = Principal::from_text(words[3]).expect("it is an id");
        Self { child, _output: output, _module: module, address, canister }
    }

    fn post(&self, endpoint: &str, envelope: &ic_transport_types::Envelope<'_>) -> Vec<u8> {
        let body = envelope.encode_bytes();
        let url = format!("/api/v3/canister/{}/{endpoint}", self.canister);
        [&head("POST", &url, &[("content-type", "application/cbor")], body.len())[..], &body].concat()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn an_upgrade_finds_the_files_that_it_needs_however_many_connect() {
    let process = Process::start();
    let status = head("GET", "/api/v2/status", &[], 0);
    let mut served = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(process.address).await;
        connection.send(&status).await;
        assert_eq!(connection.answer().await.expect("there is a place").status, 200);
        served.push(connection);
    }
    let mut waiting = Vec::new();
    for _ in CONNECTIONS..OPEN_FILES {
        let mut connection = Connection::open(process.address).await;
        connection.send(&status).await;
        waiting.push(connection);
    }
    let first = waiting.first_mut().expect("there are some");
    let answered = tokio::time::timeout(Duration::from_millis(300), first.answer()).await;
    assert!(answered.is_err(), "it waits: {answered:?}");

    let upgrade = InstallCodeArgs {
        mode: CanisterInstallMode::Reinstall,
        canister_id: process.canister,
        wasm_module: wat::parse_str(PROBE).expect("the text is legal"),
        arg: Vec::new(),
        sender_canister_version: None,
    };
    let argument = candid::encode_one(upgrade).expect("it encodes");
    for _ in 0..3 {
        let content = call(Principal::management_canister(), Principal::anonymous(), "install_code", &argument);
        served[0].send(&process.post("call", &bare(content))).await;
        let answer = served[0].answer().await.expect("it is answered");
        assert_eq!(answer.status, 200, "{}", answer.text());
        for connection in &mut served {
            let content = query(process.canister, Principal::anonymous(), "echo_of_query", b"abc");
            connection.send(&process.post("query", &bare(content))).await;
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
