//! A naive store: one list of all messages that were ever added. It computes each answer by looking at all of them.

use super::{EPOCH, person};
use crate::access::Share;
use crate::access::quota::{self, Level};
use crate::api::{AckError, Acknowledged, AddError, Added, Id, KeyHead, Order, Start};
use crate::settings::Configuration;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Numbers of keys. Their ids have every kind of length.
pub const KEYS: u8 = 6;
/// The key whose id is its owner's principal.
const PRINCIPAL: u8 = 3;

/// The id of a key; its owner is `person(number)`.
pub fn key_id(number: u8) -> Vec<u8> {
    match number {
        PRINCIPAL => person(PRINCIPAL).principal().as_slice().to_vec(),
        _ => super::key(number.into(), [1, 23, 24, 29, 41, 64][usize::from(number)]),
    }
}

/// A message that was added.
#[derive(Clone, Debug)]
pub struct Sent {
    pub key: u8,
    pub id: Id,
    pub prev_id: Id,
    pub rank: u32,
    pub timestamp: u32,
    pub ciphertext: Vec<u8>,
    /// The message's key was forgotten since.
    pub forgotten: bool,
}

impl Sent {
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.ciphertext).into()
    }

    /// The bytes that count toward `max_bytes`.
    fn bytes(&self) -> u64 {
        (84 + self.ciphertext.len() + key_id(self.key).len().saturating_sub(23)) as u64
    }
}

/// The model's record of a key.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub opened: u32,
    pub owned: bool,
    pub kept: bool,
    pub acknowledged_id: Id,
    pub full_since: u32,
}

pub struct Model {
    pub now: u32,
    pub settings: Configuration,
    pub first_id: Id,
    pub sent: Vec<Sent>,
    pub keys: BTreeMap<u8, Known>,
}

impl Model {
    pub fn new() -> Self {
        Self { now: EPOCH, settings: Configuration::default(), first_id: 1, sent: Vec::new(), keys: BTreeMap::new() }
    }

    pub fn next_id(&self) -> Id {
        self.sent.len() as Id + 1
    }

    /// The oldest id that is neither dropped nor too old.
    pub fn first_live(&self) -> Id {
        let age = self.settings.max_age_seconds.limit().unwrap_or(u32::MAX);
        let old = |message: &&Sent| message.id < self.first_id || message.timestamp.saturating_add(age) <= self.now;
        self.sent.iter().filter(old).count() as Id + 1
    }

    /// An add of a stranger.
    pub fn add(&mut self, key: u8, ciphertext: &[u8]) -> Result<Added, AddError> {
        let first_live = self.first_live();
        let stored =
            self.sent.iter().find(|sent| sent.id >= first_live && sent.key == key && sent.ciphertext == ciphertext);
        if let Some(stored) = stored {
            return Ok(Added { id: stored.id, duplicate: true });
        }
        let id = self.next_id();
        let timestamp = self.sent.last().map_or(self.now, |last| last.timestamp.max(self.now));
        let (prev_id, rank) = self.of_key(key).last().map_or((0, 0), |last| (last.id, last.rank));
        let rank = rank + 1;
        let mut known = self.keys.get(&key).cloned().unwrap_or(Known { opened: timestamp, ..Known::default() });
        let (quota, level) = (self.settings.key_quota, self.level(key, &known));
        let full = quota::admit(&quota, Share::Strangers, &level, ciphertext.len() as u64, timestamp);
        known.full_since = full.map_err(|full| AddError::KeyFull { since: full.since })?;
        self.keys.insert(key, known);
        let ciphertext = ciphertext.to_vec();
        self.sent.push(Sent { key, id, prev_id, rank, timestamp, ciphertext, forgotten: false });
        self.drop_from(id);
        Ok(Added { id, duplicate: false })
    }

    /// Drops the messages that the settings exclude, one after the other.
    pub fn drop_excluded(&mut self) {
        self.drop_from(self.next_id());
    }

    /// As [`Self::drop_excluded`], but drops nothing from `newest` on.
    fn drop_from(&mut self, newest: Id) {
        self.first_id = self.first_live();
        let excess = |model: &Self| {
            let live = &model.sent[model.first_id as usize - 1..];
            let bytes: u64 = live.iter().map(Sent::bytes).sum();
            model.settings.max_messages.limit().is_some_and(|max| live.len() > max as usize)
                || model.settings.max_bytes.limit().is_some_and(|max| bytes > max)
        };
        while self.first_id < newest && excess(self) {
            self.first_id += 1;
        }
    }

    pub fn set(&mut self, settings: Configuration) {
        self.drop_excluded();
        self.settings = settings;
        self.drop_excluded();
    }

    pub fn owns(&self, key: u8) -> bool {
        self.keys.get(&key).is_some_and(|known| known.owned || key == PRINCIPAL)
    }

    /// An admin names the owner, or keeps the key.
    pub fn open(&mut self, key: u8, owned: bool, kept: bool) {
        let owned = owned && key != PRINCIPAL;
        if owned || kept || self.keys.contains_key(&key) {
            let opened = Known { opened: self.now, ..Known::default() };
            let known = self.keys.entry(key).or_insert(opened);
            (known.owned, known.kept) = (owned, kept);
        }
    }

    pub fn acknowledge(&mut self, key: u8, through: Id) -> Result<Acknowledged, AckError> {
        let acknowledged_id = self.keys.get(&key).map_or(0, |known| known.acknowledged_id);
        let max_id = self.of_key(key).last().map_or(0, |last| last.id);
        if !self.owns(key) {
            return Err(AckError::NotOwner);
        } else if through > max_id {
            return Err(AckError::NotStored { through, max_id });
        } else if through < acknowledged_id {
            return Err(AckError::NotNewer { acknowledged_id });
        }
        let covered: Vec<Id> = self.live(key).map(|sent| sent.id).filter(|id| *id <= through).collect();
        if let (Some(last), Some(known)) = (covered.last(), self.keys.get_mut(&key)) {
            known.acknowledged_id = *last;
            known.full_since = 0;
        }
        Ok(Acknowledged { messages: covered.len() as u32 })
    }

    pub fn forget(&mut self, key: u8) {
        self.keys.remove(&key);
        self.sent.iter_mut().filter(|sent| sent.key == key).for_each(|sent| sent.forgotten = true);
    }

    /// The messages of a known key, including dropped ones.
    pub fn of_key(&self, key: u8) -> impl DoubleEndedIterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| sent.key == key && !sent.forgotten)
    }

    pub fn is_acknowledged(&self, sent: &Sent) -> bool {
        self.keys.get(&sent.key).is_some_and(|known| sent.id <= known.acknowledged_id)
    }

    pub fn live(&self, key: u8) -> impl DoubleEndedIterator<Item = &Sent> {
        let first = self.first_live();
        self.of_key(key).filter(move |sent| sent.id >= first && !self.is_acknowledged(sent))
    }

    pub fn head(&self, key: u8) -> Option<KeyHead> {
        let known = self.keys.get(&key)?;
        Some(KeyHead {
            min_id: self.live(key).next().map_or(0, |sent| sent.id),
            max_id: self.live(key).next_back().map_or(0, |sent| sent.id),
            count: self.live(key).count() as u32,
            bytes: self.live(key).map(|sent| sent.ciphertext.len() as u64).sum(),
            rank: self.of_key(key).next_back().map_or(0, |sent| sent.rank),
            acknowledged_id: known.acknowledged_id,
            quota: self.settings.key_quota,
            full_since: quota::full_since(&self.settings.key_quota, &self.level(key, known)),
        })
    }

    fn level(&self, key: u8, known: &Known) -> Level {
        Level {
            messages: self.live(key).count() as u32,
            bytes: self.live(key).map(|sent| sent.ciphertext.len() as u64).sum(),
            newest: self.of_key(key).next_back().map_or(known.opened, |sent| sent.timestamp),
            full_since: known.full_since,
        }
    }

    /// The live messages of a key that belong to a page, in its order.
    pub fn page(&self, key: u8, order: Order, start: Start) -> Vec<&Sent> {
        let belonging = self.live(key).filter(|sent| belongs(sent, order, start));
        match order {
            Order::ascending => belonging.collect(),
            Order::descending => belonging.rev().collect(),
        }
    }

    /// Messages of a key that were lost before they were acknowledged.
    pub fn lost(&self, key: u8) -> impl Iterator<Item = &Sent> {
        let first = self.first_live();
        self.of_key(key).filter(move |sent| sent.id < first && !self.is_acknowledged(sent))
    }
}

/// Whether a message comes after the start of a page, in the page's order.
pub fn belongs(sent: &Sent, order: Order, start: Start) -> bool {
    match (order, start) {
        (_, Start::beginning | Start::after(0)) => true,
        (Order::ascending, Start::after(id)) => sent.id > id,
        (Order::ascending, Start::time(second)) => sent.timestamp >= second,
        (Order::ascending, Start::rank(rank)) => sent.rank >= rank,
        (Order::descending, Start::after(id)) => sent.id < id,
        (Order::descending, Start::time(second)) => sent.timestamp <= second,
        (Order::descending, Start::rank(rank)) => sent.rank <= rank,
    }
}
