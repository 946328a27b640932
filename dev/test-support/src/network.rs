//! A server on a thread and runtime of its own, so that a test may block while a program calls it. The local network is served
//! by it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;

use local_ic::LocalIc;
use local_network::{Keys, Node, State, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Rounds until a new message canister has its random seed. It takes no messages before.
const ROUNDS_UNTIL_READY: u32 = 4;

/// Runs rounds until newly installed message canisters take messages.
pub fn settle(engine: &LocalIc) {
    for _ in 0..ROUNDS_UNTIL_READY {
        engine.tick();
    }
}

/// Serves the engine's canisters.
pub fn served(engine: LocalIc) -> Server {
    served_with_keys(engine).0
}

/// Serves the engine's canisters. Also returns the network's keys.
pub fn served_with_keys(engine: LocalIc) -> (Server, Arc<Keys>) {
    let state = State::in_memory(engine).expect("there is randomness");
    let (node, _) = Node::start(state).expect("there is a thread");
    let keys = Arc::clone(&node.keys);
    let server = Server::start(|listener, stop| async {
        serve(node, None, listener, stop.wait()).await;
    });
    (server, keys)
}

/// A server on a free port of 127.0.0.1. Dropping this stops it.
pub struct Server {
    address: SocketAddr,
    // Dropping this tells the receiver.
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Runs `serve` with a listener and a signal that ends when the server must stop.
    pub fn start<F>(serve: impl FnOnce(TcpListener, Stop) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("threads can be started").block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a free port");
                let address = listener.local_addr().expect("it is bound");
                ready.send(address).expect("who started this waits");
                serve(listener, Stop(stopped)).await;
            });
        });
        Self { address: address.recv().expect("the server starts"), _stop: stop }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The signal that the server must stop.
pub struct Stop(oneshot::Receiver<()>);

impl Stop {
    /// Waits for the signal.
    pub async fn wait(self) {
        // The sender sends nothing. It is dropped.
        let _ = self.0.await;
    }
}
