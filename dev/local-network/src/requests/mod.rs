//! The calls that the network has seen: the state of each, and who may know it.

mod call;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};

use local_ic::{MessageId, RejectResponse};
use tokio::sync::watch;

pub use call::{Busy, Call, Header, Progress, RequestHash, Status, TakenCall};

use crate::limits::{
    MAX_REPLY_BYTES_KEPT, MAX_REQUEST_STATUSES, MAX_WAITING_BYTES, MAX_WAITING_CALLS, STATUS_RETENTION,
};

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
    held: Held,
    stopped: bool,
}

/// The bytes that the entries hold in memory.
#[derive(Default)]
struct Held {
    /// The calls whose answer is kept, in the order in which they expire.
    with_answer: BTreeSet<(u64, RequestHash)>,
    /// Bytes of these answers.
    answer_bytes: usize,
    /// Calls that wait to be accepted.
    waiting: usize,
    /// Bytes of their method names and arguments.
    waiting_bytes: usize,
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
    /// The call was answered. The status may have lost the answer.
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

    /// Notes a call. Returns its progress, and whether it is new.
    ///
    /// # Errors
    ///
    /// If it is new, and no further call can be accepted.
    pub fn note(&self, call: &Call) -> Result<(watch::Receiver<Progress>, bool), Busy> {
        let mut calls = self.lock();
        if let Some(entry) = calls.by_id.get(&call.id) {
            return Ok((entry.state.subscribe(), false));
        }
        let bytes = call.bytes();
        let Held { waiting, waiting_bytes, .. } = calls.held;
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

    /// Tells the waiters that a call is accepted.
    pub fn execute(&self, id: &RequestHash) {
        if let Some(Entry { state: State::Waiting { progress, .. }, .. }) = self.lock().by_id.get(id) {
            progress.send_replace(Progress::Executing);
        }
    }

    /// Tells the waiters that a call has a new status.
    pub fn publish(&self, id: &RequestHash, status: Status) {
        let calls = &mut *self.lock();
        let Some(entry) = calls.by_id.get_mut(id) else { return };
        calls.held.subtract(id, entry);
        entry.state.publish(status);
        calls.held.add(id, entry);
    }

    /// Tells the waiters that a call was rejected, and forgets it: it may be made again.
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

    /// The calls that lose their answers because of the limit, in their new state. Those that expire first come first.
    pub fn beyond_budget(&self) -> Vec<(RequestHash, TakenCall)> {
        let calls = self.lock();
        let mut bytes = calls.held.answer_bytes;
        let ids = calls.held.with_answer.iter().map(|(_, id)| id).take_while(|id| {
            let beyond = bytes > MAX_REPLY_BYTES_KEPT;
            bytes -= calls.by_id[*id].state.answer_bytes().min(bytes);
            beyond
        });
        ids.map(|id| (*id, TakenCall { header: calls.by_id[id].header, status: Status::Done })).collect()
    }

    /// Accepts no more calls. Waiters of calls that were not accepted are told. The other waits end.
    pub fn stop(&self) {
        let mut calls = self.lock();
        calls.stopped = true;
        for entry in calls.by_id.values_mut() {
            match &mut entry.state {
                State::Waiting { progress, .. } => drop(progress.send_replace(Progress::Stopped)),
                // A saved call continues at the next start. Nobody has to wait for it.
                State::Processing { message, .. } => entry.state = State::of(Status::Processing(*message)),
                State::Over(_) => {}
            }
        }
    }

    /// The sender and receiver, and the status of the call, once it was accepted.
    pub fn look_up(&self, id: &RequestHash) -> Option<(Header, Option<Status>)> {
        self.lock().by_id.get(id).map(|entry| (entry.header, entry.state.status()))
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().expect("no thread panics while it holds this lock")
    }
}

impl Calls {
    fn insert(&mut self, id: RequestHash, header: Header, state: State) {
        let entry = Entry { header, state };
        self.by_expiry.insert((header.expiry, id));
        self.held.add(&id, &entry);
        self.by_id.insert(id, entry);
    }

    fn remove(&mut self, id: &RequestHash) -> Option<Entry> {
        let entry = self.by_id.remove(id)?;
        self.by_expiry.remove(&(entry.header.expiry, *id));
        self.held.subtract(id, &entry);
        Some(entry)
    }
}

impl Held {
    fn add(&mut self, id: &RequestHash, Entry { header, state }: &Entry) {
        match state {
            State::Waiting { bytes, .. } => {
                self.waiting += 1;
                self.waiting_bytes += bytes;
            }
            State::Over(Status::Answered(_)) => {
                self.with_answer.insert((header.expiry, *id));
                self.answer_bytes += state.answer_bytes();
            }
            State::Processing { .. } | State::Over(_) => {}
        }
    }

    fn subtract(&mut self, id: &RequestHash, Entry { header, state }: &Entry) {
        match state {
            State::Waiting { bytes, .. } => {
                self.waiting -= 1;
                self.waiting_bytes -= bytes;
            }
            State::Over(Status::Answered(_)) => {
                self.with_answer.remove(&(header.expiry, *id));
                self.answer_bytes -= state.answer_bytes();
            }
            State::Processing { .. } | State::Over(_) => {}
        }
    }
}

impl State {
    /// The entry of a call that was accepted, and that nobody waits for.
    fn of(status: Status) -> Self {
        match status {
            Status::Processing(message) => {
                let (progress, _) = watch::channel(Progress::Taken(status));
                Self::Processing { progress, message }
            }
            over => Self::Over(over),
        }
    }

    /// Sets a status, and tells the waiters.
    fn publish(&mut self, status: Status) {
        let progress = match self {
            Self::Waiting { progress, .. } | Self::Processing { progress, .. } => Some(progress.clone()),
            Self::Over(_) => None,
        };
        if let Some(progress) = &progress {
            progress.send_replace(Progress::Taken(status.clone()));
        }
        *self = match (progress, status) {
            (Some(progress), Status::Processing(message)) => Self::Processing { progress, message },
            (_, status) => Self::of(status),
        };
    }

    fn status(&self) -> Option<Status> {
        match self {
            Self::Waiting { .. } => None,
            Self::Processing { message, .. } => Some(Status::Processing(*message)),
            Self::Over(status) => Some(status.clone()),
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
