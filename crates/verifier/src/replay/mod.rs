//! Replays a directory: applies every update by the rules to the verifier's own tree and log of heads.

#![allow(clippy::indexing_slicing, reason = "the tree numbers its leaves from 0, and each has a position")]

mod nodes;
mod violation;

pub use nodes::CompactNodes;
pub use violation::Violation;

use directory_core::change::{Context, Refusal, Registrar, State, apply};
use directory_core::checkpoint::Checkpoint;
use directory_core::entry::Kind;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::log::{Hashes, Log};
use directory_core::map::{Tree, View, leaf_value};
use directory_core::update::LoggedUpdate;
use std::collections::{HashMap, HashSet};
use std::io;

/// Maximum time that a head may be ahead of the verifier's clock: a minute, in nanoseconds.
pub const MAX_AHEAD: u64 = 60_000_000_000;

/// The values that a verifier pins of a directory.
#[derive(Debug, Clone)]
pub struct Pins {
    /// The directory.
    pub realm: Hash,
    /// The first line of its checkpoints.
    pub origin: String,
    /// The hash of its configuration and VRF key.
    pub configuration: Hash,
    /// The index of the registrar's label. `None`: registration is open.
    pub registrar: Option<Hash>,
}

/// An epoch: its updates, and the head that closed it.
#[derive(Debug, Clone)]
pub struct Epoch {
    /// The head.
    pub head: Head,
    /// All its updates, by position.
    pub updates: Vec<LoggedUpdate>,
}

/// An epoch whose updates are those that its head commits to.
#[derive(Debug)]
pub struct Complete<'a> {
    epoch: &'a Epoch,
    leaves: Vec<Vec<u8>>,
}

impl Epoch {
    /// Checks that these are the updates that the head commits to.
    ///
    /// # Errors
    ///
    /// The difference.
    pub fn complete(&self) -> Result<Complete<'_>, Violation> {
        let Self { head, updates } = self;
        let (expected, found) = (updates.len() as u64, head.updates);
        unless(expected == u64::from(found), Violation::Updates { expected, found })?;
        let leaves: Vec<_> = updates.iter().map(LoggedUpdate::encode).collect();
        let mut log = Log::<Vec<Hash>>::default();
        leaves.iter().for_each(|leaf| log.append(leaf));
        let (expected, found) = (log.root(log.size()), head.updates_root);
        unless(expected == found, Violation::UpdatesRoot { expected, found })?;
        Ok(Complete { epoch: self, leaves })
    }
}

impl Complete<'_> {
    /// The epoch.
    pub fn epoch(&self) -> &Epoch {
        self.epoch
    }

    /// Its updates, encoded as leaves of the log of all updates.
    pub fn leaves(&self) -> &[Vec<u8>] {
        &self.leaves
    }
}

/// Access to earlier updates.
pub trait Past {
    /// The update at a position.
    fn update(&self, position: u64) -> io::Result<LoggedUpdate>;
}

/// The reason why an epoch was refused.
#[derive(Debug)]
pub enum ReplayError {
    /// It breaks the rules.
    Violation(Violation),
    /// An older update could not be read.
    Past(io::Error),
}

/// The replayed part of a directory.
#[derive(Debug)]
pub struct Replay {
    pins: Pins,
    tree: Tree<CompactNodes>,
    log: Log<Vec<Hash>>,
    /// Position of each leaf's newest update.
    newest: Vec<u64>,
    /// Position of the update before, for leaves whose newest update is a recovery.
    replaced: HashMap<u32, u64>,
    updates: u64,
    time: u64,
}

impl From<Violation> for ReplayError {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<io::Error> for ReplayError {
    fn from(error: io::Error) -> Self {
        Self::Past(error)
    }
}

impl Replay {
    /// Begins with the empty directory.
    pub fn new(pins: Pins) -> Self {
        Self {
            pins,
            tree: Tree::default(),
            log: Log::default(),
            newest: Vec::new(),
            replaced: HashMap::new(),
            updates: 0,
            time: 0,
        }
    }

    /// The values that the verifier pins.
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Number of replayed updates. It is the position of the next one.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Number of labels that have an entry.
    pub fn labels(&self) -> u64 {
        self.newest.len() as u64
    }

    /// Size and root of the replayed log of heads.
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint_at(self.log.size())
    }

    /// Size and root at an earlier size. The size must not exceed today's.
    pub fn checkpoint_at(&self, size: u64) -> Checkpoint {
        Checkpoint { size, root: self.log.root(size) }
    }

    /// The log with more heads appended.
    pub fn checkpoint_with(&self, heads: &[Head]) -> Checkpoint {
        let more = Continued { before: self.log.hashes(), more: Vec::new() };
        let mut log = Log::open(more, self.log.size());
        heads.iter().for_each(|head| log.append(&head.encode()));
        Checkpoint { size: log.size(), root: log.root(log.size()) }
    }

    /// Checks an epoch by all rules and applies it. `now` is the verifier's clock in nanoseconds since 1970. An error
    /// consumes the replay, because its tree may have changes of the refused epoch.
    pub fn epoch(mut self, past: &impl Past, epoch: &Complete<'_>, now: u64) -> Result<Self, ReplayError> {
        let epoch = epoch.epoch();
        self.check_head(epoch, now)?;
        let hashes = self.check_updates(past, epoch)?;
        self.put(epoch, &hashes);
        self.tree.seal();
        self.check_roots(&epoch.head)?;
        Ok(self)
    }

    /// Applies an epoch from the journal, which was checked before. The tree has no root until [`Replay::restored`].
    pub fn restore(&mut self, epoch: &Epoch) {
        let hashes: Vec<_> = epoch.updates.iter().map(|logged| logged.update.entry.hash()).collect();
        self.put(epoch, &hashes);
    }

    /// Ends the restoring of epochs. The tree must be that of the last head.
    pub fn restored(mut self, last: &Head) -> Result<Self, Violation> {
        self.tree.seal();
        self.check_roots(last)?;
        Ok(self)
    }

    fn check_head(&self, epoch: &Epoch, now: u64) -> Result<(), Violation> {
        let Epoch { head, updates } = epoch;
        let (expected, found) = (self.log.size(), head.epoch);
        unless(expected == found, Violation::Epoch { expected, found })?;
        unless(head.configuration == self.pins.configuration, Violation::Configuration(head.configuration))?;
        let (expected, found) = (self.updates, head.first_update);
        unless(expected == found, Violation::FirstUpdate { expected, found })?;
        let earliest = updates.last().map_or(self.time, |update| update.time.max(self.time));
        unless(earliest <= head.time, Violation::HeadTime { earliest, found: head.time })?;
        let latest = now.saturating_add(MAX_AHEAD);
        unless(head.time <= latest, Violation::Future { latest, found: head.time })
    }

    /// Checks the updates of an epoch. Returns the hashes of their entries.
    fn check_updates(&self, past: &impl Past, epoch: &Epoch) -> Result<Vec<Hash>, ReplayError> {
        let mut hashes = Vec::with_capacity(epoch.updates.len());
        let mut changed = HashSet::with_capacity(epoch.updates.len());
        let mut earliest = self.time;
        let mut registrar = self.pins.registrar.map(|index| self.state(past, &index)).transpose()?.flatten();
        for (expected, logged) in (self.updates..).zip(&epoch.updates) {
            let LoggedUpdate { position, time, update } = logged;
            unless(expected == *position, Violation::Position { expected, found: *position })?;
            unless(earliest <= *time, Violation::UpdateTime { position: *position, earliest, found: *time })?;
            earliest = *time;
            let index = update.entry.index;
            unless(changed.insert(index), Violation::Twice { position: *position, index })?;
            let voucher = registrar.as_ref().and_then(|state| state.in_force(*time));
            let rule = |refusal| Violation::Rule { position: *position, refusal };
            let old = self.state(past, &index)?;
            let vouching = match (self.pins.registrar, voucher) {
                (Some(own), Some(entry)) if own != index => Registrar::Policy(&entry.policy),
                // Before the registrar's label has an entry, no other label can have one.
                (Some(own), None) if own != index && old.is_none() => Err(rule(Refusal::Registration))?,
                _ => Registrar::Open,
            };
            let context =
                Context { realm: &self.pins.realm, index: &index, now: *time, registrar: vouching, pending: None };
            let state = apply(old.as_ref(), update, &context).map_err(rule)?;
            hashes.push(*state.hash());
            if self.pins.registrar == Some(index) {
                registrar = Some(state);
            }
        }
        Ok(hashes)
    }

    /// The state of an index after all applied epochs.
    fn state(&self, past: &impl Past, index: &Hash) -> io::Result<Option<State>> {
        let Some(leaf) = self.tree.find(index) else { return Ok(None) };
        let LoggedUpdate { time, update, .. } = past.update(self.newest[leaf as usize])?;
        let replaced = self.replaced.get(&leaf).map(|position| past.update(*position)).transpose()?;
        let state = State::from_parts(update.entry, time, replaced.map(|logged| logged.update.entry));
        state
            .map(Some)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "stored updates do not belong together"))
    }

    /// Puts the epoch's updates into the tree, and its head into the log. `hashes` are those of the updates' entries.
    fn put(&mut self, Epoch { head, updates }: &Epoch, hashes: &[Hash]) {
        for (LoggedUpdate { position, time, update }, hash) in updates.iter().zip(hashes) {
            let entry = &update.entry;
            let leaf = match self.tree.find(&entry.index) {
                Some(leaf) => leaf,
                None => {
                    self.newest.push(*position);
                    self.tree.add(&entry.index)
                }
            };
            let before = std::mem::replace(&mut self.newest[leaf as usize], *position);
            if entry.kind == Kind::Recover {
                self.replaced.insert(leaf, before);
            } else {
                self.replaced.remove(&leaf);
            }
            self.tree.put(leaf, &leaf_value(*position, *time, hash));
        }
        self.updates += updates.len() as u64;
        self.time = head.time;
        self.log.append(&head.encode());
    }

    fn check_roots(&self, head: &Head) -> Result<(), Violation> {
        let (expected, found) = (self.labels(), head.labels);
        unless(expected == found, Violation::Labels { expected, found })?;
        let (expected, found) = (self.tree.root(View::Newest), head.map_root);
        unless(expected == found, Violation::MapRoot { expected, found })
    }
}

/// The hashes of a log, and further ones that are kept beside it.
struct Continued<'a> {
    before: &'a Vec<Hash>,
    more: Vec<Hash>,
}

impl Hashes for Continued<'_> {
    fn get(&self, position: u64) -> Hash {
        match (position as usize).checked_sub(self.before.len()) {
            None => self.before[position as usize],
            Some(behind) => self.more[behind],
        }
    }

    fn push(&mut self, hash: Hash) {
        self.more.push(hash);
    }
}

fn unless(holds: bool, violation: Violation) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(violation) }
}
