//! A network that saves its state in a folder continues where it stopped.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use candid::Principal;
use ic_agent::agent::{CallResponse, RequestStatusResponse};
use ic_agent::{Agent, RequestId};
use local_ic::{LocalIc, Time};
use local_network::{ExecutorThread, FolderError, Node, State, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// `count` counts; `grow` takes 16 GiB of stable memory; `slow` counts, and has so many instructions that few of them fit in a
/// round.
const CANISTER: &str = r#"(module
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
    (memory 2)
    (func $count
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $append (i32.const 0) (i32.const 4))
        (call $reply))
    (export "canister_update count" (func $count))
    (func (export "canister_update slow") (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            ;; Each byte counts as an instruction.
            (memory.fill (i32.const 65536) (i32.const 0) (i32.const 65536))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 36_000))))
        (call $count))
    (func (export "canister_update grow")
        (if (i64.lt_s (call $grow (i64.const 262144)) (i64.const 0)) (then unreachable))
        (call $reply))
    (func (export "canister_query counted") (call $append (i32.const 0) (i32.const 4)) (call $reply)))"#;

struct Running {
    agent: Agent,
    canister: Principal,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    executor: ExecutorThread,
}

/// Serves the network of `folder`, a new one if it has none.
async fn start(folder: &Path) -> Running {
    start_with(folder, || {
        let engine = LocalIc::new();
        engine.set_time(Time::from(SystemTime::now()));
        install(engine)
    })
    .await
}

fn install(engine: LocalIc) -> (LocalIc, Principal) {
    let canister = engine.create_canister();
    engine.install_canister(canister, wat::parse_str(CANISTER).expect("the text is legal"), vec![], None);
    (engine, canister)
}

async fn start_with(folder: &Path, new: impl FnOnce() -> (LocalIc, Principal)) -> Running {
    let made = Cell::new(None);
    let new = || {
        let (engine, canister) = new();
        made.set(Some(canister));
        Ok::<_, FolderError>(engine)
    };
    let opened = State::in_folder(folder, new, |_, canisters| {
        if let Some(canister) = made.take() {
            canisters.insert("counter".into(), canister);
        }
        Ok(())
    });
    let (state, canisters) = opened.expect("it is whole");
    let canister = canisters["counter"];
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
        self.executor.stop();
        self.stop.send(()).expect("the server waits for it");
        self.server.await.expect("it does not panic");
        self.executor.join().await.expect("all is saved");
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

    /// Waits until calls are accepted.
    async fn taken_in(&self, ids: &[RequestId]) {
        for id in ids {
            while let (RequestStatusResponse::Unknown, _) =
                self.agent.request_status_raw(id, self.canister).await.expect("it is certified")
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Number of these calls that are accepted and not answered.
    async fn under_way(&self, ids: &[RequestId]) -> usize {
        let mut count = 0;
        for id in ids {
            let (status, _) = self.agent.request_status_raw(id, self.canister).await.expect("it is certified");
            count += usize::from(matches!(status, RequestStatusResponse::Processing));
        }
        count
    }

    /// Sends `slow` so many times, which expires after `expiry`. Who waits for the answers goes away with the network.
    fn send_slow(&self, count: usize, expiry: Duration) -> Vec<RequestId> {
        let send = |_| {
            let call = self.agent.update(&self.canister, "slow").with_arg([]).expire_after(expiry);
            let signed = call.sign().expect("it is signed");
            let (agent, canister) = (self.agent.clone(), self.canister);
            tokio::spawn(async move { agent.update_signed(canister, signed.signed_update).await });
            signed.request_id
        };
        (0..count).map(send).collect()
    }

    /// Sends `slow` until calls wait for a round, unless they expire before. Some are accepted for the first round, and the
    /// others, when these are done, for one. Then many wait, and a round has a few of them.
    async fn send_waiting(&self, expiry: Duration) -> Option<Vec<RequestId>> {
        let (begin, ids) = (Instant::now(), self.send_slow(60, expiry));
        while begin.elapsed() < expiry {
            if self.under_way(&ids).await >= 15 {
                return Some(ids);
            }
        }
        None
    }

    async fn poll(&self, id: RequestId) -> Vec<u8> {
        match self.answer(id).await {
            RequestStatusResponse::Replied(reply) => reply.arg,
            other => panic!("{other:?}"),
        }
    }

    /// The status of a call that was accepted, once it is answered.
    async fn answer(&self, id: RequestId) -> RequestStatusResponse {
        loop {
            let (status, _) = self.agent.request_status_raw(&id, self.canister).await.expect("it is certified");
            if !matches!(status, RequestStatusResponse::Processing) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn state_keys_and_answers_survive_and_a_call_made_again_is_not_executed_again() {
    let folder = TempDir::new().expect("there is room");
    let network = start(folder.path()).await;
    let root_key = network.agent.read_root_key();
    let signed = network.agent.update(&network.canister, "count").with_arg([]).sign().expect("it is signed");
    assert_eq!(network.send(signed.signed_update.clone()).await, [1, 0, 0, 0]);
    assert_eq!(network.counted().await, 1);
    network.stop().await;

    let network = start(folder.path()).await;
    assert_eq!(network.agent.read_root_key(), root_key);
    assert_eq!(network.counted().await, 1);
    assert_eq!(network.send(signed.signed_update).await, [1, 0, 0, 0], "the first answer");
    assert_eq!(network.counted().await, 1);
    let again = network.agent.update(&network.canister, "count").with_arg([]).call_and_wait().await;
    assert_eq!(again.expect("it replies"), [2, 0, 0, 0]);
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_under_way_when_the_network_stops_are_answered_when_it_runs_again() {
    let folder = TempDir::new().expect("there is room");
    let network = start(folder.path()).await;
    let ids = network.send_slow(20, Duration::from_secs(240));
    network.taken_in(&ids).await;
    network.stop().await;
    let network = start(folder.path()).await;
    for id in ids {
        network.poll(id).await;
    }
    assert_eq!(network.counted().await, 20);
    network.stop().await;
}

/// A client who sees that a call has expired and has no answer may make it again: it must not be executed then.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_expire_while_the_network_is_off_are_rejected_unless_they_had_begun() {
    let mut expiry = Duration::from_secs(8);
    let (folder, ids) = loop {
        let folder = TempDir::new().expect("there is room");
        let network = start(folder.path()).await;
        let ids = network.send_waiting(expiry).await;
        network.stop().await;
        if let Some(ids) = ids {
            break (folder, ids);
        }
        // On a busy machine they expired before so many waited.
        expiry *= 2;
        assert!(expiry < Duration::from_secs(300), "no machine is that slow");
    };
    tokio::time::sleep(expiry).await;
    let network = start(folder.path()).await;
    let (mut replied, mut timed_out) = (0, 0);
    for id in ids {
        match network.answer(id).await {
            RequestStatusResponse::Replied(_) => replied += 1,
            RequestStatusResponse::Rejected(reject) => {
                assert_eq!(reject.error_code.as_deref(), Some("IC0202"));
                timed_out += 1;
            }
            // It was not accepted.
            RequestStatusResponse::Unknown => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(network.counted().await, replied);
    assert!(timed_out > 0, "all {replied} were executed before the network stopped: nothing was tested");
    network.stop().await;
}

/// Storage is charged for the years in which the network was off too. Nobody can pay for it here, and nobody has to.
#[tokio::test(flavor = "multi_thread")]
async fn no_canister_dies_of_what_its_storage_costs() {
    let folder = TempDir::new().expect("there is room");
    // The engine's time begins in 2021.
    let network = start_with(folder.path(), || {
        let (engine, canister) = install(LocalIc::new());
        let grown = engine.update_call(canister, Principal::anonymous(), "grow", vec![]);
        grown.expect("there is room for 16 GiB");
        (engine, canister)
    })
    .await;
    let count = network.agent.update(&network.canister, "count").with_arg([]).call_and_wait().await;
    assert_eq!(count.expect("its code is there"), [1, 0, 0, 0]);
    network.stop().await;
}
