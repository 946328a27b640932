//! A network that keeps its state in a folder goes on where it stopped.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use candid::Principal;
use ic_agent::agent::{CallResponse, RequestStatusResponse};
use ic_agent::{Agent, RequestId};
use local_ic::{LocalIc, Time};
use local_network::{ExecutorThread, Node, State, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// `count` counts; `slow` takes so long that few of them fit in a round, and counts.
const CANISTER: &str = r#"(module
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (memory 1)
    (func $count
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $append (i32.const 0) (i32.const 4))
        (call $reply))
    (export "canister_update count" (func $count))
    (func (export "canister_update slow") (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 300000000))))
        (call $count))
    (func (export "canister_query counted") (call $append (i32.const 0) (i32.const 4)) (call $reply)))"#;

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("local-network-restart-{}-{number}", std::process::id()));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Running {
    agent: Agent,
    canister: Principal,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    executor: ExecutorThread,
}

/// Serves the network of `folder`, a new one if it has none.
async fn start(folder: &Path) -> Running {
    let (state, canister) = State::open(folder).expect("it is whole").unwrap_or_else(|| {
        let engine = LocalIc::new();
        engine.set_time(Time::from(SystemTime::now()));
        let canister = engine.create_canister();
        engine.install_canister(canister, wat::parse_str(CANISTER).expect("the text is legal"), vec![], None);
        (State::create(folder, engine, canister).expect("it is created"), canister)
    });
    let (node, executor) = Node::start(state).expect("there is a thread");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    let server = tokio::spawn(serve(node, None, listener, stopped));
    let agent = Agent::builder().with_url(url).build().expect("the url is legal");
    agent.fetch_root_key().await.expect("the status has a root key");
    Running { agent, canister, stop, server, executor }
}

impl Running {
    async fn stop(self) {
        self.stop.send(()).expect("the server waits for it");
        drop(self.agent);
        self.server.await.expect("it does not panic");
        tokio::task::spawn_blocking(|| self.executor.join()).await.expect("it ends").expect("all is saved");
    }

    async fn counted(&self) -> u32 {
        let reply = self.agent.query(&self.canister, "counted").with_arg([]).call().await.expect("it replies");
        u32::from_le_bytes(reply.try_into().expect("it is a number"))
    }

    /// Sends a call whose envelope is made before, and returns its reply.
    async fn send(&self, envelope: Vec<u8>) -> Vec<u8> {
        match self.agent.update_signed(self.canister, envelope).await.expect("it is taken in") {
            CallResponse::Response(reply) => reply,
            CallResponse::Poll(id) => self.poll(id).await,
        }
    }

    async fn poll(&self, id: RequestId) -> Vec<u8> {
        loop {
            let (status, _) = self.agent.request_status_raw(&id, self.canister).await.expect("it is certified");
            if let RequestStatusResponse::Replied(reply) = status {
                return reply.arg;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn state_keys_and_answers_survive_and_a_call_made_again_is_not_executed_again() {
    let folder = Folder::new();
    let network = start(&folder.0).await;
    let root_key = network.agent.read_root_key();
    let signed = network.agent.update(&network.canister, "count").with_arg([]).sign().expect("it is signed");
    assert_eq!(network.send(signed.signed_update.clone()).await, [1, 0, 0, 0]);
    assert_eq!(network.counted().await, 1);
    network.stop().await;

    let network = start(&folder.0).await;
    assert_eq!(network.agent.read_root_key(), root_key);
    assert_eq!(network.counted().await, 1);
    assert_eq!(network.send(signed.signed_update).await, [1, 0, 0, 0], "the first answer");
    assert_eq!(network.counted().await, 1);
    let again = network.agent.update(&network.canister, "count").with_arg([]).call_and_wait().await;
    assert_eq!(again.expect("it replies"), [2, 0, 0, 0]);
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_when_the_network_stops_are_answered_when_it_runs_again() {
    let folder = Folder::new();
    let network = start(&folder.0).await;
    let (url, canister) = (network.agent.clone(), network.canister);
    let mut ids = Vec::new();
    for _ in 0..20 {
        let signed = url.update(&canister, "slow").with_arg([]).sign().expect("it is signed");
        ids.push(signed.request_id);
        let agent = url.clone();
        // Sent at once; who waits for the answer goes away with the network.
        tokio::spawn(async move { agent.update_signed(canister, signed.signed_update).await });
    }
    drop(url);
    while network.counted().await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    network.stop().await;
    let network = start(&folder.0).await;
    for id in ids {
        network.poll(id).await;
    }
    assert_eq!(network.counted().await, 20);
    network.stop().await;
}
