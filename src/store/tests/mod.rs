//! Native tests of the store alone, without the platform's rollback.

mod acknowledge;
mod budgets;
mod capacity;
mod check;
mod corruption;
mod golden;
mod interplay;
mod jumps;
mod life;
mod memory;
mod model;
mod out_of_memory;
mod proofs;
mod reader;
mod rebuild;
mod retention;
mod rights;
mod seal;
mod seed;

use super::numbered::{SEGMENT_PAGES, SEGMENT_SLOTS};
use super::record::{NewRecord, Record};
use super::{AcknowledgementRef, Capacity, MessageStore, NewMessageRef, Rebuilt, View};
use crate::access::owner::SALTED_OWNER;
use crate::access::{Caller, Sight};
use crate::api::{
    AckError, Acknowledged, AddError, Added, CheckCursor, ClaimError, Claimed, GetError, Id, KeyCursor, KeyError,
    KeyHead, KeySetting, Message, NewOwner, NewSendKey, Order, OwnerProof, Start, StoreStatus,
};
use crate::memory::{Growth, StableMemory};
use crate::settings::Configuration;
use candid::Principal;
use ic_stable_structures::Memory;
use memory::SparseMemory;
use sha2::{Digest, Sha256};
use stable::region::LEADING_PAGES;

type Store = MessageStore<SparseMemory>;

/// Unix seconds of every installation.
const EPOCH: u32 = 1_000;

fn create(memory: &SparseMemory) -> Store {
    create_with(memory, Configuration::default(), Capacity::default())
}

fn create_with(memory: &SparseMemory, settings: Configuration, capacity: Capacity) -> Store {
    let mut store = Store::create(memory.clone(), settings, capacity, EPOCH).unwrap();
    store.set_randomness(&[0x5e; 32]);
    store
}

/// A store in which `last` was the last id. All messages are dropped and swept. So many segments are mapped.
fn after_many(memory: &SparseMemory, last: Id, segments: u32) -> Store {
    drop(create(memory));
    let (segment, slot) = ((last - 1) / SEGMENT_SLOTS, (last - 1) % SEGMENT_SLOTS);
    let divided = StableMemory::open(memory.clone()).unwrap();
    let pages = u64::from(segments * SEGMENT_PAGES);
    divided.grow(Growth { inbox: pages, links: pages, ..Growth::default() }).unwrap();
    let inbox = divided.inbox();
    // Opening searches the last segment for the last record. So the slots below it must carry their ids.
    let base = LEADING_PAGES * 65_536 + u64::from((segments - 1) * SEGMENT_PAGES) * 65_536;
    for below in 0..slot {
        inbox.write(base + u64::from(below) * 84, &(segment * SEGMENT_SLOTS + below + 1).to_le_bytes());
    }
    let (id, hash) = (last, &[9; 32]);
    let record = Record::new(NewRecord { id, timestamp: 7, key_id: b"k", prev_id: 0, hash, offset: 0, len: 0 });
    inbox.write(base + u64::from(slot) * 84, record.as_bytes());
    for region in [&inbox, &divided.links()] {
        region.write(32, &u64::from(segment + 1 - segments).to_le_bytes());
        region.write(40, &(u64::from(segment) + 1).to_le_bytes());
        for physical in 0..segments {
            let logical = segment + 1 - segments + physical;
            region.write(65_536 + u64::from(logical % 65_536) * 4, &physical.to_le_bytes());
        }
    }
    inbox.write(48, &(last + 1).to_le_bytes());
    inbox.write(52, &(last + 1).to_le_bytes());
    let store = open(memory);
    assert_eq!(store.inbox.next_id(), last + 1);
    store
}

fn open(memory: &SparseMemory) -> Store {
    let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
    while store.rebuild_step().unwrap() == Rebuilt::Unfinished {}
    store
}

/// A principal that signs and has no role. Different numbers are different people.
fn person(number: u8) -> Caller {
    Caller::new(Principal::self_authenticating([number]), None, false, true)
}

/// Calls about one key, with its look-up.
impl Store {
    fn acknowledge_one(
        &mut self,
        key_id: &[u8],
        through: Id,
        caller: &Caller,
        now: u32,
    ) -> Result<Acknowledged, AckError> {
        let owned = self.first_owned(std::iter::once(key_id), caller);
        self.acknowledge_all(&[AcknowledgementRef { key_id, through }], owned, caller, now).unwrap().remove(0)
    }

    fn claim_key(
        &mut self,
        key_id: &[u8],
        proof: &OwnerProof,
        caller: &Caller,
        now: u32,
    ) -> Result<Claimed, ClaimError> {
        let found = self.look_up_for_claim(key_id, proof, caller)?;
        self.claim(key_id, found, caller, now)
    }

    fn change_key(
        &mut self,
        key_id: &[u8],
        settings: &[KeySetting],
        caller: &Caller,
        now: u32,
    ) -> Result<(), KeyError> {
        let found = self.look_up(key_id, caller);
        self.set_key(key_id, found, settings, caller, now)
    }
}

fn anonymous() -> Caller {
    Caller::new(Principal::anonymous(), None, false, true)
}

fn admin() -> Caller {
    Caller::new(Principal::self_authenticating([0xad]), None, true, true)
}

/// The setting that gives a key to somebody.
fn owned_by(owner: &Caller) -> KeySetting {
    KeySetting::owner(NewOwner::principal(owner.principal()))
}

/// The setting of a send key whose hash is a row of 7s.
fn send_key() -> KeySetting {
    KeySetting::send_key(NewSendKey::sha256(vec![7; 32].into()))
}

/// An add by the anonymous caller.
fn add(store: &mut Store, key_id: &[u8], ciphertext: &[u8], now: u32) -> Result<Added, AddError> {
    store.add_message(NewMessageRef { key_id, ciphertext, send_key: None }, &anonymous(), now)
}

/// The view of a reader of all keys at a second.
fn at(store: &Store, now: u32) -> View<'_, SparseMemory> {
    store.view(Sight::All, || now)
}

fn status(store: &Store, now: u32) -> StoreStatus {
    at(store, now).get_status().store.unwrap()
}

/// A key id of `len` bytes, different for each number.
fn key(number: u32, len: usize) -> Vec<u8> {
    number.to_le_bytes().into_iter().cycle().take(len).collect()
}

/// The key id that somebody owns with a salt of 3s.
fn salted_key_id(owner: &Caller) -> Vec<u8> {
    Sha256::new().chain_update(SALTED_OWNER).chain_update(owner.principal()).chain_update([3; 16]).finalize().to_vec()
}

/// Answers to every kind of query, to compare a store before and after.
#[derive(Debug, PartialEq)]
struct Answers {
    messages: Vec<Result<Message, GetError>>,
    lists: Vec<(Vec<u8>, Option<KeyHead>, Vec<u32>)>,
    newest: Vec<u32>,
    entries: u64,
}

/// Collects the answers to every kind of query, and checks every invariant.
fn answers(store: &Store) -> Answers {
    assert_eq!(violations(store), Vec::<String>::new());
    let view = at(store, 0);
    let last = view.get_max_message_id();
    let by_id = |id| view.get_message_by_id(id).map(|found| found.message);
    let messages: Vec<_> = (1..=last).map(by_id).collect();
    let mut keys: Vec<_> = messages.iter().flatten().map(|message| message.key_id.to_vec()).collect();
    keys.sort();
    keys.dedup();
    let lists =
        keys.into_iter().map(|key| (key.clone(), view.get_key_head(&key).unwrap(), list(store, &key))).collect();
    let by_hash = |message: &Message| view.get_message_by_hash(&message.hash).unwrap().message.id;
    let newest = messages.iter().flatten().map(by_hash).collect();
    Answers { messages, lists, newest, entries: status(store, 0).index_entries }
}

/// All ids of a key, page by page.
fn list(store: &Store, key_id: &[u8]) -> Vec<u32> {
    let mut ids = Vec::new();
    let mut start = Start::beginning;
    loop {
        let cursor = KeyCursor { start, order: Order::ascending, limit: 1_000, prove: false };
        let page = at(store, 0).get_messages_by_key(key_id, cursor).unwrap();
        ids.extend(page.messages.iter().map(|message| message.id));
        if page.next == 0 {
            return ids;
        }
        start = Start::after(page.next);
    }
}

fn violations(store: &Store) -> Vec<String> {
    let mut violations = Vec::new();
    let mut next = Some(CheckCursor::default());
    while let Some(cursor) = next {
        let report = at(store, 0).check(cursor).unwrap();
        violations.extend(report.violations);
        next = report.next;
    }
    violations
}

/// Fills a store with keys of many lengths, equal ciphertexts under several keys, and extents that cross segments.
fn fill(store: &mut Store, messages: u32) {
    for number in 0..messages {
        let key = key(number % 7, [1, 20, 22, 23, 24, 41, 64][number as usize % 7]);
        let len = if number % 50 == 49 { 1_500_000 } else { 1 + number as usize * 37 % 400 };
        let ciphertext: Vec<u8> = (0..len).map(|at| (at as u32 ^ (number / 2)) as u8).collect();
        add(store, &key, &ciphertext, 1_700_000_000 + number / 3).unwrap();
    }
}
