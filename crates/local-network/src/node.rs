//! The node: who may ask what, and where it is answered.
//!
//! Updates go to the executor; queries run on the caller's thread, on the state as of the latest round.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use candid::Principal;
use local_ic::{CanisterInfo, RejectResponse, StateReader};
use tokio::sync::{oneshot, watch};

use crate::certificate;
use crate::executor::{Executor, Pending, clock};
use crate::keys::Keys;
use crate::requests::{Call, Progress, RequestHash, Requests, Status, TakenCall};
use crate::signer::Signer;
use crate::state::State;
use crate::state_tree::Path;

/// One node of a network of one.
pub struct Node {
    reader: Arc<StateReader>,
    /// The keys of the network.
    pub keys: Arc<Keys>,
    signer: Signer,
    requests: Arc<Requests>,
    calls: Sender<Call>,
}

/// The thread on which updates are executed.
pub struct ExecutorThread {
    thread: JoinHandle<Result<(), redb::Error>>,
    ended: oneshot::Receiver<()>,
}

impl ExecutorThread {
    /// Waits until the thread ends: before the node is gone it does so only if it fails.
    pub async fn ended(&mut self) {
        // That the sender is gone says the same.
        let _ = (&mut self.ended).await;
    }

    /// Waits for the thread, which ends once the node is gone.
    ///
    /// # Errors
    ///
    /// If a state could not be saved. What it would have confirmed was not.
    pub fn join(self) -> Result<(), String> {
        let result = self.thread.join().map_err(|_| "the executor panicked".to_string())?;
        result.map_err(|error| format!("the state cannot be saved: {error}"))
    }
}

impl Node {
    /// Starts a node on `state`. Its time will be the machine's.
    ///
    /// # Errors
    ///
    /// If the operating system gives no thread.
    pub fn start(state: State) -> io::Result<(Arc<Self>, ExecutorThread)> {
        let State { engine, reader, keys, calls, folder } = state;
        let pending = calls.iter().filter_map(|(id, call)| match call.status {
            Status::Processing(message) => {
                let TakenCall { sender, canister, expiry, .. } = *call;
                Some(Pending { id: *id, sender, canister, expiry, message, noted: true })
            }
            Status::Answered(_) => None,
        });
        let pending = pending.collect();

        let signer = Signer::start(Arc::clone(&keys))?;
        let (reader, requests) = (Arc::new(reader), Arc::new(Requests::restore(calls)));
        let (calls, arrivals) = channel();
        let executor = Executor {
            engine,
            reader: Arc::clone(&reader),
            folder,
            requests: Arc::clone(&requests),
            arrivals,
            pending,
        };
        let (ends, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("executor".into()).spawn(move || {
            let _ends = ends;
            executor.run()
        })?;
        Ok((Arc::new(Self { reader, keys, signer, requests, calls }), ExecutorThread { thread, ended }))
    }

    /// The time: nanoseconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        clock().as_nanos_since_unix_epoch()
    }

    /// Submits a call, and tells how it comes along. One that was submitted before is not executed again. `None` if
    /// too many calls are known, or none are executed any more.
    pub fn submit(&self, call: Call) -> Option<watch::Receiver<Progress>> {
        let (progress, new) = self.requests.note(&call)?;
        if new {
            self.calls.send(call).ok()?;
        }
        Some(progress)
    }

    /// Executes a query.
    pub fn query(
        &self,
        canister: Principal,
        sender: Principal,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<Vec<u8>, RejectResponse> {
        self.reader.query_call(canister, sender, method, argument)
    }

    /// Who made a request, and the canister that it was made to, if it is known.
    pub fn request(&self, id: &RequestHash) -> Option<(Principal, Principal)> {
        self.requests.parties(id)
    }

    /// What can be certified of a canister, if there is one with this id.
    pub fn canister_info(&self, canister: Principal) -> Option<CanisterInfo> {
        self.reader.canister_info(canister)
    }

    /// The certificate of a call that was answered. `None` if none are made any more.
    pub async fn certify_call(&self, call: RequestHash, status: &Status) -> Option<Vec<u8>> {
        self.signer.certify(call, status).await
    }

    /// The certificate that shows `paths`, which are of no canister but the one given.
    pub fn certify(&self, paths: &[Path], canister: Option<(Principal, &CanisterInfo)>) -> Vec<u8> {
        let mut tree = certificate::base_tree(&self.keys, self.now());
        if let Some((id, info)) = canister {
            certificate::insert_canister(&mut tree, id.as_slice(), info);
        }
        // A request is added once, however many paths go through it.
        let requests: BTreeSet<&[u8]> = paths
            .iter()
            .filter_map(|path| match &path[..] {
                [kind, id, ..] if kind == b"request_status" => Some(id.as_slice()),
                _ => None,
            })
            .collect();
        for id in requests {
            let request = RequestHash::try_from(id).ok();
            if let Some(status) = request.and_then(|request| self.requests.status(&request)) {
                tree.insert(&[b"request_status", id], certificate::request(&status));
            }
        }
        certificate::certify(&self.keys, &tree, paths)
    }
}
