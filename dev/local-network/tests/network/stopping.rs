//! The program: it stops when it is told to, whatever it is doing, and shares its folder with nobody.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::envelope::{bare, call, query};
use crate::common::http::head;
use crate::common::probe::PROBE;
use candid::Principal;
use ic_transport_types::Envelope;
use tempfile::TempDir;

const ANONYMOUS: Principal = Principal::anonymous();
/// How long it may take to stop: the time that requests have to end, and some for a busy machine.
const SOON: Duration = Duration::from_secs(12);

/// A folder of a test, with the probe's module in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().expect("there is room"));
        std::fs::write(folder.module(), wat::parse_str(PROBE).expect("the text is legal")).expect("it is kept");
        folder
    }

    fn module(&self) -> PathBuf {
        self.0.path().join("probe.wasm")
    }

    /// The program with the probe, on a free port.
    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-network"));
        command.arg(self.module()).args(["--port", "0"]).args(options).stdout(Stdio::piped());
        command
    }

    fn state(&self) -> String {
        self.0.path().join("state").display().to_string()
    }
}

struct Running {
    process: Child,
    port: u16,
    canister: Principal,
}

impl Running {
    fn start(folder: &Folder, options: &[&str]) -> Self {
        let mut process = folder.command(options).spawn().expect("it starts");
        let mut ready = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        output.read_line(&mut ready).expect("it is text");
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let (place, canister) = ready.trim().rsplit_once(" canister ").expect("the first line says where it is");
        let port = place.rsplit_once(':').expect("it has a port").1.parse().expect("it is a number");
        Self { process, port, canister: canister.parse().expect("it is a principal") }
    }

    /// Sends a request and leaves its answer.
    fn send(&self, endpoint: &str, envelope: &Envelope<'_>) -> TcpStream {
        let body = envelope.encode_bytes();
        let path = format!("/api/v3/canister/{}/{endpoint}", self.canister);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(&head("POST", &path, &[("content-type", "application/cbor")], body.len())).expect("it reads");
        stream.write_all(&body).expect("it reads");
        stream
    }

    fn spin(&self, endpoint: &str, millions: u32) -> TcpStream {
        let argument = millions.to_le_bytes();
        let content = match endpoint {
            "query" => query(self.canister, ANONYMOUS, "spin_of_query", &argument),
            _ => call(self.canister, ANONYMOUS, "spin", &argument),
        };
        self.send(endpoint, &bare(content))
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.expect("there is kill").success());
    }

    /// Its exit code, if it ends soon.
    fn ends_soon(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("it was started") {
                return status.code();
            }
            assert!(start.elapsed() < SOON, "it does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The status of the answer to what was sent; 0 if the connection ended without one.
fn answered(stream: TcpStream) -> u16 {
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line.split(' ').nth(1).map_or(0, |status| status.parse().expect("a status is a number"))
}

#[test]
fn it_stops_while_queries_run() {
    let folder = Folder::new();
    let mut running = Running::start(&folder, &[]);
    let queries: Vec<_> = (0..40).map(|_| running.spin("query", 500)).collect();
    std::thread::sleep(Duration::from_millis(300));
    running.signal("TERM");
    assert_eq!(running.ends_soon(), Some(0));
    drop(queries);
}

#[test]
fn it_stops_before_calls_that_wait() {
    let folder = Folder::new();
    let state = folder.state();
    let mut running = Running::start(&folder, &["--state", &state]);
    let begin = Instant::now();
    answered(running.spin("call", 1_000));
    let round = begin.elapsed();
    let calls: Vec<_> = (0..30).map(|_| running.spin("call", 1_000)).collect();
    std::thread::sleep(round / 4);
    running.signal("INT");
    assert_eq!(running.ends_soon(), Some(0));
    // What was not taken in is not confirmed: each call has an answer, of 503 or of what it is. Those of the first round
    // were, if no round was over: then they go on at the next start.
    let statuses: Vec<u16> = calls.into_iter().map(answered).collect();
    assert!(statuses.iter().all(|status| [200, 202, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&503), "some were not taken in: {statuses:?}");
}

#[test]
fn asked_twice_it_waits_for_nothing() {
    let folder = Folder::new();
    let mut running = Running::start(&folder, &[]);
    // The longest that a call may take.
    let call = running.spin("call", 100_000);
    std::thread::sleep(Duration::from_millis(300));
    running.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    running.signal("INT");
    let asked = Instant::now();
    assert_eq!(running.ends_soon(), Some(2));
    assert!(asked.elapsed() < Duration::from_secs(3), "it waited for {:?}", asked.elapsed());
    drop(call);
}

#[test]
fn a_second_network_on_a_folder_changes_nothing() {
    let folder = Folder::new();
    let state = folder.state();
    let mut running = Running::start(&folder, &["--state", &state]);
    let refused = folder.command(&["--state", &state]).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2));
    drop(running.spin("call", 1));
    running.signal("TERM");
    assert_eq!(running.ends_soon(), Some(0));
    let again = Running::start(&folder, &["--state", &state]);
    assert_eq!(again.canister, running.canister);
}

#[test]
fn where_the_port_is_taken_no_folder_is_made() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-network"));
    command.arg(folder.module()).args(["--port", &port, "--state", &folder.state()]);
    let refused = command.output().expect("it starts");
    let said = String::from_utf8(refused.stderr).expect("it is text");
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
    assert!(!folder.0.path().join("state").exists());
}
