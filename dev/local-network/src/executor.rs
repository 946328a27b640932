//! The thread that executes updates. It takes the calls that have arrived, executes a round, saves the changes, and
//! shows them to the readers. Only then does it publish the answers.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use local_ic::{LocalIc, MessageId, RejectResponse, StateReader};

use crate::clock;
use crate::folder::{RequestChanges, StateFolder};
use crate::limits::*;
use crate::requests::{Call, Header, RequestHash, Requests, Status, TakenCall};

/// A message to the thread.
pub enum Arrival {
    /// A call.
    Call(Call),
    /// An order to stop. Accepted calls continue when the state is opened again. The others are not executed.
    Stop,
}

/// A call that the engine has.
pub struct Pending {
    /// Its id.
    pub id: RequestHash,
    /// The sender and receiver.
    pub header: Header,
    /// The engine's number for it.
    pub message: MessageId,
    /// Whether its status is published, and saved.
    pub noted: bool,
}

/// The state of the thread.
pub struct Executor {
    /// The engine.
    pub engine: LocalIc,
    /// The readers that get each state.
    pub reader: Arc<StateReader>,
    /// The folder in which the state is saved, if it is saved.
    pub folder: Option<StateFolder>,
    /// The calls whose answers are published.
    pub requests: Arc<Requests>,
    /// The messages to the thread.
    pub arrivals: Receiver<Arrival>,
    /// The calls that the engine has, and has not answered.
    pub pending: Vec<Pending>,
    /// When queries were last counted.
    pub counted: Instant,
}

impl Executor {
    /// Executes rounds until it is told to stop, or until nobody can send calls any longer.
    ///
    /// # Errors
    ///
    /// If a state cannot be saved. Then its answers are not published, so every confirmed call is on disk.
    pub fn run(mut self) -> Result<(), redb::Error> {
        let result = self.run_rounds();
        self.requests.stop();
        result
    }

    fn run_rounds(&mut self) -> Result<(), redb::Error> {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() && self.engine.is_idle() {
                match self.arrivals.recv_timeout(IDLE_ROUND) {
                    Ok(Arrival::Call(call)) => waiting.push_back(call),
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(Arrival::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
            for arrival in self.arrivals.try_iter() {
                match arrival {
                    Arrival::Call(call) => waiting.push_back(call),
                    Arrival::Stop => return Ok(()),
                }
            }
            self.follow_clock();
            self.count_queries();
            self.refill();
            self.time_out();
            self.take_in(&mut waiting);
            self.engine.tick();
            self.commit()?;
        }
    }

    /// The machine's clock may go backwards. The engine's time may not.
    fn follow_clock(&self) {
        let now = clock::now();
        if now > self.engine.get_time() {
            self.engine.set_time(now);
        }
    }

    /// Adds the queries that were answered to the statistics of their canisters. It does so only now and then, because each
    /// time the statistics are saved.
    fn count_queries(&mut self) {
        if self.counted.elapsed() < QUERY_COUNT_INTERVAL {
            return;
        }
        self.counted = Instant::now();
        for (canister, queries) in self.reader.take_query_statistics() {
            self.engine.count_queries(canister, queries);
        }
    }

    /// Cycles are free here. Storage costs must not delete a canister, even after the network was off.
    fn refill(&self) {
        for canister in self.engine.canister_ids() {
            let balance = self.engine.cycle_balance(canister);
            if balance < MIN_CYCLES {
                self.engine.add_cycles(canister, FULL_CYCLES - balance);
            }
        }
    }

    /// Rejects submitted calls that have expired before their execution began.
    fn time_out(&self) {
        let now = clock::nanos();
        let expired = self.pending.iter().filter(|call| call.header.expiry < now).map(|call| call.message);
        let expired: HashSet<MessageId> = expired.collect();
        if !expired.is_empty() {
            self.engine.time_out_calls(|message| expired.contains(&message));
        }
    }

    /// Passes the engine as many calls as a block of the platform has, but none while earlier ones wait. A call that
    /// expired while it waited is rejected. So a client that sees no status at a time after the expiry can rely on it that
    /// the call is never executed.
    fn take_in(&mut self, waiting: &mut VecDeque<Call>) {
        if self.engine.queued_calls() > 0 {
            return;
        }
        let now = clock::nanos();
        let mut bytes = 0;
        for _ in 0..MAX_BLOCK_MESSAGES {
            let Some(call) = waiting.pop_front_if(|call| bytes + call.bytes() <= MAX_BLOCK_BYTES) else { break };
            bytes += call.bytes();
            let Call { id, header, method, argument } = call;
            if header.expiry < now {
                self.requests.turn_away(&id, RejectResponse::expired().uncertified());
                continue;
            }
            match self.engine.submit_call(header.canister, header.sender, &method, argument) {
                Ok(message) => {
                    self.requests.execute(&id);
                    self.pending.push(Pending { id, header, message, noted: false });
                }
                Err(reject) => self.requests.turn_away(&id, reject),
            }
        }
    }

    fn commit(&mut self) -> Result<(), redb::Error> {
        let mut put = self.requests.beyond_budget();
        self.pending.retain_mut(|&mut Pending { id, header, message, ref mut noted }| {
            let response = self.engine.take_response(message);
            let answered = response.is_some();
            if answered || !*noted {
                let status = response.map_or(Status::Processing(message), Status::Answered);
                put.push((id, TakenCall { header, status }));
                *noted = true;
            }
            !answered
        });
        let changes = RequestChanges { put, forgotten: self.requests.forget_expired(clock::nanos()) };
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
