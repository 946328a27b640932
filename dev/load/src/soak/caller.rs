//! Makes calls and repeats them after kills until they have an outcome.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use client::request::Request;
use client::{CallError, Refusal};
use ic_agent::AgentError;

use super::Shared;
use super::report::Tally;
use crate::inbox::{Inbox, Outcome, Signed};
use crate::violation::{Verdict, Violation, ensure};
use test_support::Random;

/// Wait after an answer that the index is being rebuilt.
const PASSING_WAIT: Duration = Duration::from_millis(20);
/// Maximum number of tries.
pub const TRIES: u32 = 3_000;
/// Number of answered calls that are kept to be sent again.
const KEPT_ANSWERS: usize = 64;

/// Makes an actor's calls.
pub struct Caller {
    /// The connection.
    pub inbox: Inbox,
    /// The state that all actors share.
    pub shared: Arc<Shared>,
    /// Random choices that depend on kills, so they differ between runs.
    pub random: Random,
    /// The latest answered calls and their replies.
    answered: VecDeque<(Signed, Vec<u8>)>,
}

impl Caller {
    /// A caller over this connection.
    pub fn new(inbox: Inbox, shared: Arc<Shared>, random: Random) -> Self {
        Self { inbox, shared, random, answered: VecDeque::new() }
    }

    /// Changes a count.
    pub fn count(&self, what: impl FnOnce(&mut Tally)) {
        what(&mut self.shared.tally());
    }

    /// Keeps an answered call.
    pub fn keep(&mut self, call: Signed, reply: Vec<u8>) {
        self.answered.push_back((call, reply));
        if self.answered.len() > KEPT_ANSWERS {
            self.answered.pop_front();
        }
    }

    /// Sends an answered call again. The answer must be the same, or that the call has expired.
    ///
    /// # Errors
    ///
    /// If the answer is another one.
    pub async fn replay(&mut self, pick: u64) -> Verdict<()> {
        if self.answered.is_empty() {
            return Ok(());
        }
        let (call, reply) = self.answered[(pick % self.answered.len() as u64) as usize].clone();
        loop {
            match self.shared.gate.attempt(self.inbox.send(&call)).await? {
                None => {}
                Some(Outcome::Expired) => {
                    self.count(|tally| tally.replays_expired += 1);
                    return Ok(());
                }
                Some(Outcome::Replied(again)) => {
                    self.count(|tally| tally.replays += 1);
                    return ensure(again == reply, || {
                        format!("an answered call was sent again and has another answer: {reply:?}, then {again:?}")
                    });
                }
            }
        }
    }

    /// Makes an update until it is answered, in the same envelope again or in a new one. Returns the reply, and whether a kill cut
    /// off an earlier try.
    ///
    /// # Errors
    ///
    /// If the call fails though the network was not killed.
    pub async fn settle<T, E>(&mut self, request: &Request<T, E>) -> Verdict<(Vec<u8>, bool)> {
        let mut was_cut = false;
        loop {
            let call = self.inbox.sign(request).map_err(unsigned)?;
            loop {
                match self.shared.gate.attempt(self.inbox.send(&call)).await? {
                    Some(Outcome::Replied(reply)) => {
                        self.keep(call, reply.clone());
                        return Ok((reply, was_cut));
                    }
                    Some(Outcome::Expired) => break,
                    None => was_cut = true,
                }
                if self.random.per_mille(400) {
                    break;
                }
                self.count(|tally| tally.resent += 1);
            }
        }
    }

    /// Makes a query, and repeats it while the network is down or the index is being rebuilt. Returns any other refusal to the
    /// caller.
    ///
    /// # Errors
    ///
    /// If the index stays unavailable.
    pub async fn ask<T, E: Refusal>(&self, request: &Request<T, E>) -> Verdict<Result<T, CallError<E>>> {
        for _ in 0..TRIES {
            let Some(reply) = self.shared.gate.attempt(self.inbox.ask(request)).await? else { continue };
            match request.decode(&reply) {
                Err(error) if error.is_passing() => self.wait_for_rebuild().await,
                answer => return Ok(answer),
            }
        }
        Err(Violation(format!("{} stays unavailable", request.method)))
    }

    /// Waits after an answer that the index is being rebuilt.
    pub async fn wait_for_rebuild(&self) {
        self.count(|tally| tally.unavailable += 1);
        tokio::time::sleep(PASSING_WAIT).await;
    }
}

/// Makes a query while the network runs and no actor uses it. Repeats it until the canister's index is rebuilt.
///
/// # Errors
///
/// If the network does not answer, or the canister refuses.
pub async fn ask<T, E: Refusal>(inbox: &Inbox, request: &Request<T, E>) -> Verdict<T> {
    let method = request.method;
    for _ in 0..TRIES {
        let reply = inbox.ask(request).await.map_err(|error| Violation(format!("{method} failed: {error}")))?;
        match request.decode(&reply) {
            Ok(answer) => return Ok(answer),
            Err(error) if error.is_passing() => tokio::time::sleep(PASSING_WAIT).await,
            Err(error) => return Err(Violation(format!("{method} failed: {error}"))),
        }
    }
    Err(Violation(format!("{method} stays unavailable")))
}

/// Makes an update while the network runs.
///
/// # Errors
///
/// If it has no outcome, or the canister refuses it.
pub async fn perform<T, E: Debug>(inbox: &Inbox, request: &Request<T, E>) -> Verdict<T> {
    let call = inbox.sign(request).map_err(unsigned)?;
    match inbox.send(&call).await.map_err(unanswered)? {
        Outcome::Replied(reply) => request.decode(&reply).map_err(failed),
        Outcome::Expired => Err(Violation(format!("{}: a fresh call expired", request.method))),
    }
}

/// The violation for a call that failed unexpectedly.
pub fn failed<E: Debug>(error: CallError<E>) -> Violation {
    Violation(format!("a call failed: {error}"))
}

/// The violation for a call without an answer.
pub fn unanswered(error: AgentError) -> Violation {
    Violation(format!("the network does not answer: {error}"))
}

/// The violation for a call that could not be signed.
pub fn unsigned(error: AgentError) -> Violation {
    Violation(format!("a call cannot be signed: {error}"))
}
