//! The generated sequences against the store itself, natively: every invariant is checked after every step.

use ic_stable_structures::VectorMemory;
use message_canister::api::*;

use message_canister::store::{Capacity, MessageStore, NewMessageRef, Rebuilt, Seed, StoredRef};

use super::compare_with_model;
use super::ops::{Key, Op, Text, many};
use super::subject::{Answer, Subject, facts, pairs};

/// How many sequences, times the scale.
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
        let mut store = MessageStore::create(memory.clone(), Settings::default(), Capacity::default())
            .expect("there is memory for an empty store");
        store.set_seed(Seed([7; 32]));
        Self { memory, store, now: 0 }
    }

    /// What the canister does in an upgrade.
    fn upgrade(&mut self, new: Option<Settings>, now: u32) {
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
        let batch = items.iter().map(|(key_id, ciphertext)| NewMessageRef { key_id, ciphertext });
        Answer::Batch(self.store.add_messages(&batch.collect::<Vec<_>>(), now))
    }
}

impl Subject for NativeStore {
    fn apply(&mut self, op: &Op, now: u32) -> Answer {
        self.now = now;
        let store = &mut self.store;
        match op {
            Op::AddMessage(key, text) => Answer::Added(store.add_message(&key.bytes(), &text.bytes(), now)),
            Op::AddMessages(items) => self.add_messages(items, now),
            Op::AddMany(items) => self.add_messages(&many(*items), now),
            Op::GetMessageById(id) => Answer::Message(store.view(|| now).get_message_by_id(*id)),
            Op::GetMessageByHash(hash) => Answer::Message(store.view(|| now).get_message_by_hash(&hash.bytes())),
            Op::GetMessagesByRange(min, max, cursor) => {
                Answer::Page(store.view(|| now).get_messages_by_range(*min, *max, *cursor))
            }
            Op::GetMessagesByKey(key, cursor) => {
                Answer::Page(store.view(|| now).get_messages_by_key(&key.bytes(), *cursor))
            }
            Op::GetMessagesByTime(from, until, cursor) => {
                Answer::Page(store.view(|| now).get_messages_by_time(*from, *until, *cursor))
            }
            Op::GetMinMessageId => Answer::Id(Ok(store.view(|| now).get_min_message_id())),
            Op::GetMaxMessageId => Answer::Id(Ok(store.view(|| now).get_max_message_id())),
            Op::GetMinMessageIdByKey(key) => {
                Answer::IdOfKey(store.view(|| now).get_key_head(&key.bytes()).map(|head| head.map(|head| head.min_id)))
            }
            Op::GetMaxMessageIdByKey(key) => {
                Answer::IdOfKey(store.view(|| now).get_key_head(&key.bytes()).map(|head| head.map(|head| head.max_id)))
            }
            Op::GetKeyHeads(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| key.bytes()).collect();
                Answer::Heads(store.view(|| now).get_key_heads(&keys.iter().map(Vec::as_slice).collect::<Vec<_>>()))
            }
            Op::HasMessages(asked) => {
                let asked: Vec<_> = asked.iter().map(|(key, hash)| (key.bytes(), hash.bytes())).collect();
                let asked = asked.iter().map(|(key_id, hash)| StoredRef { key_id, hash });
                Answer::Found(store.view(|| now).has_messages(&asked.collect::<Vec<_>>()))
            }
            Op::GetStatus => {
                let view = store.view(|| now);
                let live_keys = || Key::good().filter(|key| view.get_key_head(&key.bytes()).unwrap().is_some()).count();
                Answer::Facts(facts(view.get_status(), live_keys))
            }
            Op::SetSettings(settings) => Answer::Settings(store.set_settings(*settings, now)),
            Op::Upgrade(settings) => {
                self.upgrade(*settings, now);
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
            let report = self.store.view(|| self.now).check(from).expect("the indexes are complete");
            assert_eq!(report.violations, Vec::<String>::new(), "invariants broken, in the slice from {from:?}");
            slice = report.next;
        }
    }
}
