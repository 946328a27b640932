//! Values that this process remembers.
//!
//! Invariant: each entry is the newest value of its row as of change `upto`. So a snapshot of change s >= its version may
//! use it: the row has not changed between the two. An entry is replaced or dropped, never changed, so a holder of the
//! `Arc` keeps the value that it read.

use super::{Field, Held, Table, Version};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of entries of the cache. Beyond it, any entry is dropped.
const MAX_ENTRIES: usize = 100_000;

/// A row: its table and key.
pub(crate) type RowName = (Table, Box<[u8]>);
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// The rows that a transaction has written. None: deleted.
pub(crate) type Staged = HashMap<RowName, Option<(Version, Value)>>;

/// The way in which a store caches values. All but [`Caching::On`] are for tests, which pass with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// Values are remembered until they change.
    #[default]
    On,
    /// Nothing is remembered.
    Off,
    /// Before each access half of the values are dropped, at random from this seed.
    Dropping(u64),
}

/// Counts of the cache's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Accesses that were answered from memory.
    pub hits: u64,
    /// Accesses that read, opened and decoded a row.
    pub loads: u64,
    /// Values that were dropped because another process had changed them.
    pub dropped: u64,
    /// Number of times that all values were dropped, because the log of changes did not reach back far enough.
    pub cleared: u64,
}

pub(crate) struct FieldCache(Mutex<State>);

struct State {
    upto: Version,
    entries: HashMap<RowName, (Version, Value)>,
    caching: Caching,
    stats: Stats,
}

impl FieldCache {
    pub(crate) fn new(caching: Caching) -> Self {
        let caching = match caching {
            // Xorshift stays at zero.
            Caching::Dropping(0) => Caching::Dropping(1),
            other => other,
        };
        Self(Mutex::new(State { upto: 0, entries: HashMap::new(), caching, stats: Stats::default() }))
    }

    pub(crate) fn stats(&self) -> Stats {
        self.state().stats
    }

    /// The value as of change `snapshot`, if it is remembered.
    pub(crate) fn get<F: Field>(&self, key: &[u8], snapshot: Version) -> Option<Held<F>> {
        let mut state = self.state();
        state.drop_at_random();
        let found = state.entries.get(&(F::TABLE, key.into())).filter(|(version, _)| *version <= snapshot);
        let held = found.map(|(version, value)| {
            let value = value.clone().downcast().expect("a table has one type");
            Held { value, version: *version }
        });
        match held {
            Some(_) => state.stats.hits += 1,
            None => state.stats.loads += 1,
        }
        held
    }

    /// Remembers a value that a snapshot of change `snapshot` has read.
    pub(crate) fn insert<F: Field>(&self, key: &[u8], held: &Held<F>, snapshot: Version) {
        let mut state = self.state();
        if F::TABLE.is_cached() && state.upto == snapshot {
            state.insert((F::TABLE, key.into()), held.version, held.value.clone());
        }
    }

    /// Brings the cache to change `to`. `log` returns the rows changed after a change, or None where the log has been
    /// trimmed since.
    pub(crate) fn catch_up<E>(
        &self,
        to: Version,
        log: impl FnOnce(Version) -> Result<Option<Vec<RowName>>, E>,
    ) -> Result<(), E> {
        let mut state = self.state();
        if to <= state.upto {
            return Ok(());
        }
        match log(state.upto)? {
            Some(changed) => {
                for name in changed {
                    state.stats.dropped += u64::from(state.entries.remove(&name).is_some());
                }
            }
            None => {
                state.entries.clear();
                state.stats.cleared += 1;
            }
        }
        state.upto = to;
        Ok(())
    }

    /// Publishes a transaction's writes to cached tables, after its commit brought the store to change `to`.
    pub(crate) fn publish(&self, staged: Staged, to: Version) {
        let mut state = self.state();
        // A reader may have seen the commit already, and perhaps a later one of another process.
        if state.upto > to {
            return;
        }
        state.upto = to;
        for (name, written) in staged.into_iter().filter(|((table, _), _)| table.is_cached()) {
            match written {
                Some((version, value)) => state.insert(name, version, value),
                None => drop(state.entries.remove(&name)),
            }
        }
    }

    /// Forgets everything, because nothing can be assumed after an error of SQLite.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.entries.clear();
        state.upto = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insert(&mut self, name: RowName, version: Version, value: Value) {
        if self.caching == Caching::Off {
            return;
        }
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(&name) {
            let any = self.entries.keys().next().cloned();
            any.map(|any| self.entries.remove(&any));
        }
        self.entries.insert(name, (version, value));
    }

    fn drop_at_random(&mut self) {
        let Caching::Dropping(random) = &mut self.caching else { return };
        self.entries.retain(|_, _| {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            *random & 1 == 0
        });
    }
}
