//! A proxy that holds one answer of the network until the test lets it pass.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use test_support::proxy::{Between, Proxy};

/// The proxy, and the test's side of it.
pub struct Gate {
    proxy: Proxy,
    closed: Arc<Mutex<Option<Closed>>>,
}

/// A gate that waits for an answer.
struct Closed {
    method: &'static str,
    came: SyncSender<()>,
    opens: Receiver<()>,
}

/// The answer that a gate waits for or holds. It passes when this is dropped.
pub struct Held {
    comes: Receiver<()>,
    _opens: SyncSender<()>,
}

struct Keeper(Arc<Mutex<Option<Closed>>>);

impl Between for Keeper {
    fn response(&self, _: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        let is_it = |closed: &mut Closed| memchr::memmem::find(asked, closed.method.as_bytes()).is_some();
        let closed = self.0.lock().unwrap().take_if(is_it);
        if let Some(Closed { came, opens, .. }) = closed {
            // Other answers pass meanwhile.
            tokio::task::block_in_place(|| {
                let _ = came.send(());
                let _ = opens.recv();
            });
        }
        body
    }
}

impl Gate {
    /// An open gate before the network at this address.
    pub fn before(url: String) -> Self {
        let closed = Arc::default();
        Self { proxy: Proxy::start(move || url.clone(), Keeper(Arc::clone(&closed))), closed }
    }

    pub fn url(&self) -> String {
        self.proxy.url()
    }

    /// Closes the gate for the next answer to this method.
    pub fn close(&self, method: &'static str) -> Held {
        let ((came, comes), (open, opens)) = (sync_channel(1), sync_channel(0));
        *self.closed.lock().unwrap() = Some(Closed { method, came, opens });
        Held { comes, _opens: open }
    }
}

impl Held {
    /// Waits until the gate holds the answer.
    pub fn is_held(&self) {
        self.comes.recv_timeout(Duration::from_secs(20)).expect("the answer comes");
    }
}
