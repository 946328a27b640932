//! The calls that the network has seen: how far each has come, and who may know.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use candid::Principal;
use local_ic::{MessageId, RejectResponse};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::limits::{
    MAX_REPLY_BYTES_KEPT, MAX_REQUEST_STATUSES, MAX_WAITING_BYTES, MAX_WAITING_CALLS, STATUS_RETENTION,
};

/// The id of a request: the hash of its content.
pub type RequestHash = [u8; 32];

/// What is known of a call whatever becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Who called.
    pub sender: Principal,
    /// The callee.
    pub canister: Principal,
    /// When it expires, in nanoseconds since the Unix epoch.
    pub expiry: u64,
}

/// An update call.
pub struct Call {
    /// Its id.
    pub id: RequestHash,
    /// Who called whom.
    pub header: Header,
    /// The method.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
}

/// How far a call has come.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It waits to be taken in.
    Waiting,
    /// It was turned away, and leaves no status.
    TurnedAway(RejectResponse),
    /// It was taken in, and has this status.
    Taken(Status),
    /// The network stopped before it was taken in: it will not be executed.
    Stopped,
}

/// What is known, and certified, of a call that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// The engine has it under this number, and has not answered it.
    Processing(MessageId),
    /// It was answered.
    Answered(Result<Vec<u8>, RejectResponse>),
    /// It was answered, and the answer is not kept any more.
    Done,
}

impl Status {
    /// Bytes of the answer that it keeps.
    fn answer_bytes(&self) -> usize {
        match self {
            Self::Answered(Ok(reply)) => reply.len(),
            Self::Answered(Err(reject)) => reject.reject_message.len(),
            Self::Processing(_) | Self::Done => 0,
        }
    }
}

/// A call that was taken in, as it is saved.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenCall {
    /// Who called whom.
    pub header: Header,
    /// How far it has come.
    pub status: Status,
}

/// Why a call cannot be submitted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Too many calls, or bytes of them, wait to be taken in.
    Waiting,
    /// Of too many calls the status is kept.
    Statuses,
    /// Nothing is executed any more.
    Stopped,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => write!(
                f,
                "too many calls wait to be executed: up to {MAX_WAITING_CALLS}, of {MAX_WAITING_BYTES} bytes in all, may"
            ),
            Self::Statuses => write!(f, "the status of {MAX_REQUEST_STATUSES} calls is kept: none has expired yet"),
            Self::Stopped => write!(f, "the network is stopping"),
        }
    }
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
    /// Those whose answer is kept, in the same order.
    with_answer: BTreeSet<(u64, RequestHash)>,
    /// Bytes of these answers.
    answer_bytes: usize,
    /// Calls that wait to be taken in, and bytes of their arguments.
    waiting: (usize, usize),
    stopped: bool,
}

struct Entry {
    header: Header,
    state: State,
}

/// Only a call that is not answered has a channel: nobody waits for more.
enum State {
    Waiting {
        progress: watch::Sender<Progress>,
        bytes: usize,
    },
    Processing {
        progress: watch::Sender<Progress>,
        message: MessageId,
    },
    /// The status is an answer, or that there was one.
    Over(Status),
}

impl Requests {
    /// The calls that were saved.
    pub fn restore(saved: impl IntoIterator<Item = (RequestHash, TakenCall)>) -> Self {
        let requests = Self::default();
        for (id, TakenCall { header, status }) in saved {
            requests.lock().insert(id, header, State::of(status));
        }
        requests
    }

    /// Notes a call and tells how it comes along, and whether it is new.
    ///
    /// # Errors
    ///
    /// If it is new, and no further one can be taken.
    pub fn note(&self, call: &Call) -> Result<(watch::Receiver<Progress>, bool), Busy> {
        let mut calls = self.lock();
        if let Some(entry) = calls.by_id.get(&call.id) {
            return Ok((entry.state.subscribe(), false));
        }
        let bytes = call.argument.len();
        let (waiting, waiting_bytes) = calls.waiting;
        if calls.stopped {
            return Err(Busy::Stopped);
        } else if waiting >= MAX_WAITING_CALLS || waiting_bytes + bytes > MAX_WAITING_BYTES {
            return Err(Busy::Waiting);
        } else if calls.by_id.len() >= MAX_REQUEST_STATUSES {
            return Err(Busy::Statuses);
        }
        let (progress, receiver) = watch::channel(Progress::Waiting);
        calls.insert(call.id, call.header, State::Waiting { progress, bytes });
        Ok((receiver, true))
    }

    /// Tells those who wait that a call has got a status.
    pub fn publish(&self, id: &RequestHash, status: Status) {
        let mut calls = self.lock();
        let Some(Entry { header, state }) = calls.remove(id) else { return };
        let taken = Progress::Taken(status.clone());
        let state = match (state, status) {
            (State::Waiting { progress, .. } | State::Processing { progress, .. }, status) => {
                progress.send_replace(taken);
                match status {
                    Status::Processing(message) => State::Processing { progress, message },
                    over => State::Over(over),
                }
            }
            (State::Over(_), status) => State::of(status),
        };
        calls.insert(*id, header, state);
    }

    /// Tells those who wait that a call was turned away, and forgets it: it may be made again.
    pub fn turn_away(&self, id: &RequestHash, reject: RejectResponse) {
        if let Some(Entry { state: State::Waiting { progress, .. }, .. }) = self.lock().remove(id) {
            progress.send_replace(Progress::TurnedAway(reject));
        }
    }

    /// Forgets the answered calls that nobody can make again at `now`: those that expired some time ago; where many are
    /// known, as soon as they have. Returns which.
    pub fn forget_expired(&self, now: u64) -> Vec<RequestHash> {
        let mut calls = self.lock();
        let many = calls.by_id.len() > MAX_REQUEST_STATUSES / 2;
        let retention = if many { 0 } else { STATUS_RETENTION.as_nanos() as u64 };
        let end = (now.saturating_sub(retention), RequestHash::default());
        let expired = calls.by_expiry.range(..end).map(|(_, id)| *id);
        let over = |id: &RequestHash| matches!(calls.by_id[id].state, State::Over(_));
        let forgotten: Vec<_> = expired.filter(over).collect();
        for id in &forgotten {
            calls.remove(id);
        }
        forgotten
    }

    /// The calls whose answers are beyond what is kept of answers, as they are from then on. Those that expire first go
    /// first.
    pub fn beyond_budget(&self) -> Vec<(RequestHash, TakenCall)> {
        let calls = self.lock();
        let mut bytes = calls.answer_bytes;
        let ids = calls.with_answer.iter().map(|(_, id)| id).take_while(|id| {
            let beyond = bytes > MAX_REPLY_BYTES_KEPT;
            bytes -= calls.by_id[*id].state.answer_bytes().min(bytes);
            beyond
        });
        ids.map(|id| (*id, TakenCall { header: calls.by_id[id].header, status: Status::Done })).collect()
    }

    /// Takes no calls any more, and tells those whose call was not taken in.
    pub fn stop(&self) {
        let mut calls = self.lock();
        calls.stopped = true;
        for entry in calls.by_id.values() {
            if let State::Waiting { progress, .. } = &entry.state {
                progress.send_replace(Progress::Stopped);
            }
        }
    }

    /// Who called whom.
    pub fn header(&self, id: &RequestHash) -> Option<Header> {
        self.lock().by_id.get(id).map(|entry| entry.header)
    }

    /// The status of a call, once it was taken in.
    pub fn status(&self, id: &RequestHash) -> Option<Status> {
        match &self.lock().by_id.get(id)?.state {
            State::Waiting { .. } => None,
            State::Processing { message, .. } => Some(Status::Processing(*message)),
            State::Over(status) => Some(status.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().expect("no thread panics while it holds this lock")
    }
}

impl Calls {
    fn insert(&mut self, id: RequestHash, header: Header, state: State) {
        self.by_expiry.insert((header.expiry, id));
        match &state {
            State::Waiting { bytes, .. } => {
                self.waiting.0 += 1;
                self.waiting.1 += bytes;
            }
            State::Over(Status::Answered(_)) => {
                self.with_answer.insert((header.expiry, id));
                self.answer_bytes += state.answer_bytes();
            }
            State::Processing { .. } | State::Over(_) => {}
        }
        self.by_id.insert(id, Entry { header, state });
    }

    fn remove(&mut self, id: &RequestHash) -> Option<Entry> {
        let entry = self.by_id.remove(id)?;
        self.by_expiry.remove(&(entry.header.expiry, *id));
        if self.with_answer.remove(&(entry.header.expiry, *id)) {
            self.answer_bytes -= entry.state.answer_bytes();
        }
        if let State::Waiting { bytes, .. } = entry.state {
            self.waiting.0 -= 1;
            self.waiting.1 -= bytes;
        }
        Some(entry)
    }
}

impl State {
    /// Of a call that was taken in, and that nobody waits for.
    fn of(status: Status) -> Self {
        match status {
            Status::Processing(message) => {
                let (progress, _) = watch::channel(Progress::Taken(status));
                Self::Processing { progress, message }
            }
            over => Self::Over(over),
        }
    }

    fn answer_bytes(&self) -> usize {
        match self {
            Self::Over(status) => status.answer_bytes(),
            Self::Waiting { .. } | Self::Processing { .. } => 0,
        }
    }

    fn subscribe(&self) -> watch::Receiver<Progress> {
        match self {
            Self::Waiting { progress, .. } | Self::Processing { progress, .. } => progress.subscribe(),
            Self::Over(status) => watch::channel(Progress::Taken(status.clone())).1,
        }
    }
}

#[cfg(test)]
mod tests;
