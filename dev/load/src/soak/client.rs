//! One client: makes its operations one after the other, and settles what a kill left open.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use candid::utils::ArgumentEncoder;
use candid::{CandidType, Deserialize, decode_one};
use message_canister::api::{
    AddError, Added, BatchError, CheckError, GetError, Id, LookupError, NewMessage, PageError, StatusError, Stored,
};
use serde_bytes::ByteBuf;

use super::Shared;
use super::model::Place;
use super::operation::{Item, Operation};
use super::show::lock;
use crate::draft::{Draft, key_id};
use crate::inbox::{Inbox, Outcome, Signed};
use crate::violation::{Verdict, Violation, ensure};
use test_support::Random;

/// How long a client waits that was told that the indexes are being rebuilt.
const UNAVAILABLE_WAIT: Duration = Duration::from_millis(20);
/// How often it comes back.
const UNAVAILABLE_TRIES: u32 = 3_000;
/// Answered calls that a client keeps, to send them again.
const KEPT_ANSWERS: usize = 64;
/// Messages from which on a batch counts as large.
const LARGE_BATCH: usize = 60;
/// Bytes from which on a message counts as large.
const LARGE_MESSAGE: usize = 500_000;

/// A client.
pub struct Client {
    /// Its connection.
    pub inbox: Inbox,
    /// What all clients share.
    pub shared: Arc<Shared>,
    /// For what depends on kills, and so is the same in no two runs.
    pub random: Random,
    /// The latest answered calls, with their replies.
    pub answered: VecDeque<(Signed, Vec<u8>)>,
}

/// What is asked of a message that a rebuild may keep from being answered.
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
            Operation::Replay(pick) => self.replay(pick).await,
            Operation::Upgrade => self.shared.upgrade().await,
            read => self.read(read).await,
        }
    }

    async fn add(&mut self, draft: Draft) -> Verdict<()> {
        let decode = |reply: &[u8]| match decode::<Result<Added, AddError>>(reply)? {
            Ok(added) => Ok(Answer::Given(vec![added])),
            Err(AddError::Unavailable(_)) => Ok(Answer::Unavailable),
            Err(error) => Err(Violation(format!("an add was refused: {error:?}"))),
        };
        let sign = |inbox: &Inbox, messages: &[NewMessage]| {
            inbox.sign("add_message", (&messages[0].key_id, &messages[0].ciphertext))
        };
        self.store(&[draft], sign, decode).await
    }

    async fn add_batch(&mut self, drafts: &[Draft]) -> Verdict<()> {
        let decode = |reply: &[u8]| {
            let results = match decode::<Result<Vec<Result<Added, AddError>>, BatchError>>(reply)? {
                Ok(results) => results,
                Err(BatchError::Unavailable(_)) => return Ok(Answer::Unavailable),
                Err(error) => return Err(Violation(format!("a batch was refused: {error:?}"))),
            };
            if !results.is_empty() && results.iter().all(|result| matches!(result, Err(AddError::Unavailable(_)))) {
                return Ok(Answer::Unavailable);
            }
            let added = results.into_iter().collect::<Result<_, _>>();
            added.map(Answer::Given).map_err(|error| Violation(format!("an item of a batch was refused: {error:?}")))
        };
        let sign = |inbox: &Inbox, messages: &[NewMessage]| inbox.sign("add_messages", (messages,));
        self.store(drafts, sign, decode).await
    }

    /// Has messages stored by one call, whatever it takes.
    async fn store(
        &mut self,
        drafts: &[Draft],
        sign: impl Fn(&Inbox, &[NewMessage]) -> Result<Signed, ic_agent::AgentError>,
        decode: impl Fn(&[u8]) -> Verdict<Answer<Vec<Added>>>,
    ) -> Verdict<()> {
        let (messages, hashes): (Vec<_>, Vec<_>) = drafts.iter().map(Draft::message).unzip();
        let places: Vec<Place> = {
            let mut model = lock(&self.shared.model);
            drafts.iter().zip(&hashes).map(|(&draft, &hash)| model.draft(draft, hash)).collect()
        };
        let large = messages.len() >= LARGE_BATCH || messages.iter().any(|one| one.ciphertext.len() >= LARGE_MESSAGE);
        for _ in 0..UNAVAILABLE_TRIES {
            let mut request = lock(&self.shared.model).begin(&places);
            let mut call = sign(&self.inbox, &messages).map_err(unsigned)?;
            let reply = loop {
                if large {
                    self.shared.large_call.notify_waiters();
                }
                match self.shared.gate.attempt(self.inbox.send(&call)).await? {
                    Some(Outcome::Replied(reply)) => break reply,
                    // The same envelope again: if it was executed, it will not be once more.
                    None if self.random.per_mille(600) => lock(&self.shared.tally).resent += 1,
                    // Its outcome is found out, then the messages are sent anew.
                    outcome => {
                        let was_asked = outcome.is_none();
                        self.ask_for(&places, &messages, &hashes).await?;
                        let mut model = lock(&self.shared.model);
                        model.give_up(&request);
                        request = model.begin(&places);
                        drop(model);
                        call = sign(&self.inbox, &messages).map_err(unsigned)?;
                        let mut tally = lock(&self.shared.tally);
                        *if was_asked { &mut tally.sent_anew } else { &mut tally.expired } += 1;
                    }
                };
            };
            match decode(&reply)? {
                Answer::Given(added) => {
                    lock(&self.shared.model).confirm(&request, &added)?;
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

    /// Finds out which of these messages are stored. What is known to be must be.
    async fn ask_for(&self, places: &[Place], messages: &[NewMessage], hashes: &[[u8; 32]]) -> Verdict<()> {
        let pairs: Vec<Stored> = messages
            .iter()
            .zip(hashes)
            .map(|(message, hash)| Stored { key_id: message.key_id.clone(), hash: ByteBuf::from(*hash) })
            .collect();
        let known = self.known(places);
        let ids = self.ask_lookup::<Vec<Option<Id>>>("has_messages", (&pairs,)).await?;
        self.found(places, &known, &ids)
    }

    /// Which of these messages are known to be stored.
    fn known(&self, places: &[Place]) -> Vec<bool> {
        let model = lock(&self.shared.model);
        places.iter().map(|&place| model.sent(place).id.is_some()).collect()
    }

    /// Notes where messages are, of which some were `known` to be stored before they were asked for.
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

    /// Asks a query until the network and the indexes are there. What it fails on besides is for the caller.
    pub async fn ask<T>(&self, method: &str, arguments: impl ArgumentEncoder + Clone) -> Verdict<T>
    where
        T: CandidType + for<'a> Deserialize<'a> + Debug + MayBeUnavailable,
    {
        for _ in 0..UNAVAILABLE_TRIES {
            match self.shared.gate.attempt(self.inbox.ask::<T>(method, arguments.clone())).await? {
                Some(answer) if !answer.is_unavailable() => return Ok(answer),
                Some(_) => self.wait_for_rebuild().await,
                None => {}
            }
        }
        Err(Violation(format!("{method} stays unavailable")))
    }

    async fn wait_for_rebuild(&self) {
        lock(&self.shared.tally).unavailable += 1;
        tokio::time::sleep(UNAVAILABLE_WAIT).await;
    }

    /// Asks for what is stored.
    pub async fn ask_lookup<T>(&self, method: &str, arguments: impl ArgumentEncoder + Clone) -> Verdict<T>
    where
        T: CandidType + for<'a> Deserialize<'a> + Debug,
    {
        let answer = self.ask::<Result<T, LookupError>>(method, arguments).await?;
        answer.map_err(|error| Violation(format!("{method} failed: {error:?}")))
    }
}

/// An answer that says that the indexes are being rebuilt, if they are.
pub trait MayBeUnavailable {
    /// Whether it says so.
    fn is_unavailable(&self) -> bool;
}

/// Answers whose error has a case for it.
macro_rules! may_be_unavailable {
    ($($error:ident),*) => {$(
        impl<T> MayBeUnavailable for Result<T, $error> {
            fn is_unavailable(&self) -> bool {
                matches!(self, Err($error::Unavailable(_)))
            }
        }
    )*};
}
may_be_unavailable!(LookupError, GetError, CheckError);

/// Answers that need no index.
macro_rules! always_available {
    ($($error:ident),*) => {$(
        impl<T> MayBeUnavailable for Result<T, $error> {
            fn is_unavailable(&self) -> bool {
                false
            }
        }
    )*};
}
always_available!(PageError, StatusError);

/// What a message is asked for by.
pub fn pair(draft: &Draft, hash: [u8; 32]) -> Stored {
    Stored { key_id: key_id(draft.key), hash: ByteBuf::from(hash) }
}

fn decode<T: CandidType + for<'a> Deserialize<'a>>(reply: &[u8]) -> Verdict<T> {
    decode_one(reply).map_err(|error| Violation(format!("a reply has other types: {error}")))
}

fn unsigned(error: ic_agent::AgentError) -> Violation {
    Violation(format!("a call cannot be signed: {error}"))
}
