//! One client. It makes its operations one after the other, and resolves the calls that a kill left open.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use client::request::{self, Request};
use client::{CallError, Refusal};
use message_canister::api::{AddError, Added, BatchError, Id, NewMessage, Stored};
use serde_bytes::ByteBuf;

use super::model::Place;
use super::operation::{Item, Operation};
use super::show::lock;
use super::{Shared, cast};
use crate::draft::{Draft, key_id};
use crate::inbox::{Inbox, Outcome, Signed};
use crate::violation::{Verdict, Violation, ensure};
use test_support::Random;

/// Time that a client waits if the indexes are being rebuilt.
const UNAVAILABLE_WAIT: Duration = Duration::from_millis(20);
/// Maximum number of such waits.
const UNAVAILABLE_TRIES: u32 = 3_000;
/// Answered calls that a client keeps, to send them again.
const KEPT_ANSWERS: usize = 64;
/// Messages from which a batch counts as large.
const LARGE_BATCH: usize = 60;
/// Bytes from which a message counts as large.
const LARGE_MESSAGE: usize = 500_000;

/// A client.
pub struct Client {
    /// Its number, which says who it is.
    pub number: u8,
    /// Its connection.
    pub inbox: Inbox,
    /// The state that all clients share.
    pub shared: Arc<Shared>,
    /// Random numbers for decisions that depend on kills, and so differ between runs.
    pub random: Random,
    /// The latest answered calls, with their replies.
    pub answered: VecDeque<(Signed, Vec<u8>)>,
}

/// A question about a message that the store does not answer during a rebuild.
pub enum Answer<T> {
    /// It is answered.
    Given(T),
    /// The indexes are being rebuilt.
    Unavailable,
}

impl Client {
    /// Makes an operation.
    ///
    /// # Errors
    ///
    /// If something happens that must not.
    pub async fn make(&mut self, operation: Operation) -> Verdict<()> {
        let stored = |pick| lock(&self.shared.model).pick(pick);
        match operation {
            Operation::Add(draft) | Operation::AddContested(draft) => self.add(draft).await,
            Operation::AddStored(pick) => match stored(pick) {
                Some((_, sent)) => self.add(sent.draft).await,
                None => Ok(()),
            },
            Operation::AddBatch(items) => {
                let mut drafts: Vec<Draft> = Vec::new();
                for item in items {
                    drafts.extend(match item {
                        Item::New(draft) => Some(draft),
                        Item::Again => drafts.last().copied(),
                        Item::Stored(pick) => stored(pick).map(|(_, sent)| sent.draft),
                    });
                }
                self.add_batch(&drafts).await
            }
            Operation::Acknowledge { key, limit, pages } => self.acknowledge(key, limit, pages).await,
            Operation::Replay(pick) => self.replay(pick).await,
            Operation::Upgrade => self.shared.upgrade().await,
            read => self.read(read).await,
        }
    }

    async fn add(&mut self, draft: Draft) -> Verdict<()> {
        let (message, _) = draft.message();
        let request = request::add_message(&message.key_id, &message.ciphertext);
        self.store(&[draft], &request, |answer| match answer {
            Ok(added) => Ok(Answer::Given(vec![Some(added)])),
            Err(CallError::Refused(AddError::KeyFull { .. })) => Ok(Answer::Given(vec![None])),
            Err(error) => unavailable(&error),
        })
        .await
    }

    async fn add_batch(&mut self, drafts: &[Draft]) -> Verdict<()> {
        let messages: Vec<_> = drafts.iter().map(|draft| draft.message().0).collect();
        self.store(drafts, &request::add_messages(&messages), |answer: Result<_, CallError<BatchError>>| {
            let results: Vec<Result<Added, AddError>> = match answer {
                Ok(results) => results,
                Err(error) => return unavailable(&error),
            };
            if !results.is_empty() && results.iter().all(|result| matches!(result, Err(AddError::Unavailable(_)))) {
                return Ok(Answer::Unavailable);
            }
            let added = results.into_iter().map(|result| match result {
                Ok(added) => Ok(Some(added)),
                Err(AddError::KeyFull { .. }) => Ok(None),
                Err(error) => Err(Violation(format!("an item of a batch was refused: {error:?}"))),
            });
            added.collect::<Verdict<_>>().map(Answer::Given)
        })
        .await
    }

    /// Has messages stored by one call, and repeats it until it succeeds. `outcome` decodes an answer: the result of each
    /// message, `None` if a quota refused it.
    async fn store<T, E>(
        &mut self,
        drafts: &[Draft],
        adds: &Request<T, E>,
        outcome: impl Fn(Result<T, CallError<E>>) -> Verdict<Answer<Vec<Option<Added>>>>,
    ) -> Verdict<()> {
        let (messages, hashes): (Vec<_>, Vec<_>) = drafts.iter().map(Draft::message).unzip();
        let places: Vec<Place> = {
            let mut model = lock(&self.shared.model);
            drafts.iter().zip(&hashes).map(|(&draft, &hash)| model.draft(draft, hash)).collect()
        };
        let acknowledged: Vec<Id> = {
            let model = lock(&self.shared.model);
            drafts.iter().map(|draft| model.acknowledged(draft.key)).collect()
        };
        let large = messages.len() >= LARGE_BATCH || messages.iter().any(|one| one.ciphertext.len() >= LARGE_MESSAGE);
        for _ in 0..UNAVAILABLE_TRIES {
            let mut request = lock(&self.shared.model).begin(&places);
            let mut call = self.inbox.sign(adds).map_err(unsigned)?;
            let reply = loop {
                if large {
                    self.shared.large_call.notify_waiters();
                }
                match self.shared.gate.attempt(self.inbox.send(&call)).await? {
                    Some(Outcome::Replied(reply)) => break reply,
                    // The same envelope is sent again. If it was executed, it is not executed a second time.
                    None if self.random.per_mille(600) => lock(&self.shared.tally).resent += 1,
                    // Its outcome is found out, then the messages are sent anew.
                    outcome => {
                        let was_asked = outcome.is_none();
                        self.ask_for(&places, &messages, &hashes).await?;
                        let mut model = lock(&self.shared.model);
                        model.give_up(&request);
                        request = model.begin(&places);
                        drop(model);
                        call = self.inbox.sign(adds).map_err(unsigned)?;
                        let mut tally = lock(&self.shared.tally);
                        *if was_asked { &mut tally.sent_anew } else { &mut tally.expired } += 1;
                    }
                };
            };
            match outcome(adds.decode(&reply))? {
                Answer::Given(added) => {
                    self.check_shares(drafts, &acknowledged, &added)?;
                    lock(&self.shared.model).confirm(&request, &added)?;
                    self.check_room(drafts, &added)?;
                    self.answered.push_back((call, reply));
                    if self.answered.len() > KEPT_ANSWERS {
                        self.answered.pop_front();
                    }
                    return Ok(());
                }
                Answer::Unavailable => lock(&self.shared.model).withdraw(&request),
            }
            self.wait_for_rebuild().await;
        }
        Err(Violation("the indexes stay unavailable".into()))
    }

    /// Checks that a message was refused only if its key may have held as much as this client may fill. Everything
    /// through `acknowledged` was acknowledged before.
    fn check_shares(&self, drafts: &[Draft], acknowledged: &[Id], added: &[Option<Added>]) -> Verdict<()> {
        let model = lock(&self.shared.model);
        for ((draft, &acknowledged), added) in drafts.iter().zip(acknowledged).zip(added) {
            let (None, Some(share)) = (added, cast::share(self.number, draft.key)) else { continue };
            let live = model.live_at_most(draft.key, acknowledged);
            // Strangers are let in again below 70 % of their share.
            ensure(live * 10 >= share as usize * 7, || {
                format!("{draft:?} was refused, but of the share of {share} at most {live} are filled")
            })?;
            lock(&self.shared.tally).refused += 1;
        }
        Ok(())
    }

    /// Checks of the messages that were stored just now that their keys had room for them.
    fn check_room(&self, drafts: &[Draft], added: &[Option<Added>]) -> Verdict<()> {
        let model = lock(&self.shared.model);
        for (draft, added) in drafts.iter().zip(added) {
            let (&Some(Added { id, duplicate: false }), Some(share)) = (added, cast::share(self.number, draft.key))
            else {
                continue;
            };
            let live = model.live_at_least(draft.key, id);
            ensure(live <= share as usize, || format!("{draft:?} was stored as {id}, as number {live} of {share}"))?;
        }
        Ok(())
    }

    /// Finds out which of these messages are stored. Known messages must be.
    async fn ask_for(&self, places: &[Place], messages: &[NewMessage], hashes: &[[u8; 32]]) -> Verdict<()> {
        let pairs: Vec<Stored> = messages
            .iter()
            .zip(hashes)
            .map(|(message, hash)| Stored { key_id: message.key_id.clone(), hash: ByteBuf::from(*hash) })
            .collect();
        let known = self.known(places);
        let ids = self.ask(&request::has_messages(&pairs)).await?.map_err(failed)?;
        self.found(places, &known, &ids)
    }

    /// For each of these messages, whether it is known to be stored.
    fn known(&self, places: &[Place]) -> Vec<bool> {
        let model = lock(&self.shared.model);
        places.iter().map(|&place| model.sent(place).id.is_some()).collect()
    }

    /// Notes the ids of messages. `known`: those that were known to be stored before the question.
    fn found(&self, places: &[Place], known: &[bool], ids: &[Option<Id>]) -> Verdict<()> {
        ensure(ids.len() == places.len(), || {
            format!("{} messages were asked for, {} answered", places.len(), ids.len())
        })?;
        let mut model = lock(&self.shared.model);
        for ((&place, known), id) in places.iter().zip(known).zip(ids) {
            match id {
                Some(id) => model.found(place, *id)?,
                None => ensure(!known, || format!("{:?} is not there any more", model.sent(place)))?,
            }
        }
        Ok(())
    }

    /// Sends an answered call again: it has the same answer, or has expired.
    async fn replay(&mut self, pick: u64) -> Verdict<()> {
        if self.answered.is_empty() {
            return Ok(());
        }
        let (call, reply) = self.answered[(pick % self.answered.len() as u64) as usize].clone();
        loop {
            match self.shared.gate.attempt(self.inbox.send(&call)).await? {
                None => {}
                Some(Outcome::Expired) => {
                    lock(&self.shared.tally).replays_expired += 1;
                    return Ok(());
                }
                Some(Outcome::Replied(again)) => {
                    lock(&self.shared.tally).replays += 1;
                    return ensure(again == reply, || {
                        format!("an answered call, sent again, has another answer: {reply:?}, then {again:?}")
                    });
                }
            }
        }
    }

    /// Sends an update that may be sent anew until it is answered. Returns the reply, and whether a kill cut the call off
    /// before.
    pub async fn settle<T, E>(&mut self, request: &Request<T, E>) -> Verdict<(Vec<u8>, bool)> {
        let mut was_cut = false;
        loop {
            let call = self.inbox.sign(request).map_err(unsigned)?;
            loop {
                match self.shared.gate.attempt(self.inbox.send(&call)).await? {
                    Some(Outcome::Replied(reply)) => return Ok((reply, was_cut)),
                    Some(Outcome::Expired) => break,
                    None => was_cut = true,
                }
                if self.random.per_mille(400) {
                    break;
                }
                lock(&self.shared.tally).resent += 1;
            }
        }
    }

    /// Asks a query until the network and the index are ready. Other refusals are returned to the caller.
    pub async fn ask<T, E: Refusal>(&self, request: &Request<T, E>) -> Verdict<Result<T, CallError<E>>> {
        for _ in 0..UNAVAILABLE_TRIES {
            let Some(reply) = self.shared.gate.attempt(self.inbox.ask(request)).await? else { continue };
            match request.decode(&reply) {
                Err(error) if error.is_passing() => self.wait_for_rebuild().await,
                answer => return Ok(answer),
            }
        }
        Err(Violation(format!("{} stays unavailable", request.method)))
    }

    async fn wait_for_rebuild(&self) {
        lock(&self.shared.tally).unavailable += 1;
        tokio::time::sleep(UNAVAILABLE_WAIT).await;
    }
}

/// The key id and hash by which a message is looked up.
pub fn pair(draft: &Draft, hash: [u8; 32]) -> Stored {
    Stored { key_id: key_id(draft.key), hash: ByteBuf::from(hash) }
}

/// An add that was refused: the canister rebuilds its index, or should not have refused it.
fn unavailable<T, E: Refusal>(error: &CallError<E>) -> Verdict<Answer<T>> {
    if error.is_passing() { Ok(Answer::Unavailable) } else { Err(Violation(format!("an add was refused: {error}"))) }
}

/// A call that should not have failed.
pub fn failed<E: Debug>(error: CallError<E>) -> Violation {
    Violation(format!("a call failed: {error}"))
}

fn unsigned(error: ic_agent::AgentError) -> Violation {
    Violation(format!("a call cannot be signed: {error}"))
}
