//! The node checks requests and passes them on.
//!
//! Updates go to the executor. Queries run on the caller's thread, on the state of the latest round.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SendError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use candid::Principal;
use local_ic::{CANISTER_ID_RANGE, CanisterInfo, RejectResponse, StateReader};
use tokio::sync::{oneshot, watch};

use crate::executor::{Arrival, Executor, Pending};
use crate::keys::Keys;
use crate::requests::{Busy, Call, Header, Progress, RequestHash, Requests, Status};
use crate::signer::Signer;
use crate::state::State;
use crate::state_tree::Path;
use crate::{certificate, clock};

/// One node of a network of one.
pub struct Node {
    reader: Arc<StateReader>,
    /// The keys of the network.
    pub keys: Arc<Keys>,
    signer: Signer,
    requests: Arc<Requests>,
    arrivals: Sender<Arrival>,
}

/// The thread on which updates are executed.
pub struct ExecutorThread {
    thread: JoinHandle<Result<(), redb::Error>>,
    arrivals: Sender<Arrival>,
    ended: oneshot::Receiver<()>,
}

impl ExecutorThread {
    /// Waits until the thread ends. Before it is told to end, it ends only if it fails.
    pub async fn ended(&mut self) {
        // A receiver that has received must not be polled again. The sender sends nothing; its drop is the signal.
        if !self.ended.is_terminated() {
            let _ = (&mut self.ended).await;
        }
    }

    /// Tells the thread to end after the round that it executes.
    pub fn stop(&self) {
        // It may have ended.
        let _ = self.arrivals.send(Arrival::Stop);
    }

    /// Waits for the thread, once it was told to stop.
    ///
    /// # Errors
    ///
    /// If a state could not be saved. Then no answer of its round was published.
    pub async fn join(mut self) -> Result<(), String> {
        self.ended().await;
        let result = self.thread.join().map_err(|_| "the executor panicked".to_string())?;
        result.map_err(|error| format!("the state cannot be saved: {error}"))
    }
}

impl Node {
    /// Starts a node on `state`. Its time will be the machine's.
    ///
    /// # Errors
    ///
    /// If the operating system starts no thread.
    pub fn start(state: State) -> io::Result<(Arc<Self>, ExecutorThread)> {
        let State { engine, reader, keys, calls, folder } = state;
        let pending = calls.iter().filter_map(|(id, call)| match call.status {
            Status::Processing(message) => Some(Pending { id: *id, header: call.header, message, noted: true }),
            Status::Answered(_) | Status::Done => None,
        });
        let pending = pending.collect();

        let signer = Signer::start(Arc::clone(&keys))?;
        let (reader, requests) = (Arc::new(reader), Arc::new(Requests::restore(calls)));
        let (sender, arrivals) = channel();
        let executor = Executor {
            engine,
            reader: Arc::clone(&reader),
            folder,
            requests: Arc::clone(&requests),
            arrivals,
            pending,
            counted: Instant::now(),
        };
        let (ends, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("executor".into()).spawn(move || {
            let _ends = ends;
            executor.run()
        })?;
        let executor = ExecutorThread { thread, arrivals: sender.clone(), ended };
        Ok((Arc::new(Self { reader, keys, signer, requests, arrivals: sender }), executor))
    }

    /// The time: nanoseconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        clock::nanos()
    }

    /// Submits a call, and returns its progress. A call that was submitted before is not executed again.
    ///
    /// # Errors
    ///
    /// If no call can be accepted now.
    pub fn submit(&self, call: Call) -> Result<watch::Receiver<Progress>, Busy> {
        let (progress, new) = self.requests.note(&call)?;
        if new && let Err(SendError(_)) = self.arrivals.send(Arrival::Call(call)) {
            return Err(Busy::Stopped);
        }
        Ok(progress)
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

    /// Caller and callee of a call, if the call is known, and its status, once it was accepted.
    pub fn call(&self, id: &RequestHash) -> Option<(Header, Option<Status>)> {
        self.requests.look_up(id)
    }

    /// The certifiable data of a canister, if there is one with this id.
    pub fn canister_info(&self, canister: Principal) -> Option<CanisterInfo> {
        self.reader.canister_info(canister)
    }

    /// The certificate of a call that was answered. `None` if none are made any more.
    pub async fn certify_call(&self, call: RequestHash, status: &Status) -> Option<Vec<u8>> {
        self.signer.certify(call, status).await
    }

    /// The certificate that shows `paths` as of `time`, which are of no canister and of no call but the ones given. It is
    /// the subnet's, or the root's where they are asked for through `effective`, an id that is none of the subnet's.
    pub fn certify(
        &self,
        effective: Option<Principal>,
        paths: &[Path],
        time: u64,
        canister: Option<(Principal, &CanisterInfo)>,
        call: Option<(&RequestHash, &Status)>,
    ) -> Vec<u8> {
        let mut tree = certificate::base_tree(&self.keys, time);
        if let Some((id, info)) = canister {
            certificate::insert_canister(&mut tree, id.as_slice(), info);
        }
        if let Some((id, status)) = call {
            tree.insert(&[b"request_status", id], certificate::request(status));
        }
        let (first, last) = CANISTER_ID_RANGE;
        match effective.is_none_or(|id| (first..=last).contains(&id)) {
            true => certificate::certify(&self.keys, &tree, paths),
            false => certificate::certify_as_root(&self.keys, &tree, paths),
        }
    }
}
