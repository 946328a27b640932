//! The calls that the network has seen: how far each has come, and who may know.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};

use candid::Principal;
use local_ic::{MessageId, RejectResponse};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::limits::MAX_REQUEST_STATUSES;

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
    /// It waits to be taken in.
    Submitted,
    /// It was turned away, and leaves no status.
    TurnedAway(RejectResponse),
    /// It was taken in, and has this status.
    Taken(Status),
}

/// What is known, and certified, of a call that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// The engine has it under this number, and has not answered it.
    Processing(MessageId),
    /// It was answered.
    Answered(Result<Vec<u8>, RejectResponse>),
}

/// A call that was taken in, as it is saved.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenCall {
    /// Who made it.
    pub sender: Principal,
    /// The canister that it was made to.
    pub canister: Principal,
    /// When it expires, in nanoseconds since the Unix epoch.
    pub expiry: u64,
    /// How far it has come.
    pub status: Status,
}

/// All calls that have not been forgotten.
#[derive(Default)]
pub struct Requests {
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    by_id: HashMap<RequestHash, Entry>,
    /// In the order in which they expire.
    by_expiry: BTreeSet<(u64, RequestHash)>,
}

struct Entry {
    sender: Principal,
    canister: Principal,
    expiry: u64,
    progress: watch::Sender<Progress>,
}

impl Requests {
    /// The calls that were saved.
    pub fn restore(saved: impl IntoIterator<Item = (RequestHash, TakenCall)>) -> Self {
        let requests = Self::default();
        for (id, TakenCall { sender, canister, expiry, status }) in saved {
            let (progress, _) = watch::channel(Progress::Taken(status));
            requests.lock().insert(id, Entry { sender, canister, expiry, progress });
        }
        requests
    }

    /// Notes a call and tells how it comes along, and whether it is new. `None` if too many are known.
    pub fn note(&self, call: &Call) -> Option<(watch::Receiver<Progress>, bool)> {
        let &Call { id, sender, canister, expiry, .. } = call;
        let mut calls = self.lock();
        if let Some(entry) = calls.by_id.get(&id) {
            return Some((entry.progress.subscribe(), false));
        }
        if calls.by_id.len() >= MAX_REQUEST_STATUSES {
            return None;
        }
        let (progress, receiver) = watch::channel(Progress::Submitted);
        calls.insert(id, Entry { sender, canister, expiry, progress });
        Some((receiver, true))
    }

    /// Tells those who wait that a call has got a status.
    pub fn publish(&self, id: &RequestHash, status: Status) {
        if let Some(entry) = self.lock().by_id.get(id) {
            entry.progress.send_replace(Progress::Taken(status));
        }
    }

    /// Tells those who wait that a call was turned away, and forgets it: it may be made again.
    pub fn turn_away(&self, id: &RequestHash, reject: RejectResponse) {
        if let Some(entry) = self.lock().remove(id) {
            entry.progress.send_replace(Progress::TurnedAway(reject));
        }
    }

    /// Forgets the answered calls that expired before `time`: nobody can make them again. Returns which.
    pub fn forget_expired(&self, time: u64) -> Vec<RequestHash> {
        let mut calls = self.lock();
        let expired = calls.by_expiry.range(..(time, RequestHash::default())).map(|(_, id)| *id);
        let answered =
            |id: &RequestHash| matches!(*calls.by_id[id].progress.borrow(), Progress::Taken(Status::Answered(_)));
        let forgotten: Vec<_> = expired.filter(answered).collect();
        for id in &forgotten {
            calls.remove(id);
        }
        forgotten
    }

    /// Who made a call, and the canister that it was made to.
    pub fn parties(&self, id: &RequestHash) -> Option<(Principal, Principal)> {
        self.lock().by_id.get(id).map(|entry| (entry.sender, entry.canister))
    }

    /// The status of a call, once it was taken in.
    pub fn status(&self, id: &RequestHash) -> Option<Status> {
        match &*self.lock().by_id.get(id)?.progress.borrow() {
            Progress::Taken(status) => Some(status.clone()),
            Progress::Submitted | Progress::TurnedAway(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().expect("no thread panics while it holds this lock")
    }
}

impl Calls {
    fn insert(&mut self, id: RequestHash, entry: Entry) {
        self.by_expiry.insert((entry.expiry, id));
        self.by_id.insert(id, entry);
    }

    fn remove(&mut self, id: &RequestHash) -> Option<Entry> {
        let entry = self.by_id.remove(id)?;
        self.by_expiry.remove(&(entry.expiry, *id));
        Some(entry)
    }
}
