//! One client. It makes its operations one after the other, and resolves the calls that a kill left without an outcome.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use client::request::{self, Request};
use client::{CallError, Refusal};
use message_canister::api::{AddError, Added, BatchError, Id, NewMessage, Stored};
use serde_bytes::ByteBuf;

use super::model::{Model, Place};
use super::operation::{Item, Operation};
use super::{Tally, rights};
use crate::draft::{Draft, key_id};
use crate::inbox::Outcome;
use crate::soak::actor::Actor;
use crate::soak::caller::{Caller, TRIES, failed, unsigned};
use crate::soak::{Canister, lock};
use crate::violation::{Verdict, Violation, ensure};

/// Number of messages from which on a batch counts as large.
const LARGE_BATCH: usize = 60;
/// Bytes from which a message counts as large.
const LARGE_MESSAGE: usize = 500_000;

/// A client.
pub struct Client {
    /// Its number. It decides the client's identity.
    pub number: u8,
    /// Makes its calls.
    pub caller: Caller,
    /// The seed of its operations.
    pub seed: u64,
    /// Number of operations to make.
    pub operations: u64,
    /// Number of operations made.
    pub made: u64,
}

/// The answer to a question that the store does not answer during a rebuild.
pub enum Answer<T> {
    /// The answer.
    Given(T),
    /// The indexes are being rebuilt.
    Unavailable,
}

impl Actor for Client {
    type Operation = Operation;

    fn name(&self) -> String {
        format!("client {}", self.number)
    }

    async fn next(&mut self) -> Option<Operation> {
        let number = self.made;
        self.made += 1;
        (number < self.operations).then(|| Operation::draw(self.seed, self.number.into(), number))
    }

    async fn make(&mut self, operation: Operation) -> Verdict<()> {
        let stored = |pick| self.model().pick(pick);
        let made = match operation {
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
            Operation::Replay(pick) => self.caller.replay(pick).await,
            Operation::Upgrade => self.caller.shared.upgrade(Canister::Messages).await,
            read => self.read(read).await,
        };
        self.caller.shared.done.fetch_add(1, Ordering::Relaxed);
        made
    }
}

impl Client {
    /// The known state of the store.
    pub(super) fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.caller.shared.messages.model)
    }

    /// Changes a count.
    pub(super) fn count(&self, what: impl FnOnce(&mut Tally)) {
        self.caller.count(|tally| what(&mut tally.messages));
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

    /// Stores messages by one call, which is repeated until it succeeds. `outcome` decodes an answer: the result of each
    /// message, `None` if a quota refused it.
    async fn store<T, E>(
        &mut self,
        drafts: &[Draft],
        adds: &Request<T, E>,
        outcome: impl Fn(Result<T, CallError<E>>) -> Verdict<Answer<Vec<Option<Added>>>>,
    ) -> Verdict<()> {
        let (messages, hashes): (Vec<_>, Vec<_>) = drafts.iter().map(Draft::message).unzip();
        let places: Vec<Place> = {
            let mut model = self.model();
            drafts.iter().zip(&hashes).map(|(&draft, &hash)| model.draft(draft, hash)).collect()
        };
        let acknowledged: Vec<Id> = {
            let model = self.model();
            drafts.iter().map(|draft| model.acknowledged(draft.key)).collect()
        };
        let large = messages.len() >= LARGE_BATCH || messages.iter().any(|one| one.ciphertext.len() >= LARGE_MESSAGE);
        for _ in 0..TRIES {
            let mut request = self.model().begin(&places);
            let mut call = self.caller.inbox.sign(adds).map_err(unsigned)?;
            let reply = loop {
                if large {
                    self.caller.shared.large_call.notify_waiters();
                }
                match self.caller.shared.gate.attempt(self.caller.inbox.send(&call)).await? {
                    Some(Outcome::Replied(reply)) => break reply,
                    // The same envelope is sent again. If it was executed before, it is not executed a second time.
                    None if self.caller.random.per_mille(600) => self.caller.count(|tally| tally.resent += 1),
                    // The client asks which messages are stored, and sends all of them in a new envelope.
                    outcome => {
                        let was_asked = outcome.is_none();
                        self.ask_for(&places, &messages, &hashes).await?;
                        let mut model = self.model();
                        model.give_up(&request);
                        request = model.begin(&places);
                        drop(model);
                        call = self.caller.inbox.sign(adds).map_err(unsigned)?;
                        self.count(|tally| *if was_asked { &mut tally.sent_anew } else { &mut tally.expired } += 1);
                    }
                };
            };
            match outcome(adds.decode(&reply))? {
                Answer::Given(added) => {
                    self.check_shares(drafts, &acknowledged, &added)?;
                    self.model().confirm(&request, &added)?;
                    self.check_room(drafts, &added)?;
                    self.caller.keep(call, reply);
                    return Ok(());
                }
                Answer::Unavailable => self.model().withdraw(&request),
            }
            self.caller.wait_for_rebuild().await;
        }
        Err(Violation("the indexes stay unavailable".into()))
    }

    /// Checks that a message was refused only if its key may have been full for this client. Everything through `acknowledged`
    /// was acknowledged before the call.
    fn check_shares(&self, drafts: &[Draft], acknowledged: &[Id], added: &[Option<Added>]) -> Verdict<()> {
        let model = self.model();
        for ((draft, &acknowledged), added) in drafts.iter().zip(acknowledged).zip(added) {
            let (None, Some(share)) = (added, rights::share(self.number, draft.key)) else { continue };
            let live = model.live_at_most(draft.key, acknowledged);
            // Strangers are admitted again below 70 % of their share.
            ensure(live * 10 >= share as usize * 7, || {
                format!("{draft:?} was refused, but of the share of {share} at most {live} are filled")
            })?;
            self.count(|tally| tally.refused += 1);
        }
        Ok(())
    }

    /// Checks that the keys of newly stored messages had room for them.
    fn check_room(&self, drafts: &[Draft], added: &[Option<Added>]) -> Verdict<()> {
        let model = self.model();
        for (draft, added) in drafts.iter().zip(added) {
            let (&Some(Added { id, duplicate: false }), Some(share)) = (added, rights::share(self.number, draft.key))
            else {
                continue;
            };
            let live = model.live_at_least(draft.key, id);
            ensure(live <= share as usize, || format!("{draft:?} was stored as {id}, as number {live} of {share}"))?;
        }
        Ok(())
    }

    /// Asks which of these messages are stored. Messages that are known to be stored must be.
    async fn ask_for(&self, places: &[Place], messages: &[NewMessage], hashes: &[[u8; 32]]) -> Verdict<()> {
        let pairs: Vec<Stored> = messages
            .iter()
            .zip(hashes)
            .map(|(message, hash)| Stored { key_id: message.key_id.clone(), hash: ByteBuf::from(*hash) })
            .collect();
        let known = self.known(places);
        let ids = self.caller.ask(&request::has_messages(&pairs)).await?.map_err(failed)?;
        self.found(places, &known, &ids)
    }

    /// For each message: whether it is known to be stored.
    fn known(&self, places: &[Place]) -> Vec<bool> {
        let model = self.model();
        places.iter().map(|&place| model.sent(place).id.is_some()).collect()
    }

    /// Notes the ids of messages. `known` says which of them were known to be stored before the question.
    fn found(&self, places: &[Place], known: &[bool], ids: &[Option<Id>]) -> Verdict<()> {
        ensure(ids.len() == places.len(), || {
            format!("{} messages were asked for, {} answered", places.len(), ids.len())
        })?;
        let mut model = self.model();
        for ((&place, known), id) in places.iter().zip(known).zip(ids) {
            match id {
                Some(id) => model.found(place, *id)?,
                None => ensure(!known, || format!("{:?} is not there any more", model.sent(place)))?,
            }
        }
        Ok(())
    }
}

/// The key id and hash by which a message is looked up.
pub fn pair(draft: &Draft, hash: [u8; 32]) -> Stored {
    Stored { key_id: key_id(draft.key), hash: ByteBuf::from(hash) }
}

/// The answer to an add that was refused: only a rebuild of the index excuses it.
fn unavailable<T, E: Refusal>(error: &CallError<E>) -> Verdict<Answer<T>> {
    if error.is_passing() { Ok(Answer::Unavailable) } else { Err(Violation(format!("an add was refused: {error}"))) }
}
