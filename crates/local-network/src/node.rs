//! The node: the engine behind one executor, and the status of each request.
//!
//! One thread executes all updates: it takes in what has arrived, executes rounds, and publishes the answers. Queries
//! run on the caller's thread, between two executions. The engine's time follows the machine's clock.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use candid::Principal;
use local_ic::{LocalIc, MessageId, RejectResponse, Time};
use tokio::sync::watch;

use crate::certificate::{self, CanisterInfo, Status};
use crate::keys::Keys;
use crate::limits::*;
use crate::state_tree::Path;

/// The id of a request: the hash of its content.
pub type RequestHash = [u8; 32];

/// An update call.
pub struct Call {
    /// Its id.
    pub id: RequestHash,
    /// Who called.
    pub sender: Principal,
    /// When it expires, in nanoseconds since the Unix epoch.
    pub expiry: u64,
    /// The callee.
    pub canister: Principal,
    /// The method.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
}

/// How far a call has come.
#[derive(Clone, Debug)]
pub enum Progress {
    /// The executor has not seen it.
    Submitted,
    /// It was turned away, and leaves no status.
    TurnedAway(RejectResponse),
    /// It was taken in, and has this status.
    Taken(Status),
}

struct Request {
    sender: Principal,
    expiry: u64,
    progress: watch::Sender<Progress>,
}

/// One node of a network of one.
pub struct Node {
    engine: Arc<LocalIc>,
    /// The keys of the network.
    pub keys: Keys,
    requests: Arc<Mutex<HashMap<RequestHash, Request>>>,
    calls: Sender<Call>,
}

impl Node {
    /// Starts a node on `engine`, whose time will be the machine's.
    ///
    /// # Errors
    ///
    /// If the operating system gives no random bytes, or no thread.
    pub fn start(engine: LocalIc) -> std::io::Result<Arc<Self>> {
        let keys = Keys::generate().map_err(std::io::Error::from)?;
        let (calls, arrivals) = channel();
        let (engine, requests) = (Arc::new(engine), Arc::default());
        let executor = Executor { engine: Arc::clone(&engine), requests: Arc::clone(&requests), arrivals };
        std::thread::Builder::new().name("executor".into()).spawn(move || executor.run())?;
        Ok(Arc::new(Self { engine, keys, requests, calls }))
    }

    /// The time: nanoseconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        clock().as_nanos_since_unix_epoch()
    }

    /// Submits a call, and tells how it comes along. One that was submitted before is not executed again. `None` if
    /// too many calls are known.
    pub fn submit(&self, call: Call) -> Option<watch::Receiver<Progress>> {
        let mut requests = lock(&self.requests);
        if let Some(request) = requests.get(&call.id) {
            return Some(request.progress.subscribe());
        }
        if requests.len() >= MAX_REQUEST_STATUSES {
            return None;
        }
        let (progress, receiver) = watch::channel(Progress::Submitted);
        requests.insert(call.id, Request { sender: call.sender, expiry: call.expiry, progress });
        // The executor ends only with the process.
        self.calls.send(call).ok()?;
        Some(receiver)
    }

    /// Executes a query.
    pub fn query(
        &self,
        canister: Principal,
        sender: Principal,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<Vec<u8>, RejectResponse> {
        self.engine.query_call(canister, sender, method, argument)
    }

    /// Whether there is a canister with this id.
    pub fn canister_exists(&self, id: Principal) -> bool {
        self.engine.canister_exists(id)
    }

    /// Who made a request, if its status is known.
    pub fn request_sender(&self, id: &[u8]) -> Option<Principal> {
        let id = RequestHash::try_from(id).ok()?;
        lock(&self.requests).get(&id).map(|request| request.sender)
    }

    /// The certificate that shows `paths`. Private metadata is there if `reader` controls the canister.
    pub fn certify(&self, paths: &[Path], reader: Principal) -> Vec<u8> {
        let mut tree = certificate::base_tree(&self.keys, self.now());
        for path in paths {
            match path.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
                [b"request_status", id, ..] => {
                    if let Some(status) = self.status(id) {
                        certificate::insert_request(&mut tree, id, &status);
                    }
                }
                [b"canister", id, ..] => {
                    let id = Principal::try_from_slice(id).ok().filter(|id| self.canister_exists(*id));
                    if let Some(id) = id {
                        certificate::insert_canister(&mut tree, &self.canister_info(id, reader));
                    }
                }
                _ => {}
            }
        }
        certificate::certify(&self.keys, &tree, paths)
    }

    fn status(&self, id: &[u8]) -> Option<Status> {
        let id = RequestHash::try_from(id).ok()?;
        match &*lock(&self.requests).get(&id)?.progress.borrow() {
            Progress::Taken(status) => Some(status.clone()),
            Progress::Submitted | Progress::TurnedAway(_) => None,
        }
    }

    fn canister_info(&self, id: Principal, reader: Principal) -> CanisterInfo {
        CanisterInfo {
            id,
            controllers: self.engine.get_controllers(id),
            module_hash: self.engine.module_hash(id),
            metadata: self.engine.all_canister_metadata(id, Some(reader)),
        }
    }
}

/// The thread that executes updates.
struct Executor {
    engine: Arc<LocalIc>,
    requests: Arc<Mutex<HashMap<RequestHash, Request>>>,
    arrivals: Receiver<Call>,
}

impl Executor {
    fn run(self) {
        let mut pending: Vec<(RequestHash, MessageId)> = Vec::new();
        loop {
            let first = match self.arrivals.recv_timeout(IDLE_ROUND) {
                Ok(call) => Some(call),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.follow_clock();
            for call in first.into_iter().chain(self.arrivals.try_iter()) {
                let id = call.id;
                match self.engine.submit_call(call.canister, call.sender, &call.method, call.argument) {
                    Ok(message) => {
                        self.publish(id, Progress::Taken(Status::Processing));
                        pending.push((id, message));
                    }
                    Err(reject) => self.turn_away(id, reject),
                }
            }
            self.engine.tick();
            pending.retain(|(id, message)| match self.engine.ingress_status(*message) {
                Some(response) => {
                    self.publish(*id, Progress::Taken(Status::Answered(response)));
                    false
                }
                None => true,
            });
            self.forget_expired();
        }
    }

    /// The machine's clock may go backwards, the engine's time may not.
    fn follow_clock(&self) {
        let now = clock();
        if now > self.engine.get_time() {
            self.engine.set_time(now);
        }
    }

    fn publish(&self, id: RequestHash, progress: Progress) {
        if let Some(request) = lock(&self.requests).get(&id) {
            request.progress.send_replace(progress);
        }
    }

    /// A call that was turned away may be made again.
    fn turn_away(&self, id: RequestHash, reject: RejectResponse) {
        if let Some(request) = lock(&self.requests).remove(&id) {
            request.progress.send_replace(Progress::TurnedAway(reject));
        }
    }

    /// A request that has expired cannot be replayed: answered ones are kept until then, and for clients that poll late.
    fn forget_expired(&self) {
        let latest = clock().as_nanos_since_unix_epoch().saturating_sub(CLOCK_DRIFT.as_nanos() as u64);
        let answered = |request: &Request| matches!(*request.progress.borrow(), Progress::Taken(Status::Answered(_)));
        lock(&self.requests).retain(|_, request| request.expiry > latest || !answered(request));
    }
}

fn clock() -> Time {
    Time::from(SystemTime::now())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics while it holds this lock")
}
