//! The thread that executes updates: it takes in what has arrived, executes a round, saves what changed, shows it to the
//! readers, and only then publishes the answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::SystemTime;

use candid::Principal;
use local_ic::{LocalIc, MessageId, StateReader, Time};

use crate::folder::{RequestChanges, StateFolder};
use crate::limits::*;
use crate::requests::{Call, RequestHash, Requests, Status, TakenCall};

/// A call that the engine has.
pub struct Pending {
    /// Its id.
    pub id: RequestHash,
    /// Who called.
    pub sender: Principal,
    /// The callee.
    pub canister: Principal,
    /// When it expires.
    pub expiry: u64,
    /// The engine's number for it.
    pub message: MessageId,
    /// Whether its status is published, and saved.
    pub noted: bool,
}

/// What the thread works on.
pub struct Executor {
    /// The engine.
    pub engine: LocalIc,
    /// Whom each state is shown to.
    pub reader: Arc<StateReader>,
    /// Where the state is saved, if it is.
    pub folder: Option<StateFolder>,
    /// Where answers are published.
    pub requests: Arc<Requests>,
    /// The calls that arrive.
    pub arrivals: Receiver<Call>,
    /// The calls that the engine has, and has not answered.
    pub pending: Vec<Pending>,
}

impl Executor {
    /// Executes until nobody can send calls any more. Those that have arrived by then are executed first.
    ///
    /// # Errors
    ///
    /// If a state cannot be saved. Its answers are not published then: nothing is confirmed that is not on disk.
    pub fn run(mut self) -> Result<(), redb::Error> {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match self.arrivals.recv_timeout(IDLE_ROUND) {
                    Ok(call) => waiting.push_back(call),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
            waiting.extend(self.arrivals.try_iter());
            self.follow_clock();
            self.take_in(&mut waiting);
            self.engine.tick();
            self.commit()?;
        }
    }

    /// The machine's clock may go backwards, the engine's time may not.
    fn follow_clock(&self) {
        let now = clock();
        if now > self.engine.get_time() {
            self.engine.set_time(now);
        }
    }

    /// Has the engine take in as many calls as a block of the platform has, but none while earlier ones wait.
    fn take_in(&mut self, waiting: &mut VecDeque<Call>) {
        let mut bytes = 0;
        while self.pending.len() < MAX_BLOCK_MESSAGES
            && let Some(call) =
                waiting.pop_front_if(|call| bytes == 0 || bytes + call.argument.len() <= MAX_BLOCK_BYTES)
        {
            bytes += call.argument.len();
            let Call { id, sender, expiry, canister, method, argument } = call;
            match self.engine.submit_call(canister, sender, &method, argument) {
                Ok(message) => self.pending.push(Pending { id, sender, canister, expiry, message, noted: false }),
                Err(reject) => self.requests.turn_away(&id, reject),
            }
        }
    }

    fn commit(&mut self) -> Result<(), redb::Error> {
        let mut put = Vec::new();
        self.pending.retain_mut(|&mut Pending { id, sender, canister, expiry, message, ref mut noted }| {
            let response = self.engine.ingress_status(message);
            let answered = response.is_some();
            if answered || !*noted {
                let status = response.map_or(Status::Processing(message), Status::Answered);
                put.push((id, TakenCall { sender, canister, expiry, status }));
                *noted = true;
            }
            !answered
        });
        let expired = clock().as_nanos_since_unix_epoch().saturating_sub(STATUS_RETENTION.as_nanos() as u64);
        let changes = RequestChanges { put, forgotten: self.requests.forget_expired(expired) };
        self.engine.take_changes(|engine_changes| {
            if let Some(folder) = &self.folder
                && !(engine_changes.is_empty() && changes.is_empty())
            {
                folder.commit(engine_changes, &changes)?;
            }
            self.reader.apply(engine_changes);
            Ok::<_, redb::Error>(())
        })?;
        for (id, call) in changes.put {
            self.requests.publish(&id, call.status);
        }
        Ok(())
    }
}

/// The machine's clock.
pub fn clock() -> Time {
    Time::from(SystemTime::now())
}
