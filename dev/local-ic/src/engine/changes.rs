//! The changes of the state since they were last asked for. They are saved, and shown to readers.
//!
//! The saved state is a map. Its keys, in this order:
//!
//! ```text
//! 0                                the time, 8 bytes, little-endian; then what the engine is besides its canisters
//! 1 | canister                     what a canister is besides its module and memories: a `Record`
//! 2 | canister                     its module, as it was installed
//! 3 | canister | page number       4 KiB of its heap
//! 4 | canister | page number       4 KiB of its stable memory
//! 5 | canister | snapshot          a snapshot of it besides its pages: a `Snapshot`
//! 6 | canister | snapshot | part | page number
//!                                  4 KiB of part 0, its module, 1, its heap, or 2, its stable memory
//! ```
//!
//! A canister is the length of its id, 1 byte, and the id; a page number has 4 bytes, big-endian, a
//! snapshot 8 bytes: its number among those that were made of the canister. Pages that are zero and
//! always were may be missing. Values that are not raw bytes are encoded by postcard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candid::Principal;
use serde::{Deserialize, Serialize};
use wasmtime::Val;

use super::snapshots::SnapshotKey;
use super::{Engine, Moment};
use crate::canister::{Canister, Global};
use crate::memory::{Page, PageChanges};
use crate::snapshot::Part;
use crate::wasm::CompiledModule;

/// Where a state is saved: a map from keys to values.
pub trait Storage {
    /// The error of the map.
    type Error;

    /// Puts a value under a key, in place of any other.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Self::Error>;

    /// Removes every key that begins with `prefix`.
    fn remove(&mut self, prefix: &[u8]) -> Result<(), Self::Error>;
}

/// The changes of a state.
pub struct Changes<'a> {
    /// When it is, and where.
    pub(crate) moment: Moment,
    /// The engine, encoded.
    engine: Vec<u8>,
    /// Whether that changed.
    engine_changed: bool,
    /// The canisters that changed.
    pub(crate) canisters: Vec<CanisterChanges<'a>>,
    /// The canisters that were deleted.
    pub(crate) deleted: Vec<Principal>,
    /// The snapshots that changed.
    snapshots: Vec<SnapshotChanges<'a>>,
    /// The snapshots that were deleted.
    deleted_snapshots: Vec<SnapshotKey>,
}

/// The changes of a canister.
pub struct CanisterChanges<'a> {
    /// Its id.
    pub id: Principal,
    /// Its state besides its module and memories: a [`Record`], encoded.
    pub record: Vec<u8>,
    /// Its code, if it has any.
    pub code: Option<CodeChanges<'a>>,
    /// Its stable memory.
    pub stable: PageChanges<'a>,
}

/// The changes of a canister's code.
pub struct CodeChanges<'a> {
    /// The module. It is another one if the heap is.
    pub module: &'a Arc<CompiledModule>,
    /// The mutable globals.
    pub globals: &'a [Val],
    /// The heap.
    pub heap: PageChanges<'a>,
}

/// The changes of a snapshot.
struct SnapshotChanges<'a> {
    key: SnapshotKey,
    /// If it is new: what it is besides its pages, encoded.
    record: Option<Vec<u8>>,
    /// The pages that changed.
    pages: Vec<(Part, u32, &'a Page)>,
}

/// The state of a canister besides its module and memories.
#[derive(Serialize, Deserialize)]
pub struct Record<C> {
    /// The canister.
    pub canister: C,
    /// If it has code: the size of its heap in bytes, and its mutable globals.
    pub code: Option<(u64, Vec<Global>)>,
    /// Size of stable memory, in 64-KiB pages.
    pub stable_pages: u64,
}

/// The records that were taken last: the encoding of the engine, and those of the canisters' records.
#[derive(Default)]
pub struct Taken {
    engine: Vec<u8>,
    records: BTreeMap<Principal, Vec<u8>>,
    snapshots: BTreeSet<SnapshotKey>,
}

/// The first byte of a key.
pub(super) mod kind {
    pub const ENGINE: u8 = 0;
    pub const RECORD: u8 = 1;
    pub const MODULE: u8 = 2;
    pub const HEAP: u8 = 3;
    pub const STABLE: u8 = 4;
    pub const SNAPSHOT: u8 = 5;
    pub const SNAPSHOT_PAGE: u8 = 6;
}

impl Engine {
    /// The changes since the last call; at first, everything.
    pub fn take_changes(&mut self) -> Changes<'_> {
        let moment = self.moment();
        let engine = encode(self);
        let engine_changed = engine != self.taken.engine;
        self.taken.engine.clone_from(&engine);
        let records = &mut self.taken.records;
        let deleted = records.extract_if(.., |id, _| !self.canisters.contains_key(id)).map(|(id, _)| id).collect();
        let canisters = self.canisters.values_mut().filter_map(|canister| {
            let record = encode(&Record::of(canister));
            let same = records.insert(canister.id, record.clone()).is_some_and(|taken| taken == record);
            let changes = CanisterChanges {
                id: canister.id,
                record,
                code: canister.code.as_ref().map(|code| CodeChanges {
                    module: &code.module,
                    globals: code.globals(),
                    heap: code.heap.take_changes(),
                }),
                stable: canister.stable.take_changes(),
            };
            (!same || changes.memories().any(PageChanges::is_some)).then_some(changes)
        });
        let canisters = canisters.collect();
        let known = &mut self.taken.snapshots;
        let deleted_snapshots = known.extract_if(.., |key| !self.snapshots.contains_key(key)).collect();
        let snapshots = self.snapshots.iter_mut().filter_map(|(&key, snapshot)| {
            let new = known.insert(key);
            let record = new.then(|| encode(snapshot));
            let pages = if new { snapshot.all_pages() } else { snapshot.take_written() };
            (new || !pages.is_empty()).then_some(SnapshotChanges { key, record, pages })
        });
        let snapshots = snapshots.collect();
        Changes { moment, engine, engine_changed, canisters, deleted, snapshots, deleted_snapshots }
    }
}

impl<'a> Record<&'a Canister> {
    fn of(canister: &'a Canister) -> Self {
        let code = canister.code.as_ref().map(|code| (code.heap.size() as u64, code.saved_globals()));
        Self { canister, code, stable_pages: canister.stable.pages() }
    }
}

impl<'a> CanisterChanges<'a> {
    /// Whether the heap replaces an earlier one, of which no page remains.
    pub fn replace_heap(&self) -> bool {
        self.code.as_ref().is_none_or(|code| code.heap.replaced)
    }

    fn memories(&self) -> impl Iterator<Item = &PageChanges<'a>> {
        self.code.iter().map(|code| &code.heap).chain([&self.stable])
    }
}

impl Changes<'_> {
    /// Whether nothing changed but the time.
    pub fn is_empty(&self) -> bool {
        !self.engine_changed
            && self.canisters.is_empty()
            && self.deleted.is_empty()
            && self.snapshots.is_empty()
            && self.deleted_snapshots.is_empty()
    }

    /// Applies these changes to `storage`, which has the state as of the last changes.
    ///
    /// # Errors
    ///
    /// If the storage fails. Then it may have part of the changes.
    pub fn save<S: Storage>(&self, storage: &mut S) -> Result<(), S::Error> {
        if self.is_empty() {
            return Ok(());
        }
        // This is put even if the engine is the same, because the canisters are as of this time.
        storage.put(&[kind::ENGINE], &[&self.moment.now.to_le_bytes(), self.engine.as_slice()].concat())?;
        for canister in &self.canisters {
            let id = canister.id;
            storage.put(&key(kind::RECORD, id), &canister.record)?;
            match &canister.code {
                Some(code) => {
                    if code.heap.replaced {
                        storage.put(&key(kind::MODULE, id), &code.module.wasm)?;
                    }
                    save_pages(storage, &key(kind::HEAP, id), &code.heap)?;
                }
                None => {
                    storage.remove(&key(kind::MODULE, id))?;
                    storage.remove(&key(kind::HEAP, id))?;
                }
            }
            save_pages(storage, &key(kind::STABLE, id), &canister.stable)?;
        }
        for id in &self.deleted {
            for kind in [kind::RECORD, kind::MODULE, kind::HEAP, kind::STABLE] {
                storage.remove(&key(kind, *id))?;
            }
        }
        for key in &self.deleted_snapshots {
            storage.remove(&snapshot_key(kind::SNAPSHOT, *key))?;
            storage.remove(&snapshot_key(kind::SNAPSHOT_PAGE, *key))?;
        }
        self.snapshots.iter().try_for_each(|snapshot| snapshot.save(storage))
    }
}

impl SnapshotChanges<'_> {
    fn save<S: Storage>(&self, storage: &mut S) -> Result<(), S::Error> {
        let prefix = snapshot_key(kind::SNAPSHOT_PAGE, self.key);
        if let Some(record) = &self.record {
            storage.put(&snapshot_key(kind::SNAPSHOT, self.key), record)?;
            storage.remove(&prefix)?;
        }
        for (part, number, contents) in &self.pages {
            let key = [&prefix[..], &[*part as u8], &number.to_be_bytes()].concat();
            storage.put(&key, *contents)?;
        }
        Ok(())
    }
}

fn save_pages<S: Storage>(storage: &mut S, prefix: &[u8], changes: &PageChanges) -> Result<(), S::Error> {
    if changes.replaced {
        storage.remove(prefix)?;
    }
    for (number, contents) in changes.pages() {
        storage.put(&[prefix, &number.to_be_bytes()].concat(), contents)?;
    }
    Ok(())
}

fn key(kind: u8, canister: Principal) -> Vec<u8> {
    let id = canister.as_slice();
    [&[kind, id.len() as u8], id].concat()
}

fn snapshot_key(kind: u8, (canister, number): SnapshotKey) -> Vec<u8> {
    [key(kind, canister).as_slice(), &number.to_be_bytes()].concat()
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("a vector takes everything")
}
