//! The limits of connections, set small enough to be reached.

use std::net::SocketAddr;

use local_ic::LocalIc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::*;
use crate::state::State;

const GENEROUS: Allowance = Allowance {
    connections: 100,
    body_bytes: MAX_LARGE_BODY_BYTES,
    head_timeout: Duration::from_secs(60),
    body_timeout: Duration::from_secs(60),
    write_timeout: Duration::from_secs(60),
};
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(10);

/// A server. It stops when told to, or when it is dropped.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(allowance: Allowance) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = State::in_memory(LocalIc::new()).expect("there is randomness");
        let (node, _) = Node::start(state).expect("there is a thread");
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        Self { address, stop, done: tokio::spawn(serve_within(allowance, node, None, listener, stopped)) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the server listens")
    }

    /// A connection on which this was sent.
    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.expect("the connection is open");
        stream
    }
}

const STATUS: &[u8] = b"GET /api/v2/status HTTP/1.1\r\nhost: x\r\n\r\n";

/// The bytes until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut bytes)).await;
    read.expect("the server closes in time").expect("the connection is whole");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status of the next answer.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut line = [0; 12];
    let read = tokio::time::timeout(LONG, stream.read_exact(&mut line)).await;
    read.expect("an answer comes in time").expect("the connection is open");
    String::from_utf8_lossy(&line[9..]).parse().expect("a status is a number")
}

/// Whether nothing comes for a while.
async fn silent(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(SHORT, stream.read_u8()).await.is_err()
}

/// A request of the gateway with a body of so many bytes, of which so many are sent.
fn post(length: usize, sent: usize) -> Vec<u8> {
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), &vec![b'a'; sent]].concat()
}

#[tokio::test]
async fn a_connection_that_sends_no_head_in_time_is_closed() {
    let server = Server::start(Allowance { head_timeout: SHORT, ..GENEROUS }).await;
    for sent in [&b""[..], b"GET", &STATUS[..STATUS.len() - 1]] {
        let answer = rest(&mut server.sent(sent).await).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    // After a request, the time is that of the next one.
    let answer = rest(&mut server.sent(STATUS).await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_given_up() {
    let server = Server::start(Allowance { body_timeout: SHORT, ..GENEROUS }).await;
    for (length, sent) in [(10, 0), (10, 9), (200_000, 100_000)] {
        let mut stream = server.sent(&post(length, sent)).await;
        assert_eq!(status(&mut stream).await, 408, "{sent} of {length}");
        assert!(rest(&mut stream).await.contains("the body did not arrive"), "and the connection is closed");
    }
    let mut whole = server.sent(&post(10, 10)).await;
    assert_eq!(status(&mut whole).await, 404);
}

/// The rest of a request of [`post`].
async fn finish(stream: &mut TcpStream, bytes: usize) {
    stream.write_all(&vec![b'a'; bytes]).await.expect("the connection is open");
}

const KIB: usize = 1 << 10;

#[tokio::test]
async fn large_bodies_hold_what_they_sent_and_one_goes_on_beyond_the_room() {
    let server = Server::start(Allowance { body_bytes: 1_000 * KIB, ..GENEROUS }).await;
    let length = SMALL_BODY_BYTES + 900 * KIB;
    let sent = |kib: usize| post(length, SMALL_BODY_BYTES + kib * KIB);
    let mut first = server.sent(&sent(600)).await;
    tokio::time::sleep(SHORT).await;
    // 400 KiB of room are left, for bodies that need no more.
    let mut fits = server.sent(&post(SMALL_BODY_BYTES + 400 * KIB, SMALL_BODY_BYTES + 400 * KIB)).await;
    assert_eq!(status(&mut fits).await, 404);
    let mut beyond = server.sent(&sent(600)).await;
    tokio::time::sleep(SHORT).await;
    let mut waits = server.sent(&sent(900)).await;
    assert!(silent(&mut waits).await, "there is no room, and another goes on beyond it");
    let mut small = server.sent(&post(SMALL_BODY_BYTES, SMALL_BODY_BYTES)).await;
    assert_eq!(status(&mut small).await, 404, "small bodies wait for nobody");
    finish(&mut beyond, 300 * KIB).await;
    assert_eq!(status(&mut beyond).await, 404);
    assert_eq!(status(&mut waits).await, 404, "now it is the one");
    finish(&mut first, 300 * KIB).await;
    assert_eq!(status(&mut first).await, 404);
}

#[tokio::test]
async fn bodies_that_hold_all_room_together_do_not_wait_for_each_other() {
    let server = Server::start(Allowance { body_bytes: 1_000 * KIB, ..GENEROUS }).await;
    let mut halves = Vec::new();
    for _ in 0..10 {
        halves.push(server.sent(&post(SMALL_BODY_BYTES + 900 * KIB, SMALL_BODY_BYTES + 300 * KIB)).await);
    }
    tokio::time::sleep(SHORT).await;
    for half in &mut halves {
        finish(half, 600 * KIB).await;
    }
    for half in &mut halves {
        assert_eq!(status(half).await, 404);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_gives_its_room_back() {
    let server = Server::start(Allowance { body_bytes: 1_000 * KIB, ..GENEROUS }).await;
    let sent = |kib: usize| post(SMALL_BODY_BYTES + 900 * KIB, SMALL_BODY_BYTES + kib * KIB);
    let first = server.sent(&sent(800)).await;
    tokio::time::sleep(SHORT).await;
    let beyond = server.sent(&sent(800)).await;
    tokio::time::sleep(SHORT).await;
    let mut both = [server.sent(&sent(900)).await, server.sent(&sent(900)).await];
    assert!(silent(&mut both[0]).await && silent(&mut both[1]).await, "there is room for neither");
    drop((first, beyond));
    for stream in &mut both {
        assert_eq!(status(stream).await, 404);
    }
}

/// It asks and asks, until nothing that it sends is taken: the server takes no more as its answers are not taken.
#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let server = Server::start(Allowance { connections: 1, write_timeout: 3 * SHORT, ..GENEROUS }).await;
    let mut greedy = server.connect().await;
    let asked = STATUS.repeat(1_000);
    while let Ok(written) = tokio::time::timeout(SHORT, greedy.write_all(&asked)).await {
        written.expect("the connection is open");
    }
    let mut next = server.sent(STATUS).await;
    assert_eq!(status(&mut next).await, 200, "its place is free");
    // It may read the bytes that were sent before, and finds the end after them.
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(LONG, greedy.read_to_end(&mut bytes)).await.expect("it ends");
    assert!(read.is_err() || bytes.len() < asked.len() * 100, "the connection is closed");
}

#[test]
fn connections_leave_files_to_the_rest_of_the_network() {
    for (open_files, expected) in [
        (0, 1),
        (RESERVED_FILES, 1),
        (RESERVED_FILES + 4, 2),
        (256, 96),
        (1_024, 480),
        (4_096, 2_016),
        (20_000, MAX_CONNECTIONS),
        (rlimit::INFINITY, MAX_CONNECTIONS),
    ] {
        assert_eq!(connections(open_files), expected, "{open_files}");
    }
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits() {
    let server = Server::start(Allowance { connections: 2, ..GENEROUS }).await;
    let mut both = [server.sent(STATUS).await, server.sent(STATUS).await];
    for stream in &mut both {
        assert_eq!(status(stream).await, 200);
    }
    let mut third = server.sent(STATUS).await;
    assert!(silent(&mut third).await);
    drop(both);
    assert_eq!(status(&mut third).await, 200);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_closes_what_is_idle_and_finishes_the_rest() {
    let server = Server::start(GENEROUS).await;
    let mut idle = server.connect().await;
    let mut served = server.sent(STATUS).await;
    assert_eq!(status(&mut served).await, 200);
    let mut sending = server.sent(&post(10, 9)).await;
    tokio::time::sleep(SHORT).await;
    server.stop.send(()).expect("it runs");
    assert_eq!(rest(&mut idle).await, "");
    rest(&mut served).await;
    sending.write_all(b"a").await.expect("the connection is open");
    assert_eq!(status(&mut sending).await, 404, "it was being sent");
    tokio::time::timeout(STOP_GRACE + LONG, server.done).await.expect("it stops").expect("it does not panic");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens");
}
