//! Subjects that take the steps of a sequence and answer them: the model, the canister, the store.

use message_canister::api::*;
use serde_bytes::ByteBuf;

use super::ops::{Item, Op, many};
use crate::model::{Facts, Model, Who};
use crate::support::{Inbox, START_SECONDS};

/// The answer to a step.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Added(Result<Added, AddError>),
    Batch(Result<Vec<Result<Added, AddError>>, BatchError>),
    Message(Result<Found, GetError>),
    Page(Result<Page, PageError>),
    Id(Result<Id, StatusError>),
    IdOfKey(Result<Option<Id>, LookupError>),
    Heads(Result<Vec<Option<KeyHead>>, LookupError>),
    Found(Result<Vec<Option<Id>>, LookupError>),
    Facts(Option<Facts>),
    Settings(Result<u32, SettingsError>),
    /// The label that a claim returns is the store's secret.
    Claimed(Result<(), ClaimError>),
    Key(Result<(), KeyError>),
    Role(Result<(), RoleError>),
    Acknowledged(Result<Acknowledged, AckError>),
    Nothing,
}

/// Something with the canister's interface.
pub trait Subject {
    /// Takes one step of a caller at `now`, in unix seconds.
    fn apply(&mut self, who: Who, op: &Op, now: u32) -> Answer;

    /// Whether its clock can be set back. The clock of a platform cannot.
    fn clock_goes_back(&self) -> bool {
        true
    }

    /// The part of [`Subject::check`] that is worth its time after every step.
    fn check_after_step(&mut self) {}

    /// Panics if an invariant is broken.
    fn check(&mut self);
}

pub fn batch(items: &[Item]) -> Vec<NewMessage> {
    items.iter().map(Item::message).collect()
}

impl Subject for Model {
    fn apply(&mut self, who: Who, op: &Op, now: u32) -> Answer {
        self.at(now).called_by(who);
        match op {
            Op::AddMessage(key, text) => Answer::Added(self.add_message(&key.bytes(), &text.bytes())),
            Op::AddMessages(items) => Answer::Batch(self.add_messages(&batch(items))),
            Op::AddMany(items) => Answer::Batch(self.add_messages(&many(*items))),
            Op::GetMessageById(id) => Answer::Message(self.get_message_by_id(*id)),
            Op::GetMessageByHash(hash) => Answer::Message(self.get_message_by_hash(&hash.bytes())),
            Op::GetMessagesByRange(min, max, cursor) => Answer::Page(self.get_messages_by_range(*min, *max, *cursor)),
            Op::GetMessagesByKey(key, cursor) => Answer::Page(self.get_messages_by_key(&key.bytes(), *cursor)),
            Op::GetMessagesByTime(from, until, cursor) => {
                Answer::Page(self.get_messages_by_time(*from, *until, *cursor))
            }
            Op::GetMinMessageId => Answer::Id(self.get_min_message_id()),
            Op::GetMaxMessageId => Answer::Id(self.get_max_message_id()),
            Op::GetMinMessageIdByKey(key) => Answer::IdOfKey(self.get_min_message_id_by_key(&key.bytes())),
            Op::GetMaxMessageIdByKey(key) => Answer::IdOfKey(self.get_max_message_id_by_key(&key.bytes())),
            Op::GetKeyHeads(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| key.bytes()).collect();
                Answer::Heads(self.get_key_heads(&keys))
            }
            Op::HasMessages(asked) => {
                let asked: Vec<_> = asked.iter().map(|(key, hash)| (key.bytes(), hash.bytes())).collect();
                Answer::Found(self.has_messages(&asked))
            }
            Op::GetStatus => Answer::Facts(self.shown_facts()),
            Op::Claim(key, proof) => Answer::Claimed(self.claim(&key.bytes(), proof)),
            Op::SetKey(key, settings) => Answer::Key(self.set_key(&key.bytes(), settings)),
            Op::SetRole(who, role) => Answer::Role(self.set_role(*who, *role)),
            Op::Acknowledge(key, through) => Answer::Acknowledged(self.acknowledge(&key.bytes(), *through)),
            Op::SetSettings(settings) => Answer::Settings(self.set_settings(settings)),
            Op::Upgrade(Some(settings)) => {
                self.set_settings(settings).expect("generated upgrades have good settings");
                Answer::Nothing
            }
            Op::Upgrade(None) | Op::SetClock(_) => Answer::Nothing,
        }
    }

    fn check(&mut self) {}
}

/// The canister's Wasm, through candid.
impl Subject for Inbox {
    fn apply(&mut self, who: Who, op: &Op, now: u32) -> Answer {
        let inbox = self.called_by(who.principal());
        match op {
            Op::AddMessage(key, text) => Answer::Added(inbox.add_message(&key.bytes(), &text.bytes())),
            Op::AddMessages(items) => Answer::Batch(inbox.add_messages(&batch(items))),
            Op::AddMany(items) => Answer::Batch(inbox.add_messages(&many(*items))),
            Op::GetMessageById(id) => Answer::Message(inbox.get_message_by_id(*id)),
            Op::GetMessageByHash(hash) => Answer::Message(inbox.get_message_by_hash(&hash.bytes())),
            Op::GetMessagesByRange(min, max, cursor) => Answer::Page(inbox.get_messages_by_range(*min, *max, *cursor)),
            Op::GetMessagesByKey(key, cursor) => Answer::Page(inbox.page_of_key(&key.bytes(), *cursor)),
            Op::GetMessagesByTime(from, until, cursor) => {
                Answer::Page(inbox.get_messages_by_time(*from, *until, *cursor))
            }
            Op::GetMinMessageId => Answer::Id(inbox.get_min_message_id()),
            Op::GetMaxMessageId => Answer::Id(inbox.get_max_message_id()),
            Op::GetMinMessageIdByKey(key) => Answer::IdOfKey(inbox.get_min_message_id_by_key(&key.bytes())),
            Op::GetMaxMessageIdByKey(key) => Answer::IdOfKey(inbox.get_max_message_id_by_key(&key.bytes())),
            Op::GetKeyHeads(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| key.bytes()).collect();
                Answer::Heads(inbox.get_key_heads(&keys))
            }
            Op::HasMessages(asked) => {
                let asked = asked.iter().map(|(key, hash)| Stored {
                    key_id: ByteBuf::from(key.bytes()),
                    hash: ByteBuf::from(hash.bytes()),
                });
                Answer::Found(inbox.has_messages(&asked.collect::<Vec<_>>()))
            }
            Op::GetStatus => Answer::Facts(Facts::shown(inbox.get_status())),
            Op::Claim(key, proof) => Answer::Claimed(inbox.claim(&key.bytes(), proof).map(|_| ())),
            Op::SetKey(key, settings) => Answer::Key(inbox.set_key(&key.bytes(), settings)),
            Op::SetRole(who, role) => Answer::Role(inbox.set_role(who.principal(), *role)),
            Op::Acknowledge(key, through) => Answer::Acknowledged(inbox.acknowledge(&key.bytes(), *through)),
            Op::SetSettings(settings) => Answer::Settings(inbox.set_settings(settings)),
            Op::Upgrade(settings) => {
                self.upgrade(settings.as_deref());
                Answer::Nothing
            }
            Op::SetClock(_) => {
                self.set_clock(now - START_SECONDS);
                Answer::Nothing
            }
        }
    }

    fn clock_goes_back(&self) -> bool {
        false
    }

    fn check(&mut self) {
        self.assert_all_invariants();
    }
}
