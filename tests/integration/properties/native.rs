//! The generated sequences against the store itself, natively: every invariant is checked after every step.

use ic_stable_structures::VectorMemory;
use message_canister::access::{Caller, Sight};
use message_canister::api::*;
use message_canister::settings::Configuration;
use message_canister::store::{AcknowledgementRef, Capacity, MessageStore, NewMessageRef, Rebuilt, StoredRef, View};
use proofs::heads::HeadsProof;
use proofs::page::PageProof;
use proofs::verify;

use super::compare_with_model;
use super::ops::{Key, Op, Text, many};
use super::subject::{Answer, Subject, owned_by, pairs};
use crate::model::Facts;
use crate::support::{START_SECONDS, controller, sha256};

/// Number of sequences, times the scale.
const CASES: u32 = 80;

#[test]
fn the_store_answers_as_the_model_does() {
    compare_with_model(CASES, 20..80, NativeStore::new);
}

/// A store on memory of its own.
struct NativeStore {
    memory: VectorMemory,
    store: MessageStore<VectorMemory>,
    now: u32,
}

impl NativeStore {
    fn new() -> Self {
        let memory = VectorMemory::default();
        let settings = Configuration::default();
        let mut store = MessageStore::create(memory.clone(), settings, Capacity::default(), START_SECONDS)
            .expect("there is memory for an empty store");
        store.set_randomness(&[7; 32]);
        Self { memory, store, now: 0 }
    }

    /// Upgrades as the canister does.
    fn upgrade(&mut self, new: Option<&[Setting]>, now: u32) {
        self.store =
            MessageStore::open(self.memory.clone(), Capacity::default()).expect("it was written by this release");
        if let Some(new) = new {
            self.store.set_settings(new, now).expect("generated upgrades have good settings");
        }
        let mut done = self.store.rebuild_progress().map(|progress| progress.done);
        while self.store.rebuild_step().expect("the records are sound") == Rebuilt::Unfinished {
            let now = self.store.rebuild_progress().map(|progress| progress.done);
            assert!(now > done, "each step must file a message at least, {done:?} to {now:?}");
            done = now;
        }
        assert_eq!(self.store.rebuild_progress(), None, "a rebuild that is done reports nothing");
    }

    fn add_messages(&mut self, items: &[(Key, Text)], now: u32) -> Answer {
        let items = pairs(items);
        let batch = items.iter().map(|(key_id, ciphertext)| NewMessageRef { key_id, ciphertext, send_key: None });
        Answer::Batch(self.store.add_messages(&batch.collect::<Vec<_>>(), &admin(), now))
    }

    /// A page of a key, whose proof the verifier accepts.
    fn proved_page(&self, key_id: &[u8], cursor: KeyCursor, now: u32) -> Result<Page, PageError> {
        let view = at(&self.store, now);
        let page = view.get_messages_by_key(key_id, cursor)?;
        let records = view.records_by_key(key_id, cursor)?;
        let bytes = view.prove_page(key_id, &cursor, &records).expect("an admin sees every key");
        let mut shown: Vec<_> = page.messages.iter().map(shown).collect();
        if cursor.order == Order::descending {
            shown.reverse();
        }
        let verified = self.verified(key_id, cursor, &shown, &bytes, now);
        assert_eq!(verified.more, page.next != 0, "whether more is left after {cursor:?}");
        Ok(page)
    }

    /// A message by its id, whose proof the verifier accepts.
    fn proved_message(&self, id: Id, now: u32) -> Result<Found, GetError> {
        let view = at(&self.store, now);
        let found = view.get_message_by_id(id)?;
        let bytes = view.prove_message(&view.record_by_id(id)?).expect("an admin sees every key");
        let start = Start::after(id - 1);
        let cursor = KeyCursor { start, order: Order::ascending, limit: 1, prove: true };
        self.verified(&found.message.key_id, cursor, &[shown(&found.message)], &bytes, now);
        Ok(found)
    }

    /// Heads of keys, present or absent, as the verifier reads them from their proof.
    fn proved_heads(&self, keys: &[Key], now: u32) -> Result<Vec<Option<KeyHead>>, LookupError> {
        let keys: Vec<_> = keys.iter().map(|key| key.bytes()).collect();
        let key_ids: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let view = at(&self.store, now);
        let heads = view.get_key_heads(&key_ids)?;
        let bytes = view.prove_heads(&key_ids).expect("an admin sees every key");
        let proof = HeadsProof::from_bytes(&bytes).expect("the store writes proofs that can be read");
        let asked: Vec<_> = key_ids.iter().map(|key_id| verify::Key::Id(key_id)).collect();
        let proved = proof.verify(&asked, &self.store.root());
        let proved = proved.unwrap_or_else(|error| panic!("the proof of {keys:?} at {now} is refused: {error}"));
        assert_eq!(proved.len(), heads.len());
        for (said, proved) in heads.iter().zip(proved) {
            let numbers = said.map(|said| (said.rank, said.acknowledged_id));
            assert_eq!(numbers, proved.map(|proved| (proved.rank, proved.acknowledged_id)), "{keys:?} at {now}");
            if let (Some(said), Some(proved)) = (said, proved) {
                assert!(said.max_id == 0 || said.max_id == proved.last_id, "{said:?}, proved {proved:?}");
            }
        }
        Ok(heads)
    }

    /// The verifier's result for the proof of a page.
    fn verified(
        &self,
        key_id: &[u8],
        cursor: KeyCursor,
        shown: &[verify::Shown],
        bytes: &[u8],
        now: u32,
    ) -> verify::Verified {
        let order = match cursor.order {
            Order::ascending => verify::Order::Ascending,
            Order::descending => verify::Order::Descending,
        };
        let entry = match cursor.start {
            Start::beginning | Start::after(0) => verify::Entry::Start,
            Start::after(id) => verify::Entry::After(id),
            Start::time(second) => verify::Entry::Time(second),
            Start::rank(rank) => verify::Entry::Rank(rank),
        };
        let question = verify::Question { key: verify::Key::Id(key_id), order, entry };
        let proof = PageProof::from_bytes(bytes).expect("the store writes proofs that can be read");
        let verified = proof.verify(&question, shown, &self.store.root(), now.into());
        verified.unwrap_or_else(|error| panic!("the proof of {cursor:?} at {now} is refused: {error}"))
    }
}

fn admin() -> Caller {
    Caller::new(controller(), None, true, true)
}

fn at(store: &MessageStore<VectorMemory>, now: u32) -> View<'_, VectorMemory> {
    store.view(Sight::All, || now)
}

fn shown(message: &Message) -> verify::Shown {
    verify::Shown {
        id: message.id,
        prev_id: message.prev_id,
        timestamp: message.timestamp,
        len: u32::try_from(message.ciphertext.len()).expect("a ciphertext is short"),
        hash: sha256(&message.ciphertext),
    }
}

impl Subject for NativeStore {
    fn apply(&mut self, op: &Op, now: u32) -> Answer {
        self.now = now;
        let store = &mut self.store;
        match op {
            Op::AddMessage(key, text) => {
                let (key_id, ciphertext) = (&key.bytes()[..], &text.bytes()[..]);
                let new = NewMessageRef { key_id, ciphertext, send_key: None };
                Answer::Added(store.add_message(new, &admin(), now))
            }
            Op::AddMessages(items) => self.add_messages(items, now),
            Op::AddMany(items) => self.add_messages(&many(*items), now),
            Op::GetMessageById(id) => Answer::Message(self.proved_message(*id, now)),
            Op::GetMessageByHash(hash) => Answer::Message(at(store, now).get_message_by_hash(&hash.bytes())),
            Op::GetMessagesByRange(min, max, cursor) => {
                Answer::Page(at(store, now).get_messages_by_range(*min, *max, *cursor))
            }
            Op::GetMessagesByKey(key, cursor) => Answer::Page(self.proved_page(&key.bytes(), *cursor, now)),
            Op::GetMessagesByTime(from, until, cursor) => {
                Answer::Page(at(store, now).get_messages_by_time(*from, *until, *cursor))
            }
            Op::GetMinMessageId => Answer::Id(Ok(at(store, now).get_min_message_id())),
            Op::GetMaxMessageId => Answer::Id(Ok(at(store, now).get_max_message_id())),
            Op::GetMinMessageIdByKey(key) => Answer::IdOfKey(at(store, now).get_min_message_id_by_key(&key.bytes())),
            Op::GetMaxMessageIdByKey(key) => Answer::IdOfKey(at(store, now).get_max_message_id_by_key(&key.bytes())),
            Op::GetKeyHeads(keys) => Answer::Heads(self.proved_heads(keys, now)),
            Op::HasMessages(asked) => {
                let asked: Vec<_> = asked.iter().map(|(key, hash)| (key.bytes(), hash.bytes())).collect();
                let asked = asked.iter().map(|(key_id, hash)| StoredRef { key_id, hash });
                Answer::Found(at(store, now).has_messages(&asked.collect::<Vec<_>>()))
            }
            Op::GetStatus => Answer::Facts(Facts::from(at(store, now).get_status())),
            Op::Own(key) => {
                let found = store.look_up(&key.bytes(), &admin());
                Answer::Owned(store.set_key(&key.bytes(), found, &owned_by(controller()), &admin(), now))
            }
            Op::Acknowledge(key, through) => {
                let key_id = key.bytes();
                let owned = store.first_owned(std::iter::once(&key_id[..]), &admin());
                let items = [AcknowledgementRef { key_id: &key_id, through: *through }];
                let mut each = store.acknowledge_all(&items, owned, &admin(), now).expect("one is not too many");
                Answer::Acknowledged(each.remove(0))
            }
            Op::SetSettings(settings) => Answer::Settings(store.set_settings(settings, now)),
            Op::Upgrade(settings) => {
                self.upgrade(settings.as_deref(), now);
                Answer::Nothing
            }
            Op::SetClock(_) => Answer::Nothing,
        }
    }

    fn check_after_step(&mut self) {
        self.check();
    }

    fn check(&mut self) {
        let mut slice = Some(CheckCursor::default());
        while let Some(from) = slice {
            let report = at(&self.store, self.now).check(from).expect("the indexes are complete");
            assert_eq!(report.violations, Vec::<String>::new(), "invariants broken, in the slice from {from:?}");
            slice = report.next;
        }
    }
}
