//! Random lives of a store beside the naive model. After every step, random questions: answers equal the model's, and
//! the verifier accepts their proofs against the root that was last certified.

use super::life::{Asked, Event, life};
use super::model::{KEYS, Model, Sent, belongs, key_id};
use super::reader::{cursor, question};
use super::*;
use crate::api::{Cursor, GetError, PageError, Quota};
use crate::store::StoredRef;
use ::proofs::hash::Hash;
use ::proofs::head::Head;
use ::proofs::heads::HeadsProof;
use ::proofs::page::PageProof;
use ::proofs::verify::{self, Key, Shown, Verified};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn answers_are_the_models_and_proved(life in life()) {
        let mut pair = Pair::new();
        for (at, (event, one, other)) in life.iter().enumerate() {
            pair.happen(event);
            pair.ask(one);
            pair.ask(other);
            pair.ask_across_keys(one.start.1);
            if at % 8 == 7 {
                pair.check();
            }
        }
        pair.check();
        pair.clear_away();
    }
}

/// A store, its model, and the root that the platform has certified.
struct Pair {
    memory: SparseMemory,
    store: Store,
    model: Model,
    root: Hash,
}

impl Pair {
    fn new() -> Self {
        let memory = SparseMemory::default();
        let mut store = create(&memory);
        let root = store.take_changed_root().expect("a new store has a root");
        Self { memory, store, model: Model::new(), root }
    }

    fn happen(&mut self, event: &Event) {
        let Self { store, model, .. } = self;
        let now = model.now;
        match *event {
            Event::Add { key, content } => {
                let ciphertext = vec![content; 1 + usize::from(content) * 37 % 90];
                assert_eq!(add(store, &key_id(key), &ciphertext, now), model.add(key, &ciphertext));
            }
            Event::Acknowledge { key, share } => {
                let through = u32::from(share) * model.next_id() / 255;
                let acknowledged = store.acknowledge_one(&key_id(key), through, &person(key), now);
                assert_eq!(acknowledged, model.acknowledge(key, through), "through {through}");
            }
            Event::Open { key, owned, kept } => {
                let owner = owned.then(|| person(key).principal());
                let owner = owner.map_or(NewOwner::claimant, NewOwner::principal);
                let settings = [KeySetting::owner(owner), KeySetting::kept(kept)];
                assert_eq!(store.change_key(&key_id(key), &settings, &admin(), now), Ok(()));
                model.open(key, owned, kept);
            }
            Event::Pass(seconds) => model.now += seconds,
            Event::MaxMessages(max) => self.set(|settings| settings.max_messages = max.into()),
            Event::MaxBytes(max) => self.set(|settings| settings.max_bytes = max.into()),
            Event::MaxAge(max) => self.set(|settings| settings.max_age_seconds = max.into()),
            Event::Quota(messages, bytes) => self.set(|settings| {
                settings.key_quota = Quota { messages: messages.into(), bytes: bytes.into() };
            }),
            Event::Idle(max) => self.set(|settings| settings.idle_seconds = max.into()),
            Event::Drop => {
                store.drop_excluded(now);
                model.drop_excluded();
            }
            Event::Sweep(count) => store.sweep(count),
            Event::Erase(count) => erase(store, count),
            Event::Forget(count) => self.forget(count),
            Event::Reopen => self.reopen(),
        }
        self.certify();
    }

    /// Sets bounds that are lower than operators may set, so that few bytes reach the limits.
    fn set(&mut self, change: impl Fn(&mut Configuration)) {
        let mut settings = *self.store.settings();
        change(&mut settings);
        self.store.drop_excluded(self.model.now);
        self.store.state.set_settings(settings);
        self.store.drop_excluded(self.model.now);
        self.store.root_changed = true;
        self.model.set(settings);
    }

    fn reopen(&mut self) {
        self.store = open(&self.memory);
        assert_eq!(self.store.take_changed_root(), Some(self.root), "the root is durable");
    }

    fn certify(&mut self) {
        self.root = self.store.take_changed_root().unwrap_or(self.root);
    }

    /// Forgets keys. The forgotten keys were idle for long enough, and the first key left in the queue was not.
    fn forget(&mut self, count: u32) {
        let Self { store, model, .. } = self;
        let now = model.now;
        let mut asked = 0;
        let go_on = || {
            asked += 1;
            asked <= count
        };
        store.forget_while(now, go_on).unwrap();
        let age = store.settings().idle_seconds.limit();
        let due = |last_time: u32| age.is_some_and(|age| last_time + age <= now);
        for key in 0..KEYS {
            if model.keys.contains_key(&key) && store.find_key(&key_id(key)).is_none() {
                let known = &model.keys[&key];
                let last = model.of_key(key).next_back();
                assert!(!known.kept, "a kept key is forgotten");
                assert!(
                    last.is_none_or(|last| last.id < store.inbox.reclaimed_id()),
                    "a key with messages is forgotten"
                );
                assert!(due(last.map_or(known.opened, |last| last.timestamp)), "a key is forgotten too early");
                model.forget(key);
            }
        }
        // Forgetting stops at a key whose messages wait to be overwritten.
        let first = store.keys.get(store.state.idle_queue().first);
        if let Some(first) = first.filter(|_| age.is_some() && asked <= count && !store.has_to_erase()) {
            let is_idle = !first.rights.kept && first.head.last_id < store.inbox.reclaimed_id();
            assert!(is_idle && !due(first.head.last_time), "a key holds up those behind it: {first:?}");
        }
    }

    /// Broken invariants. Both queues must hold exactly the keys that they should.
    fn check(&self) {
        let Self { store, model, .. } = self;
        assert_eq!(violations(store), Vec::<String>::new());
        let queue = |first: u32, next: fn(&crate::store::keys::Key) -> u32| {
            let follow = move |place: &u32| store.keys.get(*place).map(|key| next(&key)).filter(|next| *next != 0);
            std::iter::successors(Some(first).filter(|first| *first != 0), follow).take(100).collect::<Vec<_>>()
        };
        let (erase, idle) = (store.state.erase_queue(), store.state.idle_queue());
        let erasing = queue(erase.first, |key| key.next);
        let idling = queue(idle.first, |key| key.next_idle);
        assert_eq!(erasing.last().copied().unwrap_or(0), erase.last);
        assert_eq!(idling.last().copied().unwrap_or(0), idle.last);
        for number in 0..KEYS {
            let found = store.find_key(&key_id(number));
            assert_eq!(found.is_some(), model.keys.contains_key(&number));
            let Some((place, key)) = found else { continue };
            assert_eq!(erasing.contains(&place), key.waits_for_erasure());
            assert_eq!(idling.contains(&place), key.in_idle_queue);
            let is_idle = key.head.last_id < store.inbox.reclaimed_id() && !key.rights.kept;
            assert!(key.in_idle_queue || !is_idle, "an idle key is not in the queue");
        }
    }

    /// In the end nothing is left to drop, sweep, overwrite or forget.
    fn clear_away(&mut self) {
        self.reopen();
        self.store.sweep_while(|| true);
        assert_eq!(self.store.backlog_kept(), 0);
        erase(&mut self.store, 1_000);
        assert!(!self.store.has_to_erase());
        self.certify();
        for sent in &self.model.sent[self.store.inbox.first_id() as usize - 1..] {
            let record = self.store.inbox.record(sent.id);
            let mut bytes = vec![1; record.ciphertext_len()];
            self.store.payloads.read(record.offset(), &mut bytes);
            assert_eq!(record.is_erased(), self.model.is_acknowledged(sent), "message {}", sent.id);
            assert_eq!(bytes, if record.is_erased() { vec![0; bytes.len()] } else { sent.ciphertext.clone() });
        }
        self.forget(1_000);
        self.certify();
        self.check();
    }

    /// A page of a key.
    fn ask(&self, asked: &Asked) {
        let Self { store, model, .. } = self;
        let Asked { key, order, limit, .. } = *asked;
        let (kind, number) = asked.start;
        let start = match kind {
            0 => Start::beginning,
            1 => Start::after(number % (model.next_id() + 1)),
            2 => Start::time(model.now - 60 + number % 62),
            _ => Start::rank(number % 20),
        };
        let question = format!("key {key}, {start:?}, {order:?}, limit {limit}, at {}", model.now);
        let view = at(store, model.now);
        let cursor = KeyCursor { start, order, limit, prove: true };
        if let Start::after(after) = start
            && after >= model.next_id()
        {
            return assert_eq!(view.get_messages_by_key(&key_id(key), cursor), Err(PageError::UnknownCursor { after }));
        }
        let expected = model.page(key, order, start);
        let page = view.get_messages_by_key(&key_id(key), cursor).unwrap();
        let shown = expected.len().min(limit as usize);
        let next = if shown < expected.len() { expected[shown - 1].id } else { 0 };
        let ids: Vec<_> = page.messages.iter().map(|message| message.id).collect();
        assert_eq!(ids, expected[..shown].iter().map(|sent| sent.id).collect::<Vec<_>>(), "{question}");
        page.messages.iter().zip(&expected).for_each(|(message, sent)| self.same(message, sent));
        assert_eq!((page.next, page.first_id), (next, model.first_live()), "{question}");
        self.gap(key, cursor, &expected, page.gap, &question);

        let records = view.records_by_key(&key_id(key), cursor).unwrap();
        let proof = view.prove_page(&key_id(key), &cursor, &records).expect("everybody sees the key");
        let mut shown: Vec<_> = expected[..shown].iter().map(|sent| told(sent)).collect();
        if order == Order::descending {
            shown.reverse();
        }
        let verified = self.verified(key, order, start, &shown, &proof).unwrap_or_else(|error| {
            panic!("{question}: {error}; {:?}", PageProof::from_bytes(&proof));
        });
        assert_eq!(verified.head, self.head(key), "{question}");
        assert_eq!(verified.more, next != 0, "{question}");
        let first_rank = expected.iter().take(shown.len()).map(|sent| sent.rank).min().unwrap_or(0);
        assert_eq!(verified.first_rank, first_rank, "{question}");
        if let Some(first) = expected.first() {
            self.lie(key, cursor, first.id, &expected[1..], &question);
        }
    }

    /// The page that begins after `first`, the first message that should come, is not accepted as the right one,
    /// whatever was dropped, has expired or was acknowledged beside it.
    fn lie(&self, key: u8, asked: KeyCursor, first: Id, rest: &[&Sent], question: &str) {
        let view = at(&self.store, self.model.now);
        let cursor = KeyCursor { start: Start::after(first), ..asked };
        let records = view.records_by_key(&key_id(key), cursor).unwrap();
        let proof = view.prove_page(&key_id(key), &cursor, &records).expect("everybody sees the key");
        let mut shown: Vec<_> = rest[..records.records().len()].iter().map(|sent| told(sent)).collect();
        if asked.order == Order::descending {
            shown.reverse();
        }
        assert!(
            self.verified(key, asked.order, cursor.start, &shown, &proof).is_ok(),
            "{question}: it is another's answer"
        );
        let verdict = self.verified(key, asked.order, asked.start, &shown, &proof);
        assert!(verdict.is_err(), "{question}: message {first} is left out, and nobody notices");
    }

    /// A page reports a gap if and only if messages that it should have had are lost. The time of messages that are gone is
    /// unknown.
    fn gap(&self, key: u8, cursor: KeyCursor, page: &[&Sent], gap: bool, question: &str) {
        let Self { store, model, .. } = self;
        let KeyCursor { start, order, .. } = cursor;
        if matches!(start, Start::beginning | Start::after(0)) {
            return assert!(!gap, "{question}");
        }
        if !model.keys.contains_key(&key) {
            let after = if let Start::after(after) = start { after } else { 0 };
            return assert_eq!(gap, after != 0 && after < model.first_live(), "{question}");
        }
        let is_hidden = order == Order::descending && !page.is_empty();
        let lost = |sent: &&Sent| !is_hidden && belongs(sent, order, start);
        let certain = model.lost(key).any(|sent| lost(&sent));
        let by_time = matches!(start, Start::time(_)) && order == Order::ascending;
        let gone = |sent: &Sent| by_time && sent.id < store.inbox.reclaimed_id();
        let vague = order == Order::descending && page.is_empty();
        let newest = model.of_key(key).next_back().is_some_and(|newest| belongs(newest, order, start));
        let perhaps = model.lost(key).any(|sent| vague || gone(sent) && newest);
        assert!(gap || !certain, "{question}: messages are lost");
        assert!(!gap || certain || perhaps, "{question}: no message is lost");
    }

    /// Heads of all keys, and one id, pair, hash and range.
    fn ask_across_keys(&self, number: u32) {
        let Self { store, model, root, .. } = self;
        let view = at(store, model.now);
        let ids: Vec<_> = (0..KEYS).map(key_id).collect();
        let ids: Vec<_> = ids.iter().map(|id| &id[..]).collect();
        let heads = view.get_key_heads(&ids).unwrap();
        assert_eq!(heads, (0..KEYS).map(|key| model.head(key)).collect::<Vec<_>>());
        let proof = HeadsProof::from_bytes(&view.prove_heads(&ids).expect("everybody sees them")).unwrap();
        let keys: Vec<_> = ids.iter().map(|id| Key::Id(id)).collect();
        assert_eq!(proof.verify(&keys, root), Ok((0..KEYS).map(|key| self.head(key)).collect()));

        let id = number % (model.next_id() + 1);
        let found = view.get_message_by_id(id);
        let Some(sent) = model.sent.get((id as usize).wrapping_sub(1)) else {
            return assert_eq!(found, Err(GetError::UnknownId { id, last: model.next_id() - 1 }));
        };
        let (hash, key_id, first_id) = (sent.hash(), key_id(sent.key), model.first_live());
        let stored = |other: &&Sent| other.id >= first_id && other.ciphertext == sent.ciphertext;
        let pair = model.sent.iter().filter(stored).find(|other| other.key == sent.key).map(|other| other.id);
        assert_eq!(view.has_messages(&[StoredRef { key_id: &key_id, hash: &hash }]), Ok(vec![pair]));
        let newest = model.sent.iter().rfind(stored).filter(|newest| !model.is_acknowledged(newest));
        let by_hash = view.get_message_by_hash(&hash).map(|found| found.message.id);
        assert_eq!(by_hash, newest.map(|newest| newest.id).ok_or(GetError::NotFound));
        let all = Cursor { after: 0, order: Order::ascending, limit: 100 };
        let range = view.get_messages_by_range(1, id, all).unwrap();
        let range: Vec<_> = range.messages.iter().map(|message| message.id).collect();
        let live = model.sent.iter().filter(|other| other.id >= first_id && !model.is_acknowledged(other));
        assert_eq!(range, live.map(|other| other.id).filter(|other| *other <= id).collect::<Vec<_>>());
        if id < first_id || model.is_acknowledged(sent) {
            return assert_eq!(found, Err(GetError::Dropped { first_id }));
        }
        self.same(&found.unwrap().message, sent);
        let proof = view.prove_message(&store.inbox.record(id)).expect("everybody sees it");
        let verified = self.verified(sent.key, Order::ascending, Start::after(id - 1), &[told(sent)], &proof);
        assert_eq!(verified.map(|verified| verified.head), Ok(self.head(sent.key)), "message {id}");
    }

    fn verified(
        &self,
        key: u8,
        order: Order,
        start: Start,
        shown: &[Shown],
        proof: &[u8],
    ) -> Result<Verified, verify::Refused> {
        let key_id = key_id(key);
        let question = question(&key_id, &cursor(order, start, 1));
        PageProof::from_bytes(proof).unwrap().verify(&question, shown, &self.root, self.model.now.into())
    }

    /// The head that the trie should have. The model knows no chain values; the verifier checks the store's.
    fn head(&self, key: u8) -> Option<Head> {
        let known = self.model.keys.get(&key)?;
        let last = self.model.of_key(key).next_back();
        let acknowledged = self.model.of_key(key).find(|sent| sent.id == known.acknowledged_id);
        Some(Head {
            last_id: last.map_or(0, |sent| sent.id),
            last_time: last.map_or(known.opened, |sent| sent.timestamp),
            rank: last.map_or(0, |sent| sent.rank),
            chain: self.store.find_key(&key_id(key)).map_or([0; 32], |(_, key)| key.head.chain),
            acknowledged_id: known.acknowledged_id,
            acknowledged_rank: acknowledged.map_or(0, |sent| sent.rank),
        })
    }

    fn same(&self, message: &Message, sent: &Sent) {
        let next = self.model.of_key(sent.key).find(|next| next.prev_id == sent.id);
        assert_eq!(message.key_id.as_slice(), key_id(sent.key));
        assert_eq!(message.ciphertext.as_slice(), sent.ciphertext);
        assert_eq!(message.hash.as_slice(), sent.hash());
        let numbers = (message.id, message.timestamp, message.prev_id, message.next_id);
        assert_eq!(numbers, (sent.id, sent.timestamp, sent.prev_id, next.map_or(0, |next| next.id)));
    }
}

fn told(sent: &Sent) -> Shown {
    let &Sent { id, prev_id, timestamp, .. } = sent;
    Shown { id, prev_id, timestamp, len: sent.ciphertext.len() as u32, hash: sent.hash() }
}

/// Overwrites at most so many messages.
fn erase(store: &mut Store, count: u32) {
    let mut asked = 0;
    store.erase_while(|| {
        asked += 1;
        asked <= count
    });
}
