//! A server on a thread and a runtime of its own, so that a test may wait for a program that calls it; and the local
//! network, served by it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;

use local_ic::LocalIc;
use local_network::{Keys, Node, State, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Rounds after which a message canister that was installed has the platform's randomness. It takes no messages before.
const ROUNDS_UNTIL_READY: u32 = 4;

/// Runs rounds until the message canisters that were installed take messages.
pub fn settle(engine: &LocalIc) {
    for _ in 0..ROUNDS_UNTIL_READY {
        engine.tick();
    }
}

/// A network of the engine's canisters.
pub fn served(engine: LocalIc) -> Server {
    served_with_keys(engine).0
}

/// A network of the engine's canisters, and its keys.
pub fn served_with_keys(engine: LocalIc) -> (Server, Arc<Keys>) {
    let state = State::in_memory(engine).expect("there is randomness");
    let (node, _) = Node::start(state).expect("there is a thread");
    let keys = Arc::clone(&node.keys);
    let server = Server::start(|listener, stop| async {
        serve(node, None, listener, stop.wait()).await;
    });
    (server, keys)
}

/// A server on a free port of 127.0.0.1, until it is dropped.
pub struct Server {
    address: SocketAddr,
    // Its receiver is told when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Runs `serve`, which gets the listener and what ends once the server is to stop.
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

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same, without the scheme.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Ends once the server is dropped.
pub struct Stop(oneshot::Receiver<()>);

impl Stop {
    /// Waits until then.
    pub async fn wait(self) {
        // The sender sends nothing: it goes away.
        let _ = self.0.await;
    }
}
