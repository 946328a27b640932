//! The generated sequences against the store itself, natively: every invariant is checked after every step.

use message_canister::access::{Caller, Sight};
use message_canister::api::*;
use message_canister::settings::Configuration;
use message_canister::store::{AcknowledgementRef, Capacity, MessageStore, NewMessageRef, Rebuilt, StoredRef, View};
use proofs::hash::{Hash, label};
use proofs::heads::HeadsProof;
use proofs::page::PageProof;
use proofs::verify;
use test_support::SparseMemory;

use super::compare_with_model;
use super::ops::{Key, Op, many};
use super::subject::{Answer, Subject, batch};
use crate::model::{Facts, Who};
use crate::support::{START_SECONDS, sha256};

/// The platform's randomness.
const RANDOM: [u8; 32] = [7; 32];
/// Number of sequences, times the scale.
const CASES: u32 = 80;

#[test]
fn the_store_answers_as_the_model_does() {
    compare_with_model(CASES, 20..80, NativeStore::new);
}

/// A store on memory of its own.
struct NativeStore {
    memory: SparseMemory,
    store: MessageStore<SparseMemory>,
    /// The root that the canister would have certified last.
    certified: Hash,
    now: u32,
}

impl NativeStore {
    fn new() -> Self {
        let memory = SparseMemory::default();
        let settings = Configuration::default();
        let mut store = MessageStore::create(memory.clone(), settings, Capacity::default(), START_SECONDS)
            .expect("there is memory for an empty store");
        store.set_randomness(&RANDOM);
        let certified = store.take_changed_root().expect("a new store has a root");
        Self { memory, store, certified, now: 0 }
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

    fn caller(&self, who: Who) -> Caller {
        self.store.caller(who.principal(), who == Who::Controller)
    }

    /// The store as one caller sees it.
    fn view(&self, who: Who, now: u32) -> View<'_, SparseMemory> {
        self.store.view(Sight::new(self.store.settings().reads, &self.caller(who)), || now)
    }

    fn add_messages(&mut self, items: &[NewMessage], who: Who, now: u32) -> Answer {
        let batch: Vec<_> = items.iter().map(NewMessageRef::from).collect();
        let caller = self.caller(who);
        Answer::Batch(self.store.add_messages(&batch, &caller, now))
    }

    /// A page of a key, whose proof the verifier accepts. Whoever does not see the key gets no proof.
    fn proved_page(&self, who: Who, key_id: &[u8], cursor: KeyCursor, now: u32) -> Result<Page, PageError> {
        let view = self.view(who, now);
        let page = view.get_messages_by_key(key_id, cursor)?;
        let records = view.records_by_key(key_id, cursor)?;
        let proof = view.prove_page(key_id, &cursor, &records);
        let is_seen = view.sees_all() || matches!(view.get_key_head(key_id), Ok(Some(_)));
        assert_eq!(proof.is_some(), is_seen, "a proof for {who:?}");
        let Some(bytes) = proof else { return Ok(page) };
        let mut shown: Vec<_> = page.messages.iter().map(shown).collect();
        if cursor.order == Order::descending {
            shown.reverse();
        }
        let verified = self.verified(key_id, cursor, &shown, &bytes, now);
        assert_eq!(verified.more, page.next != 0, "whether more is left after {cursor:?}");
        Ok(page)
    }

    /// A message by its id, whose proof the verifier accepts.
    fn proved_message(&self, who: Who, id: Id, now: u32) -> Result<Found, GetError> {
        let view = self.view(who, now);
        let found = view.get_message_by_id(id)?;
        let bytes = view.prove_message(&view.record_by_id(id)?).expect("who sees a message sees its key");
        let start = Start::after(id - 1);
        let cursor = KeyCursor { start, order: Order::ascending, limit: 1, prove: true };
        self.verified(&found.message.key_id, cursor, &[shown(&found.message)], &bytes, now);
        Ok(found)
    }

    /// Heads of keys, present or absent, as the verifier reads them from their proof.
    fn proved_heads(&self, who: Who, keys: &[Key], now: u32) -> Result<Vec<Option<KeyHead>>, LookupError> {
        let keys: Vec<_> = keys.iter().map(|key| key.bytes()).collect();
        let key_ids: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let view = self.view(who, now);
        let heads = view.get_key_heads(&key_ids)?;
        let proof = view.prove_heads(&key_ids);
        assert_eq!(proof.is_some(), view.sees_all() || heads.iter().all(Option::is_some), "a proof for {who:?}");
        let Some(bytes) = proof else { return Ok(heads) };
        let proof = HeadsProof::from_bytes(&bytes).expect("the store writes proofs that can be read");
        let asked: Vec<_> = key_ids.iter().map(|key_id| self.asked(key_id)).collect();
        let proved = proof.verify(&asked, &self.certified);
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

    /// A key as a verifier asks for it: where reads are closed, by its label.
    fn asked<'a>(&self, key_id: &'a [u8]) -> verify::Key<'a> {
        match self.store.settings().reads {
            Reads::anyone => verify::Key::Id(key_id),
            Reads::owners => verify::Key::Label(label(&label(&RANDOM, b"message-canister labels"), key_id)),
        }
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
        let question = verify::Question { key: self.asked(key_id), order, entry };
        let proof = PageProof::from_bytes(bytes).expect("the store writes proofs that can be read");
        let verified = proof.verify(&question, shown, &self.certified, now.into());
        verified.unwrap_or_else(|error| panic!("the proof of {cursor:?} at {now} is refused: {error}"))
    }
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
    fn apply(&mut self, who: Who, op: &Op, now: u32) -> Answer {
        self.now = now;
        let answer = self.answer(who, op, now);
        if let Some(root) = self.store.take_changed_root() {
            self.certified = root;
        }
        answer
    }

    fn check_after_step(&mut self) {
        self.check();
    }

    fn check(&mut self) {
        let mut slice = Some(CheckCursor::default());
        while let Some(from) = slice {
            let report = self.view(Who::Controller, self.now).check(from).expect("the indexes are complete");
            assert_eq!(report.violations, Vec::<String>::new(), "invariants broken, in the slice from {from:?}");
            slice = report.next;
        }
    }
}

impl NativeStore {
    fn answer(&mut self, who: Who, op: &Op, now: u32) -> Answer {
        let caller = self.caller(who);
        match op {
            Op::AddMessage(key, text) => {
                let (key_id, ciphertext) = (&key.bytes()[..], &text.bytes()[..]);
                let new = NewMessageRef { key_id, ciphertext, send_key: None };
                Answer::Added(self.store.add_message(new, &caller, now))
            }
            Op::AddMessages(items) => self.add_messages(&batch(items), who, now),
            Op::AddMany(items) => self.add_messages(&many(*items), who, now),
            Op::GetMessageById(id) => Answer::Message(self.proved_message(who, *id, now)),
            Op::GetMessageByHash(hash) => Answer::Message(self.view(who, now).get_message_by_hash(&hash.bytes())),
            Op::GetMessagesByRange(min, max, cursor) => {
                Answer::Page(self.view(who, now).get_messages_by_range(*min, *max, *cursor))
            }
            Op::GetMessagesByKey(key, cursor) => Answer::Page(self.proved_page(who, &key.bytes(), *cursor, now)),
            Op::GetMessagesByTime(from, until, cursor) => {
                Answer::Page(self.view(who, now).get_messages_by_time(*from, *until, *cursor))
            }
            Op::GetMinMessageId => Answer::Id(Ok(self.view(who, now).get_min_message_id())),
            Op::GetMaxMessageId => Answer::Id(Ok(self.view(who, now).get_max_message_id())),
            Op::GetMinMessageIdByKey(key) => {
                Answer::IdOfKey(self.view(who, now).get_min_message_id_by_key(&key.bytes()))
            }
            Op::GetMaxMessageIdByKey(key) => {
                Answer::IdOfKey(self.view(who, now).get_max_message_id_by_key(&key.bytes()))
            }
            Op::GetKeyHeads(keys) => Answer::Heads(self.proved_heads(who, keys, now)),
            Op::HasMessages(asked) => {
                let asked: Vec<_> = asked.iter().map(|(key, hash)| (key.bytes(), hash.bytes())).collect();
                let asked = asked.iter().map(|(key_id, hash)| StoredRef { key_id, hash });
                Answer::Found(self.view(who, now).has_messages(&asked.collect::<Vec<_>>()))
            }
            Op::GetStatus => Answer::Facts(Facts::shown(self.view(who, now).get_status())),
            Op::Claim(key, proof) => {
                let key_id = key.bytes();
                let found = self.store.look_up_for_claim(&key_id, proof, &caller);
                let claimed = found.and_then(|found| self.store.claim(&key_id, found, &caller, now));
                Answer::Claimed(claimed.map(|_| ()))
            }
            Op::SetKey(key, settings) => {
                let found = self.store.look_up(&key.bytes(), &caller);
                Answer::Key(self.store.set_key(&key.bytes(), found, settings, &caller, now))
            }
            Op::SetRole(of, role) if caller.is_admin() => Answer::Role(self.store.set_role(of.principal(), *role)),
            Op::SetRole(..) => Answer::Role(Err(RoleError::NotAllowed)),
            Op::Acknowledge(key, through) => {
                let key_id = key.bytes();
                let owned = self.store.first_owned(std::iter::once(&key_id[..]), &caller);
                let items = [AcknowledgementRef { key_id: &key_id, through: *through }];
                let each = self.store.acknowledge_all(&items, owned, &caller, now);
                Answer::Acknowledged(each.expect("one is not too many").remove(0))
            }
            Op::SetSettings(settings) => Answer::Settings(self.store.set_settings(settings, now)),
            Op::Upgrade(settings) => {
                self.upgrade(settings.as_deref(), now);
                Answer::Nothing
            }
            Op::SetClock(_) => Answer::Nothing,
        }
    }
}
