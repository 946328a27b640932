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
    expiry: u64,
    progress: watch::Sender<Progress>,
}

impl Requests {
    /// The calls that were saved.
    pub fn restore(saved: impl IntoIterator<Item = (RequestHash, TakenCall)>) -> Self {
        let requests = Self::default();
        for (id, TakenCall { sender, expiry, status }) in saved {
            requests.lock().insert(id, sender, expiry, Progress::Taken(status));
        }
        requests
    }

    /// Notes a call and tells how it comes along, and whether it is new. `None` if too many are known.
    pub fn note(&self, id: RequestHash, sender: Principal, expiry: u64) -> Option<(watch::Receiver<Progress>, bool)> {
        let mut calls = self.lock();
        if let Some(entry) = calls.by_id.get(&id) {
            return Some((entry.progress.subscribe(), false));
        }
        (calls.by_id.len() < MAX_REQUEST_STATUSES)
            .then(|| (calls.insert(id, sender, expiry, Progress::Submitted).subscribe(), true))
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

    /// Who made a call.
    pub fn sender(&self, id: &RequestHash) -> Option<Principal> {
        self.lock().by_id.get(id).map(|entry| entry.sender)
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
    fn insert(
        &mut self,
        id: RequestHash,
        sender: Principal,
        expiry: u64,
        progress: Progress,
    ) -> &watch::Sender<Progress> {
        self.by_expiry.insert((expiry, id));
        let (progress, _) = watch::channel(progress);
        &self.by_id.entry(id).or_insert(Entry { sender, expiry, progress }).progress
    }

    fn remove(&mut self, id: &RequestHash) -> Option<Entry> {
        let entry = self.by_id.remove(id)?;
        self.by_expiry.remove(&(entry.expiry, *id));
        Some(entry)
    }
}
