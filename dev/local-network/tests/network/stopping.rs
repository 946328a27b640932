//! The program stops when it is told to, whatever it is doing, and shares its folder with nobody.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::common::envelope::{bare, call, query};
use crate::common::http::head;
use crate::common::probe::PROBE;
use candid::Principal;
use tempfile::TempDir;
use test_support::process::{Process, Signal, Start};

const ANONYMOUS: Principal = Principal::anonymous();
/// Maximum time that it may take to stop: the time that requests have to end, and some for a busy machine.
const SOON: Duration = Duration::from_secs(12);

/// A folder of a test, with the probe's module in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().expect("there is room"));
        let module = wat::parse_str(PROBE).expect("the text is legal");
        std::fs::write(folder.path("probe.wasm"), module).expect("there is room");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The network with the probe, in memory.
    fn in_memory(&self) -> Start {
        Start::new([self.path("probe.wasm")]).expect("cargo has built it")
    }

    /// The network with the probe, which keeps its state.
    fn kept(&self) -> Start {
        Start { state: Some(self.path("state")), ..self.in_memory() }
    }
}

/// Starts a call or query that takes these millions of rounds, and leaves its answer.
fn spin(network: &Process, endpoint: &str, millions: u32) -> TcpStream {
    let (canister, argument) = (network.canister(), millions.to_le_bytes());
    let content = match endpoint {
        "query" => query(canister, ANONYMOUS, "spin_of_query", &argument),
        _ => call(canister, ANONYMOUS, "spin", &argument),
    };
    let body = bare(content).encode_bytes();
    let path = format!("/api/v3/canister/{canister}/{endpoint}");
    let mut stream = TcpStream::connect(network.address()).expect("it listens");
    stream.write_all(&head("POST", &path, &[("content-type", "application/cbor")], body.len())).expect("it reads");
    stream.write_all(&body).expect("it reads");
    stream
}

/// The exit code of a network that ends soon.
fn ends_soon(network: &mut Process) -> Option<i32> {
    let status = network.ended_within(SOON).expect("it was started");
    status.expect("it stops").code()
}

/// The status of the answer to the request; 0 if the connection ended without one.
fn answered(stream: TcpStream) -> u16 {
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line.split(' ').nth(1).map_or(0, |status| status.parse().expect("a status is a number"))
}

#[test]
fn it_stops_while_queries_run() {
    let folder = Folder::new();
    let mut network = folder.in_memory().run().expect("it starts");
    let queries: Vec<_> = (0..40).map(|_| spin(&network, "query", 500)).collect();
    std::thread::sleep(Duration::from_millis(300));
    network.send(Signal::Terminate).expect("it runs");
    assert_eq!(ends_soon(&mut network), Some(0));
    drop(queries);
}

#[test]
fn it_stops_before_calls_that_wait() {
    let folder = Folder::new();
    let mut network = folder.kept().run().expect("it starts");
    let begin = Instant::now();
    answered(spin(&network, "call", 1_000));
    let round = begin.elapsed();
    // They come throughout a round and a half. Those that come after a round began wait for its end at least.
    let send_later = || {
        let call = spin(&network, "call", 1_000);
        std::thread::sleep(round / 20);
        call
    };
    let calls: Vec<_> = (0..30).map(|_| send_later()).collect();
    // A busy network needs a while to read them all.
    std::thread::sleep(round / 4);
    network.send(Signal::Interrupt).expect("it runs");
    assert_eq!(ends_soon(&mut network), Some(0));
    // A call that was not accepted is not confirmed: each call has an answer: 503, or its result. Those that
    // the engine took in go on at the next start.
    let statuses: Vec<u16> = calls.into_iter().map(answered).collect();
    assert!(statuses.iter().all(|status| [200, 202, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&503), "some were not taken in: {statuses:?}");
}

#[test]
fn asked_twice_it_waits_for_nothing() {
    let folder = Folder::new();
    let mut network = folder.in_memory().run().expect("it starts");
    // The longest that a call may take.
    let call = spin(&network, "call", 100_000);
    std::thread::sleep(Duration::from_millis(300));
    network.send(Signal::Interrupt).expect("it runs");
    std::thread::sleep(Duration::from_millis(300));
    network.send(Signal::Interrupt).expect("it runs");
    let asked = Instant::now();
    assert_eq!(ends_soon(&mut network), Some(2));
    assert!(asked.elapsed() < Duration::from_secs(3), "it waited for {:?}", asked.elapsed());
    drop(call);
}

#[test]
fn a_second_network_on_a_folder_changes_nothing() {
    let folder = Folder::new();
    let mut network = folder.kept().run().expect("it starts");
    let refused = folder.kept().command().output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2));
    drop(spin(&network, "call", 1));
    network.send(Signal::Terminate).expect("it runs");
    assert_eq!(ends_soon(&mut network), Some(0));
    let again = folder.kept().run().expect("it starts");
    assert_eq!(again.canister(), network.canister());
}

#[test]
fn if_the_port_is_taken_no_folder_is_made() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let refused = Start { port, ..folder.kept() }.command().output().expect("it starts");
    let said = String::from_utf8(refused.stderr).expect("it is text");
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains(&port.to_string()) && said.contains("--port"), "{said}");
    assert!(!folder.path("state").exists());
}
